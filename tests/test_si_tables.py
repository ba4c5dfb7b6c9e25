"""What is on, what comes next and what time it is, as tables in the empty places of our own streams."""

import datetime

import pytest
import ts_kit
from test_ts_check import check, faults, measured
from ts_kit import Kept, packets, pid_of

from emergency.section_packets import Reader
from playout.encoder import serve_ts
from playout.guide import Guide
from playout.rings import BLOCK, AirRing
from playout.si_tables import LONGEST, Event, Tables, eit, foretold, named, stamped, tdt
from playout.ts_groom import Groom
from schedules.plan import Plan, Take
from station.packed import crc32_mpeg2
from station.words import Instant, SampleIndex, instant_of

AT = Instant(int(datetime.datetime(1993, 10, 13, 12, 45, tzinfo=datetime.UTC).timestamp()) * 1_000_000)
NEWS = Event(start=AT, lasts=5_400_000_000, title="早间新闻")


def test_times_are_as_the_standards_own_example():
    assert stamped(AT) == bytes.fromhex("c079124500")
    assert tdt(AT) == bytes.fromhex("707005c079124500")


def test_an_event_is_told_with_its_time_its_length_and_its_name():
    section = eit(NEWS, 0, 33)
    assert (
        crc32_mpeg2(section) == 0
        and section[:8] == b"\x4e\xf0" + bytes((len(section) - 3,)) + b"\0\x01\xc3\0\x01"
    )
    assert section[8:14] == b"\0\x01\xff\x01\x01\x4e"
    assert section[16:24] == bytes.fromhex("c079124500 013000") and section[24] >> 5 == 4
    assert (
        section[26] == 0x4D
        and section[28:31] == b"chi"
        and section[32:].startswith(b"\x15" + "早间新闻".encode())
    )
    assert eit(NEWS, 1, 0)[24] >> 5 == 1 and len(eit(None, 1, 0)) == 18
    assert eit(Event(start=AT, lasts=10**15, title=""), 0, 0)[21:24] == b"\x99\x46\x40", "99 hours at most"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("News", b"News"),
        ("", b""),
        ("a\x00\nb", b"ab"),
        ("早", b"\x15" + "早".encode()),
        ("a" * 200, b"a" * LONGEST),
    ],
)
def test_names_say_how_they_are_coded(title, said):
    assert named(title) == said
    assert len(named("早" * 90)) == 100 and named("早" * 90).decode("utf-8")[1:] == "早" * 33


def test_tables_come_in_their_turn_and_a_change_has_a_new_version():
    now, told = [AT], [(NEWS, None)]
    tables = Tables(lambda: told[0], lambda: Instant(now[0]))

    def all_of():
        found = []
        while (one := tables()) is not None:
            found.append(one)
        return [(pid_of(one), one[3] & 15, one[10] >> 1 & 31) for one in found]

    assert [pid for pid, *_ in all_of()] == [0x14, 0x12, 0x12] and all_of() == []
    now[0] += 1_000_000
    assert all_of() == [(0x12, 2, 0), (0x12, 3, 0)]
    told[0] = (NEWS, NEWS)
    now[0] += 1_000_000
    assert all_of() == [(0x12, 4, 1), (0x12, 5, 1)]
    now[0] -= 3_600_000_000
    assert len(all_of()) == 3, "the time was set back: nobody waits an hour"


def test_an_sdt_says_that_events_are_told_and_nothing_else_changes():
    found = next(one for one in packets(ts_kit.radio()) if pid_of(one) == 0x11)
    made = foretold(found)
    reader = Reader(tables=range(0xFF))
    section = reader.feed(made)[0].data
    assert crc32_mpeg2(section) == 0 and section[13] == found[5 + 13] | 1
    assert next(k for k in range(188) if made[k] != found[k]) == 18
    for other in (found[:1] + b"\x00" + found[2:], found[:5] + b"\x46" + found[6:], found[:7] + b"\xff" + found[8:],
                  found[:4] + b"\xb7" + found[5:], found[:3] + b"\x30" + found[4:], found[:6] + b"\xf0\x05" + found[8:]):  # fmt: skip
        assert foretold(other) == other


@pytest.mark.parametrize("stream", [ts_kit.radio, ts_kit.television])
def test_our_streams_with_their_tables_hold_all_that_dvb_asks(stream):
    raw = stream() if stream is ts_kit.radio else ts_kit.television(sent=False)
    rate, sound = (320_000, None) if stream is ts_kit.radio else (3_200_000, 0x101)
    begun, step = AT, 188 * 8 * 1_000_000 // rate
    made, groom_at = [], [0]
    groom = Groom(rate, sound, Tables(lambda: (NEWS, NEWS), lambda: Instant(begun + groom_at[0])))
    for one in packets(raw):
        groom_at[0] += step
        made.append(groom(one))
    report = check(b"".join(made))
    assert faults(report, dvb=True) == set()
    assert measured(report, "eit-present") < 1_200_000 and measured(report, "eit-following") < 1_200_000


def take(item, start, end, title):
    return Take(
        item=item, start=SampleIndex(start), end=SampleIndex(end), kind="silence", title=title, approval="x"
    )


S = 48_000


def test_the_guide_tells_the_item_on_the_air_and_the_next_one():
    guide = Guide()
    plan = Plan(channel="fm1", revision=1, media={}, start=SampleIndex(0), end=SampleIndex(90 * S), takes=(
        take("a", 0, 20 * S, "早间\n新闻"), take("a", 20 * S, 30 * S, "早间\n新闻"), take("b", 30 * S, 60 * S, "x" * 999), take("c", 60 * S, 90 * S, ""),
    ))  # fmt: skip
    assert guide.read() == (None, None)
    guide.follow(plan, 95 * S)
    assert guide.read() == (None, None)
    for head in (0, 25 * S):
        guide.follow(plan, head)
        present, following = guide.read()
        assert (present.title, present.start, present.lasts) == ("早间 新闻", 0, 30_000_000)
        assert (following.title, following.start) == ("x" * 300, 30_000_000)
    guide.follow(plan, 60 * S)
    assert [one and one.title for one in guide.read()] == ["", None]
    guide.follow(plan, 61 * S)
    guide._words[1] += 1  # it is being written
    guide._text[:3] = b"???"
    assert guide.read()[0].title == ""


def test_the_encoder_of_radio_sends_them():
    ring, kept = AirRing(), Kept()
    ring.put(AT * 6 // 125 // BLOCK * BLOCK, ts_kit.np.zeros((BLOCK, 2), ts_kit.np.int16), 0)
    count = [0]

    def rest():
        count[0] += 1
        if count[0] > 300:
            raise InterruptedError
        ring.put(ring.head, ts_kit.np.zeros((BLOCK, 2), ts_kit.np.int16), 0)

    with pytest.raises(InterruptedError):
        serve_ts(ring, (), "FM", rest, (kept,), Tables(lambda: (NEWS, None), lambda: instant_of(ring.head)))
    report = check(kept.data)
    assert faults(report, dvb=True) == set() and report.us > 2_000_000
