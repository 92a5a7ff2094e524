"""Recipes on the command line: what is made is said in one line, without a config."""

import sys
import tomllib

import pytest
from PIL import Image

from fileq.units import Size


def outputs(fileq):
    """The outputs of all done jobs, by their names below the program's folder, with their sizes in pixels."""
    jobs = fileq.json("list", "--limit", "100")
    made = [output for job in jobs for output in job["outputs"]]
    return {one["path"].removeprefix(f"{fileq.folder}/"): (one["width"], one["height"]) for one in made}


@pytest.fixture
def photo(fileq):
    (fileq.folder / "p").mkdir()
    path = fileq.folder / "p" / "a.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(path, quality=95)
    return path


@pytest.mark.usefixtures("photo")
def test_a_size_a_format_and_a_quality_are_a_recipe(fileq):
    fileq.run("run", "p", "--resize", "400x", "--format", "webp", "--quality", "50", "-o", "out")
    assert outputs(fileq) == {"out/a.webp": (400, 300)}
    with Image.open(fileq.folder / "out" / "a.webp") as image:
        assert (image.format, image.size) == ("WEBP", (400, 300))


@pytest.mark.usefixtures("photo")
@pytest.mark.parametrize(
    ("options", "name", "size"),
    [
        (["--resize", "400x"], "p/400x/a.jpg", (400, 300)),
        (["--resize", "x300"], "p/x300/a.jpg", (400, 300)),
        (["--resize", "200x200"], "p/200x200/a.jpg", (200, 150)),
        (["--resize", "50%"], "p/50pct/a.jpg", (400, 300)),
        (["--fill", "100x100"], "p/100x100/a.jpg", (100, 100)),
        (["--crop", "16:9"], "p/crop-16x9/a.jpg", (800, 450)),
        (["--crop", "10,20,110,220"], "p/crop/a.jpg", (100, 200)),
        (["--crop", "1:1", "--resize", "100x"], "p/crop-1x1-100x/a.jpg", (100, 100)),
        (["--format", "png"], "p/png/a.png", (800, 600)),
        (["--format", "jpg", "--name", "{stem}-{width}.{ext}"], "p/jpeg/a-800.jpg", (800, 600)),
        (["--format", "png", "--colors", "16"], "p/png/a.png", (800, 600)),
        (["--op", "pad size=900x900 color=white"], "p/pad/a.jpg", (900, 900)),
        (["--op", "rotate degrees=90", "--op", "grayscale"], "p/rotate-grayscale/a.jpg", (600, 800)),
        (["--watermark", "© Me", "--quality", "70"], "p/watermark/a.jpg", (800, 600)),
        (["--resize", "100x", "--name", "small.webp"], "p/100x/small.webp", (100, 75)),
    ],
)
def test_what_is_made_has_the_size_and_the_name_that_the_options_say(fileq, options, name, size):
    fileq.run("run", "p", *options)
    assert outputs(fileq) == {name: size}
    with Image.open(fileq.folder / name) as image:
        assert image.size == size


@pytest.mark.usefixtures("photo")
def test_the_same_line_again_finds_all_up_to_date(fileq):
    line = ("run", "p", "--resize", "400x", "--op", "sharpen amount=0.5", "--max-bytes", "20KB")
    fileq.run(*line)
    assert (fileq.folder / "p" / "400x-sharpen" / "a.jpg").stat().st_size <= 20_000
    assert fileq.json("add", *line[1:])["up_to_date"] == 1


@pytest.mark.usefixtures("photo")
def test_another_size_in_the_same_folder_takes_the_place_of_the_first_one(fileq):
    fileq.run("run", "p", "--resize", "400x", "-o", "out")
    fileq.run("run", "p", "--resize", "100x", "-o", "out")
    with Image.open(fileq.folder / "out" / "a.jpg") as image:
        assert image.size == (100, 75)


@pytest.mark.usefixtures("photo")
def test_a_recipe_that_is_named_keeps_what_the_options_do_not_say(fileq):
    fileq.run("run", "p", "-r", "thumbnail", "--format", "webp", "--quality", "40")
    assert outputs(fileq) == {"p/thumbnail/a.webp": (300, 225)}
    fileq.run("run", "p", "-r", "web", "--resize", "200x")
    assert outputs(fileq)["p/web/a.jpg"] == (200, 150)


def test_originals_are_replaced_where_that_is_said_and_not_twice(fileq, photo):
    fileq.run("run", "p", "--resize", "400x", "--replace")
    with Image.open(photo) as image:
        assert image.size == (400, 300)
    before = photo.stat()
    fileq.run("run", "p", "--resize", "400x", "--replace")
    assert photo.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in (fileq.folder / "p").iterdir()] == ["a.jpg"]


@pytest.mark.usefixtures("photo")
def test_a_file_in_the_way_is_overwritten_only_where_that_is_said(fileq):
    (fileq.folder / "out").mkdir()
    there = fileq.folder / "out" / "a.jpg"
    there.write_text("mine")
    line = ("run", "p", "--resize", "400x", "-o", "out")
    fileq.run(*line, expect=1)
    assert there.read_text() == "mine"
    fileq.run(*line, "--on-conflict", "skip", "--force")
    assert there.read_text() == "mine"
    fileq.run(*line, "--overwrite", "--force")
    with Image.open(there) as image:
        assert Size(*image.size) == (400, 300)


