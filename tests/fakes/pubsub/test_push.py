"""Push delivery: what the service is sent, what counts as an acknowledgement, and the back-off between tries."""

import base64
import itertools
import json

import pytest

from fakes.pubsub.limits import PushPace
from fakes.pubsub.push import PushBackoff, PushWindow
from fakes.seam import Answer, GrpcError
from tests.fakes.pubsub.desk import DEAD, PROJECT, SUB, URL, Desk

PUSH = {"push_endpoint": URL}
NEVER = {"minimum_backoff": {"seconds": 600}, "maximum_backoff": {"seconds": 600}}


def pushing(answer=None, push="service", **fields):
    desk = Desk(push=push)
    desk.topic()
    desk.topic(DEAD)
    if answer is not None:
        desk.around.answer = lambda url, body, headers: answer
    desk.subscription(push_config=PUSH, **fields)
    return desk


def test_the_body_is_the_services():
    desk = pushing()
    [message_id] = desk.publish(b'{"a":1}', sport="nba")
    desk.around.advance(0)
    [(url, body, headers)] = desk.around.posts
    assert url == URL
    assert json.loads(body) == {
        "message": {
            "attributes": {"sport": "nba"},
            "data": base64.b64encode(b'{"a":1}').decode(),
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": "2026-01-16T00:00:00Z",
            "publish_time": "2026-01-16T00:00:00Z",
        },
        "subscription": SUB,
    }
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "CloudPubSub-Google"
    assert "Authorization" not in headers


def test_the_attempt_is_told_with_a_dead_letter_policy():
    desk = pushing(Answer(500), dead_letter_policy={"dead_letter_topic": DEAD})
    desk.publish(b"a")
    desk.around.advance(600)
    assert [json.loads(body)["deliveryAttempt"] for _, body, _ in desk.around.posts] == [1, 2, 3, 4, 5]
    assert len(desk.events("dead_lettered")) == 1


@pytest.mark.parametrize("status", [102, 200, 201, 202, 204])
def test_these_statuses_acknowledge(status):
    desk = pushing(Answer(status))
    desk.publish(b"a")
    desk.around.advance(3600)
    assert len(desk.around.posts) == 1
    [acked] = desk.messages(event="acked")
    assert acked["status"] == status


@pytest.mark.parametrize("status", [203, 205, 206, 301, 400, 404, 409, 429, 500, 503])
def test_any_other_status_is_a_negative_acknowledgement(status):
    desk = pushing(Answer(status), retry_policy=NEVER)
    desk.publish(b"a")
    desk.around.advance(1)
    [nacked] = desk.messages(event="nacked")
    assert nacked["status"] == status


@pytest.mark.parametrize(("problem", "event"), [("timeout", "expired"), ("reset", "nacked"), ("refused", "nacked")])
def test_no_answer_is_a_failure(problem, event):
    desk = pushing(Answer(0, problem=problem), retry_policy=NEVER)
    desk.publish(b"a")
    desk.around.advance(1)
    [failed] = desk.messages(event=event)
    assert failed["status"] == problem


def test_the_ack_deadline_is_the_requests_time_out():
    desk = pushing(ack_deadline_seconds=300)
    seen = []
    post = desk.around.post
    desk.around.post = lambda url, body, headers, timeout_s: (
        seen.append(timeout_s) or post(url, body, headers, timeout_s)
    )
    desk.publish(b"a")
    desk.around.advance(0)
    assert seen == [300.0]


