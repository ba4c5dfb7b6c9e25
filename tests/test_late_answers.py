"""What a station that answers late is said to have done: a command may still happen, a question changes nothing."""

from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock

from station.peer import Peer
from station.words import Refused


class Line:
    """A station that hears and never answers."""

    transport = None

    def send(self, message):
        self.last = message


@pytest.mark.parametrize(("do", "again"), [("query", "ask again"), ("command", "may still happen")])
def test_a_late_answer_is_said_as_what_it_was(do, again):
    reactor = MemoryReactorClock()
    peer = Peer(reactor, Path("/nowhere"), "")
    peer.line_up(Line())
    failed = []
    peer.ask(do, timeout=8.0).addErrback(lambda failure: failed.append(failure.value))
    reactor.advance(7.9)
    assert failed == []
    reactor.advance(0.2)
    assert isinstance(failed[0], Refused)
    assert failed[0].code == "unavailable"
    assert again in failed[0].text.en
    assert ("可能仍会执行" in failed[0].text.zh) == (do == "command")
