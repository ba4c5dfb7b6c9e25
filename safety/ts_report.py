"""What a check of a transport stream found, line by line: what is asked, where it is written, what was measured, whether it holds. Pure; knows figures, reads no packet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import attrs

from safety.ts_buffers import Kept, Leak
from safety.ts_figures import Figures, figures
from safety.ts_pcr import Line
from safety.ts_streams import Pictures, Sound
from safety.ts_tables import EIT, PAT, PMT, SDT, TDT, Tables
from safety.ts_timed import CLOCK
from station.words import Text

Verdict = Literal["ok", "fault", "unknown"]
Unit = Literal["µs", "ns", "bytes", "count"]

ACCURACY: Final = 500  # ns
_GONE: Final = 5_000_000  # µs a stream may be silent
# key, PID (-1: the PMT's), table, section, clause of TR 101 290, µs, only DVB
_TABLES: Final = (
    ("pat", 0x00, PAT, 0, "1.3", 500_000, False),
    ("pmt", -1, PMT, 0, "1.5", 500_000, False),
    ("sdt", 0x11, SDT, 0, "3.5", 2_000_000, True),
    ("eit-present", 0x12, EIT, 0, "3.6", 2_000_000, True),
    ("eit-following", 0x12, EIT, 1, "3.6", 2_000_000, True),
    ("tdt", 0x14, TDT, 0, "3.8", 30_000_000, True),
)
NAMES: Final[dict[str, Text]] = {
    "sync": Text("sync lost", "同步丢失"),
    "continuity": Text("continuity errors", "连续计数错误"),
    "pid": Text("longest a stream was silent", "码流最长中断"),
    "flagged": Text("packets flagged as damaged", "标记为损坏的包"),
    "crc": Text("tables with a wrong checksum", "校验错误的表"),
    "pcr-interval": Text("PCR interval, longest", "PCR 最大间隔"),
    "pcr-jumps": Text("PCR jumps not announced", "未声明的 PCR 跳变"),
    "pcr-accuracy": Text("PCR off a constant rate, most", "PCR 最大偏差(按恒定码率)"),
    "pts-interval": Text("time stamps, longest without", "时间戳最大间隔"),
    "pts-order": Text("decoding times that go back", "解码时间倒退"),
    "unreferenced": Text("PIDs that no table names", "未被引用的 PID"),
    "pat": Text("PAT, longest without", "PAT 最大间隔"),
    "pmt": Text("PMT, longest without", "PMT 最大间隔"),
    "sdt": Text("SDT, longest without", "SDT 最大间隔"),
    "eit-present": Text("EIT present, longest without", "EIT 当前节目最大间隔"),
    "eit-following": Text("EIT following, longest without", "EIT 后续节目最大间隔"),
    "tdt": Text("TDT, longest without", "TDT 最大间隔"),
    "tb": Text("transport buffer TB, most", "传输缓冲 TB 峰值"),
    "tb-empty": Text("TB, longest never empty", "TB 最长未排空"),
    "mb": Text("multiplex buffer MB, most", "复用缓冲 MB 峰值"),
    "mb-empty": Text("MB, longest never empty", "MB 最长未排空"),
    "eb": Text("elementary buffer EB, most", "基本流缓冲 EB 峰值"),
    "b": Text("main buffer B, most", "主缓冲 B 峰值"),
    "late": Text("access units not whole in time", "未按时到齐的存取单元"),
    "stay": Text("longest stay before decoding", "解码前最长停留"),
    "tb-sys": Text("system TB, most", "系统 TB 峰值"),
    "b-sys": Text("system buffer B, most", "系统缓冲 B 峰值"),
}


@attrs.define
class Source:
    """What was counted while the stream was read. Times in ticks of 27 MHz, `began` and `now` of the present time base."""

    tables: Tables
    line: Line
    packets: int = 0
    empty: int = 0  # null packets
    cut: int = 0  # bytes at the end that are no whole packet
    lost_sync: int = 0
    flawed: int = 0
    continuity: int = 0
    breaks: int = 0
    flagged: int = 0
    began: int | None = None
    now: int | None = None
    past: int = 0  # of time bases before
    counters: dict[int, tuple[int, bytes]] = attrs.field(factory=dict)
    last: dict[int, int] = attrs.field(factory=dict)  # PID: when something came
    silent: dict[int, int] = attrs.field(factory=dict)  # PID: longest silence
    unknown: set[int] = attrs.field(factory=set)
    streams: dict[int, tuple[int, Sound | Pictures | None]] = attrs.field(factory=dict)
    found: dict[int, Figures] = attrs.field(factory=dict)
    system: tuple[Leak, Leak] = attrs.field(factory=lambda: (Leak(1, 1), Leak(1, 1)))
    systems: list[Kept] = attrs.field(factory=list)

    def come(self, pid: int, now: int) -> None:
        """Something of this PID."""
        before = self.last.get(pid, self.began)
        self.silent[pid] = max(self.silent.get(pid, 0), 0 if before is None else now - before)
        self.last[pid] = now

    @property
    def lasts(self) -> int:
        """Ticks from its beginning up to now."""
        return self.past + ((self.now or 0) - self.began if self.began is not None else 0)

    def fold(self) -> None:
        """A time base, or the stream, is over: what its buffers came to is kept."""
        if self.now is None or self.began is None:
            return
        for pid, (_, looks) in self.streams.items():
            if looks is not None:
                self.found[pid] = self.found.get(pid, Figures()).and_then(figures(looks))
            self.come(pid, self.now)
        for one in self.tables.seen.values():
            one.until(self.now, self.began)
        self.past, self.began = self.lasts, None
        self.last.clear()
        self.systems = [
            Kept(one.kept.size, max(one.kept.peak, old.peak))
            for one, old in zip(self.system, self.systems or [Kept(0), Kept(0)], strict=True)
        ]


@attrs.frozen(kw_only=True)
class Row:
    """One question and its answer."""

    key: str
    clause: str
    pid: int | None
    measured: int | None  # None: not to be measured, or not there
    limit: int
    unit: Unit
    verdict: Verdict


@attrs.frozen(kw_only=True)
class Report:
    """The whole."""

    packets: int
    empty: int
    us: int  # how long it lasts
    rate: int  # bits a second, the mean
    pcr: int
    pmt: int
    streams: tuple[tuple[int, int], ...]  # PID, stream_type
    unchecked: tuple[int, ...]  # PIDs of streams whose buffers are not known here
    rows: tuple[Row, ...]

    def holds(self, *, dvb: bool = True) -> bool:
        """Whether nothing is wrong, with or without what DVB asks beyond MPEG."""
        return not any(row.verdict == "fault" for row in self.asked(dvb=dvb))

    def asked(self, *, dvb: bool) -> list[Row]:
        """The rows that count."""
        only = {key for key, *_, beyond in _TABLES if beyond}
        return [row for row in self.rows if dvb or row.key not in only]


def made(source: Source) -> Report:
    """Of what was counted."""
    programme = source.tables.programme
    assert programme is not None
    ticks = source.lasts
    rows = [*_stream_rows(source), *_clock_rows(source), *_table_rows(source)]
    for pid, _ in programme.streams:
        if pid in source.found:
            rows += _buffer_rows(pid, source.found[pid])
        rows.append(_most("pid", "1.6", pid, _us(source.silent.get(pid, 0)), _GONE, "µs"))
    rows += [
        _kept(key, "2.4.2.3", None, kept)
        for key, kept in zip(("tb-sys", "b-sys"), source.systems, strict=True)
    ]
    return Report(
        packets=source.packets,
        empty=source.empty,
        us=_us(ticks),
        rate=source.packets * 188 * 8 * CLOCK // max(1, ticks),
        pcr=programme.pcr,
        pmt=programme.pmt,
        streams=programme.streams,
        unchecked=tuple(pid for pid, (_, looks) in source.streams.items() if looks is None),
        rows=tuple(rows),
    )


def _us(ticks: int) -> int:
    return ticks // 27


def _most(key: str, clause: str, pid: int | None, measured: int | None, limit: int, unit: Unit) -> Row:
    verdict: Verdict = "unknown" if measured is None else "ok" if measured <= limit else "fault"
    return Row(key=key, clause=clause, pid=pid, measured=measured, limit=limit, unit=unit, verdict=verdict)


def _kept(key: str, clause: str, pid: int | None, kept: Kept) -> Row:
    return _most(key, clause, pid, -(-kept.peak // 8), kept.size // 8, "bytes")


def _stream_rows(source: Source) -> Iterator[Row]:
    yield _most("sync", "1.1", None, source.lost_sync + bool(source.cut), 0, "count")
    yield _most("continuity", "1.4", None, source.continuity, 0, "count")
    yield _most("flagged", "2.1", None, source.flawed, 0, "count")
    yield _most("crc", "2.2", None, source.tables.damaged, 0, "count")
    yield _most("unreferenced", "3.4", None, len(source.unknown - source.tables.named), 0, "count")


def _clock_rows(source: Source) -> Iterator[Row]:
    line = source.line
    yield _most("pcr-interval", "2.3", None, _us(line.apart), 40_000, "µs")
    yield _most("pcr-jumps", "2.3", None, source.breaks - source.flagged, 0, "count")
    yield _most("pcr-accuracy", "2.4", None, line.worst, ACCURACY, "ns")


def _table_rows(source: Source) -> Iterator[Row]:
    assert source.tables.programme is not None
    for key, pid, table, part, clause, limit, _ in _TABLES:
        place = source.tables.programme.pmt if pid < 0 else pid
        seen = source.tables.seen.get((place, table, part))
        lasts = _us(source.lasts)
        measured = _us(seen.apart) if seen is not None else lasts if lasts > limit else None
        yield _most(key, clause, place, measured, limit, "µs")


def _buffer_rows(pid: int, found: Figures) -> Iterator[Row]:
    clause = "2.4.2.7"
    yield _most("pts-order", "2.4.3.7", pid, found.back, 0, "count")
    yield _most("pts-interval", "2.5", pid, _us(found.apart), 700_000, "µs")
    if not found.units or found.transport is None or found.main is None:
        return
    yield _kept("tb", clause, pid, found.transport)
    yield _most("tb-empty", clause, pid, _us(found.transport.busy), 1_000_000, "µs")
    if found.elementary is None:
        yield _kept("b", clause, pid, found.main)
    else:
        yield _kept("mb", clause, pid, found.main)
        yield _most("mb-empty", clause, pid, _us(found.main.busy), 1_000_000, "µs")
        yield _kept("eb", clause, pid, found.elementary)
    yield _most("late", clause, pid, found.late, 0, "count")
    yield _most("stay", clause, pid, _us(found.stayed), _us(found.longest), "µs")


def as_json(report: Report) -> dict[str, Any]:
    """For machines: whole numbers, units in the rows."""
    said = attrs.asdict(report)
    said["streams"] = [{"pid": pid, "stream_type": kind} for pid, kind in report.streams]
    return said


__all__ = ["NAMES", "Report", "Row", "Source", "as_json", "made"]
