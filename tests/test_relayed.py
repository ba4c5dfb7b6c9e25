"""A witness where a relay is due: it says what can be known, and no more."""

from __future__ import annotations

import attrs
import numpy as np
from witness_kit import RATE, T0, Bench, Media, findings, music, plan_of, speech

from safety.due_media import media_ahead, media_near, media_needed
from safety.judge import Version
from safety.relayed import LIVE, live_mark, relayed_in
from safety.slots import Limits
from schedules.plan import Fallen, Overlay
from schedules.relays import medium_of
from schedules.render import NotReady, render

RELAY = medium_of("cnr", "央广")
SECONDS = 6


def relayed(media):
    """A plan in which a relay is due for all of its time."""
    plan = plan_of(media, "programme")
    (one,) = plan.takes
    return attrs.evolve(
        plan, takes=(attrs.evolve(one, media=RELAY.sha256, offset=one.start),), media=(*plan.media, RELAY)
    )


class Shelf(Media):
    """As the witness' shelf: what it does not hold is not ready."""

    def pcm(self, sha256, start, count):
        if sha256 not in self.sounds:
            raise NotReady(sha256)
        return super().pcm(sha256, start, count)


def heard(tmp_path, sound, seconds=SECONDS, **limits):
    media = Shelf(programme=speech(seconds, 1), filler=music(2, 2))
    plan = relayed(media)
    bench = Bench(tmp_path, media, limits=Limits(**limits))
    bench.tell(plan)
    bench.tape.play(sound(plan, media))
    return findings(bench.run(T0 + (seconds - 1) * RATE))


def test_what_a_relay_brings_is_neither_right_nor_wrong(tmp_path):
    found = heard(tmp_path, lambda plan, media: (speech(SECONDS, 9) >> 8).astype(np.int16))
    assert {state for state, *_ in found} == {"UNKNOWN"}  # its pauses, too, may be what it brings
    assert {cause for *_, cause in found} == {LIVE, "silence"}


def test_a_relay_that_is_silent_for_long_is_an_outage(tmp_path):
    found = heard(tmp_path, lambda plan, media: np.zeros((SECONDS * RATE, 2), np.int16))
    assert "OUTAGE" in {state for state, *_ in found}


def test_filler_in_place_of_a_relay_is_known_as_such(tmp_path):
    def fallen(plan, media):
        down = Fallen(take=plan.takes[0].id, start=plan.start, rung="filler")
        return render(plan, (), (down,), media, plan.start, 9 * RATE)

    found = heard(tmp_path, fallen, 9, wrong=RATE)
    assert any(state == "WRONG" and "filler" in cause for state, _, _, cause in found)


def test_the_ident_tone_in_place_of_a_relay_is_a_carrier_without_programme(tmp_path):
    wave = (np.sin(np.arange(SECONDS * RATE) * 2 * np.pi * 440 / RATE) * 8_000).astype(np.int16)
    found = heard(tmp_path, lambda plan, media: np.stack((wave, wave), axis=1))
    assert "EMPTY" in {state for state, *_ in found}


def test_nobody_waits_for_the_file_of_a_relay(tmp_path):
    plan = relayed(Media(programme=speech(1, 1), filler=music(1, 2)))
    version = Version(plan=plan, overlays=(), since=plan.start)
    assert media_needed(version, T0, T0 + 100) == []
    assert RELAY.sha256 not in {*media_ahead(version, T0, T0 + 100), *media_near([version], T0)}


def test_beyond_a_plan_or_beneath_an_alert_no_relay_is_due():
    plan = relayed(Media(programme=speech(1, 1), filler=music(1, 2)))
    over = Overlay(
        id="a", mode="replace", start=plan.start, end=plan.start + 10, priority=1, approval="alert:a"
    )
    assert relayed_in(plan, (), plan.end) is None
    assert relayed_in(plan, (over,), plan.start) is None
    assert relayed_in(plan, (over,), plan.start + 10).take is plan.takes[0]


def test_a_step_of_the_ladder_whose_medium_is_not_there_is_not_what_is_heard():
    plan = relayed(Media(programme=speech(1, 1), filler=music(1, 2)))
    due = relayed_in(plan, (), plan.start)
    got, have = (speech(1, 3)[:4_800] >> 8).astype(np.int16), np.ones(4_800, np.bool_)
    assert live_mark(due, 0, got, have, lambda _: None).sign == "unknown"
    assert live_mark(due, 0, got, have, lambda _: np.zeros_like(got)).sign == "unknown"
    assert live_mark(due, 0, got, have, lambda _: got).sign == "wrong"
