"""A key at the wrong place says where it belongs, and a table or list of the wrong shape how it is written."""

import pytest

from fileq.config import load_config
from fileq.errors import ConfigError


@pytest.fixture
def told(tmp_path):
    """What a config is told, whether it stops all or one recipe."""

    def load(text):
        file = tmp_path / "fileq.toml"
        file.write_text(text, "utf-8")
        try:
            config = load_config(str(file), environ={}, cwd=str(tmp_path))
        except ConfigError as error:
            return str(error)
        return "; ".join(map(str, config.faults.values()))

    return load


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[recipes.shop]\nquality = 80", "line 2: recipes.shop.quality: there is no such key. It belongs in [["),
        ("[recipes.shop]\nqualty = 80", "Did you mean quality? It belongs in [[recipes.shop.outputs]]."),
        ('[recipes.shop]\nformat = "webp"', "It belongs in [[recipes.shop.outputs]]."),
        ('[recipes.shop]\nfit = "9x9"', 'It belongs in a step: steps = [ { op = "resize", fit = … } ].'),
        ('[recipes.shop]\nresize = "9x9"', 'It belongs in a step: steps = [ { op = "resize", … } ].'),
        ('[recipes.shop]\nsteps = [{ op = "flip", quality = 3 }]', "It belongs in [[recipes.shop.outputs]]."),
        (
            '[recipes.shop]\nsteps = [{ op = "resize", width = 100 }]',
            "there is no such key. It can be enlarge, exact, fill, fit, gravity, op, scale.",
        ),
        ('[recipes.shop]\nsteps = [{ op = "pad", width = 9 }]', "It can be color, gravity, op, size."),
        ('[[recipes.shop.outputs]]\non_conflict = "skip"', "It belongs in [recipes.shop]."),
        ('[[recipes.shop.outputs]]\nkeep = "3d"', "It belongs in [recipes.shop]."),
        ('[retention]\nkeep = "3d"', "It belongs in [recipes.NAME]."),
        ("workers = 3", "line 1: workers: there is no such key. It belongs in [worker]."),
        ('database = "x.db"', "It belongs in [queue]."),
        ('move_to = "x"', "It belongs in [[watch]]."),
        ('[worker]\ndefault = ["web"]', "It belongs at the top of the file, above the first [table]."),
        ('[worker]\n[worker.retention]\nhistory = "3d"', "It belongs at the top, as [retention]."),
        ('[[watch]]\npath = "x"\nmatch = ["*.jpg"]', "It belongs in [recipes.NAME]."),
        ('[recipe.shop]\nout = "x"', "line 1: recipe: there is no such key. Write a recipe as [recipes.shop]."),
        ('[shop]\nout = "x"', "Write a recipe as [recipes.shop]."),
        ("[outputs]\nquality = 3", "[[recipes.NAME.outputs]]"),
        ('[recipes.shop]\nkepe = "3d"', "Did you mean keep?"),
        ('[[schedule.add]]\ncron = "0 1 * * *"\npath = "x"', "Did you mean paths?"),
    ],
)  # fmt: skip
def test_a_key_at_the_wrong_place_says_where_it_belongs(told, text, part):
    assert part in told(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[watch]\npath = "x"', 'line 1: watch: must be a list, like ["a", "b"], not a table. Write [[watch]]'),
        ('[schedule.add]\npaths = ["x"]', "Write [[schedule.add]]"),
        ("[recipes.shop.outputs]\nquality = 3", "Write [[recipes.shop.outputs]]"),
        ("[[worker]]\nworkers = 3", "line 1: worker: must be a table, not a list. Write [worker]"),
        ('[[recipes]]\nname = "shop"', "line 1: recipes: must be tables with names. Write a recipe as [recipes.NAME]"),
        ('[[recipes.shop]]\nout = "x"', "line 1: recipes.shop: must be a table. Write a recipe as [recipes.shop]"),
        ('[recipes.shop]\nsteps = { op = "flip" }', "Write it in brackets: steps = [ {"),
    ],
)  # fmt: skip
def test_brackets_of_the_wrong_number_say_how_it_is_written(told, text, part):
    assert part in told(text)


@pytest.mark.parametrize(
    "text",
    [r'database = "C:\Users\Ann\x.db"', r'database = "C:\new.db"', r'database = "D:\pics"', 'a = ["C:\\tmp"]'],
)
def test_a_path_with_backslashes_in_double_quotes_says_how_it_is_written(told, text):
    said = told(f"[queue]\n{text}\n")
    assert "line 2" in said
    assert r"single quotes: 'C:\Users\Ann'" in said


@pytest.mark.parametrize("text", [r"database = 'C:\new.db'", r'database = "C:\\new.db"', r'#database = "C:\new.db"'])
def test_a_path_with_backslashes_that_is_written_well_is_taken(told, text):
    assert told(f"[queue]\n{text}\n") == ""
