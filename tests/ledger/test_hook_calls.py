"""What hooks are to be told is written down with the end of its job, and stays until it is delivered."""

import pytest

from fileq.job import JobState
from fileq.ledger import open_ledger
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.hook_calls import BACKOFF, DIED, KEPT, PATIENCE
from fileq.ledger.tables.hooks import HookRule
from tests.support.jobs import DAMAGED, NOW, begin, enter, finish, recipe
from tests.support.ledgers import ask

DAY = 86400.0


@pytest.fixture
def ledger(database):
    with open_ledger(database) as opened:
        yield opened


def ask_for(ledger, *events, hook="shop", recipe_name=""):
    ledger.hooks.replace_rules("host:/fileq.toml", [HookRule(hook, event, recipe_name) for event in events], NOW)


def told(ledger):
    return ask(ledger, "select hook, event, job_id, batch_id from hook_calls order by id")


def lease(ledger, now=NOW, hook="shop", seconds=30):
    return ledger.hook_calls.lease_call(rules_of(hook), now, seconds)


def rules_of(hook, recipe_name=""):
    jobs = [HookRule(hook, event, recipe_name) for event in ("done", "failed", "cancelled")]
    return [*jobs, HookRule(hook, "batch")]


def test_without_hooks_nothing_is_written_down(ledger):
    done, failed, cancelled = enter(ledger, "/a", "/b", "/c")
    finish(ledger, begin(ledger, done))
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
    ledger.jobs.cancel_jobs([cancelled], NOW)
    assert told(ledger) == []


@pytest.mark.parametrize("event", ["done", "failed", "cancelled"])
def test_an_end_is_told_to_who_asked_for_it_alone(ledger, event):
    ask_for(ledger, event)
    done, failed, cancelled = enter(ledger, "/a", "/b", "/c")
    finish(ledger, begin(ledger, done))
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW + 1)
    ledger.jobs.cancel_jobs([cancelled], NOW)
    job = {"done": done, "failed": failed, "cancelled": cancelled}[event]
    assert told(ledger) == [("shop", event, job, 1)]
    call = lease(ledger)
    assert len(call.token) == 32
    assert (call.attempts, call.error_message) == (
        0 if event == "cancelled" else 1,
        DAMAGED.message if event == "failed" else None,
    )


def test_an_end_that_is_undone_with_its_transaction_is_not_told(ledger):
    ask_for(ledger, "done")
    (job,) = enter(ledger)
    token = begin(ledger, job)
    with pytest.raises(Fenced), ledger.transaction():  # noqa: PT012  # the first one is what is undone
        finish(ledger, token)
        finish(ledger, token)
    assert told(ledger) == []


def test_a_try_that_is_not_the_last_one_is_no_end(ledger):
    ask_for(ledger, "done", "failed", "cancelled", "batch")
    (job,) = enter(ledger)
    ledger.attempts.retry_attempt_later(begin(ledger, job), DAMAGED, NOW, NOW)
    ledger.attempts.lose_attempt(begin(ledger, job), NOW)
    ledger.attempts.return_attempt(begin(ledger, job), NOW)
    assert told(ledger) == []


def test_a_hook_hears_of_the_jobs_of_its_recipe_alone(ledger):
    ask_for(ledger, "done", recipe_name="large")
    small, large = enter(ledger, "/a")[0], enter(ledger, "/b", **of_recipe(ledger, "large"))[0]
    for job in (small, large):
        finish(ledger, begin(ledger, job))
    assert told(ledger) == [("shop", "done", large, 2)]


def of_recipe(ledger, name):
    wanted = recipe(name)
    return {"recipe_id": ledger.jobs.upsert_recipe(name, wanted.fingerprint, "{}"), "fingerprint": name}


def test_a_hook_that_two_configs_have_is_told_once(ledger):
    for config in ("one:/fileq.toml", "two:/fileq.toml"):
        ledger.hooks.replace_rules(config, [HookRule("shop", "done"), HookRule("shop", "batch")], NOW)
    (job,) = enter(ledger)
    finish(ledger, begin(ledger, job))
    assert told(ledger) == [("shop", "done", job, 1), ("shop", "batch", None, 1)]


