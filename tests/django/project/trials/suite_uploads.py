"""Rows are saved in all the ways that Django has."""

import threading

from django.contrib.admin.utils import display_for_field
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.forms import modelform_factory
from django.test import TransactionTestCase

from fileq.django.uploads import connect_signals
from trials.case import TrialMixin
from trials.models import Overwriting, Plain, WithUuid


class Uploads(TrialMixin, TransactionTestCase):
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

    def test_a_row_that_can_not_be_queued_holds_up_no_other_one(self):
        cleared, outside, sound = rows = [Plain(file=self.upload(f"{name}.jpg")) for name in "abc"]
        Plain.objects.bulk_create(rows)
        Plain.objects.filter(pk=cleared.pk).update(file="")  # behind the model's back
        Plain.objects.filter(pk=outside.pk).update(file="../../secret.jpg")
        self.look()
        self.work_and_look()
        self.assertTrue(self.reread(sound).versions.are_ready)
        self.assertEqual(self.reread(cleared).versions.state, "none")
        refused = self.reread(outside).versions.thumbnail
        self.assertEqual((refused.state, refused.error.kind), ("failed", "permission"))
        self.assertIn("secret.jpg lies outside of the folder for uploads", refused.error.message)

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

    def test_a_queue_that_cannot_be_opened_is_no_matter_of_the_visitor(self):
        self.database.mkdir()
        with self.assertLogs("fileq"):
            row = Plain.objects.create(file=self.upload())
        self.assertTrue(self.reread(row).versions.record["pending"])
        self.database.rmdir()
        self.look()
        self.assertEqual(len(self.jobs()), 1)

    def test_a_receiver_that_saves_the_row_once_more_gets_along(self):
        def save_again(instance, created, **_):
            if created:
                instance.title = "seen"
                instance.save()

        post_save.disconnect(dispatch_uid="fileq")
        post_save.connect(save_again, sender=Plain)
        connect_signals()
        self.addCleanup(post_save.disconnect, save_again, sender=Plain)
        row = self.reread(Plain.objects.create(file=self.upload()))
        self.assertEqual((row.title, row.versions.record["pending"]), ("seen", False))
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
