"""The subscription against a model that fits on one page, in any order of events."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from tests.fakes.pubsub.desk import DEAD, PROJECT, SUB, Desk

DEAD_SUB = f"projects/{PROJECT}/subscriptions/dlq-monitor"
DEADLINE_S, MINIMUM_S, MAXIMUM_S, ATTEMPTS = 10, 5, 20, 5


class Entry:
    """A message that is neither acknowledged nor dead: ready at `ready_s`, or leased as `ack_id` until `until_s`."""

    def __init__(self, data):
        self.data = data
        self.attempt = 1
        self.ack_id = None
        self.until_s = None
        self.ready_s = 0.0

    def fail(self, now_s):
        self.ready_s = now_s + min(MAXIMUM_S, MINIMUM_S * 2 ** (self.attempt - 1))
        self.attempt += 1
        self.until_s = None


class PullModel(RuleBasedStateMachine):
    """Unordered pull with retry and dead-letter policy: who is ready, leased, acknowledged or dead, and when."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.desk = Desk()
        self.desk.topic()
        self.desk.topic(DEAD)
        self.desk.subscription(
            retry_policy={"minimum_backoff": {"seconds": MINIMUM_S}, "maximum_backoff": {"seconds": MAXIMUM_S}},
            dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": ATTEMPTS},
        )
        self.desk.subscription(DEAD_SUB, DEAD)
        self.now_s = 0.0
        self.open = {}
        self.dead = []
        self.acked = set()
        self.count = 0

    def fail(self, entry, now_s):
        if entry.attempt >= ATTEMPTS:
            del self.open[entry.data]
            self.dead.append(entry.data)
        else:
            entry.fail(now_s)

    @rule(count=st.integers(1, 5))
    def publish(self, count):
        data = [b"%d" % (self.count + number) for number in range(count)]
        self.count += count
        self.desk.publish(*data)
        for one in data:
            self.open[one] = Entry(one)

    @rule(target=leases, most=st.integers(1, 10))
    def pull(self, most):
        ready = [entry for entry in self.open.values() if entry.until_s is None and entry.ready_s <= self.now_s]
        got = self.desk.pull(most)
        assert len(got) == min(most, len(ready))
        for one in got:
            entry = self.open[one.message.data]
            assert entry in ready
            assert one.delivery_attempt == entry.attempt
            assert one.ack_id != entry.ack_id
            entry.ack_id, entry.until_s = one.ack_id, self.now_s + DEADLINE_S
        return multiple(*((one.message.data, one.ack_id) for one in got))

    @rule(lease=consumes(leases))
    def ack(self, lease):
        data, ack_id = lease
        self.desk.ack(ack_id)
        entry = self.open.get(data)
        if entry is not None and entry.ack_id == ack_id and not self._nacked(entry):
            del self.open[data]
            self.acked.add(data)

    @staticmethod
    def _nacked(entry):
        return getattr(entry, "nacked", None) == entry.ack_id

    @rule(lease=leases)
    def nack(self, lease):
        data, ack_id = lease
        self.desk.nack(ack_id)
        entry = self.open.get(data)
        if entry is not None and entry.ack_id == ack_id and entry.until_s is not None:
            entry.nacked = ack_id
            self.fail(entry, self.now_s)

    @rule(lease=leases, seconds=st.integers(1, 60))
    def extend(self, lease, seconds):
        data, ack_id = lease
        self.desk.extend(seconds, ack_id)
        entry = self.open.get(data)
        if entry is not None and entry.ack_id == ack_id and entry.until_s is not None:
            entry.until_s = self.now_s + seconds

    @rule(seconds=st.sampled_from([0.5, 1, 5, 10, 30]))
    def wait(self, seconds):
        self.desk.around.advance(seconds)
        self.now_s += seconds
        due = [entry for entry in self.open.values() if entry.until_s is not None and entry.until_s <= self.now_s]
        for entry in due:
            self.fail(entry, entry.until_s)

    @precondition(lambda self: self.dead)
    @rule()
    def read_the_dead(self):
        got = self.desk.pull(1000, DEAD_SUB)
        if got:
            self.desk.ack(*(one.ack_id for one in got), name=DEAD_SUB)
        assert sorted(one.message.data for one in got) == sorted(self.dead)
        self.dead.clear()

    @invariant()
    def nothing_is_lost_or_invented(self):
        backlog = {message.data for message in self.desk.backend.broker.subscriptions[SUB].backlog()}
        assert backlog == set(self.open)


PullModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPullModel = PullModel.TestCase


class OrderedModel(RuleBasedStateMachine):
    """One ordering key: whatever fails, what is handed out is always the line from some unacknowledged message on."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.desk = Desk()
        self.desk.topic()
        self.desk.subscription(enable_message_ordering=True, ack_deadline_seconds=10)
        self.line = []
        self.next = 0
        self.count = 0
        self.ids = {}

    @rule(count=st.integers(1, 4))
    def publish(self, count):
        for _ in range(count):
            self.desk.publish(b"%d" % self.count, key="game")
            self.line.append("open")
            self.count += 1

    @rule(target=leases, most=st.integers(1, 6))
    def pull(self, most):
        got = [(int(one.message.data), one.ack_id) for one in self.desk.pull(most)]
        assert [number for number, _ in got] == list(range(self.next, min(self.next + most, len(self.line))))
        self.next += len(got)
        self.ids.update(got)
        for number, _ in got:
            self.line[number] = "leased"
        return multiple(*got)

    @rule(lease=leases)
    def ack(self, lease):
        number, ack_id = lease
        self.desk.ack(ack_id)
        if self.ids.get(number) == ack_id and self.line[number] == "leased":
            self.line[number] = "acked"

    @rule(lease=leases)
    def nack(self, lease):
        number, ack_id = lease
        self.desk.nack(ack_id)
        if self.ids.get(number) == ack_id and self.line[number] == "leased":
            for later in range(number, self.next):
                self.line[later] = "open"
                self.ids.pop(later, None)
            self.next = number

    @invariant()
    def the_backlog_is_what_is_not_acknowledged(self):
        backlog = {int(message.data) for message in self.desk.backend.broker.subscriptions[SUB].backlog()}
        assert backlog == {number for number, state in enumerate(self.line) if state != "acked"}


OrderedModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOrderedModel = OrderedModel.TestCase