def test_metadata_alone_leaves_the_pixels_as_they_are(fileq, photo):
    with Image.open(photo) as image:
        exif = image.getexif()
        exif[0x010F] = "Camera"
        exif.get_ifd(0x8825)[1] = "N"
        image.save(photo, exif=exif, quality="keep")
    with Image.open(photo) as image:
        pixels = image.tobytes()
    fileq.run("run", "p", "--strip")
    with Image.open(fileq.folder / "p" / "metadata-none" / "a.jpg") as image:
        assert not dict(image.getexif())
        assert image.tobytes() == pixels


def test_all_metadata_stays_where_that_is_asked_for(fileq, photo):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    with Image.open(photo) as image:
        image.save(photo, exif=exif)
    fileq.run("run", "p", "--resize", "50x", "--keep-metadata", "-o", "kept")
    with Image.open(fileq.folder / "kept" / "a.jpg") as made:
        assert made.getexif()[0x010F] == "Camera"


def test_private_metadata_tells_date_and_camera_and_neither_the_place_nor_the_owner(fileq, photo):
    exif = Image.Exif()
    exif.update({0x010F: "Camera", 0x8298: "Ann", 0x013C: "anns-phone"})
    exif.get_ifd(0x8769).update({0x9003: "2024:03:09 07:08:05", 0xA434: "Lens 1", 0xA431: "SN77", 0xA430: "Ann Smith"})
    exif.get_ifd(0x8825)[1] = "N"
    with Image.open(photo) as image:
        image.save(photo, exif=exif)
    fileq.run("run", "p", "--metadata", "private", "-o", "out")
    fileq.run("run", "p", "--metadata", "private", "--format", "webp", "-o", "out")
    for name in ("a.jpg", "a.webp"):
        with Image.open(fileq.folder / "out" / name) as image:
            kept = image.getexif()
            assert (kept[0x010F], kept[0x8298]) == ("Camera", "Ann")
            assert dict(kept.get_ifd(0x8825)) == {}
            assert 0x013C not in kept
            camera = kept.get_ifd(0x8769)
            assert (camera[0x9003], camera[0xA434]) == ("2024:03:09 07:08:05", "Lens 1")
            assert not {0xA430, 0xA431} & set(camera)


COPY = f"{sys.executable} -c 'import sys; open(sys.argv[2], \"w\").write(open(sys.argv[1]).read().upper())' "


def test_a_program_takes_files_of_any_type(fileq):
    (fileq.folder / "texts").mkdir()
    (fileq.folder / "texts" / "a b.txt").write_text("hello")
    fileq.run("run", "texts", "--exec", COPY + "{source} {output}", "--name", "{stem}.loud", "-o", "out")
    assert (fileq.folder / "out" / "a b.loud").read_text() == "HELLO"
    shown = fileq.json("list")[0]["outputs"][0]
    assert (shown["width"], shown["height"]) == (None, None)
    assert "0x0" not in fileq.run("show", "1").stdout


@pytest.mark.usefixtures("photo")
@pytest.mark.parametrize("options", [["--format", "avif,webp,jpeg"], ["--format", "avif", "--format", "webp,jpg"]])
def test_of_several_formats_one_is_made_and_a_plan_knows_its_name(fileq, options):
    planned = fileq.json("run", "p", "--resize", "400x", *options, "--dry-run")["plan"][0]["outputs"][0]["path"]
    fileq.run("run", "p", "--resize", "400x", *options, "--save-as", "small")
    (name,) = outputs(fileq)
    assert name.startswith("p/small/a.")
    assert planned.endswith(name.replace("small", "400x-avif-webp-jpeg"))
    assert fileq.json("add", "p", "-r", "small")["up_to_date"] == 1
    config = tomllib.loads((fileq.folder / "fileq.toml").read_text())
    assert config["recipes"]["small"]["outputs"] == [{"format": ["avif", "webp", "jpeg"]}]


def test_a_jpeg_goes_into_jpeg_xl_without_loss_and_comes_back(fileq, photo):
    fileq.run("run", "p", "--format", "jxl", "--lossless", "--keep-metadata", "-o", "archive")
    assert (fileq.folder / "archive" / "a.jxl").stat().st_size < photo.stat().st_size
    fileq.run("run", "archive", "--format", "jpeg", "--lossless", "--keep-metadata", "-o", "back")
    assert (fileq.folder / "back" / "a.jpg").read_bytes() == photo.read_bytes()


