import os

import pytest

from fileq.errors import UsageError
from fileq.recipes.recipe import Output, Recipe
from fileq.sources import RecipeScope, SourceFinder, SourceQuery

WEB = Recipe(name="web")


def tree(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def find(*paths, listed=(), recipes=(WEB,), out=None, **query):
    """What is found, by whom it was found."""
    scope = RecipeScope(recipes, None if out is None else str(out))
    finder = SourceFinder(SourceQuery(paths=[*map(str, paths)], listed=[*map(str, listed)], **query), scope)
    return list(finder), finder


def walk(*paths, **options):
    """The sources, and what was complained of."""
    found, finder = find(*paths, **options)
    return found, finder.problems


def names(*paths, **options):
    found, problems = walk(*paths, **options)
    assert problems == []
    return [os.path.join(source.relative, source.name) for source in found]


def test_a_file_is_a_source_with_its_place_size_and_time(tmp_path):
    tree(tmp_path, "a.jpg")
    ((source,), _) = walk(tmp_path / "a.jpg")
    assert (source.path, source.name, source.folder) == (str(tmp_path / "a.jpg"), "a.jpg", str(tmp_path))
    assert (source.size, source.mtime_ns) == (1, os.stat(source.path).st_mtime_ns)
    assert (source.relative, source.named) == ("", True)


def test_a_folder_is_walked_by_name_with_what_is_in_it_before_its_sub_folders(tmp_path):
    tree(tmp_path, "b/2.jpg", "b/1.jpg", "z.jpg", "a/deep/er.jpg", "c.jpg")
    assert names(tmp_path) == ["c.jpg", "z.jpg", "a/deep/er.jpg", "b/1.jpg", "b/2.jpg"]
    assert not any(source.named for source in walk(tmp_path)[0])


def test_without_recursion_sub_folders_are_left_out(tmp_path):
    tree(tmp_path, "a.jpg", "b/c.jpg")
    assert names(tmp_path, recursive=False) == ["a.jpg"]


@pytest.mark.parametrize(
    "name", [".hidden.jpg", "a.jpg.part", "a.jpg~", "Thumbs.db", "a.crdownload", "@eaDir/a.jpg", ".git/a.jpg", "A.TMP"]
)
def test_a_walk_passes_over_what_is_hidden_or_under_way(tmp_path, name):
    tree(tmp_path, name, "a.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_a_hidden_file_that_is_named_is_meant(tmp_path):
    tree(tmp_path, ".hidden.jpg")
    assert names(tmp_path / ".hidden.jpg") == [".hidden.jpg"]


@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        ({"include": ("*.jpg",)}, ["a.jpg", "sub/c.jpg"]),
        ({"exclude": ("*.jpg",)}, ["b.png"]),
        ({"include": ("sub/*",)}, ["sub/c.jpg"]),
        ({"include": ("*.jpg", "*.png"), "exclude": ("sub/*",)}, ["a.jpg", "b.png"]),
    ],
)
def test_patterns_choose_by_name_or_by_path(tmp_path, chosen, meant):
    tree(tmp_path, "a.jpg", "b.png", "sub/c.jpg")
    assert names(tmp_path, **chosen) == meant


def test_a_link_to_a_file_is_a_source_and_one_to_a_folder_is_not_walked(tmp_path):
    tree(tmp_path, "real/a.jpg")
    (tmp_path / "link.jpg").symlink_to("real/a.jpg")
    (tmp_path / "again").symlink_to("real")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    assert names(tmp_path) == ["link.jpg", "real/a.jpg"]


def test_a_link_to_a_folder_that_is_named_is_walked(tmp_path):
    tree(tmp_path, "real/a.jpg")
    (tmp_path / "link").symlink_to("real")
    assert names(tmp_path / "link") == ["a.jpg"]


