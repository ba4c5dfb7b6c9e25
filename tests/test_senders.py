"""The L16 sender: each block once, in order, when its time comes; what comes late is sent late."""

import socket
import struct

import numpy as np
import pytest

from playout.rings import BLOCK, IDLE_BLOCK, AirRing, shared_words
from playout.rtp import FRAME, parse
from playout.senders import L16Sender, Output, Throw
from station.words import SampleIndex, instant_of

START = 48_000 * 100
PCM = np.ones((BLOCK, 2), dtype=np.int16)


class Recorder:
    def __init__(self):
        self.datagrams = []

    def send(self, datagram):
        self.datagrams.append(bytes(datagram))

    def send_all(self, data, size):
        self.datagrams += [bytes(data[at : at + size]) for at in range(0, len(data), size)]

    @property
    def stamps(self):
        """RTP timestamps, as blocks after the start."""
        return [(int.from_bytes(d[4:8], "big") - START) / BLOCK for d in self.datagrams]


class RacedRing(AirRing):
    """The mixer renders a block between a sender's look at it and the next look at the head."""

    def __init__(self):
        super().__init__()
        self.late = set()

    def look(self, index):
        if index in self.late:
            self.late.discard(index)
            self.put(SampleIndex(index), PCM, 0)
            return None
        return super().look(index)


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


def test_samples_leave_in_the_order_of_the_network_behind_the_header(station):
    ring, heard, sender = station
    pcm = (np.arange(2 * BLOCK).reshape(BLOCK, 2) - BLOCK).astype(np.int16)
    ring.put(SampleIndex(START), pcm, 0o35)  # the first packet on step 5, the second on step 3
    sender.due(at(1))
    read = [parse(datagram) for datagram in heard.datagrams]
    assert b"".join(one.payload for one in read) == struct.pack(f">{2 * BLOCK}h", *pcm.ravel())
    assert [one.rung for one in read] == [5, 3]


def test_a_block_never_rendered_is_skipped_once_later_ones_are_there(station):
    ring, heard, sender = station
    ring.put(SampleIndex(START), PCM, 0)
    sender.due(at(3))
    assert heard.stamps == [0, 0.5], "it waits for what may still come"
    ring.put(SampleIndex(START + 2 * BLOCK), PCM, 0)
    sender.due(at(3))
    assert heard.stamps == [0, 0.5, 2, 2.5]


def test_every_block_is_laid_out_once_and_leaves_at_its_time_with_its_step_and_marker(station):
    ring, heard, sender = station
    rng = np.random.default_rng(5)
    pcm = [rng.integers(-(1 << 15), 1 << 15, (BLOCK, 2), dtype=np.int16) for _ in range(40)]
    flags = [0o54 if n == 7 else IDLE_BLOCK if 11 <= n < 14 else 0o05 if n == 20 else 0 for n in range(40)]
    for n in range(40):
        if n in (0, 1, 2, 5, 6, 30):  # rendered singly and several at once; 36 was never rendered
            for k in range(n, {0: 1, 1: 2, 2: 5, 5: 6, 6: 30, 30: 40}[n]):
                if k != 36:
                    ring.put(START + k * BLOCK, pcm[k], flags[k])
        before = len(heard.datagrams)
        sender.due(at(n))
        sender.ahead()
        idle = 11 <= n < 14
        if n != 36:
            assert len(heard.datagrams) - before == (0 if idle else 2), n
    read = [parse(data) for data in heard.datagrams]
    sent = [n for n in range(40) if not 11 <= n < 14 and n != 36]
    assert [p.timestamp for p in read] == [START + n * BLOCK + at for n in sent for at in (0, FRAME)]
    assert [p.marker for p in read] == [n in (0, 14) and first for n in sent for first in (True, False)]
    assert [p.rung for p in read if p.rung] == [4, 5, 5]
    assert b"".join(p.payload for p in read) == b"".join(pcm[n].astype(">i2").tobytes() for n in sent)


