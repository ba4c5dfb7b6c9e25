"""Live sources: what settings may say of them, how a desk's packets become sound, what their sound and silence bring about."""

from __future__ import annotations

import socket
import struct

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from playout import linear_input
from playout.lanes import relay_sight
from playout.linear_line import LATE, LONGEST, LinearLine
from playout.link import MemberSight, RelaySight
from playout.live_messages import EndLive, SoundOpened
from playout.live_state import Armed, Session
from playout.policy import Studio, policy_of
from playout.relay_choice import LIMITS
from playout.relay_crew import kept, limits_of
from playout.relay_deck import Deck
from playout.relay_input import receive
from playout.relay_rings import LiveRing, MemberRing
from playout.rings import BLOCK
from playout.sessions import WAITS
from schedules.plan import Medium
from schedules.relays import checksum
from station import live_rules, live_watch, relay_rules
from station.live_sources import LiveSection
from station.relay_ports import references
from station.relay_sources import RelaySection, read
from station.settings import ChannelSection, Ports, Settings, StationSection
from station.words import MINUTE, SAMPLE_RATE, SECOND, AreaCode, ChannelId, Instant, Text, sample_at

S = SAMPLE_RATE
FM = ChannelId("fm1")
NOW = Instant(1_790_000_000_000_000)
HERE = sample_at(NOW)
DESK = LiveSection(
    id="studio1", chain="radio", name_zh="一号直播间", name_en="Studio 1", members=["l24://239.69.1.1:5004"],
    level_ms=200,
)  # fmt: skip


def station(*live, relays=()):
    return Settings(
        station=StationSection(id="t", name_zh="台", name_en="T", area=AreaCode("1" * 12), areas="a.csv"),
        channels=[
            ChannelSection(id=FM, chain="radio", name_zh="台", name_en="T", area=AreaCode("1" * 12), rundowns="r",
                filler=["fill.flac"])
        ],
        relays=list(relays),
        live=list(live),
    )  # fmt: skip


def relay(name="cnr"):
    return RelaySection(
        id=name, chain="radio", name_zh="央广", name_en="CNR", members=["udp://239.1.1.1:5000"]
    )


# ---- settings


def test_what_settings_may_say_of_a_live_source():
    assert list(live_rules.rules(station(DESK, relays=[relay()]))) == []
    long = attrs.evolve(DESK, delay_ms=40_000, silence_s=600, level_dbfs=-20, level_ms=0)
    assert list(live_rules.rules(station(long))) == []
    assert DESK.dumped and not attrs.evolve(DESK, delay_ms=4_999).dumped


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"id": "Studio"}, "live[0].id"), ({"chain": "tv"}, "live[0].chain"),
        ({"members": ["ftp://x"]}, "live[0].members[0]"), ({"delay_ms": 1_499}, "live[0].delay_ms"),
        ({"delay_ms": 40_001}, "live[0].delay_ms"), ({"level_dbfs": -19}, "live[0].level_dbfs"),
        ({"level_ms": 5_001}, "live[0].level_ms"), ({"silence_s": 2}, "live[0].silence_s"),
    ],
)  # fmt: skip
def test_each_mistake_in_it_is_named_in_both_languages(more, path):
    said = list(live_rules.rules(station(attrs.evolve(DESK, **more), relays=[relay()])))
    assert [where for where, _ in said] == [path] and said[0][1].zh and said[0][1].en


def test_a_relay_that_becomes_a_live_source_is_another_medium_and_no_day_that_was_signed_airs_it():
    was, now = relay("studio1"), DESK
    assert checksum(was.id) != checksum(now.relay)
    assert [path for path, _ in relay_rules.rules(station(relays=[relay("live-studio1")]))] == [
        "relays[0].id"
    ]


def test_there_are_eight_relays_and_live_sources_at_most():
    relays = [relay(f"r{n}") for n in range(8)]
    assert [path for path, _ in live_rules.rules(station(DESK, relays=relays))] == ["live"]
    assert list(live_rules.rules(station(relays=relays))) == []


def test_it_is_received_as_a_relay_that_no_silence_takes_off_the_air():
    limits = limits_of(DESK.as_relay())
    assert limits.delay == 7 * S and limits.silence == limits.frozen > 3_600 * S
    assert limits.quiet == round(10 ** (-45 / 20) * (1 << 23))
    assert limits_of(relay()).frozen == S // 2
    assert [kept(attrs.evolve(DESK, delay_ms=ms).as_relay()) for ms in (1_500, 7_000, 40_000)] == [10, 22, 48]
    told = references(station(DESK, relays=[relay()]), Ports(24_000), "radio")
    assert list(told) == ["cnr", "live-studio1"] and len(set(told.values())) == 2


