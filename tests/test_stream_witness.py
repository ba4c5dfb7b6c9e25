"""The witness of an alert stream: what terminals are sent, and that nothing else is."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from witness_kit import FRAME, RATE, T0, Bench, Media, findings, music, plan_of, programme, speech

from playout.standby import quiet_plan
from safety.idle import STANDING, silent, standing
from safety.judge import Hit, Version
from safety.points import STREAM_POINT, point_of
from safety.slots import Mark, fold
from safety.standby import STANDBY, TAKEN_OVER, Standby
from safety.witness import options_of
from schedules.plan import Fallen, Overlay, Plan, Take
from schedules.render import on_air, render
from station.listened import listened, port_of, section_of, streams
from station.settings import Ports, Settings
from station.settings_file import load
from station.words import ChannelId, Refused, SampleIndex, Sha256

EXAMPLE = Path(__file__).resolve().parent.parent / "examples/shouxian/station.toml"
CHANNEL = ChannelId("alerts-1")
START = T0 + 6 * RATE + 1_234  # in the middle of a slot and of a packet
END = START + 9 * RATE + 777


@pytest.fixture(scope="module")
def media() -> Media:
    return Media(alert=speech(3, 6), other=speech(4, 8), stranger=music(8, 5), filler=music(12, 3))


def still(channel: ChannelId = CHANNEL) -> Plan:
    """The station's plan of an alert stream."""
    quiet = quiet_plan(channel, SampleIndex(T0 - 24 * 3_600 * RATE))
    take = attrs.evolve(quiet.takes[0], item="2027-01-15/idle", approval="standing:idle")
    return attrs.evolve(quiet, revision=3, takes=(take,))


def spoken(media: Media, name: str = "alert", **more: object) -> Overlay:
    """The overlay of an alert on the stream: its speech again and again."""
    over = Overlay(
        id="a1/alerts-1", mode="replace", start=SampleIndex(START), end=SampleIndex(END), priority=1,
        approval="alert:a1", sequence=(media.sha(name),), gap=38_400, ramp=480,
    )  # fmt: skip
    return attrs.evolve(over, **more)


def sent(bench: Bench, media: Media, *overlays: Overlay) -> None:
    """What a player sends: packets only where an overlay lies over the block."""
    for over in overlays:
        first, last = over.start - over.start % FRAME, over.end + FRAME - over.end % FRAME
        plan = still(CHANNEL)
        bench.tape.play(render(plan, overlays, (), media, SampleIndex(first), last - first), start=first)


def stream(tmp: Path, media: Media, **more: object) -> Bench:
    bench = Bench(tmp, media, **more)  # type: ignore[arg-type]
    bench.tell(still(CHANNEL))
    return bench


def states(bench: Bench, seconds: int = 22) -> list[tuple[str, int, int, str]]:
    """(state, first tenth, last tenth, cause), off-air left out."""
    found = findings(bench.run(T0 + seconds * RATE))
    return [row for row in found if row[0] != "PLANNED"]


def test_a_quiet_stream_sends_nothing_and_that_is_planned(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    runs = bench.run(T0 + 10 * RATE)
    assert {run.state for run in runs} == {"PLANNED"}
    assert {run.due for run in runs} == {"standing:idle"}


def test_speech_that_is_due_and_heard_is_normal_from_its_first_sample_to_its_last(
    tmp_path: Path, media: Media
) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    bench.at(END + 3 * RATE, lambda: bench.tell(still(CHANNEL)))
    sent(bench, media, over)
    assert states(bench) == []
    normal = [run for run in bench.runs if run.state == "NORMAL"]
    assert {(run.due, run.heard) for run in normal} == {("alert:a1", "a1/alerts-1")}
    first, last = normal[0].first * 4_800, normal[-1].last * 4_800
    assert first <= START < first + 4_800 and last - 4_800 < END <= last


def test_an_overlay_that_is_due_and_of_which_nothing_comes_is_an_outage(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), spoken(media)))
    bench.at(END + 3 * RATE, lambda: bench.tell(still(CHANNEL)))
    found = states(bench)
    assert {row[0] for row in found} == {"OUTAGE"}
    assert (found[0][1], found[-1][2]) == (60, 151)


def test_packets_of_silence_in_place_of_speech_are_an_outage(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), spoken(media)))
    bench.tape.play(np.zeros((10 * RATE, 2), dtype=np.int16), start=START - START % FRAME)
    found = states(bench)
    assert {row[0] for row in found} == {"OUTAGE"} and found[0][3] == "silence"


