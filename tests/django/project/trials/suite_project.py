"""What a project says and asks: the setting, checks, add, commands, and tests of its own."""

import io
import os
from contextlib import redirect_stdout

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.test import SimpleTestCase, TestCase, TransactionTestCase, override_settings
from django.test.utils import isolate_apps

import fileq
from fileq.django import VersionsField, add, open_queue
from trials.case import TrialMixin
from trials.models import Plain


class Adding(TrialMixin, TransactionTestCase):
    def picture(self, name="a.jpg"):
        self.media.mkdir(exist_ok=True)
        path = self.media / name
        path.write_bytes(self.upload().read())
        return path

    def test_a_file_is_queued_at_once_outside_of_a_transaction(self):
        self.assertIsNone(add(self.picture(), "web", key="order-17"))
        self.assertEqual([job.recipe for job in self.jobs(key="order-17")], ["web"])

    def test_a_file_is_queued_after_the_commit_and_never_after_a_rollback(self):
        with transaction.atomic():
            add(self.picture("a.jpg"), "web", using="default")
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                add(self.picture("b.jpg"), "web")
                raise ZeroDivisionError
            self.assertEqual(self.jobs(), [])
        self.assertEqual(len(self.jobs()), 1)

    def test_an_upload_is_found_by_its_storage(self):
        row = Plain.objects.create(file=self.upload())
        add(row.file, fileq.Recipe(name="card", steps=[fileq.Resize(fill="4x3")]), priority=3)
        (job,) = self.jobs(recipe="card")
        self.assertEqual((job.source, job.priority), (row.file.path, 3))

    def test_what_cannot_be_is_told_before_the_transaction_ends(self):
        class Elsewhere:
            storage, name = Storage(), "a.jpg"

        for file, recipe, words in (
            (self.picture(), "wbe", "no recipe wbe"),
            (Elsewhere, "web", "Storage keeps a.jpg where no path leads to it"),
            (Plain().file, "web", "no file"),
            (Plain(file=self.upload()).file, "web", "not saved yet"),
            (7, "web", "7 is no path"),
        ):
            with self.assertRaisesRegex(fileq.FileqError, words), transaction.atomic():
                add(file, recipe)
        with self.assertRaisesRegex(fileq.errors.MissingPathsError, r"gone\.jpg"):
            add(self.media / "gone.jpg", "web")

    @override_settings()
    def test_a_queue_is_opened_once_and_anew_where_the_setting_changes(self):
        first = open_queue()
        self.assertIs(open_queue(), first)
        with override_settings(FILEQ={"DATABASE": self.folder / "other.db"}):
            self.assertIsNot(open_queue(), first)
            add(self.picture(), "web")
        self.assertEqual(self.jobs(), [])
        self.assertIsNot(open_queue(), first, "it was closed")

    def test_a_child_of_a_fork_goes_on(self):
        Plain.objects.create(file=self.upload("parent.jpg"))
        connection.close()
        children = []
        for number in range(3):
            child = os.fork()
            if child == 0:
                try:
                    Plain.objects.create(file=self.upload(f"{number}.jpg"))
                finally:
                    os._exit(0)
            children.append(child)
        self.assertEqual([os.waitpid(child, 0)[1] for child in children], [0, 0, 0])
        self.assertEqual(len(self.jobs()), 4)
        self.assertFalse(Plain.objects.filter(versions__pending=True).exists())


class InTestsOfAProject(TrialMixin, TestCase):
    def test_nothing_is_queued_where_no_transaction_ends(self):
        row = Plain.objects.create(file=self.upload())
        self.assertEqual(row.versions.state, "queued")
        self.assertFalse(self.database.exists())

    def test_what_a_commit_would_do_can_be_done(self):
        with self.captureOnCommitCallbacks(execute=True):
            Plain.objects.create(file=self.upload())
        self.assertEqual(len(self.jobs()), 1)


class Commands(TrialMixin, TransactionTestCase):
    def test_call_command_takes_what_the_command_line_does(self):
        Plain.objects.create(file=self.upload())
        with redirect_stdout(io.StringIO()) as said:
            call_command("fileq", "list", "--json")
        self.assertIn('"recipe": "thumbnail"', said.getvalue())
        with self.assertRaises(CommandError) as failed:
            call_command("fileq", "show", "99")
        self.assertEqual(failed.exception.returncode, 2)


class Setting(TrialMixin, SimpleTestCase):
    def test_what_is_wrong_is_told_by_the_checks_and_at_the_first_use(self):
        for setting, words in (
            ({"DATABSE": "/x"}, "unknown key 'DATABSE'"),
            ([], "no dict"),
            ({"DATABASE": 7}, "no path: 7"),
            ({"DATABASE": "fileq.db"}, "relative path"),
            ({"CONFIG": "/none/fileq.toml"}, "names no file"),
            ({"NAME": "a b"}, "can't be 'a b'"),
            ({"SIGNAL_TIMEOUT": "soon"}, "SIGNAL_TIMEOUT"),
            ({"SIGNAL_TIMEOUT": 0}, "more than 0"),
        ):
            with override_settings(FILEQ=setting):
                (told,) = [one for one in run_checks(tags=["fileq"]) if one.id == "fileq.E001"]
                self.assertIn(words, told.msg)
                self.assertTrue(told.hint)
                with self.assertRaisesRegex(ImproperlyConfigured, words):
                    open_queue()

    def test_a_fault_in_the_config_is_told(self):
        config = self.folder / "fileq.toml"
        config.write_text("[worker]\nwokers = 2\n")
        with override_settings(FILEQ={"CONFIG": config}):
            self.assertEqual([one.id for one in run_checks(tags=["fileq"])], ["fileq.E002"])


class Field(SimpleTestCase):
    def test_what_is_wrong_with_a_field_is_told(self):
        for options, number in (
            ({"source": "flie", "recipes": ["web"]}, 3),
            ({"recipes": ["web"]}, 3),
            ({"source": "file"}, 5),
            ({"source": "file", "recipes": {"state": "web"}}, 6),
            ({"source": "file", "recipes": {"items": "web"}}, 6),
            ({"source": "file", "recipes": ["wbe"]}, 7),
            ({"source": "memory", "recipes": ["web"]}, 4),
            ({"source": "file", "recipes": {"web": 5}}, 7),
            ({"source": "file", "recipes": ["web"], "out": "{nope}"}, 7),
            ({"source": "file", "recipes": ["web"], "out": "../up"}, 9),
            ({"source": "file", "recipes": ["web"], "out": "/up"}, 9),
            ({"source": "file", "recipes": ["web"], "priority": "x"}, 10),
        ):
            with isolate_apps("trials"):

                class Wrong(models.Model):
                    file = models.FileField()
                    memory = models.FileField(storage=Storage())
                    versions = VersionsField(**options)

                    class Meta:
                        app_label = "trials"

            found = Wrong._meta.get_field("versions").check()
            self.assertEqual([one.id for one in found], [f"fileq.E{number:03}"], found)

    def test_a_migration_knows_the_column_alone(self):
        field = VersionsField(source="file", recipes={"card": fileq.Recipe()}, out="x")
        text, imports = MigrationWriter.serialize(field)
        self.assertEqual((text, imports), ("fileq.django.VersionsField()", {"import fileq.django"}))

    def test_an_unknown_version_is_told_with_those_that_there_are(self):
        with self.assertRaisesRegex(AttributeError, "'thumb'; there are: thumbnail"):
            _ = Plain().versions.thumb
        self.assertEqual(Plain().versions.as_dict()["thumbnail"]["state"], "none")
