"""add --dry-run: what is planned is what run makes."""

from PIL import Image


def test_sizes_in_planned_names_are_those_of_the_pictures_that_are_made(fileq):
    (fileq.folder / "fileq.toml").write_text(
        "[recipes.sized]\n"
        'steps = [ { op = "resize", fit = "33x33" }, { op = "rotate", degrees = 30 } ]\n'
        'outputs = [ { name = "{stem}-{width}x{height}.png" } ]\n',
        "utf-8",
    )
    for number, size in enumerate([(1, 1), (640, 479), (3, 2000)]):
        fileq.photo(f"{number}.jpg", size)
    plan = fileq("add", "photos", "-r", "sized", "--dry-run", "--json").document["plan"]
    planned = sorted(output["path"] for job in plan for output in job["outputs"])
    assert fileq("run", "photos", "-r", "sized").code == 0
    made = sorted(str(path) for path in (fileq.folder / "photos" / "sized").iterdir())
    assert made == planned
    for path in made:
        with Image.open(path) as image:
            assert path.endswith("-{}x{}.png".format(*image.size))
