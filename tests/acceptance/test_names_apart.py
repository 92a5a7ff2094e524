"""Sources that differ by their endings alone, and numbers in names: the same names at every run."""

import pytest
from PIL import Image


def put(fileq, *names, size=(64, 48), colour="teal"):
    for name in names:
        path = fileq.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path)


def made(fileq, folder="p/web"):
    """The outputs by their sources: all are named from the program's folder."""
    jobs = [job for job in fileq.json("list", "--limit", "100") if job["state"] == "done"]
    start = f"{fileq.folder}/"
    found = {
        job["source"].removeprefix(start): [output["path"].removeprefix(start) for output in job["outputs"]]
        for job in reversed(jobs)  # the oldest first, whose outputs are the newer ones' now
    }
    on_disk = {str(path.relative_to(fileq.folder)) for path in (fileq.folder / folder).rglob("*") if path.is_file()}
    assert on_disk == {path for paths in found.values() for path in paths if path.startswith(folder)}
    return {source: path for source, (path,) in found.items()}


APART = {"p/IMG.jpg": "p/web/IMG.jpg", "p/IMG.png": "p/web/IMG.png.jpg", "p/IMG.tif": "p/web/IMG.tif.jpg"}


def test_each_of_several_endings_gets_a_name_of_its_own(fileq):
    put(fileq, *APART)
    fileq.run("run", "p")
    assert made(fileq) == APART
    assert fileq.json("add", "p")["up_to_date"] == 3
    notes = {job["source"].rpartition("/")[2]: fileq.json("show", str(job["id"]))["note"] for job in fileq.json("list")}
    assert notes["IMG.png"] == notes["IMG.tif"] != ""
    assert not notes["IMG.jpg"]


@pytest.mark.parametrize("order", [["a.png.jpg"], ["a.png"], ["a.png", "a.jpg"], []])
def test_a_file_that_is_called_like_a_name_apart_keeps_its_own(fileq, order):
    put(fileq, "p/a.jpg", "p/a.png", "p/a.png.jpg", "p/b.gif", "p/b.tif", "p/b.tif.jpg")
    plan = fileq.json("run", "p", "--dry-run")["plan"]
    for name in order:
        fileq.run("run", f"p/{name}")
    fileq.run("run", "p")
    usual = made(fileq)
    assert len(set(usual.values())) == 6
    if not order:
        assert usual["p/a.png.jpg"] == "p/web/a.png.jpg"
        assert usual["p/b.tif.jpg"] == "p/web/b.tif.jpg"
        start = f"{fileq.folder}/"
        planned = {job["source"].removeprefix(start): job["outputs"][0]["path"].removeprefix(start) for job in plan}
        assert planned == usual
    assert fileq.json("run", "p")["up_to_date"] == 6


def test_a_dry_run_shows_the_names_that_will_be(fileq):
    put(fileq, *APART)
    plan = fileq.json("run", "p", "--dry-run")["plan"]
    start = f"{fileq.folder}/"
    planned = {job["source"].removeprefix(start): job["outputs"][0]["path"].removeprefix(start) for job in plan}
    assert planned == APART
    fileq.run("run", "p")
    assert made(fileq) == APART
    plan = fileq.json("run", "p", "--dry-run", "--force")["plan"]
    planned = {job["source"].removeprefix(start): job["outputs"][0]["path"].removeprefix(start) for job in plan}
    assert planned == APART


def test_the_source_with_the_ending_of_the_output_has_the_usual_name(fileq):
    put(fileq, "p/IMG.bmp", "p/IMG.gif", "p/IMG.jpg")
    wanted = {"p/IMG.bmp": "p/web/IMG.bmp.jpg", "p/IMG.gif": "p/web/IMG.gif.jpg", "p/IMG.jpg": "p/web/IMG.jpg"}
    plan = fileq.json("run", "p", "--dry-run")["plan"]
    assert [job["outputs"][0]["path"].removeprefix(f"{fileq.folder}/") for job in plan] == list(wanted.values())
    fileq.run("run", "p")
    assert made(fileq) == wanted


@pytest.mark.parametrize("order", [("p/IMG.jpg", "p/IMG.png"), ("p/IMG.png", "p/IMG.jpg")])
def test_who_comes_first_keeps_the_usual_name(fileq, order):
    first, second = order
    put(fileq, first)
    fileq.run("run", "p")
    put(fileq, second)
    fileq.run("watch", "p", "--once", "--work")
    wanted = {first: "p/web/IMG.jpg", second: f"p/web/{second.rpartition('/')[2]}.jpg"}
    assert made(fileq) == wanted
    put(fileq, first, second, colour="red")
    fileq.run("run", "p")
    assert made(fileq) == wanted
    fileq.run("run", "p", "--force")
    assert made(fileq) == wanted


