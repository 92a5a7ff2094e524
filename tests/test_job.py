from fileq.job import FINAL, TRANSITIONS, UNFINISHED, JobState


def test_the_table_says_of_every_state_what_may_follow():
    assert set(TRANSITIONS) == set(JobState)


def test_every_state_is_reached_from_queued():
    reached = {JobState.QUEUED}
    while new := {after for state in reached for after in TRANSITIONS[state]} - reached:
        reached |= new
    assert reached == set(JobState)


def test_every_job_that_has_not_ended_can_end_and_be_cancelled():
    assert all(JobState.CANCELLED in TRANSITIONS[state] for state in UNFINISHED)


def test_a_job_that_has_ended_is_only_ever_queued_again_or_superseded():
    assert all({JobState.QUEUED} <= TRANSITIONS[state] <= {JobState.QUEUED, JobState.SUPERSEDED} for state in FINAL)


def test_what_is_done_is_never_superseded():
    assert JobState.SUPERSEDED not in TRANSITIONS[JobState.DONE]


def test_no_state_follows_itself():
    assert not any(state in after for state, after in TRANSITIONS.items())


def test_final_states_are_those_in_which_nothing_happens_by_itself():
    assert {state for state in JobState if state.is_final} == {
        JobState.DONE,
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.SUPERSEDED,
    }
