"""Files are queued once the transaction that speaks of them has been committed."""

from typing import Any, Unpack

from django.db import transaction

from fileq.api.queue import AddOptions, Recipes
from fileq.django.connection import open_queue
from fileq.django.files import locate_file


def add(file: Any, recipe: Recipes = None, *, using: str | None = None, **options: Unpack[AddOptions]) -> None:
    """Queue a file once the open transaction is committed, at once where there is none; never if it is rolled back.

    `file` is a path, an upload of a model such as `photo.image`, or whatever has a `storage` and a `name`. `recipe` and
    the options are those of `fileq.Queue.add`; `using` names the database whose transaction is meant.

    Raises UsageError, and NotFoundError for a recipe, before the transaction ends; MissingPathsError and LedgerError
    where the file is queued.
    """
    transaction.on_commit(open_queue().prepare_add(locate_file(file), recipe, **options), using=using)
