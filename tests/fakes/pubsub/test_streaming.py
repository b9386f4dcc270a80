"""StreamingPull without sockets: the stream runs in a thread, the clock stays in the test's hand."""

import queue
import threading

import pytest
from google.pubsub_v1 import types

from fakes.seam import GrpcError, Hang, LoseReply, Refuse, Ruling, Truncate
from tests.fakes.direct import DirectContext
from tests.fakes.manual import ManualSurroundings, ManualTimer
from tests.fakes.pubsub.desk import SUB, Desk, EmptyType


class Stream:
    """One open stream; `next` waits for an answer, which is there or comes at once."""

    def __init__(self, desk, **first):
        self.desk = desk
        # A stream listens in a thread of its own; run inside the hand-moved clock it would stop the hand.
        desk.around.call_later = self._call_later
        self.context = DirectContext()
        self.answers = queue.SimpleQueue()
        self.requests = queue.SimpleQueue()
        self.requests.put(types.StreamingPullRequest(subscription=SUB, **({"stream_ack_deadline_seconds": 60} | first)))
        threading.Thread(target=self._run, daemon=True).start()
        self.properties = self.next().subscription_properties
        while not desk.backend.broker.subscriptions[SUB].consumers():
            pass

    def _call_later(self, seconds, action):
        if seconds == 0:
            threading.Thread(target=action, daemon=True).start()
            return ManualTimer(action)
        return ManualSurroundings.call_later(self.desk.around, seconds, action)

    def _run(self):
        try:
            for answer in self.desk.rpc.stream(
                "StreamingPull", iter(self.requests.get, None), types.StreamingPullResponse, self.context
            ):
                self.answers.put(answer)
            self.answers.put(None)
        except GrpcError as error:
            self.answers.put(error)

    def next(self):
        answer = self.answers.get(timeout=10)
        if isinstance(answer, GrpcError):
            raise answer
        return answer

    def messages(self):
        return list(self.next().received_messages)


@pytest.fixture
def desk():
    made = Desk()
    made.topic()
    made.subscription()
    return made


def test_the_first_answer_tells_the_subscriptions_properties():
    desk = Desk()
    desk.topic()
    desk.subscription(enable_exactly_once_delivery=True, enable_message_ordering=True)
    properties = Stream(desk).properties
    assert (properties.exactly_once_delivery_enabled, properties.message_ordering_enabled) == (True, True)


def test_no_more_is_outstanding_than_the_client_asked_for(desk):
    stream = Stream(desk, max_outstanding_messages=2)
    desk.publish(b"0", b"1", b"2", b"3")
    first = stream.messages()
    assert [one.message.data for one in first] == [b"0", b"1"]
    assert len(desk.events("delivered")) == 2
    desk.ack(first[0].ack_id)
    assert [one.message.data for one in stream.messages()] == [b"2"]
    assert len(desk.events("delivered")) == 3


def test_no_more_bytes_are_outstanding_than_the_client_asked_for(desk):
    stream = Stream(desk, max_outstanding_bytes=10)
    desk.publish(b"12345678", b"12345678", b"12345678")
    first = stream.messages()
    # The limit stops the sending once it is reached, as the service documents; it does not foresee.
    assert len(first) == 2
    desk.nack(first[1].ack_id)
    desk.ack(first[0].ack_id)
    assert [one.message.data for one in stream.messages()] == [b"12345678"]


def test_the_streams_deadline_holds_not_the_subscriptions(desk):
    stream = Stream(desk)
    desk.publish(b"a")
    stream.messages()
    desk.around.advance(60)
    assert desk.events("expired") == [("expired", 60.0)]


def test_messages_are_shared_out_among_streams(desk):
    one, other = Stream(desk), Stream(desk)
    desk.publish(b"0", b"1", b"2", b"3")
    shares = sorted([[m.message.data for m in stream.messages()] for stream in (one, other)])
    assert shares == [[b"0", b"2"], [b"1", b"3"]]


