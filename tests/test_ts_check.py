"""A transport stream is checked against the decoder model and the intervals of tables: our own streams hold, each planted fault is found and nothing else."""

import json
from collections.abc import Callable

import pytest
import ts_kit
from ts_kit import NULL, has_pcr, is_start, moved_pcr, moved_pts, packets, pid_of, section, table_packet

from emergency.section_packets import Reader
from safety.ts_check import BEFORE, Check
from safety.ts_report import NAMES, Report
from station.tscheck_tool import main
from station.words import Misheard

PES, PICTURES, SOUND = 0x100, 0x100, 0x101


def check(stream: bytes, *, cut: int = 1_000) -> Report:
    made = Check(lambda: Reader(tables=range(0xFF)).feed)
    for at in range(0, len(stream), cut):
        made.feed(stream[at : at + cut])
    return made.report()


def faults(report: Report, *, dvb: bool = False) -> set[str]:
    return {row.key for row in report.asked(dvb=dvb) if row.verdict == "fault"}


def measured(report: Report, key: str, pid: int | None = None) -> int | None:
    return next(row.measured for row in report.rows if row.key == key and pid in (None, row.pid))


def changed(change: Callable[[int, bytes], bytes], stream: bytes | None = None) -> bytes:
    return b"".join(change(k, one) for k, one in enumerate(packets(stream or ts_kit.radio())))


def test_our_radio_stream_holds():
    report = check(ts_kit.radio())
    assert faults(report) == set() and report.holds(dvb=False)
    assert report.streams == ((PES, 0x03),) and report.rate == 320_000
    assert 2_000 < measured(report, "b") <= 3_584 and measured(report, "pcr-accuracy") <= 40
    assert 85_000 < measured(report, "stay") <= 86_000 and measured(report, "late") == 0
    assert report.packets == len(ts_kit.radio()) // 188 and 2_900_000 < report.us < 3_000_000


def test_any_cut_of_the_stream_gives_the_same_report():
    assert (
        check(ts_kit.radio(), cut=188 * 7)
        == check(ts_kit.radio(), cut=131)
        == check(ts_kit.radio(), cut=10**7)
    )


def late(k: int, one: bytes) -> bytes:
    return moved_pts(one, -18_000) if 300 < k < 330 and is_start(one, PES) else one


def early(k: int, one: bytes) -> bytes:
    return moved_pts(one, 90_000) if k > 300 and is_start(one, PES) else one


def gap(*pids: int) -> Callable[[int, bytes], bytes]:
    return lambda k, one: NULL if 150 < k < 300 and pid_of(one) in pids else one


