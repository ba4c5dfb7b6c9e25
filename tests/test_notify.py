"""The word to the service manager: ready once, a ping only for work that has advanced, sockets taken by their names."""

import itertools
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.notify import FIRST, Watchdog, handed_over, interval, notify
from station.words import Refused


def test_a_word_arrives_at_the_managers_socket(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        assert notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"


def test_a_word_arrives_at_an_abstract_socket():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"gengfu-test-{os.getpid()}"
        manager.bind("\0" + name)
        assert notify("WATCHDOG=1", {"NOTIFY_SOCKET": "@" + name})
        assert manager.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("where", ["", "relative", "/nowhere/at/all"])
def test_without_a_manager_nothing_is_said_and_nothing_fails(where):
    assert not notify("READY=1", {"NOTIFY_SOCKET": where})


def test_a_process_outside_a_unit_says_nothing(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("words", "every"),
    [
        ({}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({"WATCHDOG_USEC": "20000000"}, 10_000_000_000),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7"}, 10_000_000_000),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "8"}, 0),
    ],
)
def test_pings_come_at_half_the_time_allowed_and_only_where_they_are_wanted(words, every):
    assert interval(words, 7) == every


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=30))
def test_nobody_is_pinged_for_work_that_stands_still_and_never_more_often_than_asked(steps):
    said, now, pings = [], 0, []
    dog = Watchdog(10, said.append)
    dog.begun()
    last = None
    for mark, passed in steps:
        now += passed
        before = said.count("WATCHDOG=1")
        dog.advanced(mark, now)
        if said.count("WATCHDOG=1") > before:
            assert mark != last
            pings.append(now)
            last = mark
    assert all(b - a >= 10 for a, b in itertools.pairwise(pings))


def test_what_advances_is_pinged_for():
    said = []
    dog = Watchdog(10, said.append)
    dog.advanced(1, 0)
    assert said == [], "nothing before it is ready"
    dog.begun("on the air")
    dog.begun("on the air")
    for mark, now in ((1, 0), (2, 5), (3, 10), (3, 40)):
        dog.advanced(mark, now)
    dog.ending()
    assert said == ["READY=1\nSTATUS=on the air", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_nobody_who_is_not_watched_pings():
    said = []
    dog = Watchdog(0, said.append)
    dog.begun()
    dog.advanced(1, 100)
    assert said == ["READY=1"]


def test_the_words_of_the_manager_are_taken_out_so_that_no_child_speaks_in_our_name(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2")
        dog = Watchdog.armed()
        assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
        dog.begun()
        dog.advanced("here", 1)
        assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"WATCHDOG=1"]


def test_a_watchdog_without_a_manager_is_quiet(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Watchdog(10).begun()


def test_sockets_are_known_by_their_names(monkeypatch):
    marked = []
    monkeypatch.setattr(os, "set_inheritable", lambda handle, may: marked.append((handle, may)))
    words = {"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "ingest:metrics"}
    assert handed_over(words, 7) == {"ingest": FIRST, "metrics": FIRST + 1}
    assert words == {}
    assert marked == [(FIRST, False), (FIRST + 1, False)]


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"LISTEN_PID": "8", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "panel"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "0"},
        {"LISTEN_PID": "7", "LISTEN_FDS": "many"},
    ],
)
def test_sockets_meant_for_somebody_else_are_left_alone(words):
    assert handed_over(words, 7) == {}


@pytest.mark.parametrize("names", ["", "panel", "panel:panel"])
def test_a_socket_without_a_name_of_its_own_is_refused_in_words(names):
    with pytest.raises(Refused, match="FileDescriptorName"):
        handed_over({"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": names}, 7)


def test_a_process_that_was_given_nothing_has_nothing(monkeypatch):
    monkeypatch.delenv("LISTEN_PID", raising=False)
    assert handed_over() == {}
