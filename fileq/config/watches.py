"""What can be wrong with watched folders: recipes that aren't there, moves without a target, and circles."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fileq.config.complaints import Complaint, unknown_name
from fileq.config.paths import whole_path
from fileq.config.settings import WatchSettings
from fileq.files.identity import relative_within
from fileq.recipes.recipe import Recipe

_PLACES = ("out", "move_to", "failed_to")


def with_whole_paths(watches: Sequence[WatchSettings], base: str) -> tuple[WatchSettings, ...]:
    """The same with absolute paths, seen from the folder `base`; ~ is the user's home."""
    return tuple(
        msgspec.structs.replace(
            watch,
            path=whole_path(watch.path, base),
            **{key: value and whole_path(value, base) for key in _PLACES for value in [getattr(watch, key)]},
        )
        for watch in watches
    )


def complaints_about_watches(watches: Sequence[WatchSettings], recipes: Mapping[str, Recipe]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for number, watch in enumerate(watches):
        key = f"watch[{number}]"
        if watch.path in seen:
            yield Complaint(f"{key}.path", f"{watch.path} is watched already", "Give one [[watch]] both recipes.")
        seen.add(watch.path)
        for name in watch.recipes:
            if name not in recipes:
                yield unknown_name(f"{key}.recipe", name, recipes)
        if watch.after == "move" and not watch.move_to:
            yield Complaint(f"{key}.after", '"move" needs the key move_to', "Add the folder to move to.")


def loop_among(watches: Sequence[WatchSettings]) -> tuple[Complaint, str] | None:
    """Two keys that together would send files round in a circle: the complaint about one, and the other."""
    for number, watch in enumerate(watches):
        for key in _PLACES:
            last = _way_back(watches, number, number, key, frozenset())
            if last is not None:
                return _complaint(f"watch[{number}].{key}", watch, key), last
    return None


def _complaint(where: str, watch: WatchSettings, key: str) -> Complaint:
    folder = getattr(watch, key)
    problem = f"what is put into {folder} would come back into {watch.path}, and so on for ever"
    return Complaint(where, problem, "Choose a folder that isn't watched.")


def _way_back(watches: Sequence[WatchSettings], goal: int, number: int, key: str, passed: frozenset[int]) -> str | None:
    """The last key on a way from a key of one watch back into the folder `goal`; None where there is no such way."""
    target = _target(watches[number], key)
    if target is None:
        return None
    for other, watch in enumerate(watches):
        if other in passed or not _takes(watch, target, own=other == number, key=key):
            continue
        if other == goal:
            return f"watch[{number}].{key}" if number != goal else f"watch[{number}].path"
        for further in _PLACES:
            found = _way_back(watches, goal, other, further, passed | {other})
            if found is not None:
                return found
    return None


def _target(watch: WatchSettings, key: str) -> str | None:
    if key == "move_to" and watch.after != "move":
        return None
    target: str | None = getattr(watch, key)
    return target


def _takes(watch: WatchSettings, target: str, *, own: bool, key: str) -> bool:
    """Whether what is put into `target` would be a source there."""
    place = relative_within(target, watch.path)
    if own:  # folders inside one's own are left out, and what came out of a recipe doesn't go into it again
        return place == "" and key != "out"
    return place == "" or (watch.recursive and place is not None)