PLANTED: dict[str, tuple[Callable[[int, bytes], bytes], set[str]]] = {
    "a lost packet": (lambda k, one: b"" if k == 303 and pid_of(one) == PES else one, {"continuity", "pcr-accuracy"}),
    "a wrong sync byte": (lambda k, one: b"\x46" + one[1:] if k == 200 else one, {"sync"}),
    "half a packet at the end": (lambda k, one: one + b"\x47" * 90 * (k == len(ts_kit.radio()) // 188 - 1), {"sync"}),
    "a flagged packet": (lambda k, one: one[:1] + bytes([one[1] | 0x80]) + one[2:] if k == 200 else one, {"flagged"}),
    "a microsecond on a PCR": (lambda k, one: moved_pcr(one, 27) if has_pcr(one) and 200 < k < 207 else one, {"pcr-accuracy"}),
    "a PCR that goes back": (lambda k, one: moved_pcr(one, -(1 << 30)) if has_pcr(one) and k > 300 else one, {"pcr-jumps", "stay", "b"}),
    "no PAT for a while": (gap(0), {"pat"}),
    "no PMT for a while": (gap(0x1000), {"pmt"}),
    "a table with a wrong checksum": (lambda k, one: one[:20] + b"\x55" + one[21:] if pid_of(one) == 0x1000 and 100 < k < 125 else one, {"crc"}),
    "a PID nobody names": (lambda k, one: table_packet(0x55, b"x", k) if one == NULL and k > 200 else one, {"unreferenced"}),
    "time stamps too early": (late, {"late", "pts-order"}),
    "time stamps a second late": (early, {"stay", "b", "pts-interval"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str):
    change, wanted = PLANTED[name]
    found = faults(check(changed(change)))
    assert wanted <= found, found
    assert found - wanted <= {"continuity", "late", "pat", "pmt", "pcr-interval"}, found


def test_missing_clocks_are_seen():
    with_gap = changed(lambda k, one: NULL if 200 < k < 212 and has_pcr(one) else one)
    assert "pcr-interval" in faults(check(with_gap))


def test_an_announced_jump_of_the_clock_is_none():
    def jump(k: int, one: bytes) -> bytes:
        one = moved_pcr(one, 1 << 34, said=has_pcr(one) and jump.first) if k > 300 and has_pcr(one) else one
        jump.first = jump.first and not (k > 300 and has_pcr(one))
        return moved_pts(one, (1 << 34) // 300) if k > 300 and is_start(one, PES) else one

    jump.first = True
    report = check(changed(jump))
    assert faults(report) <= {"continuity"} and measured(report, "pcr-jumps") == 0
    assert report.us > 2_800_000 and measured(report, "stay") <= 87_000


def test_the_picture_is_in_its_buffers_in_time():
    report = check(ts_kit.television(sent=False))
    assert report.streams == ((PICTURES, 0x1B), (SOUND, 0x03))
    assert measured(report, "late", PICTURES) == 0 and measured(report, "mb", PICTURES) == 0
    assert 60_000 < measured(report, "eb", PICTURES) < 1_500_000
    assert 299_000 < measured(report, "stay", PICTURES) <= 300_500 and measured(report, "tb", PICTURES) == 0
    behind = changed(
        lambda k, one: moved_pts(one, -27_000) if is_start(one, PICTURES) else one, ts_kit.television()
    )
    assert measured(check(behind), "late", PICTURES) > 40


def test_a_picture_that_lost_a_packet_is_not_judged():
    whole = ts_kit.television(sent=False)
    lost = [k for k, one in enumerate(packets(whole)) if is_start(one, PICTURES)][3] + 1
    report = check(changed(lambda k, one: NULL if k == lost else one, whole))
    assert measured(report, "continuity") == 1 and measured(report, "late", PICTURES) == 0
    assert report.packets == len(whole) // 188


def test_tables_of_dvb_are_asked_for_unless_told_otherwise():
    assert faults(check(ts_kit.radio()), dvb=True) == {"eit-present", "eit-following"}
    count = iter(range(10**6))

    def filled(k: int, one: bytes) -> bytes:
        if pid_of(one) not in (0x14, 0x1FFF):
            return one
        n = next(count)
        made = [
            section(0x4E, b"", number=0),
            section(0x4E, b"", number=1),
            section(0x70, b"12345", short=True),
        ][n % 3]
        return table_packet(0x14 if n % 3 == 2 else 0x12, made, n // 3 if n % 3 == 2 else n // 3 * 2 + n % 3)

    report = check(changed(filled))
    assert faults(report, dvb=True) == set()
    assert measured(report, "tdt") < 200_000 and measured(report, "sdt") > 300_000


@pytest.mark.parametrize(
    "stream", [b"", b"\x47" * 50, NULL * 3, NULL * (BEFORE + 1), b"\0" * 5_000, b"RIFF" * 99]
)
def test_what_is_no_programme_is_said(stream: bytes):
    with pytest.raises(Misheard, match="no programme"):
        check(stream)


def test_a_programme_without_a_clock_is_said():
    with pytest.raises(Misheard, match="PCR"):
        check(changed(lambda k, one: one[:5] + bytes([one[5] & 0xEF]) + one[6:] if has_pcr(one) else one))


def test_the_command_says_it_in_a_table_and_in_json(tmp_path, capsys):
    file, bad = tmp_path / "fm.ts", tmp_path / "bad.ts"
    file.write_bytes(ts_kit.radio())
    bad.write_bytes(b"nothing")
    assert main([str(file), "--mpeg"]) == 0
    said = capsys.readouterr().out
    assert (
        "main buffer B, most" in said
        and "主缓冲 B 峰值" in said
        and "FAULT" not in said
        and "EIT" not in said
    )
    assert main([str(file)]) == 1
    assert "FAULT · 不合格" in capsys.readouterr().out
    assert main([str(file), str(bad), "--json"]) == 1
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["holds"] is False and {row["key"] for row in first["rows"]} <= set(NAMES)
    assert first["streams"] == [{"pid": 256, "stream_type": 3}] and "no programme" in second["error"]["en"]
    assert main([str(bad)]) == 1 and "其中没有节目" in capsys.readouterr().out


def test_streams_of_other_kinds_are_named_as_unchecked(tmp_path, capsys):
    def ac3(k: int, one: bytes, kind: int = 0x81) -> bytes:
        if pid_of(one) != 0x1000:
            return one
        length = 3 + int.from_bytes(one[6:8], "big") % 4_096
        data = bytearray(one[5 : 5 + length - 4])
        data[12 + (data[10] % 16 << 8 | data[11])] = kind
        return one[:5] + bytes(data) + ts_kit.crc32_mpeg2(bytes(data)).to_bytes(4, "big") + one[5 + length :]

    file = tmp_path / "x.ts"
    file.write_bytes(changed(ac3))
    assert main([str(file), "--mpeg"]) == 0
    assert "not checked" in capsys.readouterr().out
    found = check(changed(lambda k, one: ac3(k, one, 0x0F)))
    assert measured(found, "pts-interval", PES) == 24_000, "said to be AAC, it has no frame to be judged by"
    assert not [row for row in found.rows if row.key in ("b", "late")]


def test_a_packet_sent_twice_is_taken_once():
    place = next(k for k, one in enumerate(packets(ts_kit.radio())) if pid_of(one) == PES and k >= 300)
    report = check(changed(lambda k, one: one * 2 if k == place else one))
    assert measured(report, "continuity") == measured(report, "late") == 0


def test_a_clock_that_jumps_at_every_step_measures_nothing_and_breaks_nothing():
    jumps = iter(range(10**6))
    leaping = changed(lambda k, one: moved_pcr(one, next(jumps) << 29) if has_pcr(one) else one)
    with pytest.raises(Misheard, match="PCR"):
        check(leaping)


def test_sync_is_found_again_behind_bytes_that_only_look_like_it():
    whole = ts_kit.radio()
    torn = whole[: 188 * 100] + b"\0\x47abc" * 9 + whole[188 * 100 :]
    assert measured(check(torn, cut=10**6), "sync") >= 1 and measured(check(torn), "continuity") == 0