def test_with_a_retry_policy_each_message_waits_its_own_back_off():
    desk = pushing(Answer(500), retry_policy={"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 600}})
    desk.publish(b"a")
    desk.around.advance(1400)
    assert desk.events("delivered") == [("delivered", at) for at in (0, 10, 30, 70, 150, 310, 630, 1230)]


def test_without_a_retry_policy_the_service_backs_off_from_100_ms_to_60_s():
    desk = pushing(Answer(500))
    desk.publish(b"a")
    desk.around.advance(300)
    times = [at for _, at in desk.events("delivered")]
    gaps = [round(later - earlier, 3) for earlier, later in itertools.pairwise(times)]
    assert gaps == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60.0, 60.0, 60.0]


def test_the_push_back_off_holds_the_whole_subscription():
    desk = pushing(Answer(500))
    desk.publish(b"a")
    desk.around.advance(3)
    failed_before = len(desk.around.posts)
    desk.publish(b"b")
    desk.around.advance(0)
    assert len(desk.around.posts) == failed_before


def pauses(nacks: int, work_s: float) -> list[float]:
    """The pauses of a subscription whose handler works `work_s` and then fails, one request at a time."""
    backoff, now_ns, found = PushBackoff(PushPace()), 0, []
    for _ in range(nacks):
        sent_ns, now_ns = now_ns, now_ns + round(work_s * 1e9)
        found.append(backoff.failed(sent_ns, now_ns))
        now_ns += round(found[-1] * 1e9)
    return found


@pytest.mark.parametrize("work_s", [0.0, 0.2, 1.0])
def test_a_handler_that_fails_at_once_is_soon_paused_for_the_documented_minute(work_s):
    assert pauses(60, work_s)[-1] == 60.0


def test_a_good_answer_ends_the_back_off_step_by_step():
    backoff = PushBackoff(PushPace())
    for now in range(4):
        backoff.failed(now, now)
    assert backoff.delay_s == pytest.approx(0.8)
    backoff.acked()
    assert backoff.delay_s == pytest.approx(0.4)
    for _ in range(3):
        backoff.acked()
    assert backoff.delay_s == 0.0


def test_a_handler_that_works_for_seconds_before_it_fails_is_hardly_held_back():
    """The storm of 16 January: 7-10 s of work, 398-422 attempts an hour."""
    assert set(pauses(60, work_s=8.5)) == {0.1}
    assert pytest.approx(418.6, abs=0.1) == 3600 / (8.5 + 0.1)


def test_requests_sent_before_the_last_doubling_do_not_double_again():
    backoff = PushBackoff(PushPace())
    assert [backoff.failed(sent_ns=0, now_ns=5) for _ in range(10)] == [0.1] * 10
    assert backoff.failed(sent_ns=6, now_ns=7) == 0.2


def test_the_window_starts_small_doubles_each_round_and_is_linear_past_3000():
    window = PushWindow(PushPace())
    sizes = []
    for _ in range(12):
        sizes.append(window.size)
        for _ in range(window.size):
            window.acked()
    assert sizes[:10] == [3, 6, 12, 24, 48, 96, 192, 384, 768, 1536]
    assert 3000 <= sizes[11] <= 3073
    window.failed()
    assert window.size < sizes[11]


def test_no_more_requests_are_under_way_than_the_window_allows():
    desk = pushing(push={"first_window": 2})
    waiting = []
    desk.around.post = lambda url, body, headers, timeout_s: waiting.append(body) or Answer(500)
    desk.publish(*[b"%d" % number for number in range(10)])
    assert len(desk.messages(event="delivered")) == 2


def test_a_push_subscription_cannot_be_pulled():
    desk = pushing()
    with pytest.raises(GrpcError) as refused:
        desk.pull()
    assert refused.value.code == "FAILED_PRECONDITION"


def test_one_message_of_a_key_is_pushed_at_a_time():
    desk = Desk(push={"first_window": 100})
    desk.topic()
    desk.around.answer = lambda url, body, headers: Answer(200)
    desk.subscription(push_config=PUSH, enable_message_ordering=True)
    desk.publish(b"1", b"2", b"3", key="game")
    assert len(desk.messages(event="delivered")) == 1
    desk.around.advance(0)
    order = [base64.b64decode(json.loads(body)["message"]["data"]) for _, body, _ in desk.around.posts]
    assert order == [b"1", b"2", b"3"]
    assert {json.loads(body)["message"]["orderingKey"] for _, body, _ in desk.around.posts} == {"game"}


def test_an_oidc_token_names_account_and_audience():
    desk = Desk()
    desk.topic()
    email = "pusher@nba-props-platform.iam.gserviceaccount.com"
    desk.subscription(push_config=PUSH | {"oidc_token": {"service_account_email": email}})
    desk.publish(b"a")
    desk.around.advance(0)
    token = desk.around.posts[0][2]["Authorization"].removeprefix("Bearer ")
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (claims["email"], claims["aud"]) == (email, URL)
    assert claims["iat"] == 1_768_521_600


def test_without_a_wrapper_the_data_is_the_body_and_metadata_are_headers():
    desk = Desk()
    desk.topic()
    desk.subscription(push_config=PUSH | {"no_wrapper": {"write_metadata": True}})
    [message_id] = desk.publish(b"raw", sport="nba")
    desk.around.advance(0)
    [(_, body, headers)] = desk.around.posts
    assert body == b"raw"
    assert headers["x-goog-pubsub-message-id"] == message_id
    assert headers["x-goog-pubsub-subscription-name"] == f"projects/{PROJECT}/subscriptions/analytics-sub"
    assert headers["sport"] == "nba"