def test_a_batch_is_told_of_once_its_last_job_has_ended_however_that_ends(ledger):
    ask_for(ledger, "batch")
    first, second, third = enter(ledger, "/a", "/b", "/c")
    finish(ledger, begin(ledger, first))
    ledger.jobs.cancel_jobs([second], NOW)
    assert told(ledger) == []
    ledger.attempts.fail_attempt(begin(ledger, third), DAMAGED, NOW)
    assert told(ledger) == [("shop", "batch", None, 1)]
    assert lease(ledger) is None
    assert lease(ledger, NOW + 1).event == "batch"


def test_a_batch_that_ends_again_is_told_again_and_not_twice_before_the_first_try(ledger):
    ask_for(ledger, "batch")
    (job,) = enter(ledger)
    for _ in range(2):
        ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
        ledger.jobs.retry_jobs([job])
    assert len(told(ledger)) == 1
    lease(ledger, NOW + 1)
    finish(ledger, begin(ledger, job))
    assert len(told(ledger)) == 2


@pytest.mark.parametrize("is_sent_again", [False, True])
def test_a_batch_that_ends_again_is_told_anew_where_an_old_call_of_it_lies_still(ledger, is_sent_again):
    ask_for(ledger, "batch")
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    if is_sent_again:
        ledger.hook_calls.record_failed_try(lease(ledger, NOW + 1), "It is gone.", NOW, body="{}", is_final=True)
        ledger.hook_calls.retry_calls(NOW)
    else:
        ledger.hooks.replace_rules("host:/fileq.toml", [], NOW)
        ledger.hook_calls.give_up_strays(NOW + DAY)
        ask_for(ledger, "batch")
    ledger.jobs.retry_jobs([job])
    finish(ledger, begin(ledger, job))
    assert len(told(ledger)) == 2


def test_a_failure_of_a_version_that_a_newer_one_supersedes_is_not_told(ledger):
    ask_for(ledger, "failed", "done")
    (older,) = enter(ledger)
    token = begin(ledger, older)
    (newer,) = enter(ledger, version="1001-1")
    ledger.attempts.fail_attempt(token, DAMAGED, NOW)
    assert ledger.overview.find_job(older).state is JobState.SUPERSEDED
    finish(ledger, begin(ledger, newer))
    assert told(ledger) == [("shop", "done", newer, 2)]


def test_ends_of_one_job_are_told_in_their_order_and_others_meanwhile(ledger):
    ask_for(ledger, "done", "failed")
    job, other = enter(ledger, "/a", "/b")
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    ledger.jobs.retry_jobs([job])
    finish(ledger, begin(ledger, job))
    finish(ledger, begin(ledger, other))
    first = lease(ledger)
    assert (first.job_id, first.event) == (job, "failed")
    assert lease(ledger).job_id == other
    assert lease(ledger) is None
    ledger.hook_calls.record_failed_try(first, "It is down.", NOW, body="{}")
    assert lease(ledger) is None
    again = lease(ledger, NOW + BACKOFF[0])
    assert (again.token, again.tries, again.body) == (first.token, 2, "{}")
    assert ledger.hook_calls.delete_call(again)
    assert lease(ledger).event == "done"


def test_the_jobs_of_calls_that_nobody_has_tried_are_listed_with_the_newest_first(ledger):
    ask_for(ledger, "done", "batch")
    jobs = enter(ledger, "/a", "/b", "/c")
    for job in jobs:
        finish(ledger, begin(ledger, job))
    tried = lease(ledger)
    untried = [job for job in reversed(jobs) if job != tried.job_id]
    listed = ledger.hook_calls.list_untried_jobs("shop", 9)
    assert [job for _, job in listed] == untried
    assert len({token for token, _ in listed}) == 2
    assert ledger.hook_calls.list_untried_jobs("shop", 1) == listed[:1]
    assert ledger.hook_calls.list_untried_jobs("other", 9) == []


