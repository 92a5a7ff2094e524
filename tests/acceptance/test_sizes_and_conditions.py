"""Sets of sizes for a page, what a recipe asks of a file, and dates in names."""

import pytest
from PIL import Image

SET = """
[recipes.set]
[[recipes.set.outputs]]
name = "{stem}-{width}.jpg"
steps = [ { op = "resize", fit = "400x" } ]
[[recipes.set.outputs]]
name = "{stem}-{width}.jpg"
steps = [ { op = "resize", fit = "800x" } ]
[[recipes.set.outputs]]
name = "{stem}-{width}.jpg"
steps = [ { op = "resize", fit = "1600x" } ]
"""


def put(fileq, name, size, **options):
    path = fileq.folder / "p" / name
    path.parent.mkdir(exist_ok=True)
    Image.effect_noise(size, 60).convert("RGB").save(path, **options)
    return path


def made(fileq, folder):
    return sorted(path.name for path in (fileq.folder / folder).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (2000, ["a-1600.jpg", "a-400.jpg", "a-800.jpg"]),
        (1600, ["a-1600.jpg", "a-400.jpg", "a-800.jpg"]),
        (1000, ["a-400.jpg", "a-800.jpg"]),
        (800, ["a-400.jpg", "a-800.jpg"]),
        (300, ["a-300.jpg"]),
    ],
)
def test_a_set_has_the_sizes_that_the_source_has_and_at_least_one(fileq, width, names):
    fileq.configure(SET)
    put(fileq, "a.jpg", (width, 150))
    fileq.run("run", "p", "-r", "set")
    assert made(fileq, "p/set") == names
    assert fileq.json("add", "p", "-r", "set")["up_to_date"] == 1


def test_a_dry_run_names_the_sizes_that_are_made(fileq):
    fileq.configure(SET)
    put(fileq, "a.jpg", (1000, 150))
    (job,) = fileq.json("run", "p", "-r", "set", "--dry-run")["plan"]
    assert [output["path"].rpartition("/")[2] for output in job["outputs"]] == ["a-400.jpg", "a-800.jpg"]


def test_several_sizes_in_one_line_are_a_set(fileq):
    put(fileq, "a.jpg", (1000, 150))
    line = ("run", "p", "--resize", "400x", "--resize", "800x", "--resize", "1600x", "--format", "webp", "-o", "out")
    fileq.run(*line, "--op", "grayscale")
    assert made(fileq, "out") == ["a-400.webp", "a-800.webp"]
    said = fileq.run(*line, "--name", "{stem}.webp", expect=2).stderr
    assert "{width}" in said


def test_an_output_is_left_out_on_demand_where_it_would_be_no_smaller(fileq):
    fileq.configure("""
        [recipes.two]
        outputs = [
            { name = "{stem}-big.jpg", steps = [ { op = "resize", fit = "1600x" } ], only_smaller = true },
            { name = "{stem}-small.jpg", steps = [ { op = "resize", fit = "200x" } ] },
        ]
    """)
    put(fileq, "a.jpg", (1000, 150))
    fileq.run("run", "p", "-r", "two")
    assert made(fileq, "p/two") == ["a-small.jpg"]


def test_outputs_that_are_the_same_in_all_are_refused_where_they_stand(fileq):
    fileq.configure('[recipes.two]\noutputs = [ { name = "{stem}-{width}.jpg" }, { name = "{stem}-{width}.jpg" } ]\n')
    put(fileq, "a.jpg", (100, 150))
    assert "outputs[1].name" in fileq.run("run", "p", "-r", "two", expect=2).stderr


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("min_width = 1200", ["1,000", "1,200", "wide"]),
        ("max_width = 500", ["1,000", "500", "wide"]),
        ("min_height = 300", ["150", "300", "high"]),
        ("min_pixels = 1_000_000", ["150,000", "1,000,000", "pixels"]),
        ('min_bytes = "50 MiB"', ["52,428,800", "bytes"]),
        ("max_bytes = 100", ["100 at most", "bytes"]),
    ],
)
def test_a_file_that_is_not_as_the_recipe_asks_is_refused_with_both_numbers(fileq, when, words):
    fileq.configure(f"[recipes.shop]\nwhen = {{ {when} }}\n")
    put(fileq, "a.jpg", (1000, 150))
    fileq.run("run", "p", "-r", "shop", expect=1)
    error = fileq.json("show", "1")["error"]
    assert error["kind"] == "unsupported"
    assert all(word in error["message"] for word in [*words, "shop"]), error
    assert not (fileq.folder / "p" / "shop").exists()


def test_a_picture_is_measured_as_it_is_seen(fileq):
    fileq.configure("[recipes.shop]\nwhen = { min_height = 900 }\n")
    exif = Image.Exif()
    exif[0x0112] = 6
    put(fileq, "a.jpg", (1000, 150), exif=exif)
    fileq.run("run", "p", "-r", "shop")


def test_conditions_that_nothing_can_meet_are_refused_where_they_stand(fileq):
    fileq.configure("[recipes.shop]\nwhen = { min_width = 900, max_width = 100 }\n")
    said = fileq.run("run", ".", "-r", "shop", expect=2).stderr
    assert "line 2" in said
    assert "min_width" in said


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{date:%Y}/{date:%m}/{stem}.{ext}", "2024/03/a.jpg"),
        ("{date:%Y/%m}/{stem}.{ext}", "2024/03/a.jpg"),
        ("{date}_{time}.{ext}", "2024-03-09_07-08-05.jpg"),
        ("{time:%Hh%M}.{ext}", "07h08.jpg"),
    ],
)
def test_names_have_the_time_when_the_picture_was_taken(fileq, template, name):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:03:09 07:08:05"
    put(fileq, "a.jpg", (100, 150), exif=exif)
    fileq.run("run", "p", "--resize", "50x", "--name", template, "-o", "out")
    assert (fileq.folder / "out" / name).is_file()


@pytest.mark.parametrize("template", ["{date:%Q}.jpg", "{date:>12}.jpg", "{time:04}.jpg", "{counter:%Y}.jpg"])
def test_a_format_that_a_field_does_not_have_is_refused(fileq, template):
    put(fileq, "a.jpg", (100, 150))
    assert "works" in fileq.run("run", "p", "--resize", "50x", "--name", template, expect=2).stderr
