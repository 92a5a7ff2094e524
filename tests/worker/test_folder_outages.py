from fileq.errors import ErrorKind, FolderUnavailable
from fileq.worker.folder_outages import FolderOutages


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


FULL = FolderUnavailable(ErrorKind.NO_SPACE, "/out is full.", "Make room.", "/out/sub")
SOURCE_AWAY = FolderUnavailable(ErrorKind.INTERNAL, "/in doesn't answer.", "Bring it back.", "/in")


def test_jobs_wait_twice_as_long_each_time_and_those_that_meet_it_together_count_once():
    clock = Clock()
    outages = FolderOutages(clock)
    waits = []
    for _ in range(7):
        waits.append([outages.begin(FULL, "/in/a.jpg", "/out") for _ in range(3)])
        clock.now += waits[-1][0]
        assert outages.seconds_left("/in/a.jpg", "/out") == 0
    assert waits == [[seconds] * 3 for seconds in (10, 20, 40, 80, 160, 300, 300)]


def test_only_jobs_that_need_the_folder_wait():
    outages = FolderOutages(Clock())
    outages.begin(FULL, "/in/a.jpg", "/out")
    outages.begin(SOURCE_AWAY, "/in/a.jpg", "/out")
    assert outages.seconds_left("/elsewhere/a.jpg", "/out") == 10
    assert outages.seconds_left("/in/b.jpg", "/elsewhere") == 10
    assert outages.seconds_left("/elsewhere/a.jpg", "/elsewhere") == 0


def test_a_job_that_goes_well_ends_it_and_that_is_said_once(caplog):
    caplog.set_level("INFO", "fileq")
    clock = Clock()
    outages = FolderOutages(clock)
    for _ in range(5):
        outages.begin(FULL, "/in/a.jpg", "/out")
        clock.now += 400
    outages.end("/in/b.jpg", "/elsewhere")
    assert outages.any
    for _ in range(2):
        outages.end("/in/a.jpg", "/out")
    assert not outages.any
    assert caplog.messages == [
        "/out is full. Make room. Jobs wait until that is over.",
        "/out can be used again: its jobs go on.",
    ]