def test_a_call_whose_deliverer_died_is_due_again_once_its_lease_is_over_and_says_so(ledger):
    ask_for(ledger, "done")
    finish(ledger, begin(ledger, enter(ledger)[0]))
    first = lease(ledger)
    assert lease(ledger, NOW + 29) is None
    second = lease(ledger, NOW + 30)
    assert (second.token, second.tries) == (first.token, 2)
    assert ledger.hook_calls.list_failed_calls(9)[0].problem == DIED
    assert not ledger.hook_calls.delete_call(first)
    assert ledger.hook_calls.delete_call(second)


def test_a_call_is_tried_for_a_day_from_its_first_try_and_then_given_up(ledger):
    ask_for(ledger, "done")
    finish(ledger, begin(ledger, enter(ledger)[0]))
    now, tries = NOW + 3 * DAY, []
    while (call := lease(ledger, now)) is not None:
        tries.append(now)
        ledger.hook_calls.record_failed_try(call, "It is down.", now)
        now = ledger.hook_calls.list_failed_calls(1)[0].due_at
    assert tries[0] == NOW + 3 * DAY
    assert tries[-1] == NOW + 3 * DAY + PATIENCE
    assert 8 <= len(tries) <= 12
    assert ledger.hook_calls.summarize()[0].given_up == 1


def test_what_was_given_up_is_sent_again_on_demand_with_its_id(ledger):
    ask_for(ledger, "done")
    finish(ledger, begin(ledger, enter(ledger)[0]))
    call = lease(ledger)
    ledger.hook_calls.record_failed_try(call, "It is gone.", NOW, is_final=True)
    assert lease(ledger, NOW + DAY) is None
    assert ledger.hook_calls.retry_calls(NOW, "other") == 0
    assert ledger.hook_calls.retry_calls(NOW, "shop") == 1
    assert lease(ledger).token == call.token


def test_what_was_given_up_keeps_no_later_call_of_its_job_and_is_deleted_in_the_end(ledger):
    ask_for(ledger, "done", "failed")
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    ledger.jobs.retry_jobs([job])
    finish(ledger, begin(ledger, job))
    ledger.hook_calls.record_failed_try(lease(ledger), "It is gone.", NOW, is_final=True)
    assert lease(ledger).event == "done"
    ledger.hook_calls.give_up_strays(NOW + KEPT)
    assert [event for _, event, *_ in told(ledger)] == ["done"]


def test_calls_of_a_hook_that_no_config_has_are_given_up_after_a_day(ledger):
    ask_for(ledger, "done")
    finish(ledger, begin(ledger, enter(ledger)[0]))
    ledger.hook_calls.give_up_strays(NOW + 2 * DAY)
    assert ledger.hook_calls.summarize()[0].given_up == 0
    ledger.hooks.replace_rules("host:/fileq.toml", [], NOW)
    ledger.hook_calls.give_up_strays(NOW + DAY - 1)
    assert ledger.hook_calls.summarize()[0].given_up == 0
    ledger.hook_calls.give_up_strays(NOW + DAY)
    assert "No worker has this hook" in ledger.hook_calls.list_failed_calls(9)[0].problem


def test_of_hooks_of_one_name_each_gets_what_its_own_config_asks_for(ledger):
    ledger.hooks.replace_rules("a:/fileq.toml", [HookRule("shop", "done", "large")], NOW)
    ledger.hooks.replace_rules("b:/fileq.toml", [HookRule("shop", "done", "small"), HookRule("shop", "batch")], NOW)
    small, large = enter(ledger, "/a")[0], enter(ledger, "/b", **of_recipe(ledger, "large"))[0]
    for job in (small, large):
        finish(ledger, begin(ledger, job))
    ledger.hook_calls.give_up_strays(NOW)
    a, b = [HookRule("shop", "done", "large")], [HookRule("shop", "done", "small")]
    assert ledger.hook_calls.lease_call(a, NOW + 1, 30).job_id == large
    assert not ledger.hook_calls.has_due_call(a, NOW + 1)
    assert ledger.hook_calls.has_due_call(b, NOW + 1)
    assert ledger.hook_calls.has_calls_under_way([HookRule("other", "done"), *b], NOW + 1)
    assert ledger.hook_calls.lease_call(b, NOW + 1, 30).job_id == small
    assert ledger.hook_calls.lease_call(b, NOW + 1, 30) is None


