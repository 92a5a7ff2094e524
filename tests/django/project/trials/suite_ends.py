"""What rows are told of their jobs, and what of it they have to find out."""

import io
from datetime import UTC, datetime
from unittest import mock

from django.core.management import call_command
from django.db import transaction
from django.test import TransactionTestCase, override_settings

import fileq
from fileq.django.delivery import deliver_end
from fileq.django.keys import find_row
from fileq.django.signals import job_ended
from fileq.hooks.event import HookedJob, HookEvent
from trials.case import TrialMixin
from trials.models import Child, Named, Plain, PlainProxy, WithUuid


def end_of(job, **changes):
    """The event of a job's end, as a hook is told of it."""
    now = datetime.now(UTC)
    told = {
        "id": job.id, "batch": job.batch, "source": job.source, "recipe": job.recipe, "state": "done", "attempts": 1,
        "priority": 0, "added_at": now, "started_at": now, "finished_at": now, "error": None, "outputs": (),
        "key": job.key, **changes,
    }  # fmt: skip
    return HookEvent(id="1", event=f"job.{told['state']}", time=now, job=HookedJob(**told))


class Ends(TrialMixin, TransactionTestCase):
    def test_every_kind_of_model_has_its_versions_made(self):
        rows = [
            model.objects.create(file=self.upload(f"{model.__name__} ä.jpg"))
            for model in (Plain, PlainProxy, Child, WithUuid)
        ]
        self.assertEqual([str(self.reread(row).versions) for row in rows], ["thumbnail: queued"] * 4)
        self.assertEqual(len(self.jobs(state="queued")), 4)
        for job in self.jobs():
            self.work() if job.state == "queued" else None
            deliver_end(end_of(job))
        for row in rows:
            version = self.reread(row).versions.thumbnail
            self.assertTrue(version.is_ready, version)
            self.assertIn("/versions/thumbnail/", version.url)
            self.assertTrue(self.media in (self.media / version.path).parents)
            self.assertEqual((version.width, version.height), (60, 40))

    def test_the_end_of_an_older_job_does_not_overwrite_what_is_newer(self):
        row = Plain.objects.create(file=self.upload("a.jpg"))
        self.work()
        (old,) = self.jobs()
        row.file = self.upload("b.jpg", size=(30, 20))
        row.save()
        deliver_end(end_of(old))
        self.assertEqual(self.reread(row).versions.state, "queued")
        self.work_and_look()
        deliver_end(end_of(old))
        self.assertEqual(self.reread(row).versions.thumbnail.width, 30)

    def test_an_end_that_is_told_before_the_row_knows_its_job_counts(self):
        row = Plain.objects.create(file=self.upload())
        record = {**row.versions.record, "thumbnail": {"state": "queued"}, "pending": True}
        Plain.objects.filter(pk=row.pk).update(versions=record)
        self.work()
        deliver_end(end_of(self.jobs()[0]))
        self.assertTrue(self.reread(row).versions.are_ready)
        self.assertFalse(self.reread(row).versions.record["pending"])

    def test_a_failed_job_that_was_retried_is_told_as_it_is_now(self):
        row = Plain.objects.create(file=self.upload(content=b"no picture"))
        self.work()
        (job,) = self.jobs()
        deliver_end(end_of(job, state="failed"))
        version = self.reread(row).versions.thumbnail
        self.assertEqual((version.state, version.error.kind, version.url), ("failed", "unreadable", None))
        self.assertNotIn(str(self.folder), version.error.message)
        self.assertFalse(self.reread(row).versions.are_ready)
        self.assertTrue(self.reread(row).versions.have_ended)

    def test_nothing_but_the_column_is_written(self):
        row = Plain.objects.create(file=self.upload(), title="old")
        self.work()
        Plain.objects.filter(pk=row.pk).update(title="new")
        deliver_end(end_of(self.jobs()[0]))
        self.assertEqual(self.reread(row).title, "new")

    def test_a_row_that_is_deleted_meanwhile_does_no_harm(self):
        told = []
        job_ended.connect(lambda **said: told.append(said), weak=False, dispatch_uid="trial")
        self.addCleanup(job_ended.disconnect, dispatch_uid="trial")
        row = Plain.objects.create(file=self.upload())
        row.delete()
        self.work()
        deliver_end(end_of(self.jobs()[0]))
        self.assertEqual((told[0]["sender"], told[0]["instance"], told[0]["state"]), (Plain, None, "done"))

    def test_all_receivers_are_called_though_one_raises_and_the_call_fails(self):
        told = []

        def fails(**_):
            raise ZeroDivisionError

        for number, receiver in enumerate((fails, lambda **said: told.append(said["job"].id))):
            job_ended.connect(receiver, weak=False, dispatch_uid=f"trial-{number}")
            self.addCleanup(job_ended.disconnect, dispatch_uid=f"trial-{number}")
        Plain.objects.create(file=self.upload())
        (job,) = self.jobs()
        with self.assertRaises(ZeroDivisionError):
            deliver_end(end_of(job))
        self.assertEqual(told, [job.id])

    def test_rows_that_are_made_in_bulk_are_queued_by_the_worker(self):
        Plain.objects.bulk_create([Plain(file=self.upload(f"{number}.jpg")) for number in range(5)])
        self.assertEqual(self.jobs(), [])
        self.assertEqual(self.look(whole=False), 5)
        self.assertEqual(self.look(whole=False), 0)
        self.assertEqual(len(self.jobs()), 5)

    def test_what_was_changed_behind_the_back_of_the_model_is_found_by_the_command(self):
        rows = [Plain.objects.create(file=self.upload(f"{number}.jpg")) for number in range(3)]
        self.work_and_look()
        Plain.objects.filter(pk=rows[0].pk).update(versions={})
        Plain.objects.filter(pk=rows[1].pk).update(file=rows[2].file.name)
        call_command("queue_versions", "trials.Plain", stdout=io.StringIO())
        self.assertTrue(all(one.versions.are_ready for one in Plain.objects.all()), "what is made is not made again")

    def test_a_recipe_that_was_changed_under_its_name_is_made_anew_where_all_are_asked(self):
        rows = [Plain.objects.create(file=self.upload(f"{number}.jpg")) for number in range(2)]
        self.work_and_look()
        field = Plain._meta.get_field("versions")
        changed = fileq.Recipe(name="thumbnail", steps=[fileq.Resize(fit="10x10")])
        with mock.patch.dict(field.recipes, thumbnail=changed):
            call_command("queue_versions", stdout=io.StringIO())
            self.assertTrue(all(self.reread(row).versions.are_ready for row in rows))
            call_command("queue_versions", all=True, stdout=io.StringIO())
            self.work_and_look()
        self.assertEqual({self.reread(row).versions.thumbnail.width for row in rows}, {10})

    def test_a_primary_key_that_is_too_long_for_a_key_does_not_matter(self):
        row = Named.objects.create(name="ü" * 190, file=self.upload())
        self.work()
        deliver_end(end_of(self.jobs()[0]))
        self.assertEqual(self.reread(row).versions.state, "queued")
        self.look()
        self.assertTrue(self.reread(row).versions.are_ready)

    def test_jobs_of_another_project_are_nobody_s_here(self):
        row = Plain.objects.create(file=self.upload())
        (job,) = self.jobs()
        self.assertEqual(find_row(job.key).pk, row.pk)
        with override_settings(FILEQ={"NAME": "other"}):
            self.assertIsNone(find_row(job.key))
        for key in (None, "", "order-17", "django:settings", f"{job.key}x", job.key.replace(":default:", ":gone:")):
            self.assertIsNone(find_row(key), key)

    def test_a_version_that_a_recipe_puts_outside_of_the_storage_has_a_path_and_no_address(self):
        field = Plain._meta.get_field("versions")
        with mock.patch.object(field, "out", str(self.folder / "elsewhere")):
            row = Plain.objects.create(file=self.upload())
        self.work_and_look()
        version = self.reread(row).versions.thumbnail
        self.assertEqual((version.state, version.url), ("done", None))
        self.assertTrue(version.path.startswith(str(self.folder / "elsewhere")))

    def test_a_job_that_has_the_number_of_another_queue_s_is_not_taken_for_it(self):
        row, other = (Plain.objects.create(file=self.upload(name)) for name in ("mine.jpg", "other.jpg"))
        self.work()
        job_id = self.reread(other).versions.thumbnail.job_id
        record = self.reread(row).versions.record
        Plain.objects.filter(pk=row.pk).update(versions={**record, "thumbnail": {"state": "queued", "job": job_id}})
        self.look()
        self.assertIn("mine", self.reread(row).versions.thumbnail.url)

    def test_two_rows_with_the_same_upload_both_have_its_versions(self):
        first = Plain.objects.create(file=self.upload())
        Plain.objects.create(file=first.file.name)
        self.assertEqual(len(self.jobs()), 1)
        self.work_and_look()
        self.assertTrue(all(row.versions.are_ready for row in Plain.objects.all()))

    def test_jobs_that_are_gone_or_superseded_are_queued_anew(self):
        row = Plain.objects.create(file=self.upload())
        record = row.versions.record
        Plain.objects.update(versions={**self.reread(row).versions.record, "thumbnail": {"state": "queued", "job": 99}})
        self.look()
        self.assertNotEqual(self.reread(row).versions.record, record)
        self.assertEqual(self.reread(row).versions.thumbnail.job, self.jobs()[0])

    def test_an_upload_that_is_gone_fails_with_its_reason(self):
        with transaction.atomic():
            row = Plain.objects.create(file=self.upload())
            row.file.storage.delete(row.file.name)
        error = self.reread(row).versions.thumbnail.error
        self.assertEqual((error.kind, error.message), ("missing", "The upload ü_a.jpg is gone."))

    def test_a_folder_that_cannot_be_made_is_the_reason(self):
        self.media.mkdir()
        self.media.joinpath("versions").write_text("in the way")
        row = Plain.objects.create(file=self.upload())
        self.work_and_look()
        version = self.reread(row).versions.thumbnail
        self.assertEqual(version.state, "failed", version)
        self.assertNotIn(str(self.folder), version.error.message)
