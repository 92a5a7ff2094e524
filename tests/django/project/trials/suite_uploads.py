"""Rows are saved in all the ways that Django has."""

import io
import threading
from datetime import UTC, datetime
from unittest import mock

from django.contrib.admin.utils import display_for_field
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.forms import modelform_factory
from django.test import TransactionTestCase, override_settings

import fileq
from fileq.django.delivery import deliver_end
from fileq.django.keys import find_row
from fileq.django.signals import job_ended
from fileq.hooks.event import HookedJob, HookEvent
from trials.case import TrialMixin
from trials.models import Child, Named, Overwriting, Plain, PlainProxy, WithUuid


def end_of(job, **changes):
    """The event of a job's end, as a hook is told of it."""
    now = datetime.now(UTC)
    told = {
        "id": job.id, "batch": job.batch, "source": job.source, "recipe": job.recipe, "state": "done", "attempts": 1,
        "priority": 0, "added_at": now, "started_at": now, "finished_at": now, "error": None, "outputs": (),
        "key": job.key, **changes,
    }  # fmt: skip
    return HookEvent(id="1", event=f"job.{told['state']}", time=now, job=HookedJob(**told))


class Uploads(TrialMixin, TransactionTestCase):
    def reread(self, row):
        return type(row).objects.get(pk=row.pk)

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

    def test_a_rollback_queues_nothing_and_the_same_instance_can_be_saved_after_it(self):
        row = Plain(file=self.upload())
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            row.save()
            raise ZeroDivisionError
        self.assertEqual(self.jobs(), [])
        row.pk, row._state.adding = None, True
        row.save()
        self.look()
        self.assertEqual(len(self.jobs()), 1)

    def test_a_change_that_is_rolled_back_is_made_good_when_the_instance_is_saved_again(self):
        row = Plain.objects.create(file=self.upload("a.jpg"))
        row.file = self.upload("b.jpg")
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            row.save()
            raise ZeroDivisionError
        row.save()
        self.look()
        self.assertEqual(self.reread(row).versions.record["upload"], row.file.name)
        self.assertEqual(len(self.jobs(state="queued")), 2)

    def test_a_savepoint_that_is_rolled_back_queues_nothing(self):
        with transaction.atomic():
            Plain.objects.create(file=self.upload("kept.jpg"))
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                Plain.objects.create(file=self.upload("gone.jpg"))
                raise ZeroDivisionError
            self.assertEqual(self.jobs(), [])
        self.assertEqual([job.source.endswith("kept.jpg") for job in self.jobs()], [True])

    def test_a_save_without_a_new_upload_queues_nothing_and_overwrites_no_version(self):
        stale = Plain.objects.create(file=self.upload())
        self.work_and_look()
        stale.title = "new"
        stale.save()
        again = self.reread(stale)
        self.assertTrue(again.versions.are_ready)
        self.assertEqual(again.title, "new")
        self.assertEqual(len(self.jobs()), 1)

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

    def test_update_fields_may_name_the_upload_alone(self):
        row = Plain.objects.create(file=self.upload("a.jpg"))
        row.file = self.upload("b.jpg")
        row.save(update_fields=["file"])
        self.assertEqual(self.reread(row).versions.record["upload"], row.file.name)
        self.assertEqual(len(self.jobs(state="queued")), 2)

    def test_update_fields_without_the_upload_leave_it_alone(self):
        row = Plain.objects.create(file=self.upload())
        self.work_and_look()
        row.save(update_fields=["title"])
        row.save(update_fields=["versions"])
        self.assertTrue(self.reread(row).versions.are_ready)

    def test_a_row_that_was_read_in_part_is_saved_in_part(self):
        row = Plain.objects.create(file=self.upload())
        self.work_and_look()
        for names in (["title"], ["file"], ["versions"]):
            part = Plain.objects.only(*names).get(pk=row.pk)
            part.save()
            self.assertTrue(self.reread(row).versions.are_ready, names)
        part = Plain.objects.only("file").get(pk=row.pk)
        part.file = self.upload("b.jpg")
        part.save()
        self.assertEqual(self.reread(row).versions.state, "queued")

    def test_a_file_that_takes_the_place_and_the_name_of_the_one_before_is_new(self):
        row = Overwriting.objects.create(file=self.upload())
        self.work_and_look()
        row.file = self.upload(size=(20, 10))
        row.save()
        self.assertEqual(self.reread(row).versions.state, "queued")
        self.work_and_look()
        self.assertEqual(self.reread(row).versions.thumbnail.width, 20)

    def test_two_uploads_whose_versions_would_have_the_same_name_both_have_theirs(self):
        rows = [Plain.objects.create(file=self.upload(name)) for name in ("a.jpg", "a.JPG", "a.jpeg")]
        self.work_and_look()
        paths = {self.reread(row).versions.thumbnail.path for row in rows}
        self.assertEqual(len(paths), 3)

    def test_an_upload_that_is_taken_away_takes_its_versions_along(self):
        row = Plain.objects.create(file=self.upload())
        row.file = ""
        row.save()
        self.assertEqual(self.reread(row).versions.record, {})
        self.assertEqual(str(self.reread(row).versions), "thumbnail: none")
        self.work_and_look()
        self.assertIsNone(self.reread(row).versions.thumbnail.url)

    def test_a_copy_of_a_row_has_versions_too(self):
        row = Plain.objects.create(file=self.upload())
        row.pk, row._state.adding = None, True
        row.save()
        self.work_and_look()
        self.assertTrue(all(one.versions.are_ready for one in Plain.objects.all()))

    def test_rows_that_are_made_in_bulk_are_queued_by_the_worker(self):
        Plain.objects.bulk_create([Plain(file=self.upload(f"{number}.jpg")) for number in range(5)])
        self.assertEqual(self.jobs(), [])
        self.assertEqual(self.look(whole=False), 5)
        self.assertEqual(self.look(whole=False), 0)
        self.assertEqual(len(self.jobs()), 5)

    def test_a_row_that_was_made_in_bulk_is_saved_like_any_other(self):
        row = Plain(file=self.upload())
        Plain.objects.bulk_create([row])
        self.look()
        self.work_and_look()
        row = Plain.objects.get()
        row.title = "x"
        Plain.objects.bulk_update([row], ["title", "versions"])
        row.save()
        self.assertTrue(self.reread(row).versions.are_ready)

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

    def test_two_rows_with_the_same_upload_both_have_its_versions(self):
        first = Plain.objects.create(file=self.upload())
        Plain.objects.create(file=first.file.name)
        self.assertEqual(len(self.jobs()), 1)
        self.work_and_look()
        self.assertTrue(all(row.versions.are_ready for row in Plain.objects.all()))

    def test_the_admin_shows_states(self):
        row = Plain.objects.create(file=self.upload())
        shown = display_for_field(row.versions, Plain._meta.get_field("versions"), "-")
        self.assertEqual(shown, "thumbnail: queued")
        self.assertNotIn("versions", modelform_factory(Plain, fields="__all__").base_fields)

    def test_a_save_that_fails_is_made_good_by_the_next_one(self):
        taken, row = WithUuid.objects.create(file=self.upload("a.jpg")), WithUuid(file=self.upload("b.jpg"))
        mine, row.pk = row.pk, taken.pk
        with self.assertRaises(IntegrityError):
            row.save(force_insert=True)
        row.pk = mine
        row.save()
        self.assertEqual(len(self.jobs()), 2)

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

    def test_a_queue_that_cannot_be_opened_is_no_matter_of_the_visitor(self):
        self.database.mkdir()
        with self.assertLogs("fileq"):
            row = Plain.objects.create(file=self.upload())
        self.assertTrue(self.reread(row).versions.record["pending"])
        self.database.rmdir()
        self.look()
        self.assertEqual(len(self.jobs()), 1)

    def test_states_can_be_asked_for(self):
        Plain.objects.create(file=self.upload())
        self.assertEqual(Plain.objects.filter(versions__thumbnail__state="queued").count(), 1)
        self.assertEqual(Plain.objects.filter(versions__state="done").count(), 0)

    def test_a_fixture_has_what_the_column_holds(self):
        row = Plain.objects.create(file=self.upload())
        self.work_and_look()
        text = serializers.serialize("json", [self.reread(row)])
        row.delete()
        for one in serializers.deserialize("json", text):
            one.save()
        self.assertTrue(Plain.objects.get().versions.are_ready)

    def test_threads_share_the_queue(self):
        def save(number):
            Plain.objects.create(file=self.upload(f"{number}.jpg"))
            connection.close()

        threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.jobs()), 8)
        self.assertEqual(Plain.objects.filter(versions__pending=False).count(), 8)
