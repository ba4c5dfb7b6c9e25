"""The L16 sender: each block once, in order, when its time comes; what comes late is sent late."""

import numpy as np
import pytest

from playout.rings import BLOCK, AirRing, shared_words
from playout.senders import L16Sender, Output
from station.words import SampleIndex, instant_of

START = 48_000 * 100
PCM = np.ones((BLOCK, 2), dtype=np.int16)


class Recorder:
    def __init__(self):
        self.datagrams = []

    def send(self, datagram):
        self.datagrams.append(datagram)

    @property
    def stamps(self):
        """RTP timestamps, as blocks after the start."""
        return [(int.from_bytes(d[4:8], "big") - START) / BLOCK for d in self.datagrams]


class RacedRing(AirRing):
    """The mixer renders a block between a sender's look at it and the next look at the head."""

    def __init__(self):
        super().__init__()
        self.late = set()

    def get(self, index):
        if index in self.late:
            self.late.discard(index)
            self.put(SampleIndex(index), PCM, 0)
            return None
        return super().get(index)


@pytest.fixture
def station():
    ring, heard = RacedRing(), Recorder()
    output = Output(channel="fm1", ring=ring, destinations=(), sent=shared_words(1))
    return ring, heard, L16Sender(output, SampleIndex(START), [heard])


def at(blocks):
    return instant_of(SampleIndex(START + blocks * BLOCK))


def test_a_block_rendered_while_the_sender_looks_is_sent_and_not_lost(station):
    ring, heard, sender = station
    ring.put(SampleIndex(START), PCM, 0)
    ring.late = {START + BLOCK}
    sender.due(at(2))
    sender.due(at(2))
    assert heard.stamps == [0, 0.5, 1, 1.5]


def test_a_block_never_rendered_is_skipped_once_later_ones_are_there(station):
    ring, heard, sender = station
    ring.put(SampleIndex(START), PCM, 0)
    sender.due(at(3))
    assert heard.stamps == [0, 0.5], "it waits for what may still come"
    ring.put(SampleIndex(START + 2 * BLOCK), PCM, 0)
    sender.due(at(3))
    assert heard.stamps == [0, 0.5, 2, 2.5]


def test_what_leaves_for_another_net_leaves_from_the_address_the_settings_name():
    import socket

    from playout.senders import Throw

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        for via, wanted in (((), "127.0.0.1"), (("127.0.0.9",), "127.0.0.9")):
            throw = Throw((*ear.getsockname(), *via))
            throw.send(b"x")
            assert throw.dropped == 0
            assert ear.recvfrom(10)[1][0] == wanted


def test_multicast_leaves_the_machine_only_where_a_net_is_named():
    import socket

    from playout.senders import Throw

    for via, hops in (((), 0), (("127.0.0.9",), 16)):
        throw = Throw(("239.192.33.1", 9_999, *via))
        assert throw._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == hops
