"""The app that a project has in its INSTALLED_APPS as "fileq.django"."""

from django.apps import AppConfig
from django.core.checks import register


class FileqApp(AppConfig):
    """fileq, as Django knows it."""

    name = "fileq.django"
    label = "fileq"
    verbose_name = "fileq"

    def ready(self) -> None:
        """Have `manage.py check` look at the setting, and uploads be noticed."""
        from fileq.django.checks import check_setting  # noqa: PLC0415  # as Django wants it: when all apps are there
        from fileq.django.uploads import connect_signals  # noqa: PLC0415  # the same

        register(check_setting, "fileq")
        connect_signals()