def test_speech_that_breaks_off_is_an_outage_from_there_on(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    bench.at(END + 3 * RATE, lambda: bench.tell(still(CHANNEL)))
    first = START - START % FRAME
    bench.tape.play(
        render(still(CHANNEL), (over,), (), media, SampleIndex(first), 4 * RATE - 4 * RATE % FRAME),
        start=first,
    )
    found = states(bench)
    assert {row[0] for row in found} == {"OUTAGE"}
    assert (found[0][1], found[-1][2]) == (100, 151)


def test_what_sounds_while_nothing_is_due_is_foreign(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    sound = (media.sounds[media.sha("stranger")] >> 8).astype(np.int16)
    bench.tape.play(sound[: 2 * RATE], start=T0 + 4 * RATE)
    assert [row[:3] for row in states(bench)] == [("FOREIGN", 40, 60)]


def test_a_tone_while_nothing_is_due_is_foreign_not_an_empty_carrier(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    t = np.arange(2 * RATE) / RATE
    tone = np.repeat((3_000 * np.sin(2 * np.pi * 1_000 * t)).astype(np.int16)[:, None], 2, axis=1)
    bench.tape.play(tone, start=T0 + 4 * RATE)
    assert states(bench) == [("FOREIGN", 40, 60, "a tone where silence is due")]


def test_words_under_an_alert_are_foreign(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    bench.at(END + 3 * RATE, lambda: bench.tell(still(CHANNEL)))
    first = START - START % FRAME
    count = END - first + FRAME - END % FRAME
    made = render(still(CHANNEL), (over,), (), media, SampleIndex(first), count).astype(np.int32)
    made[RATE : 2 * RATE] += media.sounds[media.sha("stranger")][:RATE] >> 9
    bench.tape.play(made.clip(-32_768, 32_767).astype(np.int16), start=first)
    assert [row[0] for row in states(bench)] == ["FOREIGN"]


def test_an_alert_that_goes_on_after_its_end_is_wrong(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media, "filler", end=SampleIndex(START + 8 * RATE))  # without pauses
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    bench.at(
        START + 9_600, lambda: bench.tell(still(CHANNEL))
    )  # cancelled, and the player hears nothing of it
    sent(bench, media, over)
    found = states(bench)
    assert [(row[0], row[3]) for row in found] == [("WRONG", "an earlier order is followed")]
    assert 65 <= found[0][1] <= 70 and found[-1][2] == 141


def test_another_approved_alert_in_place_of_the_one_due_is_wrong(tmp_path: Path, media: Media) -> None:
    bench = stream(
        tmp_path, media,
        lookup=lambda _w: lambda slot: Hit(sha256=media.sha("other"), offset=slot * 4_800 - (START - START % FRAME)),
    )  # fmt: skip
    bench.at(
        T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), spoken(media, end=SampleIndex(START + 4 * RATE)))
    )
    first = START - START % FRAME
    bench.tape.play((media.sounds[media.sha("other")] >> 8).astype(np.int16), start=first)
    bench.at(T0 + 14 * RATE, lambda: bench.tell(still(CHANNEL)))
    assert "WRONG" in {row[0] for row in states(bench)}


def test_packets_lost_within_speech_are_degraded_and_around_a_change_not_forgiven(
    tmp_path: Path, media: Media
) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media)
    bench.at(START - 2_400, lambda: bench.tell(still(CHANNEL), over))
    bench.at(END + 3 * RATE, lambda: bench.tell(still(CHANNEL)))
    first = START - START % FRAME
    count = END - first + FRAME - END % FRAME
    lost = [3, 400]  # 15 ms after its start, where old and new both rule, and two seconds into it
    bench.tape.play(
        render(still(CHANNEL), (over,), (), media, SampleIndex(first), count), start=first, lost=lost
    )
    assert [(row[0], row[1], row[3]) for row in states(bench)] == [
        ("DEGRADED", 60, "packets lost"),
        ("DEGRADED", 80, "packets lost"),
    ]


def test_nothing_at_all_around_a_change_of_what_is_due_is_not_good(tmp_path: Path, media: Media) -> None:
    bench = Bench(tmp_path, media)
    plan = plan_of(media, "filler")
    bench.tell(plan)
    sound = programme(plan, media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(attrs.evolve(plan, revision=2), spoken(media, end=START)))
    bench.tape.play(sound, lost=range(4 * RATE // FRAME, 6 * RATE // FRAME))
    assert [row[:2] for row in findings(bench.run(T0 + 10 * RATE))] == [("OUTAGE", 40)]


def test_a_witness_that_is_deaf_knows_nothing_of_a_quiet_stream_either(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    bench.at(T0 + 4 * RATE, lambda: setattr(bench.tape, "works", False))
    bench.at(T0 + 8 * RATE, lambda: setattr(bench.tape, "works", True))
    assert {row[0] for row in states(bench, 12)} == {"UNKNOWN"}


# -- the player's own standby filler ----------------------------------------------------------------


@pytest.fixture(scope="module")
def hour() -> Media:
    return Media(talk=speech(24, 21), filler=music(12, 22))


def begun(tmp: Path, hour: Media, standby: int) -> list[tuple[str, int, int, str]]:
    """Findings where a player goes on with filler of its own for so many seconds after its first plan was told."""
    bench, plan = Bench(tmp, hour), plan_of(hour, "talk")
    bench.tell(plan)
    own = Fallen(take=plan.takes[0].id, start=plan.start, rung="filler")
    sound = programme(plan, hour)
    sound[: standby * RATE] = render(plan, (), (own,), hour, plan.start, standby * RATE)
    bench.tape.play(sound)
    return findings(bench.run(T0 + 20 * RATE))


def test_standby_filler_until_the_first_plan_is_taken_over_is_degraded(tmp_path: Path, hour: Media) -> None:
    found = begun(tmp_path, hour, 4)
    assert [row for row in found if row[0] != "UNKNOWN"] == [("DEGRADED", 5, 40, STANDBY)]


def test_filler_that_goes_on_after_a_player_must_have_taken_its_plan_over_is_wrong(
    tmp_path: Path, hour: Media
) -> None:
    found = [row for row in begun(tmp_path, hour, 12) if row[0] != "UNKNOWN"]
    assert found == [("DEGRADED", 5, 55, STANDBY), ("WRONG", 55, 120, "fell to filler")]


@given(slot=st.integers(0, 200), picture=st.booleans(), heard=st.sampled_from(["filler", "loop", "talk"]))
def test_only_filler_and_only_at_the_beginning_counts_as_the_players_own(
    slot: int, picture: bool, heard: str
) -> None:
    plan = still(CHANNEL)
    cause = "picture: fell to filler" if picture else "filler is not due"
    mark = Mark(slot=slot, sign="wrong", heard=heard, due="rundown:1", cause=cause)
    known = (Version(plan=plan, overlays=(), since=SampleIndex(48_000)),)
    made = Standby().seen(known, mark)
    assert Standby().seen((), mark) == mark
    heard_it = Standby()
    heard_it.seen(known, attrs.evolve(mark, slot=0, sign="good", cause=""))
    assert heard_it.seen(known, mark) == mark, "once what is due was heard, filler is a fall"
    if heard == "filler" and slot * 4_800 < 48_000 + TAKEN_OVER:
        assert made == attrs.evolve(mark, sign="degraded", cause="picture: " * picture + STANDBY)
        assert Standby().seen(known, made) == made
    else:
        assert made == mark


# -- where nothing need come ------------------------------------------------------------------------


@given(
    n=st.integers(0, 900), spans=st.lists(st.tuples(st.integers(0, 1_200), st.integers(0, 1_200)), max_size=4)
)
def test_silence_is_where_a_silent_take_has_nothing_over_it(n: int, spans: list[tuple[int, int]]) -> None:
    def take(item: str, start: int, end: int, kind: str) -> Take:
        return Take(
            item=item, start=SampleIndex(start), end=SampleIndex(end), kind=kind, title=item, approval="r",
            media=None if kind == "silence" else Sha256("a" * 64),
        )  # type: ignore[arg-type] # fmt: skip

    takes = (
        take("a", 100, 300, "programme"),
        take("b", 300, 700, "silence"),
        take("c", 700, 1_000, "programme"),
    )
    plan = Plan(
        channel=CHANNEL, revision=1, start=SampleIndex(100), end=SampleIndex(1_000), takes=takes, media=()
    )
    overs = tuple(
        Overlay(
            id=f"o{k}", mode="replace", start=SampleIndex(a), end=SampleIndex(b), priority=1, approval="x"
        )
        for k, (a, b) in enumerate(spans)
    )
    made = silent(plan, overs, n, 200)
    for at in range(n, n + 200):
        wanted = n >= 100 and 300 <= at < 700 and not any(a <= at < b for a, b in spans)
        assert made[at - n] == wanted


def test_only_an_alert_streams_silence_is_standing() -> None:
    plan = still(CHANNEL)
    assert standing(on_air(plan, (), (), SampleIndex(T0)))
    assert not standing(
        on_air(
            plan,
            (
                Overlay(
                    id="m", mode="silence", start=SampleIndex(0), end=plan.end, priority=1, approval="mute:m"
                ),
            ),
            (),
            SampleIndex(T0),
        )
    )
    bought = attrs.evolve(plan, takes=tuple(attrs.evolve(t, approval="rundown:9") for t in plan.takes))
    assert not standing(on_air(bought, (), (), SampleIndex(T0)))


def test_what_the_station_plans_for_a_stream_and_what_its_player_plans_alone_are_standing_both() -> None:
    for plan in (still(), quiet_plan(CHANNEL, SampleIndex(T0))):
        assert on_air(plan, (), (), SampleIndex(T0)).approval in STANDING


# -- which streams have a witness -------------------------------------------------------------------


def settings(**alerts: int) -> Settings:
    found = load(EXAMPLE)
    return attrs.evolve(found, alerts=attrs.evolve(found.alerts, **alerts))


def test_the_example_has_three_witnesses() -> None:
    assert [one.id for one in listened(settings())] == ["fm1", "tv1", "alerts-1"]


def test_so_many_streams_are_listened_to_as_the_settings_say_and_no_more_than_there_are() -> None:
    assert [one.id for one in streams(settings(witnessed=3))] == ["alerts-1", "alerts-2", "alerts-3"]
    assert streams(settings(witnessed=0)) == ()
    assert len(streams(settings(witnessed=9, streams=2))) == 2


def test_a_stream_is_named_in_both_languages_and_heard_in_the_whole_area() -> None:
    one = section_of(settings(), "alerts-1")
    assert "1" in one.name_en and "1" in one.name_zh and one.area == settings().station.area
    assert one.chain == "alerts" and not one.raster
    with pytest.raises(KeyError):
        section_of(settings(), "alerts-2")


def test_no_two_witnesses_share_a_port() -> None:
    many = settings(witnessed=8)
    ports = Ports(8_600)
    used = [port_of(many, ports, one.id) for one in listened(many)]
    taken = {ports.l16(k) for k in range(8)} | {ports.ts(k) for k in range(8)}
    taken |= {ports.witness_ts(k) for k in range(8)} | {ports.stream(k)[1] for k in range(1, 9)}
    assert len(set(used)) == len(used) and not taken & set(used)
    with pytest.raises(KeyError):
        port_of(settings(), ports, ChannelId("alerts-2"))


def test_the_point_of_a_stream_says_that_it_is_one_whatever_the_channels_point_is() -> None:
    found = settings()
    far = attrs.evolve(found, safety=attrs.evolve(found.safety, point="roof receiver", real_return=True))
    assert point_of(far, CHANNEL) == STREAM_POINT
    assert point_of(far, ChannelId("fm1")) == "roof receiver"
    assert "TS picture" in point_of(far, ChannelId("tv1"))


def test_the_command_takes_a_stream_and_refuses_one_that_has_no_witness(tmp_path: Path) -> None:
    asked = ["--settings", str(EXAMPLE), "--state", str(tmp_path), "--port", "28000"]
    options = options_of(["alerts-1", *asked])
    assert options.channel == "alerts-1" and not options.real_return
    with pytest.raises(Refused, match="there is no channel alerts-7; the settings have fm1, tv1, alerts-1"):
        options_of(["alerts-7", *asked])


def test_an_alert_that_is_cut_off_in_the_middle_of_a_slot_is_no_fault(tmp_path: Path, media: Media) -> None:
    """Another alert took its place on another stream: packets end with the block in which it ended."""
    bench = stream(tmp_path, media)
    over = spoken(media, "filler")  # without pauses
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    cut = START + 4 * RATE
    bench.at(cut, lambda: bench.tell(still(CHANNEL)))
    sent(bench, media, attrs.evolve(over, end=SampleIndex(cut)))
    assert states(bench) == []
    normal = [run for run in bench.runs if run.state == "NORMAL"]
    assert {run.due for run in normal} == {"alert:a1"}


def test_a_gap_before_a_change_is_still_what_was_in_force(tmp_path: Path, media: Media) -> None:
    bench = stream(tmp_path, media)
    over = spoken(media)
    bench.at(T0 + 5 * RATE, lambda: bench.tell(still(CHANNEL), over))
    bench.at(END, lambda: bench.tell(still(CHANNEL)))
    sent(bench, media, over)
    assert states(bench) == []
    planned = [run for run in fold(bench.runs) if run.state == "PLANNED"]
    assert [run.last for run in planned][:-1] == [START // 4_800], (
        "none within the alert, pauses and gaps included"
    )
