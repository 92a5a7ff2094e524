"""What the clock sets off: whole paths and names, and what can be wrong with batches that it adds."""

from collections.abc import Iterator, Mapping

import msgspec

from fileq.config.complaints import Complaint, unknown_name
from fileq.config.paths import whole_path
from fileq.config.settings import TASKS, ReportSettings, ScheduleSettings
from fileq.recipes.recipe import Recipe


def with_names_and_whole_paths(schedule: ScheduleSettings, base: str) -> ScheduleSettings:
    """The same, each batch with a name and absolute paths, seen from the folder `base`; ~ is the user's home."""
    return msgspec.structs.replace(
        schedule,
        add=tuple(
            msgspec.structs.replace(
                batch,
                name=batch.name or f"add-{number}",
                paths=tuple(whole_path(path, base) for path in batch.paths),
                out=batch.out and whole_path(batch.out, base),
            )
            for number, batch in enumerate(schedule.add, 1)
        ),
    )


def with_whole_folder(report: ReportSettings, base: str) -> ReportSettings:
    return msgspec.structs.replace(report, folder=report.folder and whole_path(report.folder, base))


def complaints_about_schedule(schedule: ScheduleSettings, recipes: Mapping[str, Recipe]) -> Iterator[Complaint]:
    seen = set(TASKS)
    for number, batch in enumerate(schedule.add):
        key = f"schedule.add[{number}]"
        if batch.name in seen:
            yield Complaint(f"{key}.name", f"{batch.name} is the name of another task", "Choose another.")
        seen.add(batch.name)
        if not batch.paths:
            yield Complaint(f"{key}.paths", "needs at least one path", 'Write it like ["~/pictures/inbox"].')
        for name in batch.recipes:
            if name not in recipes:
                yield unknown_name(f"{key}.recipe", name, recipes)