def test_a_block_overwritten_while_it_is_laid_out_is_not_sent(station):
    ring, heard, sender = station
    for n in range(4):
        ring.put(START + n * BLOCK, PCM, 0)
    ring.holds = lambda index: index != START + BLOCK
    sender.due(at(0))
    assert heard.stamps == [0, 0.5]
    sender.due(at(3))
    assert heard.stamps == [0, 0.5, 2, 2.5, 3, 3.5]


def test_what_is_longer_than_what_the_kernel_was_told_to_cut_stays_whole():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        throw = Throw(ear.getsockname())
        for _ in range(2):
            throw.send_all(memoryview(bytes(200)), 100)
            throw.send(bytes(108))
            throw.send(bytes(90))
            assert [len(ear.recv(1_000)) for _ in range(4)] == [100, 100, 108, 90]


def test_what_leaves_for_another_net_leaves_from_the_address_the_settings_name():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        for via, wanted in (((), "127.0.0.1"), (("127.0.0.9",), "127.0.0.9")):
            throw = Throw((*ear.getsockname(), *via))
            throw.send(b"x")
            assert throw.dropped == 0
            assert ear.recvfrom(10)[1][0] == wanted


def test_multicast_leaves_the_machine_only_where_a_net_is_named():
    for via, hops in (((), 0), (("127.0.0.9",), 16)):
        throw = Throw(("239.192.33.1", 9_999, *via))
        assert throw._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == hops


def test_what_is_sent_together_arrives_in_datagrams_of_the_size_asked_for():
    data = np.random.default_rng(1).bytes(188 * 60 + 30)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        throw = Throw(ear.getsockname())
        for _ in range(3):
            throw.send_all(memoryview(data), 188)
            heard = [ear.recv(65_536) for _ in range(61)]
            assert [len(one) for one in heard] == [188] * 60 + [30] and b"".join(heard) == data
        assert throw.dropped == 0


class Stubborn:
    """A way out that takes one datagram of at most `most` bytes at a time, or none at all."""

    def __init__(self, most, error):
        self.most, self.error, self.sent, self.tries = most, error, [], 0

    def setsockopt(self, *_):
        if self.most == 0:
            raise OSError(92, "no such option")

    def sendto(self, data, address):
        self.tries += 1
        if self.most and len(data) > self.most:
            raise self.error
        self.sent.append(bytes(data))


def test_where_the_kernel_does_not_cut_each_datagram_is_sent_alone():
    for most in (0, 100):
        throw = Throw(("127.0.0.1", 9))
        throw._socket = way = Stubborn(most, OSError(5, "input/output error"))
        for _ in range(2):
            throw.send_all(memoryview(bytes(range(250))), 100)
        assert [len(one) for one in way.sent] == [100, 100, 50] * 2 and throw.dropped == 0
        assert way.tries == 6 + (most > 0)  # it is not tried again


def test_what_a_full_way_out_does_not_take_is_counted_in_datagrams():
    throw = Throw(("127.0.0.1", 9))
    throw._socket = way = Stubborn(100, BlockingIOError())
    throw.send_all(memoryview(bytes(100 * 50 + 30)), 100)
    assert throw.dropped == 48 + 3 and way.sent == []


def test_a_sender_that_begins_later_sends_the_very_bytes_from_a_block_on():
    ring = AirRing()
    rng = np.random.default_rng(1)
    for number, flags in enumerate((0, 0, 0b0100, 0, IDLE_BLOCK, 0, 0, 0)):
        pcm = rng.integers(-30_000, 30_000, (BLOCK, 2)).astype(np.int16)
        ring.put(SampleIndex(START + number * BLOCK), pcm, flags)
    sent = {}
    for first in (0, 2, 5, 6):
        heard, output = Recorder(), Output(channel="fm1", ring=ring, destinations=(), sent=shared_words(1))
        sender = L16Sender(output, SampleIndex(START + first * BLOCK + 100), [heard])
        sender.due(at(8))
        sent[first] = heard.datagrams
    assert [(len(some), some[0][1] >> 7) for some in sent.values()] == [(14, 1), (10, 0), (6, 1), (4, 0)]
    for some in sent.values():
        assert some == sent[0][-len(some) :], "header, marker and samples"