# ---- what a desk sends


def packet(stamp, pcm, bits=24, ssrc=7, sequence=0):
    """RTP by RFC 3550, figure 1; `pcm` (count, channels) in 24 bits."""
    words = pcm.astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1 : 1 + bits // 8].tobytes()
    return struct.pack("!BBHII", 0x80, 97, sequence & 0xFFFF, stamp % (1 << 32), ssrc) + words


def sound(first, count, channels=2):
    value = (np.arange(first, first + count) * 7_919 % 60_000 - 30_000).astype(np.int32) << 8
    return np.stack([value] * channels, axis=1)


@examples(max_examples=60, deadline=None)
@given(
    st.integers(0, (1 << 32) - 1),
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=20),
    st.sampled_from([16, 24]),
    st.sampled_from([1, 2]),
)
def test_every_sample_is_in_its_place_and_what_is_lost_is_counted(stamp, pieces, bits, channels):
    line, heard, n, owed = LinearLine(bits, channels), [], 0, 0
    for count, lost in pieces:
        pcm = sound(n, count, channels)
        if not lost:
            piece = line.feed(packet(stamp + n, pcm, bits))
            assert piece.missing == (owed if heard else None)
            assert (piece.pcm == sound(n, count)).all()
            heard.append(piece)
            owed = 0
        else:
            owed += count if heard else 0
        n += count
    assert line.misheard == 0


def test_a_time_stamp_begins_anew_after_two_to_the_thirty_two_and_nothing_is_lost():
    for begin in ((1 << 32) - 48, (1 << 32) - 96 - LONGEST, (1 << 31) - 48):
        line = LinearLine(24)
        line.feed(packet(begin, sound(0, 48)))
        assert line.feed(packet(begin + 48, sound(48, 48))).missing == 0
        assert line.feed(packet(begin + 96 + LONGEST, sound(96, 48))).missing == LONGEST
        assert line.feed(packet(begin + 48, sound(48, 48))).missing is None
    assert (LONGEST, LATE) == (96_000, 4_800)


def test_what_comes_late_or_twice_is_left_out_and_a_long_hole_is_another_beginning():
    line = LinearLine(24)
    assert line.feed(packet(1_000, sound(0, 48))).missing is None
    assert line.feed(packet(1_000, sound(0, 48))) is None
    assert line.feed(packet(1_048 - LATE, sound(0, 48))) is None
    assert line.feed(packet(1_048 + LONGEST, sound(0, 48))).missing == LONGEST
    assert line.feed(packet(1_096 + 2 * LONGEST + 1, sound(0, 48))).missing is None
    assert line.feed(packet(500, sound(0, 48))).missing is None, "the sender began anew"


def test_another_sender_is_followed_only_where_the_first_has_stopped():
    line = LinearLine(24)
    line.feed(packet(0, sound(0, 48)))
    assert all(line.feed(packet(9_000, sound(0, 48), ssrc=8)) is None for _ in range(50))
    assert line.feed(packet(48, sound(0, 48))).missing == 0
    answers = [line.feed(packet(9_000 + 48 * k, sound(0, 48), ssrc=8)) for k in range(52)]
    assert answers[:50] == [None] * 50 and answers[50].missing is None and answers[51].missing == 0


@pytest.mark.parametrize(
    "data", [b"", b"x" * 11, bytes(12), packet(0, sound(0, 0)), packet(0, sound(0, 2))[:-1]]
)
def test_what_is_no_sound_is_counted_and_left_out(data):
    line = LinearLine(24)
    assert line.feed(data) is None and line.misheard == 1


def test_a_desks_packets_come_into_the_ring_over_a_real_socket():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1] // 2 * 2
    ring, time, out = MemberRing(1), [0], socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent = [packet(48 * k, sound(48 * k, 48)) for k in range(200) if k != 100]

    def sleep(seconds):
        time[0] += 50_000_000
        for data in sent[:50]:
            out.sendto(data, ("127.0.0.1", port))
        del sent[:50]

    receive(ring, read(f"l24://127.0.0.1:{port}"), "", lambda: time[0], sleep)
    out.close()
    assert (ring.turn, ring.written, ring.lost) == (1, 200 * 48, 48)
    assert (ring.read(101 * 48, 99 * 48) == sound(101 * 48, 99 * 48)).all()
    assert time[0] >= linear_input.SILENT * 1_000_000_000


