"""Modbus on a serial line, sans I/O: one transaction at a time, judged strictly, the line left alone after a late or garbled answer. Time is told (whole µs of any clock that never goes back); knows no port and no queue.

A serial answer carries no transaction number: what fits the open request is taken for its answer. Therefore nothing is
asked while an answer given up may still come (quarantine), and an answer is believed only when silence shows that the
frame ended there (MODBUS over Serial Line V1.02, 2.5.1.1), its CRC holds, unit, function, byte count or echo fit, and the
line could have carried request and answer by then.

Limit: an answer that comes later than `late_us` after its time was up, and fits the request open then, is believed.
"""

from __future__ import annotations

from typing import Final

import attrs

from devices.heard import Silent
from devices.modbus import (
    CRC,
    Answered,
    Ask,
    Declined,
    Garbled,
    Heard,
    Read,
    Stray,
    meaning,
    serial_parts,
    serial_request,
)
from devices.modbus import answer_size as size_of

SHORTEST: Final = 4  # characters of the shortest answer, an exception, but for one that may be underway yet
MOST: Final = 256  # bytes of a serial frame (2.5.1)
FIXED_ABOVE: Final = 19_200  # Bd, from here on the silences do not shrink any more (2.5.1.1)
FIXED_SILENCE: Final = 1_750  # µs
LATE: Final = 1_000_000  # µs
KEPT_AT_MOST: Final = 5_000_000  # µs; a line that never falls silent must not hold an order for ever


@attrs.frozen(kw_only=True)
class Timing:
    """How time passes on a line, µs. `char`: one character on the wire, 0 where nobody knows (a gateway's far side)."""

    char: int = 0
    silence: int = FIXED_SILENCE  # 3.5 characters: a frame has ended
    gap: int = (
        30_000  # pieces of one frame may come so far apart: adapters and networks hand them on in lumps
    )
    late: int = LATE  # an answer may come so long after its time was up


def serial_timing(baud: int, bits: int, *, late: int = LATE) -> Timing:
    """Of a port at `baud` with `bits` a character, start and stop bits counted."""
    char = -(-bits * 1_000_000 // baud)
    silence = FIXED_SILENCE if baud > FIXED_ABOVE else -(-7 * char // 2)
    return Timing(char=char, silence=silence, gap=max(30_000, 2 * silence), late=late)


def gateway_timing(*, late: int = LATE) -> Timing:
    """Of a serial server behind TCP: it hands on whole frames as a rule, and a network lies between."""
    return Timing(gap=200_000, late=late)


@attrs.frozen
class _Open:
    ask: Ask
    frame: bytes
    soonest: int  # no answer can have come whole before
    until: int


class Exchange:
    """One line. `asked` when `free_at` has come; then `fed` and `passed` as bytes and time come, `due` says when."""

    def __init__(self, timing: Timing, *, kept_until: int = 0) -> None:
        """`kept_until`: nothing is asked before; an answer to who asked earlier may still come."""
        self._timing = timing
        self._open: _Open | None = None
        self._owed: Ask | None = None  # given up, its answer may still come
        self._held = b""
        self._last = 0  # of the last byte heard, or of the end of what was sent
        self._barred = kept_until  # until then nothing is asked
        self._kept_from = max(0, kept_until - timing.late)  # since when the line is not to be had

    # -- asking

    def free_at(self) -> int | None:
        """From when on a request may be sent; None while one is open."""
        if self._open is not None:
            return None
        limit = self._kept_from + KEPT_AT_MOST
        return limit if self._held else min(limit, max(self._last + self._timing.silence, self._barred))

    def asked(self, ask: Ask, now: int, timeout: int) -> bytes:
        """Open a request: its frame. `timeout` is the unit's own time; the wire's is added to it."""
        frame = serial_request(ask)
        self._owed, self._held = None, b""
        self._last = now + self._timing.char * len(frame)
        answer = self._last + self._timing.char * (1 + size_of(ask) + CRC)
        shortest = self._timing.char * SHORTEST
        self._open = _Open(ask, frame, self._last + shortest, answer + timeout)
        return frame

    def give_up(self, now: int) -> None:
        """Wait no longer; what still comes for it is late."""
        if self._open is not None:
            self._close(now)

    # -- hearing

    def fed(self, data: bytes, now: int) -> None:
        """Bytes came. They are judged when silence follows: `passed`."""
        if (
            self._open is None
            and not self._held
            and now >= max(self._last + self._timing.silence, self._barred)
        ):
            self._kept_from = now
        self._held = (self._held + data)[: MOST + 1]
        self._last = now

    def due(self) -> int | None:
        """When `passed` has something to say; None: not unless bytes come."""
        if len(self._held) > MOST:
            return self._last  # no frame is so long
        if self._held:
            return self._last + (self._timing.silence if self._whole() else self._timing.gap)
        return self._open.until if self._open is not None else None

    def passed(self, now: int) -> Heard | Silent | None:
        """Time passed: what that makes of the bytes heard, or of the request that nobody answers."""
        due = self.due()
        if due is None or now < due:
            return None
        if self._held:
            held, self._held = self._held, b""
            return self._judged(held) if self._open is None else self._answered(self._open, held, now)
        self._close(now)
        return Silent()

    def _whole(self) -> bool:
        return serial_parts(self._held) is not None

    def _answered(self, opened: _Open, held: bytes, now: int) -> Heard:
        parts = serial_parts(held)
        if parts is not None and parts[0] != opened.ask.unit:
            return Stray(why="unit")  # the request waits on (2.4.1)
        if isinstance(opened.ask, Read) and held.startswith(opened.frame):
            heard: Answered[tuple[int, ...]] | Declined | Garbled = Garbled(
                why="own request heard: the adapter echoes"
            )
        elif parts is None:
            heard = Garbled(why="crc")
        else:
            heard = meaning(opened.ask, parts[1])
        if self._last < opened.soonest and not isinstance(heard, Garbled):
            heard = Garbled(why="sooner than the line can carry it: the answer to an earlier request")
        if isinstance(heard, Garbled):
            self._close(now)
        else:
            self._open, self._kept_from, self._barred = None, now, 0
        return heard

    def _judged(self, held: bytes) -> Heard:
        """Something came though nothing was asked."""
        parts = serial_parts(held)
        owed, self._owed = self._owed, None
        late = owed is not None and parts is not None and parts[0] == owed.unit
        if late and not isinstance(meaning(owed, parts[1]), Garbled):  # type: ignore[arg-type, index]
            self._barred = min(self._barred, self._last + self._timing.gap)
            return Stray(why="late")
        self._owed = owed
        self._barred = max(self._barred, self._last + self._timing.late)
        return Stray(why="unasked")

    def _close(self, now: int) -> None:
        """Nothing of it is believed any more: nothing is asked until its answer cannot come any more."""
        opened, self._open = self._open, None
        assert opened is not None
        self._owed, self._kept_from = opened.ask, now
        self._barred = max(now, opened.until) + self._timing.late


__all__ = ["KEPT_AT_MOST", "Exchange", "Silent", "Timing", "gateway_timing", "serial_timing"]