@pytest.mark.usefixtures("photo")
def test_a_recipe_is_kept_and_used_by_its_name(fileq):
    config = fileq.configure("# mine\n[recipes.own]  # this too\nout = 'x'\n")
    fileq.run("run", "p", "--resize", "400x", "--format", "webp", "--save-as", "small")
    assert config.read_text().startswith("# mine\n[recipes.own]  # this too\nout = 'x'\n")
    assert fileq.json("add", "p", "-r", "small")["up_to_date"] == 1
    said = fileq.run("add", "p", "--resize", "100x", "--save-as", "small", expect=2)
    assert "already" in said.stderr
    fileq.run("run", "p", "-r", "small", "--quality", "30", "--save-as", "small")
    assert tomllib.loads(config.read_text())["recipes"]["small"]["outputs"] == [{"format": "webp", "quality": 30}]


def test_a_recipe_with_a_program_is_kept_in_a_new_config_that_is_trusted(fileq):
    (fileq.folder / "texts").mkdir()
    (fileq.folder / "texts" / "a.txt").write_text("hello")
    fileq.run("run", "texts", "--exec", COPY + "{source} {output}", "--save-as", "loud")
    assert (fileq.folder / "texts" / "loud" / "a.txt").read_text() == "HELLO"
    assert fileq.json("add", "texts", "-r", "loud")["up_to_date"] == 1


@pytest.mark.usefixtures("photo")
def test_a_dry_run_keeps_no_recipe(fileq):
    fileq.run("run", "p", "--resize", "400x", "--save-as", "small", "--dry-run")
    assert not (fileq.folder / "fileq.toml").exists()


@pytest.mark.usefixtures("photo")
def test_a_watch_keeps_a_recipe_once(fileq):
    fileq.run("watch", "p", "--resize", "400x", "--op", "grayscale", "--save-as", "small", "--once", "--work")
    assert outputs(fileq) == {"p/small/a.jpg": (400, 300)}
    config = (fileq.folder / "fileq.toml").read_text()
    fileq.run("watch", "p", "-r", "small", "--once", "--work")
    assert (fileq.folder / "fileq.toml").read_text() == config


@pytest.mark.usefixtures("photo")
def test_a_watch_takes_the_same_options(fileq):
    fileq.run("watch", "p", "--resize", "400x", "--format", "webp", "--once", "--work")
    assert outputs(fileq) == {"p/400x-webp/a.webp": (400, 300)}


def test_two_sizes_that_come_to_the_same_are_made_once(fileq):
    tall = fileq.folder / "tall.jpg"
    Image.new("RGB", (60, 90)).save(tall)
    fileq.run("run", tall, "--resize", "30x30", "--resize", "20x", "-o", "out")
    assert outputs(fileq) == {"out/tall-20.jpg": (20, 30)}


def test_a_saved_recipe_that_takes_the_place_of_a_built_in_one_says_so(fileq, photo):
    assert "place of the built-in one" in fileq.run("add", photo, "--resize", "99x", "--save-as", "web").stderr
    assert "built-in" not in fileq.run("add", photo, "--resize", "99x", "--save-as", "mine").stderr


def test_what_no_output_can_replace_fails_and_stays_alone(fileq, photo):
    Image.new("RGB", (60, 40)).save(photo.parent / "x.bmp")
    answer = fileq.run("run", "p", "--strip", "--replace", expect=1)
    assert "x.bmp: it can't be replaced: its output would be x.png" in answer.stdout
    assert sorted(path.name for path in photo.parent.iterdir()) == ["a.jpg", "x.bmp"]


def test_what_was_skipped_is_made_once_there_is_room_or_it_may_be_overwritten(fileq, photo):
    foreign = fileq.folder / "out" / "a.jpg"
    foreign.parent.mkdir()
    line = ["run", "p", "--resize", "100x", "-o", "out"]
    for remedy in ("overwrite", "room"):
        foreign.write_bytes(b"a stranger's")
        fileq.run(*line, "--on-conflict", "skip")
        assert foreign.read_bytes() == b"a stranger's"
        if remedy == "room":
            foreign.unlink()
        fileq.run(*line, "--on-conflict", "skip" if remedy == "room" else "overwrite")
        with Image.open(foreign) as made:
            assert made.size == (100, 75)


def test_what_one_recipe_has_replaced_another_can_replace_and_both_can_be_undone(fileq, photo):
    original = photo.read_bytes()
    fileq.run("run", "p", "--strip", "--replace")
    fileq.run("run", "p", "-r", "thumbnail", "--replace")
    with Image.open(photo) as made:
        assert made.size == (300, 225)
    fileq.run("undo", "2")
    fileq.run("undo", "1")
    assert photo.read_bytes() == original


def test_a_recipe_of_a_command_that_fails_is_not_saved(fileq, photo):
    fileq.run("run", "nowhere", "--resize", "99x", "--save-as", "mine", expect=2)
    assert not (fileq.folder / "fileq.toml").exists()
    fileq.run("run", "p", "--resize", "99x", "--save-as", "mine")
    assert "99x" in (fileq.folder / "fileq.toml").read_text()


def test_a_plan_says_that_a_run_goes_on_with_what_is_queued(fileq, photo):
    fileq.run("add", "p", "-r", "thumbnail")
    assert (
        "fileq run goes on with what is queued already." in fileq.run("run", "p", "-r", "thumbnail", "--dry-run").stdout
    )