def test_a_group_is_joined_and_a_port_that_cannot_be_had_is_an_error():
    with linear_input.opened(read("l24://239.69.1.1:21498"), "127.0.0.1") as one:
        assert one.getsockname() == ("239.69.1.1", 21498)
    with pytest.raises(OSError):
        linear_input.opened(read("l24://203.0.113.9:21498"), "")


# ---- what follows from what comes


ARMED = Armed(channel=FM, source="studio1", item="i", title="热线", until=Instant(NOW + MINUTE), by="sun")
OPEN = Session(
    channel=FM, source="studio1", approval="session:fm1:1", signed="r", item="i", title="热线",
    media=checksum("live-studio1"), start=HERE - 60 * S, end=HERE + 600 * S, by="sun",
)  # fmt: skip


def sight(state="good", heard=0, **more):
    known = {
        "placed": True,
        "ahead_ms": 6_900,
        "risen": HERE + 6 * S,
        "sounded": HERE + 7 * S,
        "quiet_ms": 10,
    }
    member = MemberSight(state=state, **(known | more))
    return {"live-studio1": RelaySight(relay="live-studio1", heard=heard, members=(member,))}


def follows(sights, armed=(), sessions=(), now=NOW, section=DESK):
    return list(live_watch.wishes(station(section), armed, sessions, sights, now))