@pytest.mark.parametrize("target", ["loop.jpg", "gone.jpg", "a.jpg/below"])
def test_a_link_that_leads_nowhere_is_a_problem_and_the_rest_is_found(tmp_path, target):
    tree(tmp_path, "a.jpg")
    (tmp_path / "loop.jpg").symlink_to(target)
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert len(problems) == 1
    assert "loop.jpg" in problems[0]


def test_what_is_no_regular_file_is_a_problem(tmp_path):
    tree(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert problems == [f"{tmp_path}/pipe.jpg: not a regular file"]


def test_a_folder_that_can_not_be_read_is_a_problem_and_the_rest_is_found(tmp_path, monkeypatch):
    tree(tmp_path, "a.jpg", "shut/b.jpg")
    scandir = os.scandir

    def shut(folder):  # root may read every folder: permissions would not stop these tests there
        if folder.endswith("shut"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", shut)
    found, problems = walk(tmp_path)
    assert [source.name for source in found] == ["a.jpg"]
    assert problems == [f"{tmp_path}/shut: Permission denied"]


@pytest.mark.parametrize(
    "name",
    [
        "#recycle/a.jpg", "$RECYCLE.BIN/a.jpg", "@Recycle/a.jpg", "@Recently-Snapshot/a.jpg", "#snapshot/a.jpg",
        "@__thumb/a.jpg", "System Volume Information/a.jpg", "My.photoslibrary/a.jpg", "My.lrdata/a.jpg",
        "My Previews.lrdata/a.jpg", "My.lrcat-data/a.jpg", "node_modules/a.jpg",
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["walk", "pattern", "list"])
def test_what_systems_and_programs_keep_for_themselves_is_passed_over_whichever_way_it_comes(tmp_path, name, way):
    tree(tmp_path, name, "a.jpg", "b/c.jpg")
    whole = [str(path) for path in tmp_path.rglob("*.jpg")]
    ways = {"walk": find(tmp_path), "pattern": find(f"{tmp_path}/**/*.jpg"), "list": find(listed=whole)}
    assert {one.path for one in ways[way][0]} == {f"{tmp_path}/a.jpg", f"{tmp_path}/b/c.jpg"}


def test_a_folder_that_is_ignored_is_walked_where_it_is_named(tmp_path):
    tree(tmp_path, "@eaDir/a.jpg", "x/@eaDir/b.jpg")
    assert names(tmp_path / "@eaDir") == ["a.jpg"]
    assert [one.name for one in find(f"{tmp_path}/x/*/*.jpg")[0]] == []
    assert [one.name for one in find(f"{tmp_path}/*/@eaDir/*.jpg")[0]] == ["b.jpg"]


@pytest.mark.parametrize("way", ["walk", "pattern", "list"])
def test_the_folder_that_a_recipe_puts_outputs_of_its_files_into_is_passed_over_and_told(tmp_path, way):
    tree(tmp_path, "a.jpg", "web/b.jpg", "sub/web/c.jpg", "sub/notes.txt")
    whole = [str(path) for path in tmp_path.rglob("*.jpg")]
    ways = {"walk": find(tmp_path), "pattern": find(f"{tmp_path}/**/*.jpg"), "list": find(listed=whole)}
    found, finder = ways[way]
    assert {one.name for one in found if one.name.endswith("jpg")} == {"a.jpg", "c.jpg"}
    assert finder.output_folders == {f"{tmp_path}/web": "web"}


def test_a_folder_of_outputs_is_taken_where_it_is_named(tmp_path):
    tree(tmp_path, "a.jpg", "web/b.jpg")
    assert names(tmp_path / "web") == ["b.jpg"]
    assert [one.name for one in find(f"{tmp_path}/web/*.jpg")[0]] == ["b.jpg"]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"out": "{folder}/small"}, "small"),
        ({"out": "{folder}/made/{recipe}"}, "made"),
        ({"out": "{folder}", "outputs": (Output(name="small/{stem}.jpg"),)}, "small"),
    ],
)
def test_where_outputs_go_is_what_the_recipe_says(tmp_path, keys, place):
    tree(tmp_path, "a.jpg", "web/b.jpg", f"{place}/c.jpg")
    found, _ = find(tmp_path, recipes=[Recipe(name="web", **keys)])
    assert [one.name for one in found] == ["a.jpg", "b.jpg"]


