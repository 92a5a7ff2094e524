"""The hook by which a project hears of the ends of jobs: the row is brought up to date, then the signal is sent.

Its function is called in a process of its own, with what the worker's was started with.
"""

import os
import sys
import sysconfig

from fileq.config import HostProgram
from fileq.config.settings import HookSettings
from fileq.django.configuration import DjangoConfiguration
from fileq.hooks.event import HookEvent


def describe_project(configuration: DjangoConfiguration) -> HostProgram:
    """Return this project as fileq is to know it: its command, and its hook."""
    hook = HookSettings(
        name=hook_name(configuration),
        function="fileq.django.hook:tell_of_end",
        on=("done", "failed", "cancelled"),
        timeout=configuration.signal_timeout,
    )
    command = ("python", os.path.basename(sys.argv[0]) or "manage.py", "fileq")
    return HostProgram(command=command, source=hook.name, hooks=(hook,), environ=_environ())


def hook_name(configuration: DjangoConfiguration) -> str:
    """Return the name of the project's hook, which no other project has."""
    return f"django:{configuration.name}"


def _environ() -> dict[str, str]:
    """Return what a Python needs to find the project as this process does."""
    own = {os.path.normpath(path) for path in sysconfig.get_paths().values()}
    path = [os.path.abspath(one) for one in sys.path if not one.endswith(".zip")]
    path = [one for one in path if one not in own and not one.startswith(tuple(f"{place}{os.sep}" for place in own))]
    return {
        "PYTHONPATH": os.pathsep.join(path),
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", ""),
    }


def tell_of_end(event: HookEvent) -> None:
    """Tell the project of the end of a job. Raises what the first receiver that went wrong has raised."""
    import django  # noqa: PLC0415  # the settings are read here

    django.setup()

    from fileq.django.delivery import deliver_end  # noqa: PLC0415  # it knows models

    deliver_end(event)