def test_an_end_that_another_config_alone_asks_for_holds_up_no_later_one_of_its_job(ledger):
    ledger.hooks.replace_rules("a:/fileq.toml", [HookRule("shop", "failed")], NOW)
    ledger.hooks.replace_rules("b:/fileq.toml", [HookRule("shop", "done")], NOW)
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    ledger.jobs.retry_jobs([job])
    finish(ledger, begin(ledger, job))
    assert ledger.hook_calls.lease_call([HookRule("shop", "done")], NOW, 30).event == "done"


def test_what_no_config_asks_its_hook_to_be_told_any_more_is_deleted(ledger):
    ask_for(ledger, "done", "batch")
    small, large = enter(ledger, "/a")[0], enter(ledger, "/b", **of_recipe(ledger, "large"))[0]
    for job in (small, large):
        finish(ledger, begin(ledger, job))
    ask_for(ledger, "done", recipe_name="large")
    ledger.hook_calls.give_up_strays(NOW)
    assert told(ledger) == [("shop", "done", large, 2)]


def test_a_config_that_no_worker_has_had_for_a_week_counts_no_more(ledger):
    ledger.hooks.replace_rules("gone:/fileq.toml", [HookRule("old", "done")], NOW)
    ledger.hooks.replace_rules("here:/fileq.toml", [HookRule("new", "done")], NOW + 8 * DAY)
    assert ledger.hooks.list_names() == ["new"]


def test_a_worker_that_has_an_older_config_renews_the_rules_and_leaves_them_as_they_are(ledger):
    ledger.hooks.replace_rules("here:/fileq.toml", [HookRule("newer", "done")], NOW)
    ledger.hooks.renew_rules("here:/fileq.toml", NOW + 60)
    assert ask(ledger, "select name, seen_at from hooks") == [("newer", NOW)]
    ledger.hooks.renew_rules("here:/fileq.toml", NOW + 2 * 3600)
    assert ask(ledger, "select name, seen_at from hooks") == [("newer", NOW + 2 * 3600)]


def test_rules_that_are_known_are_not_written_again(ledger):
    config, rules = "host:/caf\udce9/fileq.toml", [HookRule("shop", "batch"), HookRule("shop", "done")]
    ledger.hooks.replace_rules(config, rules, NOW)
    before = ask(ledger, "select * from hooks order by event")
    ledger.hooks.replace_rules(config, rules[::-1], NOW + 60)
    assert ask(ledger, "select * from hooks order by event") == before


def test_whether_calls_are_under_way_is_known_by_hook(ledger):
    ask_for(ledger, "done")
    assert not ledger.hook_calls.has_calls_under_way(rules_of("shop"), NOW)
    finish(ledger, begin(ledger, enter(ledger)[0]))
    assert ledger.hook_calls.has_due_call(rules_of("shop"), NOW)
    assert not ledger.hook_calls.has_due_call(rules_of("other"), NOW)
    assert ledger.hook_calls.has_calls_under_way(rules_of("shop"), NOW)
    assert not ledger.hook_calls.has_calls_under_way(rules_of("other"), NOW)
    call = lease(ledger)
    assert not ledger.hook_calls.has_due_call(rules_of("shop"), NOW)
    assert ledger.hook_calls.has_calls_under_way(rules_of("shop"), NOW)
    ledger.hook_calls.record_failed_try(call, "It is down.", NOW)
    assert not ledger.hook_calls.has_calls_under_way(rules_of("shop"), NOW)