def test_out_inside_the_tree_is_not_walked(tmp_path):
    tree(tmp_path, "a.jpg", "small/b.jpg", "web/c.jpg")
    assert [one.name for one in find(tmp_path, out=tmp_path / "small")[0]] == ["a.jpg", "c.jpg"]


def relatives(*paths, **query):
    return sorted(os.path.join(one.relative, one.name) for one in find(*paths, **query)[0])


def test_the_tree_is_kept_from_what_all_that_is_named_has_in_common(tmp_path):
    tree(tmp_path, "p/a.jpg", "p/x/b.jpg", "q/x/c.jpg")
    assert relatives(tmp_path / "p", tmp_path / "q") == ["p/a.jpg", "p/x/b.jpg", "q/x/c.jpg"]
    assert relatives(tmp_path / "p/a.jpg", tmp_path / "q/x/c.jpg") == ["p/a.jpg", "q/x/c.jpg"]
    assert relatives(f"{tmp_path}/p/**/*.jpg") == ["a.jpg", "x/b.jpg"]
    assert relatives(f"{tmp_path}/p/x*/*.jpg") == ["x/b.jpg"]
    assert relatives(listed=[tmp_path / "p/a.jpg", tmp_path / "p/x/b.jpg"]) == ["a.jpg", "x/b.jpg"]
    assert relatives(tmp_path / "p/x/b.jpg") == ["b.jpg"]
    assert relatives(tmp_path / "p/x/b.jpg", base=str(tmp_path)) == ["p/x/b.jpg"]


def test_a_base_that_something_lies_outside_of_is_refused(tmp_path):
    tree(tmp_path, "p/a.jpg", "q/b.jpg")
    with pytest.raises(UsageError, match="lies outside"):
        find(tmp_path / "p", tmp_path / "q", base=str(tmp_path / "p"))


@pytest.mark.parametrize("pattern", ["private", "private/", "**/private/**", "priv*", "/private", "**/private"])
@pytest.mark.parametrize("way", ["walk", "pattern", "list", "named"])
def test_a_folder_that_is_excluded_is_left_out_whole_whichever_way_it_comes(tmp_path, monkeypatch, pattern, way):
    tree(tmp_path, "a.jpg", "private/b.jpg", "private/deep/c.JPG")
    monkeypatch.chdir(tmp_path)
    whole = [str(path) for path in tmp_path.rglob("*.*")]
    paths = {"walk": ["."], "pattern": ["**/*.*"], "list": [], "named": ["a.jpg", "private"]}[way]
    found, _ = find(*paths, listed=whole if way == "list" else (), exclude=(pattern,))
    assert [one.name for one in found] == ["a.jpg"]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ({"exclude": ("*.jpg",)}, ["c.png"]),
        ({"include": ("*.{jpg,PNG}",)}, ["a.JPG", "b.jpg", "c.png"]),
        ({"exclude": ("*", "!*.png")}, ["c.png"]),
        ({"exclude": ("#b.jpg",)}, ["a.JPG", "b.jpg", "c.png"]),
    ],
)
def test_endings_count_in_any_case_and_braces_and_negation_are_known(tmp_path, query, meant):
    tree(tmp_path, "a.JPG", "b.jpg", "c.png")
    assert names(tmp_path, **query) == meant


def test_a_pattern_of_no_use_is_told(tmp_path):
    tree(tmp_path, "a.jpg", "private/b.jpg")
    _, finder = find(tmp_path, exclude=("privat", "private"))
    assert finder.filter.unused() == ["--exclude 'privat' matched nothing."]


def test_what_is_no_pattern_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is no pattern"):
        find(tmp_path, exclude=("!",))
