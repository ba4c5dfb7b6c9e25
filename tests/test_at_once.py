"""What is written at once arrives whole and in order, whatever the socket takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error

from devices.at_once import AtOnce


class Socket:
    """Takes as many bytes at once as it is told; the reactor's way comes after what was taken."""

    def __init__(self, takes):
        self.takes, self.arrived, self.asked = list(takes), b"", 0

    def writeSomeData(self, data):
        self.asked += 1
        taken = self.takes.pop(0) if self.takes else len(data)
        if isinstance(taken, int):
            taken = min(taken, len(data))
            self.arrived += data[:taken]
        return taken

    def write(self, data):
        self.arrived += data


class Buffered:
    """A transport that is no socket."""

    def __init__(self):
        self.arrived = b""

    def write(self, data):
        self.arrived += data


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.lists(st.integers(0, 40), max_size=12))
def test_all_arrives_in_order_however_much_is_taken_at_once(said, takes):
    socket = Socket(takes)
    out = AtOnce(socket)
    for data in said:
        out.write(data)
    assert socket.arrived == b"".join(said)


@pytest.mark.parametrize("taken", [0, 3, error.ConnectionLost()])
def test_after_a_socket_took_less_than_all_it_is_not_asked_again(taken):
    socket = Socket([taken])
    out = AtOnce(socket)
    out.write(b"first")
    out.write(b"second")
    assert socket.asked == 1 and socket.arrived == b"firstsecond"


def test_what_is_no_socket_or_is_gone_is_left_to_the_transport():
    buffered, socket = Buffered(), Socket([])
    AtOnce(buffered).write(b"x")
    out = AtOnce(socket)
    out.end()
    out.write(b"y")
    assert (buffered.arrived, socket.arrived, socket.asked) == (b"x", b"y", 0)
