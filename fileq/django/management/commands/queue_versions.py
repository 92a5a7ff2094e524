"""manage.py queue_versions: queue what rows ask for, also those that are there from before the field."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from fileq.django.fields import VersionsField
from fileq.django.missing import all_fields, queue_missing, renew_versions


class Command(BaseCommand):
    """The command; Django wants this name."""

    help = (
        "Queues the versions of uploads that are not in the queue: of rows from before the field, or whose upload or"
        " recipes were changed behind its back. What is up to date is not made again."
    )

    def add_arguments(self, parser: Any) -> None:
        """Take the models."""
        parser.add_argument("models", nargs="*", metavar="APP.MODEL", help="Of these models; else of all.")
        parser.add_argument("--all", action="store_true", help="Of all rows: recipes were changed under their names.")

    def handle(self, *_: Any, models: list[str], **options: Any) -> None:
        """Queue them, and say of how many rows. Raises CommandError for an unknown model."""
        fields = _fields_of(models)
        renewed = sum(renew_versions(field, everything=options["all"]) for field in fields)
        queued = sum(queue_missing(field, whole=True) for field in fields)
        self.stdout.write(f"Rows that ask anew: {renewed:,}. Others that were looked after: {queued:,}.")


def _fields_of(labels: list[str]) -> list[VersionsField]:
    try:
        models = [apps.get_model(label) for label in labels]
    except (LookupError, ValueError) as error:
        raise CommandError(f"{error} Write it like shop.Photo.") from error
    fields = list(all_fields())
    known = {field.model for field in fields}
    for model in models:
        if model not in known:
            raise CommandError(f"{model._meta.label} has no VersionsField.")  # noqa: SLF001  # Django's own way
    return [field for field in fields if not models or field.model in models]