def test_the_names_do_not_depend_on_what_goes_well(fileq):
    (fileq.folder / "p").mkdir()
    (fileq.folder / "p" / "IMG.jpg").write_bytes(b"\xff\xd8 no picture")
    put(fileq, "p/IMG.png")
    fileq.run("run", "p", "-w", "1", expect=1)
    assert made(fileq) == {"p/IMG.png": "p/web/IMG.png.jpg"}
    put(fileq, "p/IMG.jpg")
    fileq.run("run", "p")
    assert made(fileq) == {"p/IMG.jpg": "p/web/IMG.jpg", "p/IMG.png": "p/web/IMG.png.jpg"}


def test_names_that_differ_anyway_stay_as_they_are(fileq):
    put(fileq, "p/IMG.jpg", "p/IMG.png", "p/IMG.tif")
    fileq.run("run", "p", "-r", "optimize")
    assert set(made(fileq, "p/optimize").values()) == {
        "p/optimize/IMG.jpg", "p/optimize/IMG.png", "p/optimize/IMG.tif",
    }  # fmt: skip


def test_a_transparent_picture_beside_a_photo_stays_as_it_is(fileq):
    put(fileq, "p/IMG.jpg")
    Image.new("RGBA", (64, 48), (9, 9, 9, 99)).save(fileq.folder / "p" / "IMG.png")
    fileq.run("run", "p")
    assert made(fileq) == {"p/IMG.jpg": "p/web/IMG.jpg", "p/IMG.png": "p/web/IMG.webp"}


def test_every_output_of_a_recipe_gets_its_name_apart(fileq):
    put(fileq, "p/IMG.jpg", "p/IMG.png", size=(900, 300))
    fileq.run("run", "p", "--resize", "200x", "--resize", "400x", "--format", "webp", "-o", "out")
    names = sorted(path.name for path in (fileq.folder / "out").iterdir())
    assert names == ["IMG-200.png.webp", "IMG-200.webp", "IMG-400.png.webp", "IMG-400.webp"]


def test_names_that_differ_by_small_and_capital_letters_are_apart_on_every_disk(fileq):
    put(fileq, "p/IMG.JPG", "p/img.jpg", "p/Img.jpg")
    planned = [job["outputs"][0]["path"] for job in fileq.json("run", "p", "--dry-run")["plan"]]
    assert len({path.lower() for path in planned}) == 3, planned
    fileq.run("run", "p")
    outputs = list(made(fileq).values())
    assert len({path.lower() for path in outputs}) == 3, outputs
    fileq.run("run", "p", "--force")
    assert sorted(made(fileq).values()) == sorted(outputs)


def test_an_original_beside_a_source_keeps_its_place(fileq):
    put(fileq, "p/IMG.jpg", "p/IMG.png")
    before = (fileq.folder / "p" / "IMG.jpg").read_bytes()
    fileq.run("run", "p", "-r", "jpeg", "--replace")
    assert (fileq.folder / "p" / "IMG.png.jpg").is_file()
    assert (fileq.folder / "p" / "IMG.jpg").read_bytes() == before


def test_files_of_one_name_from_several_folders_are_no_namesakes(fileq):
    put(fileq, "a/IMG.jpg", "b/IMG.jpg")
    fileq.run("run", "a", "-o", "out")
    fileq.run("run", "b", "-o", "out", expect=1)
    assert fileq.json("list", "--state", "failed")[0]["error"]["kind"] == "conflict"
    fileq.run("run", "b", "-o", "out", "--on-conflict", "rename")
    assert sorted(path.name for path in (fileq.folder / "out").iterdir()) == ["IMG-1.jpg", "IMG.jpg"]


def numbered(fileq):
    return {source: path.rpartition("/")[2] for source, path in made(fileq, "out").items()}


LINE = ("run", "p", "--resize", "10x", "--name", "{counter:04}.{ext}", "-o", "out")


def test_a_number_stays_with_its_source(fileq):
    put(fileq, "p/b.jpg", "p/d.jpg", "p/f.jpg")
    plan = fileq.json(*LINE, "--dry-run")["plan"]
    assert [job["outputs"][0]["path"].rpartition("/")[2] for job in plan] == ["0001.jpg", "0002.jpg", "0003.jpg"]
    fileq.run(*LINE)
    wanted = {"p/b.jpg": "0001.jpg", "p/d.jpg": "0002.jpg", "p/f.jpg": "0003.jpg"}
    assert numbered(fileq) == wanted
    put(fileq, "p/c.jpg")
    fileq.run(*LINE)
    wanted["p/c.jpg"] = "0004.jpg"
    assert numbered(fileq) == wanted
    put(fileq, "p/d.jpg", colour="red")
    fileq.run(*LINE)
    fileq.run(*LINE, "--force")
    assert numbered(fileq) == wanted


def test_a_number_is_not_given_to_another_where_its_source_fails(fileq):
    put(fileq, "p/a.jpg", "p/c.jpg")
    (fileq.folder / "p" / "b.jpg").write_bytes(b"\xff\xd8 no picture")
    fileq.run(*LINE, expect=1)
    assert numbered(fileq) == {"p/a.jpg": "0001.jpg", "p/c.jpg": "0003.jpg"}
    put(fileq, "p/b.jpg")
    fileq.run(*LINE)
    assert numbered(fileq)["p/b.jpg"] == "0002.jpg"
