"""select, poll, epoll and selectors on simulated descriptors."""

import select
import selectors
import socket
from typing import Any

import pytest

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import a_network, now_s


def later(seconds: float, action: Any, *args: Any) -> None:
    import gevent

    gevent.spawn_later(seconds, action, *args)


@simulated
def test_select_waits_exactly_and_reports_in_the_order_asked():
    a_network()
    (a, to_a), (b, to_b) = socket.socketpair(), socket.socketpair()
    assert select.select([a, b], [], [], 1.5) == ([], [], [])
    assert round(now_s(), 6) == 1.5
    later(2, to_b.send, b"x")
    later(2, to_a.send, b"x")
    assert select.select([b, a], [], [])[0] == [b]
    assert round(now_s(), 6) == 3.5
    select.select([], [], [], 1)
    assert select.select([b, a.fileno()], [to_a], []) == ([b, a.fileno()], [to_a], [])


@simulated
def test_select_without_descriptors_is_a_sleep():
    a_network()
    assert select.select([], [], [], 7) == ([], [], [])
    assert round(now_s(), 6) == 7.0


@simulated
def test_poll_takes_milliseconds_and_tells_of_hang_ups_and_closed_descriptors():
    a_network()
    a, b = socket.socketpair()
    poll = select.poll()
    poll.register(a, select.POLLIN)
    assert poll.poll(250) == []
    assert round(now_s(), 6) == 0.25
    b.close()
    [(fd, bits)] = poll.poll()
    assert (fd, bits & select.POLLIN) == (a.fileno(), select.POLLIN)
    a.close()
    assert poll.poll() == [(fd, select.POLLNVAL)]


@simulated
def test_epoll_level_triggered_repeats_edge_triggered_does_not_oneshot_disarms():
    a_network()
    a, b = socket.socketpair()
    b.send(b"x")
    level, edge, oneshot = select.epoll(), select.epoll(), select.epoll()
    level.register(a, select.EPOLLIN)
    edge.register(a, select.EPOLLIN | select.EPOLLET)
    oneshot.register(a, select.EPOLLIN | select.EPOLLONESHOT)
    ready = [(a.fileno(), select.EPOLLIN)]
    assert [level.poll(0), level.poll(0)] == [ready, ready]
    assert [edge.poll(0), edge.poll(0)] == [ready, []]
    assert [oneshot.poll(0), oneshot.poll(0)] == [ready, []]
    b.send(b"y")
    assert edge.poll(0) == ready
    assert oneshot.poll(0) == []
    oneshot.modify(a, select.EPOLLIN)
    assert oneshot.poll(0) == ready
    level.unregister(a)
    with pytest.raises(FileNotFoundError):
        level.unregister(a)


@simulated
def test_every_selector_class_works_and_wakes_when_something_arrives():
    a_network()
    for kind in (
        selectors.DefaultSelector,
        selectors.SelectSelector,
        selectors.PollSelector,
        selectors.EpollSelector,
    ):
        a, b = socket.socketpair()
        with kind() as selector:
            selector.register(a, selectors.EVENT_READ, "data")
            began = now_s()
            assert selector.select(0.5) == []
            assert round(now_s() - began, 6) == 0.5
            later(1, b.send, b"x")
            [(key, events)] = selector.select()
            assert (key.data, events) == ("data", selectors.EVENT_READ)
            selector.modify(a, selectors.EVENT_READ | selectors.EVENT_WRITE)
            assert selector.select(0)[0][1] == selectors.EVENT_READ | selectors.EVENT_WRITE
            selector.unregister(a)
            assert dict(selector.get_map()) == {}


@simulated
def test_a_selector_forgets_a_socket_that_was_closed_under_it():
    a_network()
    selector = selectors.DefaultSelector()
    a, b = socket.socketpair()
    selector.register(a, selectors.EVENT_READ)
    a.close()
    assert selector.select(1) == []
    assert selector.unregister(a).fileobj is a
    assert b.recv(1) == b""


@simulated
def test_waiting_for_a_real_descriptor_is_refused_with_a_remedy():
    import os

    from harness.sim.guard import RealIoError

    a_network()
    read = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(RealIoError, match="Remedy"):
        select.select([read], [], [], 1)
    with pytest.raises(ValueError, match="negative"):
        select.select([-1], [], [], 1)


@simulated
def test_idle_descriptors_cost_a_wait_nothing():
    from harness.sim.selector import SimSelector

    a_network()
    selector = SimSelector()
    pairs = [socket.socketpair() for _ in range(2000)]
    for a, _ in pairs:
        selector.register(a, selectors.EVENT_READ)
    assert selector.select(0) == []
    asked = []
    original = type(pairs[0][0]._end).ready
    type(pairs[0][0]._end).ready = lambda end: (asked.append(end), original(end))[1]
    pairs[7][1].send(b"x")
    assert [key.fileobj for key, _ in selector.select(0)] == [pairs[7][0]]
    assert len(asked) == 1
