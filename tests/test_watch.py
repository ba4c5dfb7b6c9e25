"""What the witness finds in the player's own output: planted faults, each found as what it is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import pytest
from witness_kit import FRAME, RATE, T0, Bench, Media, findings, music, plan_of, programme, speech

from safety.judge import Version, remember
from safety.logbook import DueFile, version_from
from safety.slots import Limits
from schedules.plan import Overlay
from schedules.withdrawal import without
from station.wire import to_plain
from station.words import Misheard, SampleIndex, instant_of

SECONDS = 16


@pytest.fixture(scope="module")
def media() -> Media:
    return Media(
        talk=speech(SECONDS, 1),
        song=music(SECONDS, 2),
        filler=music(12, 3),
        loop=music(11, 4),
        stranger=music(SECONDS, 5),
        voice=speech(SECONDS, 7),
        alert=speech(3, 6),
    )


def heard(
    tmp: Path, media: Media, sound: np.ndarray, names: tuple[str, ...] = ("talk",), **more: object
) -> Bench:
    bench = Bench(tmp, media)
    bench.tell(plan_of(media, *names))
    bench.tape.play(sound, **more)  # type: ignore[arg-type]
    bench.runs = bench.run(T0 + len(sound))
    return bench


@pytest.mark.parametrize("name", ["talk", "song"])
def test_a_clean_programme_is_normal_and_nothing_else(tmp_path: Path, media: Media, name: str) -> None:
    clean = programme(plan_of(media, name), media)
    bench = heard(tmp_path, media, clean, (name,))
    assert findings(bench.runs) == []
    assert bench.runs[0].due == "rundown:0"
    assert bench.runs[-1].last - bench.runs[0].first >= SECONDS * 10 - 2


@pytest.mark.parametrize("name", ["talk", "song"])
def test_a_mute_of_300_ms_is_found_as_silence(tmp_path: Path, media: Media, name: str) -> None:
    sound = programme(plan_of(media, name), media)
    sound[5 * RATE : 5 * RATE + 14_400] = 0
    bench = heard(tmp_path, media, sound, (name,))
    found = findings(bench.runs)
    if name == "song":
        assert found == [("DEGRADED", 50, 53, "silence")]
    assert {(f[0], f[3]) for f in found} == {("DEGRADED", "silence")}  # a pause of the speaker in it is none
    assert 50 <= found[0][1] < found[-1][2] <= 53


def test_a_lost_packet_is_found(tmp_path: Path, media: Media) -> None:
    sound = programme(plan_of(media, "song"), media)
    bench = heard(tmp_path, media, sound, ("song",), lost=[5 * RATE // FRAME + 3])
    assert findings(bench.runs) == [("DEGRADED", 50, 51, "packets lost")]


@pytest.mark.parametrize(("cut", "cause"), [(1, "1 sample doubled"), (-1, "1 sample missing")])
def test_a_doubled_or_missing_sample_is_found_once(
    tmp_path: Path, media: Media, cut: int, cause: str
) -> None:
    sound = programme(plan_of(media, "song"), media)
    at = 5 * RATE + 1_000
    moved = np.concatenate([sound[:at], sound[at - max(cut, 0) : at], sound[at + max(-cut, 0) :]])
    bench = heard(tmp_path, media, moved[: len(sound) - 1], ("song",))
    assert findings(bench.runs) == [("DEGRADED", 50, 51, cause)]


@pytest.mark.parametrize("length", [14_400, 24_000])
def test_a_short_foreign_splice_is_found(tmp_path: Path, media: Media, length: int) -> None:
    sound = programme(plan_of(media, "song"), media)
    foreign = programme(plan_of(media, "stranger"), media)
    sound[5 * RATE + 700 : 5 * RATE + 700 + length] = foreign[3 * RATE : 3 * RATE + length]
    bench = heard(tmp_path, media, sound, ("song",))
    assert findings(bench.runs) == [("FOREIGN", 50, 50 + length // 4_800 + 1, "not what is due")]


def test_a_voice_laid_over_the_programme_is_foreign(tmp_path: Path, media: Media) -> None:
    sound = programme(plan_of(media, "song"), media).astype(np.int32)
    foreign = programme(plan_of(media, "voice"), media)
    loud = (
        int(np.argmax([np.abs(foreign[k : k + RATE]).sum() for k in range(0, 15 * RATE, RATE // 10)])) * 4_800
    )
    sound[5 * RATE : 6 * RATE] += foreign[loud : loud + RATE]
    bench = heard(tmp_path, media, np.clip(sound, -32768, 32767).astype(np.int16), ("song",))
    found = findings(bench.runs)
    assert {f[0] for f in found} == {"FOREIGN"}
    assert found[0][1] == 50
    assert found[-1][2] == 60


def test_silence_beyond_the_limit_is_an_outage_from_its_first_slot(tmp_path: Path, media: Media) -> None:
    sound = programme(plan_of(media, "song"), media)
    sound[5 * RATE : 9 * RATE] = 0
    bench = heard(tmp_path, media, sound, ("song",))
    assert findings(bench.runs) == [("OUTAGE", 50, 90, "silence")]


def test_packets_that_stop_are_an_outage_from_their_first_slot(tmp_path: Path, media: Media) -> None:
    sound = programme(plan_of(media, "song"), media)
    bench = heard(tmp_path, media, sound, ("song",), lost=range(1_000, 1_300))
    found = findings(bench.runs)
    assert [f[:3] for f in found] == [("OUTAGE", 50, 65)]


def test_a_deaf_witness_says_that_it_does_not_know(tmp_path: Path, media: Media) -> None:
    sound = programme(plan_of(media, "song"), media)
    bench = Bench(tmp_path, media)
    bench.tell(plan_of(media, "song"))
    bench.tape.play(sound, lost=range(1_000, 1_600))
    bench.at(T0 + 4 * RATE, lambda: setattr(bench.tape, "works", False))
    bench.at(T0 + 8 * RATE, lambda: setattr(bench.tape, "works", True))
    assert {f[0] for f in findings(bench.run(T0 + len(sound)))} == {"UNKNOWN"}


def test_a_planned_pause_is_no_outage(tmp_path: Path, media: Media) -> None:
    quiet = Media(talk=media.sounds[media.sha("talk")].copy())
    quiet.sounds[quiet.sha("talk")][4 * RATE : 10 * RATE] = 0
    bench = heard(tmp_path, quiet, programme(plan_of(quiet, "talk"), quiet))
    assert findings(bench.runs) == []


@pytest.mark.parametrize(
    ("rung", "state", "cause"),
    [
        ("filler", "WRONG", "fell to filler"),
        ("loop", "EMPTY", "fell to the loop"),
        ("tone", "EMPTY", "fell to tone"),
    ],
)
def test_a_step_down_the_ladder_is_approved_but_not_normal(
    tmp_path: Path, media: Media, rung: str, state: str, cause: str
) -> None:
    from schedules.plan import Fallen
    from schedules.render import render

    plan = plan_of(media, "song")
    fallen = Fallen(take=plan.takes[0].id, start=SampleIndex(T0 + 5 * RATE), rung=rung)  # type: ignore[arg-type]
    sound = render(plan, (), (fallen,), media, plan.start, len(media.sounds[media.sha("song")]))
    bench = heard(tmp_path, media, sound, ("song",))
    assert [f[:2] for f in findings(bench.runs)] == [(state, 50)]
    assert findings(bench.runs)[0][3] == cause


def overlay(media: Media, **more: object) -> Overlay:
    start = T0 + 6 * RATE + 1_234
    return attrs.evolve(
        Overlay(
            id="a1/fm1",
            mode="replace",
            start=SampleIndex(start),
            end=SampleIndex(start + 3 * RATE),
            priority=1,
            approval="alert:a1",
            sequence=(media.sha("alert"),),
            gap=4_800,
            duck=1 << 28,
        ),
        **more,
    )


@pytest.mark.parametrize("mode", ["replace", "duck", "silence"])
def test_an_alert_told_two_seconds_late_is_authorised(tmp_path: Path, media: Media, mode: str) -> None:
    plan = plan_of(media, "song")
    over = overlay(media, mode=mode)
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.tape.play(programme(plan, media, (over,)))
    bench.at(over.start + 2 * RATE, lambda: bench.tell(plan, over))
    runs = bench.run(plan.end)
    assert findings(runs) == []
    assert [(r.first - T0 // 4_800, r.last - T0 // 4_800) for r in runs if r.due == "alert:a1"] == [(60, 91)]


def test_a_mute_takes_effect_somewhere_near_its_telling(tmp_path: Path, media: Media) -> None:
    plan = plan_of(media, "song")
    over = overlay(media, mode="silence", start=SampleIndex(0), end=SampleIndex(1 << 50), approval="mute:m1")
    sound = programme(plan, media)
    sound[6 * RATE + 3_333 : 10 * RATE + 777] = 0
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.tape.play(sound)
    bench.at(T0 + 6 * RATE, lambda: bench.tell(plan, over))
    bench.at(T0 + 10 * RATE, lambda: bench.tell(plan))
    assert findings(bench.run(plan.end)) == []


def test_an_alert_told_four_seconds_late_is_no_finding(tmp_path: Path, media: Media) -> None:
    """A starved witness reads the due feed late: nothing is foreign before all that was decided has been read."""
    plan = plan_of(media, "song")
    over = overlay(media, start=SampleIndex(T0 + 6 * RATE), end=SampleIndex(T0 + 8 * RATE))
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.watch.link.told_until = T0 + 6 * RATE - 1
    bench.tape.play(programme(plan, media, (over,)))

    def read() -> None:
        said = {
            "plan": to_plain(plan),
            "overlays": to_plain((over,)),
            "at": instant_of(SampleIndex(T0 + 6 * RATE - 4_000)),
        }
        told = version_from(said, bench.n)
        assert told is not None
        bench.watch.told(told)
        bench.watch.link.told_until = 1 << 62

    bench.at(T0 + 10 * RATE, read)
    assert findings(bench.run(plan.end)) == []


def test_what_is_foreign_is_said_so_even_where_the_station_never_answers(
    tmp_path: Path, media: Media
) -> None:
    sound = programme(plan_of(media, "song"), media)
    sound[5 * RATE : 6 * RATE] = programme(plan_of(media, "stranger"), media)[5 * RATE : 6 * RATE]
    bench = Bench(tmp_path, media)
    bench.tell(plan_of(media, "song"))
    bench.watch.link.told_until = 0
    bench.tape.play(sound)
    found = findings(bench.run(T0 + len(sound) + 11 * RATE))
    assert found[0] == ("FOREIGN", 50, 60, "not what is due")
    assert {state for state, *_ in found[1:]} == {"UNKNOWN"}, "after the end of the plan"


def test_an_alert_that_is_due_and_not_heard_is_wrong(tmp_path: Path, media: Media) -> None:
    plan = plan_of(media, "song")
    over = overlay(media, end=SampleIndex(T0 + 12 * RATE))
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.tape.play(programme(plan, media))
    bench.at(T0 + 6 * RATE, lambda: bench.tell(plan, over))
    assert [f[0] for f in findings(bench.run(plan.end))] == ["WRONG"]


def test_what_nobody_planned_is_unknown(tmp_path: Path, media: Media) -> None:
    bench = Bench(tmp_path, media)
    bench.tape.play(programme(plan_of(media, "song"), media))
    assert {f[0] for f in findings(bench.run(T0 + 5 * RATE))} == {"UNKNOWN"}


def test_a_witness_started_again_leaves_a_gap_and_judges_from_its_cache(tmp_path: Path, media: Media) -> None:
    plan = plan_of(media, "song")
    sound = programme(plan, media)
    first = Bench(tmp_path, media)
    first.tell(plan)
    first.tape.play(sound)
    before = first.run(T0 + 4 * RATE, settle=False)
    first.watch.stop()
    second = Bench(tmp_path, media, start=T0 + 8 * RATE)
    second.watch.link.up = False
    second.tape.play(sound[8 * RATE :], start=T0 + 8 * RATE)
    after = second.run(T0 + 14 * RATE)
    assert findings(before) == findings(after) == []
    assert after[0].first == T0 // 4_800 + 80
    sent = second.station.told[0]["body"]["runs"]
    assert sent[0]["first"] == before[0].first


def test_what_the_station_does_not_take_is_sent_until_it_does(tmp_path: Path, media: Media) -> None:
    plan = plan_of(media, "song")
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.tape.play(programme(plan, media))
    bench.station.answers = False
    bench.at(T0 + 9 * RATE, lambda: setattr(bench.station, "answers", True))
    bench.run(plan.end)
    assert bench.station.told[0]["body"]["runs"][0]["first"] <= T0 // 4_800 + 1
    ids = [told["request"] for told in bench.station.told]
    assert len(ids) == len(set(ids))


def test_limits_come_from_the_settings() -> None:
    from safety.watch import limits_of
    from station.settings import SafetySection

    assert limits_of(SafetySection()) == Limits()


def test_an_alert_that_was_cancelled_and_is_still_heard_is_an_earlier_order_not_foreign(
    tmp_path: Path, media: Media
) -> None:
    """A cancelled overlay leaves the set; a player that is not reached in time goes on with it."""
    plan = plan_of(media, "song")
    over = overlay(media, start=SampleIndex(T0 + 4 * RATE), end=SampleIndex(T0 + 12 * RATE), gap=0)
    bench = Bench(tmp_path, media)
    bench.tell(plan, over)
    bench.tape.play(programme(plan, media, (attrs.evolve(over, end=SampleIndex(T0 + 11 * RATE)),)))
    bench.at(T0 + 6 * RATE, lambda: bench.tell(plan))
    found = findings(bench.run(plan.end))
    assert {(state, cause) for state, _, _, cause in found} == {("WRONG", "an earlier order is followed")}
    assert 64 <= found[0][1] <= 66 and 109 <= found[-1][2] <= 110


def test_an_item_that_sounds_on_under_the_next_is_due_and_missed_where_it_does_not(
    tmp_path: Path, media: Media
) -> None:
    plan = plan_of(media, "talk", "song", lengths={"talk": 4 * RATE + 77, "song": 8 * RATE})
    first, then = plan.takes
    due = attrs.evolve(plan, takes=(attrs.evolve(first, tail=2 * RATE, fade_out=RATE, curve="power"), then))
    for heard, said in ((due, set()), (plan, {("DEGRADED", "the end of talk is missing")})):
        home = tmp_path / heard.takes[0].curve
        home.mkdir()
        bench = Bench(home, media)
        bench.tell(due)
        bench.tape.play(programme(heard, media))
        found = findings(bench.run(plan.end))
        assert {(state, cause) for state, _, _, cause in found} == said
    assert found[0][1] == 40 and found[-1][2] == 61, "but for a pause in the talk"


def test_what_was_withdrawn_and_goes_on_is_an_earlier_order_for_a_second_and_foreign_from_then_on(
    tmp_path: Path, media: Media
) -> None:
    plan = plan_of(media, "song")
    gone = without(plan, {media.sha("song")})
    bench = Bench(tmp_path, media)
    bench.tell(plan)
    bench.tape.play(programme(plan, media))
    bench.at(T0 + 6 * RATE, lambda: bench.tell(gone))
    found = findings(bench.run(plan.end))
    assert {(state, cause) for state, _, _, cause in found} >= {("FOREIGN", "what was withdrawn goes on")}
    first = min(begins for state, begins, _, _ in found if state == "FOREIGN")
    assert 69 <= first <= 71
    before = {(state, cause) for state, begins, _, cause in found if begins < first}
    assert before == {("DEGRADED", "an earlier order is followed")}, "half a second is no incident"


def test_what_the_station_says_of_an_unchanged_plan_goes_on_from_the_one_before(media: Media) -> None:
    plan, over = plan_of(media, "song"), overlay(media)
    whole = version_from({"plan": to_plain(plan), "overlays": [], "at": instant_of(SampleIndex(T0))}, T0 + 9)
    assert whole is not None and whole.plan == plan and whole.since <= T0
    said = {"same_plan": plan.revision, "overlays": to_plain((over,)), "at": 1}
    later = version_from(said, T0 + 40 * RATE, whole.plan)
    assert later is not None and later.plan is whole.plan and later.overlays == (over,)
    assert later.since == T0 + 10 * RATE, "nothing is taken for older than half a minute"
    for before in (None, attrs.evolve(plan, revision=plan.revision + 1)):
        with pytest.raises(Misheard) as misheard:
            version_from(said, T0, before)
        assert misheard.value.text.zh
    assert version_from({"plan": None, "overlays": []}, T0, plan) is None


def test_the_versions_of_the_last_minute_are_all_remembered_and_a_plan_once(media: Media) -> None:
    plan, known = plan_of(media, "song"), ()
    for n in range(60):
        again = attrs.evolve(plan)
        known = remember(known, Version(plan=again, overlays=(), since=SampleIndex(T0 + n * 4 * RATE)))
    assert len(known) == 16 and len({id(version.plan) for version in known}) == 1
    for n in range(60):
        known = remember(known, Version(plan=plan, overlays=(), since=SampleIndex(T0 + 240 * RATE + n)))
    assert len(known) == 40
    quiet = ()
    for n in range(20):
        quiet = remember(quiet, Version(plan=plan, overlays=(), since=SampleIndex(T0 + n * 600 * RATE)))
    assert len(quiet) == 8


def test_what_is_due_is_kept_on_disk_within_a_second_and_at_the_end(tmp_path: Path, media: Media) -> None:
    bench = Bench(tmp_path, media)
    bench.tell(plan_of(media, "song"))
    assert DueFile(tmp_path / "due.json").load() is None
    bench.watch.report()
    kept = DueFile(tmp_path / "due.json").load()
    assert kept is not None and kept.plan == plan_of(media, "song")
    bench.tell(plan_of(media, "song"), overlay(media))
    bench.watch.stop()
    last = DueFile(tmp_path / "due.json").load()
    assert last is not None and last.overlays == (overlay(media),)