def test_a_key_stays_with_one_stream_while_it_has_some_of_it():
    desk = Desk()
    desk.topic()
    desk.subscription(enable_message_ordering=True)
    streams = [Stream(desk), Stream(desk)]
    desk.publish(b"0", b"1", key="game")
    desk.publish(b"2", key="game")
    holder = streams[0]
    assert [m.message.data for m in holder.messages()] == [b"0", b"1"]
    assert [m.message.data for m in holder.messages()] == [b"2"]


def test_a_key_whose_stream_is_full_holds_up_nobody_else():
    desk = Desk()
    desk.topic()
    desk.subscription(enable_message_ordering=True)
    full = Stream(desk, max_outstanding_messages=1)
    desk.publish(b"a0", b"a1", key="a")
    [first] = full.messages()
    other = Stream(desk)
    desk.publish(b"b0", key="b")
    assert [m.message.data for m in other.messages()] == [b"b0"]
    desk.ack(first.ack_id)
    assert [m.message.data for m in full.messages()] == [b"a1"]


def test_what_a_closed_stream_had_comes_again_at_its_deadline(desk):
    stream = Stream(desk)
    desk.publish(b"a")
    stream.messages()
    stream.context.hang_up()
    assert stream.next() is None
    assert desk.pull() == []
    desk.around.advance(60)
    assert [one.message.data for one in desk.pull()] == [b"a"]


def test_a_deleted_subscription_ends_its_streams_with_not_found(desk):
    stream = Stream(desk)
    desk.rpc.call("DeleteSubscription", types.DeleteSubscriptionRequest(subscription=SUB), EmptyType)
    with pytest.raises(GrpcError) as ended:
        stream.next()
    assert ended.value.code == "NOT_FOUND"


@pytest.mark.parametrize("seconds", [0, 9, 601])
def test_a_stream_must_name_a_deadline_within_10_and_600_s(desk, seconds):
    requests = iter([types.StreamingPullRequest(subscription=SUB, stream_ack_deadline_seconds=seconds)])
    with pytest.raises(GrpcError, match="stream_ack_deadline_seconds"):
        next(desk.rpc.stream("StreamingPull", requests, types.StreamingPullResponse))


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Refuse(503), "UNAVAILABLE"),
        (Refuse(0), "UNAVAILABLE"),
        (LoseReply(), "UNAVAILABLE"),
        (Refuse(403), "PERMISSION_DENIED"),
        (Hang(3), "UNAVAILABLE"),
        (Truncate(0), "UNAVAILABLE"),
    ],
)
def test_faults_end_a_stream_as_the_client_would_see_them(desk, verdict, code):
    desk.around.rulings.append(Ruling(verdict, "fault-1"))
    requests = iter([types.StreamingPullRequest(subscription=SUB, stream_ack_deadline_seconds=60)])
    with pytest.raises(GrpcError) as ended:
        next(desk.rpc.stream("StreamingPull", requests, types.StreamingPullResponse))
    assert ended.value.code == code
    assert desk.backend.broker.subscriptions[SUB].consumers() == ()


def test_a_stream_confirms_what_it_was_told_under_exactly_once():
    desk = Desk()
    desk.topic()
    desk.subscription(enable_exactly_once_delivery=True, enable_message_ordering=True)
    stream = Stream(desk)
    desk.publish(b"0", b"1", key="game")
    first, second = stream.messages()
    stream.requests.put(types.StreamingPullRequest(ack_ids=[second.ack_id]))
    assert stream.next().acknowledge_confirmation.unordered_ack_ids == [second.ack_id]
    gone = f"{first.ack_id}ff"
    stream.requests.put(
        types.StreamingPullRequest(
            ack_ids=[first.ack_id, gone], modify_deadline_ack_ids=[second.ack_id, gone], modify_deadline_seconds=[30, 0]
        )
    )
    acked = stream.next().acknowledge_confirmation
    assert (acked.ack_ids, acked.invalid_ack_ids) == ([first.ack_id], [gone])
    moved = stream.next().modify_ack_deadline_confirmation
    assert (moved.ack_ids, moved.invalid_ack_ids) == ([second.ack_id], [gone])
