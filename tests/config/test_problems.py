"""What is wrong in a config is said with its file, its line, its key and the remedy."""

import pytest

from fileq.config import load_config
from fileq.errors import ConfigError, ExitCode

SHOP = "[recipes.shop]\n"
OUTPUTS = "[recipes.shop]\n[[recipes.shop.outputs]]\n[[recipes.shop.outputs]]\n"

ADD = "[[schedule.add]]\n"
NIGHTLY = "cron = '0 2 * * *'\npaths = ['a']\n"

HOOK = "[[hook]]\n"
CALLS = "function = 'a:b'\n"
ROOT = "[[root]]\n"
NAS = ROOT + "name = 'nas'\npath = '/mnt/nas'\n"

PROGRAM = '{ op = "command", argv = ["true", "{source}", "{output}"] }'

MISTAKES = [
    # the config, the line, the key, a part of the problem, a part of the remedy
    ("default = 3", 1, "default", "must be a list", ""),
    ('default = ["wbe"]', 1, "default", "there is no 'wbe'", "Did you mean web?"),
    ("default = []", 1, "default", "needs at least one recipe", "web"),
    ("\n\n[worker]\nworkers = '4'", 4, "worker.workers", "must be a whole number, not text", ""),
    ("[worker]\nworkers = -1", 2, "worker.workers", "at least 0", ""),
    ("[worker]\nattempts = 0", 2, "worker.attempts", "at least 1", ""),
    ("[worker]\nwokers = 4", 2, "worker.wokers", "no such key", "Did you mean workers?"),
    ("[worker]\nxyz = 4", 2, "worker.xyz", "no such key", "It can be attempts, heartbeat"),
    ('[worker]\ntimeout = "5 parsecs"', 2, "worker.timeout", "'5 parsecs' can't be understood", '"5m"'),
    ("[worker]\ntimeout = 0", 2, "worker.timeout", "more than 0", ""),
    ('[worker]\nmemory = "many"', 2, "worker.memory", "'many' can't be understood", '"2 GiB"'),
    ("worker = 5", 1, "worker", "must be a table, not a whole number", ""),
    ("[retentoin]", 1, "retentoin", "no such key", "Did you mean retention?"),
    ("[xyz]", 1, "xyz", "no such key", "It can be default, hook, notify, queue, recipes, report, retention, root"),
    ('[retention]\nmax_total = "a lot"', 2, "retention.max_total", "'a lot' can't be understood", '"2 GiB"'),
    ("[retention]\noutputs = 30", 2, "retention.outputs", "30 has no unit", '"30d"'),
    ("[retention]\nmax_total = 20", 2, "retention.max_total", "20 B is next to nothing", '"20 GiB"'),
    ('[retention]\noutputs = "never"', 2, "retention.outputs", "'never' can't be understood", '"30d"'),
    ('[schedule]\nclean = "0 25 * * *"', 2, "schedule.clean", "no cron line (bad hour)", '"0 2 * * *", or "off"'),
    ('[schedule]\nclean = "* * */20 * 1L"', 2, "schedule.clean", "a date that never comes", "off"),
    ("[schedule]\nclean = 5", 2, "schedule.clean", "5 is no cron line", '"0 2 * * *"'),
    ("[schedule]\nclaen = 'off'", 2, "schedule.claen", "no such key", "Did you mean clean?"),
    (ADD, 1, "schedule.add[0]", "needs the key cron", "Add cron"),
    (ADD + "cron = '@daily'\npaths = ['a']", 2, "schedule.add[0].cron", "no cron line", '"off"'),
    (ADD + "cron = '0 2 * * *'\npaths = []", 3, "schedule.add[0].paths", "at least one path", ""),
    (ADD + NIGHTLY + "recipe = 'wbe'", 4, "schedule.add[0].recipe", "there is no 'wbe'", "Did you mean web?"),
    (ADD + NIGHTLY + "name = 'clean'", 4, "schedule.add[0].name", "the name of another task", "another"),
    ('[notify]\non = ["faild"]', 2, "notify.on[0]", "can't be 'faild'", "Did you mean failed?"),
    (HOOK, 1, "hook[0]", "calls nothing", "function ="),
    (HOOK + "url = 'https://a.example'\nfunction = 'a:b'", 2, "hook[0].url", "beside function", "two [[hook]]"),
    (HOOK + "url = 'ftp://a.example'", 2, "hook[0].url", "no URL that can be called", "https://"),
    (HOOK + "function = 'a b'", 2, "hook[0].function", "'a b' is no function", "MODULE:NAME"),
    (HOOK + "command = ['']", 2, "hook[0].command", "names no program", "Begin it"),
    (HOOK + CALLS + "on = []", 3, "hook[0].on", "calls nobody", '["done", "failed"]'),
    (HOOK + CALLS + "on = ['dnoe']", 3, "hook[0].on[0]", "can't be 'dnoe'", "Did you mean done?"),
    (HOOK + CALLS + "secret = '${S}'", 3, "hook[0].secret", "there is none", "Leave it out"),
    (HOOK + "url = 'https://a'\nsecret = 'plain'", 3, "hook[0].secret", "from the environment", "${HOOK_SECRET}"),
    (HOOK + CALLS + "timeout = '2h'", 3, "hook[0].timeout", "one hour at most", ""),
    (HOOK + CALLS + "name = 'a b'", 3, "hook[0].name", "no name for a hook", "letters"),
    (HOOK + CALLS + HOOK + CALLS, 3, "hook[1].name", "there is a hook a:b already", "a name of its own"),
    (HOOK + CALLS + "recipe = 'wbe'", 3, "hook[0].recipe", "there is no 'wbe'", "Did you mean web?"),
    ("[hook]\nurl = 'https://a'", 1, "hook", "must be a list", "[[hook]], in two brackets"),
    (ROOT + "path = '/mnt/nas'", 1, "root[0]", "needs the key name", "Add name"),
    (ROOT + "name = ''\npath = '/mnt/nas'", 2, "root[0].name", "'' is no name for a root", "two letters"),
    (ROOT + "name = 'a:b'\npath = '/mnt/nas'", 2, "root[0].name", "'a:b' is no name for a root", "two letters"),
    (ROOT + "name = 'a/b'\npath = '/mnt/nas'", 2, "root[0].name", "'a/b' is no name for a root", "two letters"),
    (ROOT + "name = 'nas'\npath = '${NOPE}/x'", 3, "root[0].path", "takes ${NOPE}, and the environment", "Set it"),
    (ROOT + "name = 'nas'\npath = 'nas'", 3, "root[0].path", "'nas' is no absolute path", "Begin it with / or ~."),
    (ROOT + "name = 'nas'\npath = ''", 3, "root[0].path", "'' is no absolute path", "Begin it with"),
    (ROOT + 'name = "nas"\npath = "/a\\u0000b"', 3, "root[0].path", "is no absolute path", "Begin it with"),
    (NAS + ROOT + "name = 'nas'\npath = '/srv'", 5, "root[1].name", "there is a root nas already", "another name"),
    (NAS + ROOT + "name = 'too'\npath = '/mnt/../mnt/nas/'", 6, "root[1].path", "is the root nas already", "for both"),
    (NAS + ROOT + "name = 'too'\npath = '/mnt/nas/a'", 6, "root[1].path", "lies in the root nas", "one root for both"),
    (NAS + ROOT + "name = 'too'\npath = '/mnt'", 6, "root[1].path", "or that in it", "one root for both"),
    ("recipes = 5", 1, "recipes", "must be tables", "[recipes.NAME]"),
    ("[recipes]\nshop = 5", 2, "recipes.shop", "must be a table", "[recipes.shop]"),
    (SHOP + 'name = "x"', 2, "recipes.shop.name", "no such key", "Its name is shop already"),
    (SHOP + 'on_conflict = "panic"', 2, "recipes.shop.on_conflict", "can't be 'panic'", "fail, overwrite, rename"),
    (SHOP + "match = []", 2, "recipes.shop.match", "matches nothing", '["*.jpg"'),
    (SHOP + "outputs = []", 2, "recipes.shop.outputs", "makes nothing", ""),
    (SHOP + 'out = "{foldr}/x"', 2, "recipes.shop.out", "unknown field {foldr}", "Did you mean {folder}?"),
    (SHOP + 'keep = "a while"', 2, "recipes.shop.keep", "'a while' can't be understood", '"30d"'),
    (SHOP + 'steps = [ { op = "resise" } ]', 2, "recipes.shop.steps[0].op", "can't be 'resise'", "mean resize?"),
    (SHOP + 'steps = [ { fit = "1x1" } ]', 2, "recipes.shop.steps[0]", "needs the key op", "crop"),
    (SHOP + 'steps = [ { op = "resize" } ]', 2, "recipes.shop.steps[0]", "exactly one of fit", ""),
    (
        SHOP + 'steps = [ { op = "flip", direction = "horizontal" }, { op = "resize", fot = "1x1" } ]',
        2, "recipes.shop.steps[1].fot", "no such key", "Did you mean fit?",
    ),
    (SHOP + 'steps = [ { op = "resize", fit = "big" } ]', 2, "recipes.shop.steps[0].fit", "no picture size", "1600x"),
    (OUTPUTS + "qualty = 5", 4, "recipes.shop.outputs[1].qualty", "no such key", "Did you mean quality?"),
    (OUTPUTS + "quality = '5'", 4, "recipes.shop.outputs[1].quality", "must be a whole number", ""),
    (OUTPUTS + "quality = 500", 4, "recipes.shop.outputs[1].quality", "from 1 to 100, not 500", ""),
    (OUTPUTS + "format = []", 4, "recipes.shop.outputs[1].format", "names no format", '["avif", "webp", "jpeg"]'),
    (OUTPUTS + 'format = ["webp", "jepg"]', 4, "recipes.shop.outputs[1].format[1]", "can't be 'jepg'", "mean jpeg?"),
    (OUTPUTS + 'format = ["webp", "pdf"]', 4, "recipes.shop.outputs[1].format", "pdf is a document", "Take it out"),
    (
        OUTPUTS + 'format = ["webp", "jpeg"]\nalpha_format = "png"',
        5, "recipes.shop.outputs[1].alpha_format", "beside a list of formats", "add its format to the list",
    ),
    (
        SHOP + f'steps = [ {PROGRAM} ]\noutputs = [ {{ format = ["webp", "jpeg"] }} ]',
        3, "recipes.shop.outputs[0].format", "a program makes one file", "Name one",
    ),
    (OUTPUTS + "colors = 257", 4, "recipes.shop.outputs[1].colors", "from 2 to 256, not 257", ""),
    (OUTPUTS + "colors = 16\nlossless = true", 4, "recipes.shop.outputs[1].colors", "lossless keeps", "one of them"),
    (OUTPUTS + "min_saving = 10", 4, "recipes.shop.outputs[1].min_saving", "from 0 to 1, not 10", ""),
    (OUTPUTS + 'max_bytes = "0"', 4, "recipes.shop.outputs[1].max_bytes", "at least 1 byte", ""),
    (OUTPUTS + 'name = "../{stem}.jpg"', 4, "recipes.shop.outputs[1].name", "leave the output folder", ".."),
    (OUTPUTS + 'name = "{stme}.jpg"', 4, "recipes.shop.outputs[1].name", "unknown field {stme}", "{stem}"),
    (OUTPUTS, 3, "recipes.shop.outputs[1].name", "the name of outputs[0] too", "Give each output its own"),
    (
        SHOP + f'steps = [ {{ op = "flip" }}, {PROGRAM} ]',
        2, "recipes.shop.steps[1]", "only step", "last step of an output",
    ),
    (
        SHOP + f'outputs = [ {{ steps = [ {PROGRAM}, {{ op = "flip" }} ] }} ]',
        2, "recipes.shop.outputs[0].steps[0]", "the last step", "Move it",
    ),
    ('[recipes."a/b"]', 1, "recipes.a/b", "name of a folder", "letters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "problem", "remedy"), MISTAKES)
def test_a_mistake_is_named_with_line_key_and_remedy(tmp_path, text, line, key, problem, remedy):
    file = tmp_path / "fileq.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as raised:
        load_config(str(file), environ={}, cwd=str(tmp_path)).recipe("a/b" if "a/b" in text else "shop")
    error = raised.value
    assert error.exit_code is ExitCode.USAGE
    assert error.message.startswith(f"{file}, line {line}: {key}: "), error.message
    assert problem in error.message
    assert remedy in error.hint


def test_toml_that_is_none_is_named_with_its_line(tmp_path):
    file = tmp_path / "fileq.toml"
    file.write_text('default = ["web"]\n[worker\n', "utf-8")
    with pytest.raises(ConfigError, match=r"fileq\.toml is not valid TOML: .*line 2"):
        load_config(str(file), environ={}, cwd=str(tmp_path))


WATCHES = [
    # the config, the lines, a part of the problem, a part of the remedy
    ('[[watch]]\npath = "a"\nrecipe = "wbe"', "line 3", "there is no 'wbe'", "Did you mean web?"),
    ('[[watch]]\npath = "a"\nafter = "move"', "line 3", "needs the key move_to", "folder to move to"),
    ('[[watch]]\npath = "a"\n[[watch]]\npath = "./a"', "line 4", "is watched already", "both recipes"),
    ('[[watch]]\nrecipe = "web"', "line 1", "needs the key path", "Add path"),
    ('[[watch]]\npath = "a"\nafter = "burn"', "line 3", "can't be 'burn'", "delete, keep, move"),
    ('[[watch]]\npath = "a"\nsettel = "2s"', "line 3", "no such key", "settle"),
    ('[[watch]]\npath = "a"\nafter = "move"\nmove_to = "a"', "lines 4 and 2", "so on for ever", "isn't watched"),
    ('[[watch]]\npath = "a"\nfailed_to = "a/"', "lines 3 and 2", "so on for ever", "isn't watched"),
    (
        '[[watch]]\npath = "a"\nout = "b/x"\n[[watch]]\npath = "b"\nout = "c"\n[[watch]]\npath = "c"\nout = "a"',
        "lines 3 and 9", "so on for ever", "isn't watched",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines", "problem", "remedy"), WATCHES)
def test_a_mistake_in_a_watched_folder_is_named(tmp_path, text, lines, problem, remedy):
    file = tmp_path / "fileq.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_config(str(file), environ={}, cwd=str(tmp_path))
    assert f"{file}, {lines}: watch[0]" in raised.value.message or f"{file}, {lines}: watch[1]" in raised.value.message
    assert problem in raised.value.message
    assert remedy in raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '[[watch]]\npath = "a"\nout = "a"',  # what came out of a recipe does not go into it again
        '[[watch]]\npath = "a"\nout = "a/out"\nafter = "move"\nmove_to = "a/done"',
        '[[watch]]\npath = "a"\nout = "b"\n[[watch]]\npath = "b"\nout = "c"',
        '[[watch]]\npath = "a"\nout = "b/sub"\n[[watch]]\npath = "b"\nrecursive = false\nout = "a"',
        '[[watch]]\npath = "a"\nmove_to = "a"',  # it is kept, so nothing moves
    ],
)
def test_folders_that_lead_in_no_circle_are_watched(tmp_path, text):
    file = tmp_path / "fileq.toml"
    file.write_text(text)
    assert load_config(str(file), environ={}, cwd=str(tmp_path)).settings.watch[0].path == str(tmp_path / "a")


def test_a_circle_that_goes_by_a_link_is_refused_too(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to("in")
    file = tmp_path / "fileq.toml"
    file.write_text('[[watch]]\npath = "in"\nafter = "move"\nmove_to = "link"\n', "utf-8")
    with pytest.raises(ConfigError, match="so on for ever"):
        load_config(str(file), environ={})


def test_a_config_that_is_nested_without_end_is_refused_in_a_sentence(tmp_path):
    file = tmp_path / "fileq.toml"
    file.write_text(f"a = {'[' * 5000}{']' * 5000}", "utf-8")
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_config(str(file), environ={})
