"""add --dry-run: what is planned is what run makes."""

import os

from PIL import Image

from fileq.display import create_display
from fileq.images import pipeline


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


def config(fileq, text):
    (fileq.folder / "fileq.toml").write_text(text, "utf-8")


def test_what_is_up_to_date_is_counted_and_named_so(fileq):
    for name in ("a.jpg", "b.jpg"):
        fileq.photo(name)
    assert fileq("run", "photos").code == 0
    fileq.photo("c.jpg")
    ran = fileq("add", "photos", "--dry-run", "--json")
    assert ran.code == 0
    assert (ran.document["queued"], ran.document["up_to_date"], ran.document["batch"]) == (1, 2, None)
    assert [job["outcome"] for job in ran.document["plan"]] == ["up to date", "up to date", "new"]
    assert ran.document["plan"][0]["outputs"][0]["path"] == str(fileq.folder / "photos" / "web" / "a.jpg")
    told = fileq("add", "photos", "--dry-run").out.splitlines()
    assert told[0].startswith("3 jobs: 1 new, 2 up to date")
    assert any(line.split()[:2] == ["new", "photos/c.jpg"] for line in told)


def test_a_plan_of_jobs_that_wait_says_that_they_are_queued_already(fileq):
    fileq.photo("a.jpg")
    fileq("add", "photos")
    ran = fileq("run", "photos", "--dry-run", "--json")
    assert (ran.document["queued"], ran.document["already_queued"]) == (0, 1)
    assert [job["outcome"] for job in ran.document["plan"]] == ["already queued"]


def test_outputs_that_are_made_again_replace_their_own(fileq):
    fileq.photo("a.jpg")
    fileq("run", "photos")
    (job,) = fileq("run", "photos", "--force", "--dry-run", "--json").document["plan"]
    assert (job["outcome"], job["outputs"][0]["exists"]) == ("replaces its own", True)


def test_a_conflict_is_the_first_that_is_said_with_its_remedy_and_exit_1(fileq):
    fileq.photo("a.jpg")
    fileq.photo("b.jpg")
    fileq.photo("web/b.jpg")
    ran = fileq("run", "photos", "--no-recursive", "--dry-run")
    assert ran.code == 1
    assert ran.out.index("conflict  photos/b.jpg") < ran.out.index("photos/a.jpg")
    assert "photos/web/b.jpg exists, and fileq did not make it from this source" in ran.out
    command = "fileq run photos --no-recursive --dry-run"
    assert f"  keep both     {command} --on-conflict rename\n  replace them  {command} --overwrite\n" in ran.out
    document = fileq("run", "photos", "--no-recursive", "--dry-run", "--json").document
    assert (document["queued"], document["conflicts"], document["failing"]) == (1, 1, 0)
    assert document["plan"][1]["error"]["kind"] == "conflict"
    assert fileq("run", "photos", "--no-recursive", "--on-conflict", "skip", "--dry-run", "--json").document | {
        "queued": 1, "skipped": 1, "conflicts": 0,
    } == fileq("run", "photos", "--no-recursive", "--on-conflict", "skip", "--dry-run", "--json").document  # fmt: skip


def test_each_problem_of_a_plan_stands_above_what_would_fix_it(fileq):
    for name in ("a.jpg", "b.jpg", "c.jpg", "web/a.jpg", "web/c.jpg"):
        fileq.photo(name)
    (fileq.folder / "photos" / "b.jpg").write_bytes(b"no picture")
    said = fileq("run", "photos", "--no-recursive", "--dry-run").out
    places = [
        said.index(words)
        for words in ("photos/a.jpg\n", "keep both", "photos/b.jpg\n", "Leave it out", "photos/c.jpg\n")
    ]
    assert places == sorted(places), said
    document = fileq("run", "photos", "--no-recursive", "--dry-run", "--json").document
    assert (document["queued"], document["conflicts"], document["failing"]) == (0, 2, 1)


def test_what_a_recipe_does_with_files_that_stand_there_is_said(fileq):
    config(
        fileq,
        '[recipes.skip]\non_conflict = "skip"\nout = "out"\n'
        '[recipes.over]\non_conflict = "overwrite"\nout = "out"\n'
        '[recipes.other]\non_conflict = "rename"\nout = "out"\n',
    )
    photo = fileq.photo("a.jpg")
    fileq.photo("out/a.jpg")
    outcomes = {}
    for recipe in ("skip", "over", "other"):
        ran = fileq("run", photo, "-r", recipe, "--dry-run", "--json")
        assert ran.code == 0
        outcomes[recipe] = ran.document["plan"][0]["outcome"]
    assert outcomes == {"skip": "skipped", "over": "overwrites", "other": "gets another name"}


def test_a_file_in_the_place_of_the_output_folder_is_a_conflict(fileq):
    fileq.photo("a.jpg")
    (fileq.folder / "photos" / "web").write_text("no folder")
    ran = fileq("run", "photos", "--dry-run")
    assert ran.code == 1
    assert "The folder photos/web can't be made" in ran.out.replace("the folder", "The folder")


def test_time_and_bytes_are_an_estimate_from_earlier_jobs_of_the_recipe(fileq):
    fileq.photo("a.jpg", (600, 400))
    assert fileq("run", "photos", "--dry-run", "--json").document["estimate"] is None
    fileq("run", "photos")
    fileq.photo("b.jpg", (600, 400))
    estimate = fileq("run", "photos", "--dry-run", "--json").document["estimate"]
    assert estimate["from_jobs"] == 1
    assert estimate["seconds"] >= 0
    assert estimate["bytes_out"] > 0
    assert "An estimate, from 1 earlier job:" in fileq("run", "photos", "--dry-run").out


def test_a_plan_of_many_is_cut_for_people_and_whole_in_a_pipe(fileq, monkeypatch):
    for number in range(5):
        fileq.photo(f"{number}.jpg")

    def two_rows(**options):
        display = create_display(**options)
        display.rows = 2
        return display

    assert fileq("run", "photos", "--dry-run").out.count("photos/web/") == 5
    monkeypatch.setattr("fileq.cli.session.create_display", two_rows)
    told = fileq("run", "photos", "--dry-run").out
    assert told.count("photos/web/") == 2
    assert "and 3 more" in told


def test_a_plan_opens_no_ordinary_jpeg_as_a_picture_and_says_the_same(fileq, monkeypatch):
    for name in ("a.jpg", "b.JPEG"):
        fileq.photo(name)
    (fileq.folder / "photos" / "text.jpg").write_text("hello")
    Image.new("RGBA", (9, 9)).save(fileq.folder / "photos" / "clear.png")
    opened = []
    real = pipeline.open_run

    def noted(request):
        opened.append(request.source)
        return real(request)

    monkeypatch.setattr(pipeline, "open_run", noted)
    quick = fileq("run", "photos", "--dry-run", "--json").document["plan"]
    assert sorted(os.path.basename(path) for path in opened) == ["clear.png", "text.jpg"]
    monkeypatch.setattr("fileq.cli.plan.HeaderPlanner.plan", lambda *_: None)
    assert fileq("run", "photos", "--dry-run", "--json").document["plan"] == quick
