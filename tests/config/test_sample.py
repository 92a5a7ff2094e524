"""The sample config is the manual of the config: complete, true, and it works."""

import os
import re
import stat
import subprocess
import sys
import zipfile

import msgspec
import pytest

from fileq.config import load_config, sample_config
from fileq.config.settings import (
    AddSettings,
    HookSettings,
    NotifySettings,
    QueueSettings,
    ReportSettings,
    RetentionSettings,
    RootSettings,
    ScheduleSettings,
    Settings,
    WatchSettings,
    WorkerSettings,
)
from fileq.manual import TOPICS
from fileq.recipes.recipe import Output, Recipe

TOP = os.path.join(os.path.dirname(__file__), "..", "..", "sample_config.toml")
_SECTIONS = (
    QueueSettings, WatchSettings, WorkerSettings, RetentionSettings, ScheduleSettings, AddSettings, ReportSettings,
    NotifySettings, RootSettings, HookSettings,
)  # fmt: skip
_DEFAULT = re.compile(r"^#(\w+ = .*)$", re.MULTILINE)


def loaded(tmp_path, text):
    file = tmp_path / "fileq.toml"
    file.write_text(text, "utf-8")
    return load_config(str(file), environ={}, cwd=str(tmp_path)).settings


def test_the_packages_sample_is_the_one_at_the_top():
    with open(TOP, encoding="utf-8") as top:
        assert top.read() == sample_config()


def test_it_changes_no_setting_and_adds_one_recipe(tmp_path):
    settings, defaults = loaded(tmp_path, sample_config()), Settings()
    assert len(settings.recipes["shop"].outputs) == 2
    assert msgspec.structs.replace(settings, recipes={}) == defaults


def test_the_defaults_that_it_shows_are_the_defaults(tmp_path):
    before_recipes = sample_config().split("[recipes.shop]")[0]
    settings = loaded(tmp_path, _DEFAULT.sub(r"\1", before_recipes))
    assert settings.worker == WorkerSettings()
    assert settings.default == Settings().default


@pytest.mark.parametrize("kind", [Settings, *_SECTIONS, Recipe, Output])
def test_every_key_is_named_in_it(kind):
    written = [field.encode_name for field in msgspec.structs.fields(kind) if not (kind is Recipe and field.required)]
    text = sample_config()
    missing = [
        name
        for name in written
        if not re.search(rf"^#?\[*((recipes\.shop|schedule)\.)?{name}(\.\w+)?\b", text, re.MULTILINE)
    ]
    assert not missing


def test_each_example_of_a_recipes_key_can_be_used(tmp_path):
    head, tail = sample_config().split("[recipes.shop]")
    for line in _DEFAULT.findall(tail.split("[[recipes.shop.outputs]]")[0]):
        if not line.startswith("out = "):
            loaded(tmp_path, f"{head}[recipes.shop]\n{line}\n")
    for line in _DEFAULT.findall(tail.split("[[recipes.shop.outputs]]")[1]):
        loaded(tmp_path, f"{head}[recipes.shop]\n[[recipes.shop.outputs]]\n{line}\n")


def test_the_wheel_has_it_as_a_file(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=os.path.dirname(TOP), check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert packed.read("fileq/sample_config.toml").decode("utf-8") == sample_config()
        assert "fileq/recipes/builtin.toml" in packed.namelist()
        assert {f"fileq/manual/{topic}.md" for topic in TOPICS} <= set(packed.namelist())
        mode = packed.getinfo("fileq/sample_config.toml").external_attr >> 16
    assert stat.S_ISREG(mode) or stat.S_IFMT(mode) == 0


def test_the_watched_folder_that_it_shows_can_be_used(tmp_path):
    (watch,) = loaded(tmp_path, everything_in_force()).watch
    assert watch.recipe_names == ("shop",)


def test_the_scheduled_batch_and_the_notices_that_it_shows_can_be_used(tmp_path):
    settings = loaded(tmp_path, everything_in_force())
    (batch,) = settings.schedule.add
    assert (batch.name, batch.recipe_names) == ("catalogue", ("shop",))
    assert settings.notify.is_on
    assert [hook.name for hook in settings.hook][:2] == ["shop", "shop.hooks:ready"]
    assert not Settings().notify.is_on


def test_the_schedule_and_the_retention_that_it_shows_are_the_defaults(tmp_path):
    settings = loaded(tmp_path, everything_in_force())
    assert msgspec.structs.replace(settings.schedule, add=()) == ScheduleSettings()
    assert msgspec.structs.replace(settings.retention, max_total=None) == RetentionSettings()
    assert settings.notify.on == NotifySettings().on


def everything_in_force():
    """The sample with every key and every table in force, but a recipe's keys that only make sense alone."""
    head, tail = sample_config().split("#[[watch]]")
    return f"{head}[[watch]]\n" + re.sub(r"^#(\w+ = .*|\[\[.*\]\])$", r"\1", tail, flags=re.MULTILINE)
