"""Elementary streams of a programme on their way through its decoder's buffers (ISO/IEC 13818-1, 2.4.2, 2.4.3.6): PES packets to access units. Pure; knows timed packets, no file."""

from __future__ import annotations

from typing import Final

from safety import ts_units
from safety.ts_buffers import Audio, Video
from safety.ts_timed import PACKET_BITS, Timed
from safety.tspackets import stamp

_HEAD: Final = 9  # bytes before a PES header's own fields
_LARGEST: Final = 8 << 20  # bytes of one access unit
_WRAP: Final = 1 << 33  # of a time stamp
_KINDS: Final = (*ts_units.MPEG_AUDIO, ts_units.ADTS, *ts_units.MPEG2_VIDEO, ts_units.AVC)


class Stamps:
    """Time stamps of one stream: unwrapped, their greatest distance, and whether each packet that should has one."""

    def __init__(self) -> None:
        self.apart = 0  # ticks: the longest between two
        self.missing = 0  # PES packets without
        self.back = 0  # decoding times that are not later than the one before
        self._last: int | None = None

    def due(self, head: bytes, now: int) -> int | None:
        """The decoding time of a PES header, ticks of 27 MHz on the scale of `now`; None where it has none."""
        if not head[7] & 0x80 or len(head) < 14:
            self.missing += 1
            return None
        at = 14 if head[7] & 0x40 and len(head) >= 19 else 9
        near = now // 300
        ticks = near + (stamp(head[at : at + 5]) - near + _WRAP // 2) % _WRAP - _WRAP // 2
        due = ticks * 300
        if self._last is not None:
            self.back += due <= self._last
            self.apart = max(self.apart, due - self._last)
        self._last = due
        return due


class Pes:
    """Takes packets of one stream apart: (header, whether it begins here, payload of the elementary stream)."""

    def __init__(self) -> None:
        self._head: bytearray | None = None
        self._lost = True

    def lose(self) -> None:
        """A packet is missing: what is under way is not to be believed before the next begins."""
        self._lost, self._head = True, None

    def take(self, payload: bytes, *, begins: bool) -> tuple[bytes, bytes] | None:
        """(the header where it is complete with this packet, else b"", bytes of the stream); None before one begins."""
        if begins:
            self._head, self._lost = bytearray(), False
        if self._lost:
            return None
        if self._head is None:
            return b"", payload
        self._head += payload
        if len(self._head) < _HEAD or len(self._head) < _HEAD + self._head[8]:
            return b"", b""
        head, end = bytes(self._head), _HEAD + self._head[8]
        self._head = None
        if head[:3] != b"\0\0\1":
            self._lost = True
            return None
        return head[:end], head[end:]


class Sound:
    """A stream of sound and its buffers; `checked` once what it is was found."""

    def __init__(self, kind: int) -> None:
        self.kind, self.stamps = kind, Stamps()
        self.model: Audio | None = None
        self.strays = 0  # bytes that belong to no frame
        self._pes = Pes()
        self._held = bytearray()
        self._bits = 0  # of payload so far, as the model counts
        self._behind = 0  # bits of payload before the first of `_held`
        self._due: int | None = None
        self._stamped: tuple[int, int] | None = None  # (bytes of `_held` before it, decoding time)
        self._first = 0

    def lose(self) -> None:
        """A packet is missing."""
        self._pes.lose()
        self._held.clear()
        self._due, self._stamped = None, None

    def take(self, timed: Timed, payload: bytes, *, begins: bool) -> None:
        """The next packet's payload."""
        found = self._pes.take(payload, begins=begins)
        if found is None:
            return
        head, coded = found
        there = timed.end
        if self.model is not None:
            there = self.model.take(timed.start, timed.end, PACKET_BITS, len(payload) * 8)
            self._bits += len(payload) * 8
        if head:
            due = self.stamps.due(head, timed.end)
            self._stamped = (len(self._held), due) if due is not None else self._stamped
        if not self._held:
            self._first = timed.start
        self._held += coded
        self._frames(timed, there)

    def _frames(self, timed: Timed, there: int) -> None:
        while len(self._held) >= 7:
            frame = ts_units.frame_of(self.kind, bytes(self._held[:7]))
            if frame is None:
                self.strays += 1
                self._drop(1)
            elif len(self._held) < frame.length:
                return
            else:
                self._frame(frame, timed, there)

    def _frame(self, frame: ts_units.Frame, timed: Timed, there: int) -> None:
        if self._stamped is not None and self._stamped[0] <= 0:
            self._due, self._stamped = self._stamped[1], None
        self._drop(frame.length)
        if self._due is None:
            return
        if self.model is None:
            self.model = Audio(ts_units.sound_sizes(self.kind, frame))
            self._bits = len(self._held) * 8
            self.model.take(timed.start, timed.end, PACKET_BITS, self._bits)
        else:
            self.model.unit(self._first, there, self._due, self._bits - len(self._held) * 8)
        self._first = timed.start
        self._due += frame.ticks

    def _drop(self, count: int) -> None:
        del self._held[:count]
        if self._stamped is not None:
            self._stamped = self._stamped[0] - count, self._stamped[1]


class Pictures:
    """A stream of pictures, one access unit a PES packet, and its buffers."""

    def __init__(self, kind: int) -> None:
        self.kind, self.stamps = kind, Stamps()
        self.model: Video | None = None
        self._pes = Pes()
        self._unit: list[tuple[Timed, int, bytes]] = []  # what came before its buffers are known
        self._size = 0
        self._due: int | None = None
        self._first = self._whole = self._bits = 0

    def lose(self) -> None:
        """A packet is missing: this unit is not judged."""
        self._pes.lose()
        self._due = None
        self._unit.clear()

    def take(self, timed: Timed, payload: bytes, *, begins: bool) -> None:
        """The next packet's payload."""
        if begins:
            self._finish()
            self._first = timed.start
        found = self._pes.take(payload, begins=begins)
        if found is None:
            return
        head, coded = found
        if head:
            self._due = self.stamps.due(head, timed.end)
        if self.model is None:
            self._wait(timed, len(payload), coded)
        else:
            self._into(timed, len(payload), coded)

    def _wait(self, timed: Timed, payload: int, coded: bytes) -> None:
        self._size += len(coded)
        if self._size < _LARGEST:
            self._unit.append((timed, payload, coded))

    def _into(self, timed: Timed, payload: int, coded: bytes) -> None:
        assert self.model is not None
        bits = len(coded) * 8
        self._whole = self.model.take(timed.start, timed.end, PACKET_BITS, payload * 8, bits)
        self._bits += bits

    def _finish(self) -> None:
        if self.model is None:
            held, self._unit, self._size = self._unit, [], 0
            sizes = ts_units.picture_sizes(self.kind, b"".join(coded for _, _, coded in held))
            if sizes is None:
                return
            self.model = Video(sizes)
            for one in held:
                self._into(one[0], one[1], one[2])
        if self._due is not None:
            self.model.unit(self._first, self._whole, self._due, self._bits)
            self._due = None


def stream_of(kind: int) -> Sound | Pictures | None:
    """What looks at a stream of this stream_type; None where its buffers are not known here."""
    if kind not in _KINDS:
        return None
    return Sound(kind) if kind in (*ts_units.MPEG_AUDIO, ts_units.ADTS) else Pictures(kind)


__all__ = ["Pes", "Pictures", "Sound", "Stamps", "stream_of"]
