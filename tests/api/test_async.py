"""From an event loop: nothing blocks it, and one thread looks for all that is waited for."""

import asyncio
import threading
import time

import pytest

from fileq import errors


def test_an_upload_is_added_and_awaited(queue, picture, worker):
    async def app():
        receipt = await queue.aadd(picture(), "thumbnail", key="order-17")
        return await receipt.jobs[0].await_(60)

    with worker():
        job = asyncio.run(app())
    assert (job.state, job.key, len(job.outputs)) == ("done", "order-17", 1)


def test_two_hundred_jobs_are_awaited_with_one_thread(queue, folder, picture):
    for number in range(200):
        picture(f"photos/{number}.jpg", size=(2, 2))

    async def app():
        receipt = await queue.aadd("photos")
        before = threading.active_count()
        waits = [asyncio.create_task(job.await_(60)) for job in receipt.jobs]
        await asyncio.sleep(0.2)
        assert threading.active_count() <= before + 1
        queue.cancel(batch=receipt.batch)
        return [job.state for job in await asyncio.gather(*waits)]

    assert asyncio.run(app()) == ["cancelled"] * 200


def test_the_loop_goes_on_while_another_has_the_database(queue, picture):
    ledger = queue._connection.ledger
    path = picture()

    async def app():
        adding = asyncio.create_task(queue.aadd(path))
        ticks, ends_at = 0, time.monotonic() + 0.5
        while time.monotonic() < ends_at:
            await asyncio.sleep(0.01)
            ticks += 1
        assert not adding.done()
        assert ticks > 10
        release.set()
        return await adding

    held, release = threading.Event(), threading.Event()

    def hold():
        with ledger.transaction():
            held.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    assert asyncio.run(app()).queued == 1
    holder.join()


def test_who_awaits_too_long_is_told(queue, picture):
    async def app():
        receipt = await queue.aadd(picture())
        with pytest.raises(errors.WaitTimeout):
            await receipt.jobs[0].await_(0.05)
        with pytest.raises(TimeoutError):
            await receipt.await_(0.05)

    asyncio.run(app())


def test_errors_are_those_of_add(queue):
    async def app():
        with pytest.raises(errors.MissingPathsError):
            await queue.aadd("gone.jpg")
        with pytest.raises(errors.NotFoundError):
            await queue.job(9).await_()

    asyncio.run(app())


def test_a_relative_path_is_seen_from_the_folder_at_the_call(queue, picture, folder, monkeypatch):
    path = picture("here/upload.jpg")
    (folder / "there").mkdir()

    async def app():
        monkeypatch.chdir(folder / "here")
        adding = queue.aadd("upload.jpg", out="small")
        task = asyncio.ensure_future(adding)
        await asyncio.sleep(0)
        monkeypatch.chdir(folder / "there")
        return await task

    (job,) = asyncio.run(app()).jobs
    assert job.source == str(path)


@pytest.mark.parametrize("paths", ["", [""], ["upload.jpg", ""]])
def test_an_empty_path_is_no_folder(queue, picture, paths):
    picture()
    with pytest.raises(errors.MissingPathsError):
        asyncio.run(queue.aadd(paths))
    assert list(queue.jobs()) == []


def test_paths_are_those_of_the_folder_at_the_call_and_of_the_users_home(queue, folder, picture, monkeypatch):
    trip, home = picture("[x] trip/1.jpg").parent, picture("home/2.jpg").parent
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(trip)

    async def app():
        receipts = []
        for paths in ("1.jpg", "*.jpg", "~/2.jpg"):
            adding = asyncio.create_task(queue.aadd(paths, out="small", force=True))
            await asyncio.sleep(0)
            monkeypatch.chdir(folder)
            receipts.append(await adding)
            monkeypatch.chdir(trip)
        return [[job.source for job in receipt.jobs] for receipt in receipts]

    assert asyncio.run(app()) == [[str(trip / "1.jpg")], [str(trip / "1.jpg")], [str(home / "2.jpg")]]


def test_a_job_that_has_ended_needs_no_time_to_be_waited_for(queue, picture):
    receipt = queue.add(picture())
    (job,) = receipt.jobs
    with pytest.raises(TimeoutError):
        job.wait(timeout=0)
    queue.cancel(job)
    assert queue.job(job.id).wait(timeout=0).state == "cancelled"
    assert receipt.wait(timeout=0) is receipt
    assert asyncio.run(queue.job(job.id).await_(timeout=-1)).state == "cancelled"