def test_sound_opens_what_waits_for_it():
    wish = SoundOpened(source="studio1", since=HERE + 6 * S)
    assert follows(sight(), [ARMED]) == [wish]
    assert follows(sight()) == [] == follows(sight(), [ARMED], now=ARMED.until)
    assert follows(sight(sounded=HERE + 6 * S + S // 10), [ARMED]) == [], "too short"
    assert follows(sight(quiet_ms=300), [ARMED]) == [], "it is over"
    assert follows(sight(risen=HERE - S), [ARMED]) == [], "it was there before"
    fresh = attrs.evolve(ARMED, until=Instant(NOW + WAITS - 2 * SECOND))  # has waited for two seconds
    assert follows(sight(risen=HERE + 5 * S - 1), [fresh]) == [], "said before it waited"
    assert follows(sight(risen=HERE + 5 * S), [fresh]) == [SoundOpened(source="studio1", since=HERE + 5 * S)]
    assert follows(sight(), [ARMED], section=attrs.evolve(DESK, level_ms=0)) == []
    assert (
        follows({}, [ARMED])
        == []
        == follows({"live-studio1": RelaySight(relay="live-studio1", heard=None, members=())}, [ARMED])
    )


def test_long_silence_and_a_lost_source_end_what_is_heard():
    quiet = sight(quiet_ms=20_000, sounded=HERE - 13 * S)
    assert follows(quiet, sessions=[OPEN]) == [EndLive(source="studio1", cause="silent", since=HERE)]
    ahead = sight(quiet_ms=20_000, sounded=HERE + 3 * S)
    assert follows(ahead, sessions=[OPEN]) == [EndLive(source="studio1", cause="silent", since=HERE + 3 * S)]
    gone = sight("absent", heard=None, quiet_ms=20_000, ahead_ms=1_000)
    assert follows(gone, sessions=[OPEN]) == [EndLive(source="studio1", cause="lost", since=HERE + S)]
    unplaced = sight("waiting", placed=False, quiet_ms=20_000, sounded=0)
    assert follows(unplaced, sessions=[OPEN]) == [EndLive(source="studio1", cause="lost", since=HERE)]
    assert follows(sight(quiet_ms=19_999), sessions=[OPEN]) == [] == follows(quiet)
    assert follows(quiet, sessions=[attrs.evolve(OPEN, end=HERE)]) == []
    young = attrs.evolve(OPEN, start=HERE - 13 * S + 1)  # its key was pressed just under 20 s ago
    assert follows(quiet, sessions=[young]) == [] == follows(gone, sessions=[young])
    assert follows(quiet, sessions=[attrs.evolve(OPEN, start=HERE - 13 * S)])


def test_a_source_that_is_not_well_is_told_while_it_is_needed_and_an_end_by_itself_for_a_while():
    def told(sights, armed=(), sessions=(), now=NOW):
        made = live_watch.conditions(station(DESK), armed, sessions, sights, now)
        assert all(isinstance(one.text, Text) and one.text.zh and one.text.en for one in made)
        return [(one.key, one.card) for one in made]

    bad, known = sight("absent"), [("live/studio1/source", "live.source")]
    assert told(bad, [ARMED]) == told(bad, sessions=[OPEN]) == told({}, [ARMED]) == known
    assert told(bad) == told(sight(), [ARMED], [OPEN]) == []
    for cause in ("silent", "lost"):
        over = attrs.evolve(OPEN, end=HERE - S, cause=cause)
        assert told(sight(), sessions=[over]) == [("live/fm1/ended", "live.ended")]
        assert told(sight(), sessions=[over], now=Instant(NOW + live_watch.TOLD)) == []
    assert told(sight(), sessions=[attrs.evolve(OPEN, end=HERE - S, cause="key")]) == []
    assert told(sight(), sessions=[attrs.evolve(OPEN, end=HERE + S, cause="lost")]) == [], "not over yet"
    assert SECOND


def test_what_was_ended_is_not_ended_again_and_not_told_to_have_ended_by_itself():
    quiet = sight(quiet_ms=90_000, sounded=HERE - 83 * S)
    assert len(follows(quiet, sessions=[OPEN])) == 1
    for cause in ("key", "silent", "lost"):
        assert follows(quiet, sessions=[attrs.evolve(OPEN, end=HERE + 7 * S, cause=cause)]) == []


def test_the_policy_knows_the_live_sources_of_the_settings():
    policy = policy_of(station(DESK, relays=[relay()]), {"fill.flac": Medium(sha256="f" * 64, samples=S)})
    assert policy.studios == {
        checksum("live-studio1"): Studio(id="studio1", delay=7 * S, dumped=True, level=True)
    }
    assert (
        policy.offers("relay:live-studio1", FM) and policy.media["relay:live-studio1"].live == "live-studio1"
    )


def test_the_process_that_makes_it_heard_tells_when_sound_began_and_ended():
    ring, live, at = MemberRing(12), LiveRing(members=1, name="live-studio1"), 1_000 * BLOCK
    deck = Deck([ring], live, attrs.evolve(LIMITS, delay=2 * S, quiet=1_000))
    ring.begin()

    def come(blocks, level):
        nonlocal at
        for _ in range(blocks):
            at += BLOCK
            now, pcm = at * 125_000 // 6, np.full((BLOCK, 2), level, dtype=np.int32)
            ring.write(pcm * np.array([1, -1], dtype=np.int32), now)
            deck.write(at, now)

    come(300, 0)
    assert live.sound(0)[:2] == (0, 0), "there was no sound yet"
    come(100, 2_000)
    come(20, 900)  # no pause: the same sound goes on
    come(30, 2_000)
    risen, sounded, quiet = live.sound(0)
    assert sounded - risen == 150 * BLOCK and abs(risen - (at - 150 * BLOCK + 2 * S)) <= BLOCK and quiet == 0
    come(60, 900)
    come(10, 2_000)
    again, until, _ = live.sound(0)
    assert (again - sounded, until - again) == (60 * BLOCK, 10 * BLOCK), "after a pause it is another sound"
    assert relay_sight(live).members[0].risen == again


def test_a_player_that_has_just_begun_does_not_say_that_a_studio_was_silent_since_the_machine_was_started():
    ring, live = MemberRing(12), LiveRing(members=1, name="live-studio1")
    deck = Deck([ring], live, attrs.evolve(LIMITS, delay=2 * S, quiet=1_000))
    began = 36_000_000_000_000  # ns: ten hours
    for k in range(4):
        deck.write((1_000 + k) * BLOCK, began + k * 1_000_000_000)
    assert relay_sight(live).members[0].quiet_ms == 3_000


def test_a_source_that_connects_again_and_again_without_sound_is_silent_all_that_time():
    ring, live = MemberRing(8), LiveRing(members=1, name="live-studio1")
    deck = Deck([ring], live, attrs.evolve(LIMITS, delay=2 * S, quiet=1_000))
    noise = np.random.default_rng(1).integers(-90_000, 90_000, (S // 10, 2)).astype(np.int32)
    for tenth in range(
        300
    ):  # 5 s of sound; then a connection of a second of silence, and a second of nothing
        now = tenth * 100_000_000
        if tenth % 20 == 0 and (not tenth or tenth >= 50):
            ring.begin()
        if tenth < 50:
            ring.write(noise, now)
        elif tenth % 20 < 10:
            ring.write(np.zeros_like(noise), now)
        deck.write(1_000 * BLOCK + tenth * S // 10, now)
    assert abs(live.sound(0)[2] - 25 * S) < S // 5
