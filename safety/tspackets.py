"""MPEG transport stream in, pictures' coded bytes out with their time stamps: sans I/O. Knows ISO/IEC 13818-1, no socket, no decoder.

Reads PAT and PMT (2.4.4), takes the first video stream, joins its PES packets (2.4.3.6) and counts what is wrong on the
way: lost sync, continuity errors, PCR intervals (limits of ETSI TR 101 290: 1.1, 1.4, 2.3).
"""

from __future__ import annotations

from typing import Final

import attrs

PACKET: Final = 188
SYNC: Final = 0x47
CODECS: Final[dict[int, str]] = {0x01: "mpeg1video", 0x02: "mpeg2video", 0x1B: "h264", 0x24: "hevc"}
_LARGEST: Final = 4 << 20  # bytes of one coded picture
_HELD: Final = 64 * PACKET  # bytes searched for sync


@attrs.frozen(kw_only=True)
class Coded:
    """One coded picture as it was sent: its bytes, and its presentation time in ticks of 90 kHz modulo 2^33."""

    data: bytes
    pts: int | None
    codec: str
    broken: bool = False  # something between it and the one before was lost


@attrs.define
class Counts:
    """What was counted since the beginning."""

    packets: int = 0
    lost_sync: int = 0
    continuity: int = 0  # packets whose counter did not follow
    damaged: int = 0  # flagged by a demodulator, or not understood
    pcr_longest: int = 0  # greatest distance of two PCR, ticks of 27 MHz


class TsReader:
    """Feed it datagrams; it gives coded pictures."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.codec = ""
        self._rest = b""
        self._pmt: int | None = None
        self._video: int | None = None
        self._last: dict[int, int] = {}
        self._pcr: int | None = None
        self._pes = bytearray()
        self._whole = False  # whether the PES under way has all its packets so far
        self._broken = False  # whether anything of the video was lost since the last coded picture

    def feed(self, data: bytes) -> list[Coded]:
        """Coded pictures that are complete with `data`; any cut of the stream into pieces gives the same."""
        data = self._rest + data if self._rest else data
        made: list[Coded] = []
        at, end = 0, len(data)
        while at + PACKET <= end:
            if data[at] != SYNC:
                at = self._resync(data, at)
                continue
            self._packet(data[at : at + PACKET], made)
            at += PACKET
        self._rest = data[at:][-_HELD:]
        return made

    def _resync(self, data: bytes, at: int) -> int:
        self.counts.lost_sync += 1
        self._broken = True
        found = data.find(SYNC, at + 1)
        while found >= 0 and found + PACKET < len(data) and data[found + PACKET] != SYNC:
            found = data.find(SYNC, found + 1)
        return len(data) if found < 0 else found

    def _packet(self, packet: bytes, made: list[Coded]) -> None:
        self.counts.packets += 1
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if packet[1] & 0x80:
            self.counts.damaged += 1
            return
        if pid == 0x1FFF:
            return
        control = packet[3] >> 4 & 3
        at = 4
        if control & 2:
            at = 5 + packet[4]
            self._adaptation(packet, pid)
        if not control & 1 or at >= PACKET:
            return
        followed = self._followed(pid, packet[3] & 15)
        start = bool(packet[1] & 0x40)
        if pid == self._video:
            self._video_payload(packet[at:], made, start=start, followed=followed)
        elif start and pid == 0:
            self._pat(packet[at:])
        elif start and pid == self._pmt:
            self._programme(packet[at:])

    def _followed(self, pid: int, counter: int) -> bool:
        last = self._last.get(pid)
        if last is None and len(self._last) > 64:
            return True
        self._last[pid] = counter
        if last is None or counter == last + 1 & 15:
            return True
        self.counts.continuity += 1
        return False

    def _adaptation(self, packet: bytes, pid: int) -> None:
        length = packet[4]
        if not length or length > 183:
            self.counts.damaged += length > 183
            return
        if packet[5] & 0x80:
            self._last.pop(pid, None)  # discontinuity_indicator
            self._pcr = None
        if packet[5] & 0x10 and length >= 7:
            base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
            now = base * 300 + ((packet[10] & 1) << 8 | packet[11])
            if self._pcr is not None:
                step = (now - self._pcr) % (300 << 33)
                if step < 27_000_000:
                    self.counts.pcr_longest = max(self.counts.pcr_longest, step)
            self._pcr = now

    def _pat(self, payload: bytes) -> None:
        section = _section(payload, 0x00)
        for at in range(8, len(section) - 3, 4):
            if section[at : at + 2] != b"\0\0":
                self._pmt = (section[at + 2] & 0x1F) << 8 | section[at + 3]
                return

    def _programme(self, payload: bytes) -> None:
        section = _section(payload, 0x02)
        if len(section) < 12:
            return
        at = 12 + ((section[10] & 15) << 8 | section[11])
        while at + 5 <= len(section):
            kind, pid = section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]
            if kind in CODECS:
                if (pid, CODECS[kind]) != (self._video, self.codec):
                    self._video, self.codec, self._whole = pid, CODECS[kind], False
                    self._pes.clear()
                return
            at += 5 + ((section[at + 3] & 15) << 8 | section[at + 4])

    def _video_payload(self, payload: bytes, made: list[Coded], *, start: bool, followed: bool) -> None:
        self._broken |= not followed
        if start:
            if not followed:
                self._whole = False  # its end may be what was lost
            self._finish(made)
            self._pes[:] = payload
            self._whole = True
            return
        if not followed or len(self._pes) > _LARGEST:
            self._whole = False
        if self._whole:
            self._pes += payload

    def _finish(self, made: list[Coded]) -> None:
        """The PES packet before is complete: video has no length of its own, so the next start ends it."""
        if not self._whole:
            return
        pes = bytes(self._pes)
        self._whole = False
        if len(pes) < 9 or pes[:3] != b"\0\0\1" or 9 + pes[8] >= len(pes):
            self.counts.damaged += 1
            self._broken = True
            return
        pts = stamp(pes[9:14]) if pes[7] & 0x80 and pes[8] >= 5 else None
        made.append(Coded(data=pes[9 + pes[8] :], pts=pts, codec=self.codec, broken=self._broken))
        self._broken = False


def _section(payload: bytes, table: int) -> bytes:
    """The section that begins in a packet's payload, without its CRC; empty where it is another, or does not fit one packet."""
    at = 1 + payload[0]
    if at + 3 > len(payload) or payload[at] != table:
        return b""
    end = at + 3 + ((payload[at + 1] & 15) << 8 | payload[at + 2])
    return b"" if end > len(payload) or end - 4 < at else payload[at : end - 4]


def stamp(data: bytes) -> int:
    """33 bits of a PES header's time stamp."""
    return (data[0] >> 1 & 7) << 30 | data[1] << 22 | (data[2] >> 1) << 15 | data[3] << 7 | data[4] >> 1
