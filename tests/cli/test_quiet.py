"""-q says nothing but errors, and why the exit code is not 0."""


def test_what_was_not_done_is_said(fileq):
    photo = fileq.photo("a.jpg")
    fileq("add", photo, "-q")
    assert fileq("cancel", "1", "-q").err == ""
    fileq("run", photo, "-q")
    ran = fileq("cancel", "1", "-q")
    assert (ran.code, ran.err) == (1, "Job 1 is done already.\n")
    ran = fileq("retry", "1", "-q")
    assert (ran.code, ran.err) == (1, "Job 1 is done; only failed and cancelled jobs can be tried again.\n")


def test_a_file_that_could_not_be_taken_is_said(fileq):
    fileq.photo("a.jpg")
    (fileq.folder / "photos" / "b.cr2").write_bytes(b"raw")
    ran = fileq("run", "photos/a.jpg", "photos/b.cr2", "-q")
    assert ran.code == 1
    assert "Skipped: " in ran.err
    assert "queued" not in ran.err
