"""Who gets in, and who may act: no other page in the same browser, and nobody without the token."""

import pytest

from tests.dashboard.conftest import state_of


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "localhost.evil.example", "", "[", "127.0.0.1.nip.io"]
)
def test_a_name_that_somebody_else_has_leads_nowhere(site, host):
    assert site.ask("/", Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1", "[::1]:8642"])
def test_this_machine_may_be_called_by_each_of_its_names(site, host):
    assert site.ask("/", Host=host).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/live/overview", "/static/dashboard.css", "/nothing", "/jobs/1/source"]
)
def test_without_the_token_nothing_is_shown(desk, path):
    name = f"fileq_token_{desk.port}"
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"{name}=wrong"}, {"Cookie": f"{name}="}):
        assert desk.ask(path, **given).status == 401
    assert desk.ask(f"{path}?token=wrong").status == 401
    assert desk.ask(f"{path}?token=%C3%A4").status == 401


def test_the_token_comes_once_in_the_address_and_then_as_a_cookie(desk):
    came = desk.ask(f"/jobs?state=done&token={desk.token}")
    assert (came.status, came.headers["Location"]) == (303, "/jobs?state=done")
    cookie = came.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    given = cookie.partition(";")[0]
    for others in ("", 'x={"a":1}; ', "flag; ", "k@=1; ", "fileq_token_1=other; "):
        assert desk.ask("/", Cookie=f"{others}{given}").status == 200


def test_an_address_with_two_slashes_leads_to_no_other_host(desk):
    came = desk.ask(f"//evil.example/?token={desk.token}")
    assert came.headers["Location"] == "/evil.example/"


def test_each_answer_says_what_its_page_may_do(site):
    for path in ("/", "/nothing", "/report", "/static/dashboard.js", "/jobs/1/source"):
        headers = site.ask(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers.get_all("Cache-Control") in (["no-store"], ["private, max-age=60"])


def test_one_that_only_shows_has_no_buttons_and_does_nothing(fileq, site, failed):
    assert "form_key" not in site.look(f"/jobs/{failed}").text
    reply = site.ask(f"/jobs/{failed}/retry", "POST", "", Sec_Fetch_Site="same-origin")
    assert reply.status == 403
    assert "--allow-actions" in reply.text
    assert state_of(fileq, failed) == "failed"


def test_a_job_is_tried_again_and_cancelled_by_its_buttons(fileq, desk, failing):
    page = f"/jobs/{failing['id']}"
    key = desk.look(page).form_key
    reply = desk.press(f"{page}/retry", key, then=page)
    assert (reply.status, reply.headers["Location"]) == (303, f"{page}?did=1+job+queued+again.")
    assert state_of(fileq, failing["id"]) == "queued"
    assert "1 job queued again." in desk.look(reply.headers["Location"]).text
    desk.press(f"{page}/cancel", key)
    assert state_of(fileq, failing["id"]) == "cancelled"


def test_all_that_failed_of_a_batch_is_tried_again_and_what_is_left_of_it_cancelled(fileq, desk, failing):
    page = f"/batches/{failing['batch']}"
    key = desk.look(page).form_key
    assert desk.press(f"{page}/retry", key).headers["Location"] == "/?did=1+job+queued+again."
    assert state_of(fileq, failing["id"]) == "queued"
    assert desk.press(f"{page}/cancel", key).headers["Location"] == "/?did=1+job+cancelled."
    assert state_of(fileq, failing["id"]) == "cancelled"


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example", "Sec_Fetch_Site": None}, {"Origin": "null", "Sec_Fetch_Site": None},
        {"Origin": None, "Sec_Fetch_Site": None}, {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"}, {"Authorization": "Bearer wrong"},
    ],
)  # fmt: skip
def test_no_other_page_can_press_a_button(fileq, desk, failed, changed):
    key = desk.look(f"/jobs/{failed}").form_key
    assert desk.press(f"/jobs/{failed}/retry", key, **changed).status in (401, 403)
    assert state_of(fileq, failed) == "failed"


@pytest.mark.parametrize("key", ["", "wrong", "ä"])
def test_a_form_of_another_dashboard_does_nothing(fileq, desk, failed, key):
    assert desk.press(f"/jobs/{failed}/retry", key).status == 403
    assert state_of(fileq, failed) == "failed"


def test_a_link_does_nothing(fileq, desk, failed):
    assert desk.look(f"/jobs/{failed}/retry").status in (404, 405)
    assert state_of(fileq, failed) == "failed"


def test_all_that_failed_for_a_cause_is_tried_again(fileq, desk, failed, failing):
    key = desk.look("/failures").form_key
    assert desk.press("/failures/unreadable/retry", key, then="/failures").status == 303
    assert state_of(fileq, failing["id"]) == "queued"
    fileq.run("worker", "--drain")
    assert state_of(fileq, failed) == "failed"


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a//b"])
def test_a_button_leads_to_no_other_site(desk, failed, then):
    reply = desk.press("/batches/1/cancel", desk.look(f"/jobs/{failed}").form_key, then=then)
    assert reply.headers["Location"].startswith("/?did=")


def test_a_button_works_behind_a_proxy_that_calls_this_host_otherwise(desk, failed):
    key = desk.look(f"/jobs/{failed}").form_key
    assert desk.press("/batches/1/cancel", key, Origin="https://pictures.example").status == 303


@pytest.mark.parametrize(
    "path", [f"/jobs/{'9' * 5000}/retry", "/jobs/1/explode", "/failures/odd/retry", "/failures/unreadable/cancel"]
)
def test_what_is_no_action_is_not_found(desk, failed, path):
    assert desk.press(path, desk.look(f"/jobs/{failed}").form_key).status == 404
