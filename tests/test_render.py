"""Render: every sample follows from plan, overlays, rungs and inputs, however the span is cut."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schedules.fades import faded
from schedules.plan import OWN, RUNGS, UNITY, Fallen, Medium, Overlay, Plan, Replacement, Take
from schedules.render import (
    TONE_BREAK,
    TONE_CYCLE,
    NotPlanned,
    NotReady,
    edges,
    on_air,
    over,
    render,
    rung_at,
    rung_below,
    take_at,
)
from station.wire import from_plain
from station.words import ChannelId, SampleIndex, Sha256

BASE = 1_790_000_000 * 48_000
A, B, C, D, E = (Sha256(letter * 64) for letter in "abcde")
LENGTHS = {A: 400, B: 37, C: 90, D: 61, E: 400}


class Shelf:
    """Media made of noise; refuses what lies outside a medium, as the real one does."""

    def __init__(self, without: Sequence[Sha256] = ()) -> None:
        self.without = without
        noise = np.random.default_rng(7)
        self.media = {
            sha: noise.integers(-(2**23), 2**23, (length, 2), dtype=np.int32)
            for sha, length in LENGTHS.items()
        }

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        if sha256 in self.without:
            raise NotReady(sha256)
        assert start >= 0 and count > 0 and start + count <= LENGTHS[sha256], (start, count)
        return self.media[sha256][start : start + count]

    def length(self, sha256: Sha256) -> int:
        if sha256 in self.without:
            raise NotReady(sha256)
        return LENGTHS[sha256]


SHELF = Shelf()


def take(start: int, end: int, **more: Any) -> Take:
    fields: dict[str, Any] = {
        "item": "i",
        "kind": "programme",
        "title": "t",
        "approval": "rundown:x",
        "media": A,
    }
    return Take(start=SampleIndex(BASE + start), end=SampleIndex(BASE + end), **(fields | more))


def plan(*takes: Take, **more: Any) -> Plan:
    media = tuple(Medium(sha256=sha, samples=length) for sha, length in LENGTHS.items())
    fields: dict[str, Any] = {"media": media, "filler": (B, C), "loop": D}
    return Plan(
        channel=ChannelId("fm1"),
        revision=1,
        start=takes[0].start,
        end=takes[-1].end,
        takes=takes,
        **(fields | more),
    )


def overlay(start: int, end: int, **more: Any) -> Overlay:
    fields: dict[str, Any] = {
        "id": "o",
        "mode": "replace",
        "priority": 1,
        "approval": "alert:o",
        "sequence": (B,),
    }
    return Overlay(start=SampleIndex(BASE + start), end=SampleIndex(BASE + end), **(fields | more))


def heard(
    made: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], a: int, b: int
) -> NDArray[np.int16]:
    return render(made, overlays, rungs, SHELF, SampleIndex(BASE + a), b - a)


# --- the oracle: one sample at a time, in plain integers, written from the description alone


def piece(media: Sequence[tuple[Sha256 | None, int]], place: int, side: int) -> int:
    place %= sum(length for _, length in media)
    for sha, length in media:
        if place < length:
            return 0 if sha is None else int(SHELF.media[sha][place, side])
        place -= length
    raise AssertionError


def gain_of(due: Take, n: int) -> int:
    gain, last = due.gain, due.end + due.tail - 1
    if n < due.start + due.fade_in:
        gain = shaped(due, gain, n - due.start, due.fade_in)
    if n > last - due.fade_out:
        gain = shaped(due, gain, last - n, due.fade_out)
    return gain


def shaped(due: Take, gain: int, place: int, length: int) -> int:
    if due.curve == "linear":
        return gain * place // length
    return round(gain * np.sin(np.pi / 2 * place / length))


def oracle(made: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], n: int, side: int) -> int:
    total, below = 0, UNITY
    for over_it in over(overlays, n):
        pieces: list[tuple[Sha256 | None, int]] = []
        for sha in over_it.sequence:
            pieces += [(sha, LENGTHS[sha]), (None, over_it.gap)]
        if pieces and over_it.mode != "silence":
            total += piece(pieces, n - over_it.start, side) * below
        if over_it.mode != "duck":
            below = 0
            break
        near = min(n - over_it.start, over_it.end - 1 - n, over_it.ramp)
        factor = UNITY - (UNITY - over_it.duck) * near // over_it.ramp if over_it.ramp else over_it.duck
        below = (below >> 3) * (factor >> 3) >> 25
    else:
        due = take_at(made, n)
        rung = rung_at(made, rungs, due, n)
        if due.kind == "silence":
            sound, gain = 0, 0
        elif rung in OWN:
            assert due.media is not None
            sound = int(SHELF.media[due.media][due.offset + n - due.start, side])
            gain = (below >> 3) * (gain_of(due, n) >> 3) >> 25
        elif rung == "replacement":
            assert due.replacement is not None
            place = due.offset + due.replacement.shift + n - due.start
            sound = int(SHELF.media[due.replacement.media][place, side])
            louder = attrs.evolve(due, gain=due.replacement.gain)
            gain = (below >> 3) * (gain_of(louder, n) >> 3) >> 25
        elif rung == "filler":
            sound, gain = piece([(B, LENGTHS[B]), (C, LENGTHS[C])], n, side), below
        elif rung == "loop":
            sound, gain = piece([(D, LENGTHS[D])], n, side), below
        else:
            silent = side == 0 and n % TONE_CYCLE < TONE_BREAK
            sound = 0 if silent else round(838860.8 * np.sin(2 * np.pi * (n % 48) / 48))
            gain = below
        total += sound * gain
        at = made.takes.index(due) - 1
        last = made.takes[at]
        if at >= 0 and n < last.end + last.tail and rung_at(made, rungs, last, n) in OWN:
            assert last.media is not None
            sound = int(SHELF.media[last.media][last.offset + n - last.start, side])
            total += sound * ((below >> 3) * (gain_of(last, n) >> 3) >> 25)
    return max(-32768, min(32767, (total + (1 << 38)) >> 39))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Plan, list[Overlay], list[Fallen]]:
    ends = sorted(draw(st.sets(st.integers(1, 299), min_size=1, max_size=5)) | {300})
    gains = st.integers(0, 1 << 33)
    takes = []
    kinds = [draw(st.sampled_from(["programme", "programme", "silence"])) for _ in ends]
    for at, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        long = end - start
        under = at + 1 < len(ends) and "silence" not in kinds[at : at + 2]
        tail = draw(st.integers(0, min(ends[at + 1] - end, 400 - long))) if under else 0
        offset = draw(st.integers(0, 400 - long - tail))
        shifts = st.builds(
            lambda shift, gain: Replacement(media=E, shift=shift, gain=gain),
            st.integers(-offset, 400 - long - tail - offset),
            gains,
        )
        takes.append(
            take(
                start,
                end,
                kind=kinds[at],
                offset=offset,
                replacement=draw(st.none() | shifts),
                gain=draw(gains | st.just(UNITY)),
                fade_in=draw(st.integers(0, long)),
                fade_out=draw(st.integers(0, long + tail)),
                tail=tail,
                curve=draw(st.sampled_from(["linear", "power"])),
            )
        )
    over_it = st.builds(
        lambda id, mode, start, long, priority, sequence, gap, duck, ramp: overlay(  # noqa: A006
            start,
            start + long,
            id=id,
            mode=mode,
            priority=priority,
            sequence=sequence,
            gap=gap,
            duck=duck,
            ramp=ramp,
        ),
        st.sampled_from("pqr"),
        st.sampled_from(["replace", "duck", "silence"]),
        st.integers(-100, 299),
        st.integers(1, 300),
        st.integers(1, 2),
        st.lists(st.sampled_from([B, C, D]), max_size=2).map(tuple),
        st.integers(0, 20),
        st.integers(0, UNITY),
        st.integers(0, 60),
    )
    fallen = st.builds(
        lambda at, start, rung: Fallen(
            take=takes[at % len(takes)].id, start=SampleIndex(BASE + start), rung=rung
        ),
        st.integers(0, 5),
        st.integers(0, 299),
        st.sampled_from(RUNGS),
    )
    rungs = draw(st.lists(fallen, max_size=3, unique_by=lambda entry: (entry.take, entry.start)))
    return plan(*takes), draw(st.lists(over_it, max_size=3)), rungs


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, 299))
def test_every_sample_is_what_the_description_says(situation: Any, at: int) -> None:
    made, overlays, rungs = situation
    got = heard(made, overlays, rungs, 0, 300)
    for n in {at, 0, 299, *(edge - BASE for edge in edges(made, overlays, made.start, made.end))}:
        want = [oracle(made, overlays, rungs, BASE + n, side) for side in (0, 1)]
        rounded = any(one.curve == "power" for one in made.takes)  # a sine of ours against another
        assert np.abs(got[n] - np.array(want)).max() <= rounded, n


@settings(max_examples=60, deadline=None)
@given(situations(), st.lists(st.integers(0, 300), max_size=6))
def test_samples_do_not_depend_on_how_the_span_is_cut(situation: Any, cuts: list[int]) -> None:
    made, overlays, rungs = situation
    whole = heard(made, overlays, rungs, 0, 300)
    points = sorted({0, 300, *cuts})
    parts = [heard(made, overlays, rungs, a, b) for a, b in pairwise(points)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_tail_sounds_under_what_follows_until_its_own_end_and_not_under_what_covers() -> None:
    first, then = take(0, 100, tail=30, media=A), take(100, 300, media=A, offset=50, item="j")
    alone = plan(attrs.evolve(first, tail=0), then)
    both = plan(first, then)
    assert [n - BASE for n in edges(both, [], SampleIndex(BASE), SampleIndex(BASE + 300))] == [0, 100, 130]
    assert np.array_equal(heard(both, [], [], 0, 100), heard(alone, [], [], 0, 100))
    assert np.array_equal(heard(both, [], [], 130, 300), heard(alone, [], [], 130, 300))
    assert not np.array_equal(heard(both, [], [], 100, 130), heard(alone, [], [], 100, 130))
    cut = [Fallen(take=first.id, start=SampleIndex(BASE + 110), rung="filler")]
    assert np.array_equal(heard(both, [], cut, 110, 300), heard(alone, [], [], 110, 300)), (
        "what fell has no tail"
    )
    over_it = [overlay(90, 140)]
    assert np.array_equal(heard(both, over_it, [], 90, 140), heard(alone, over_it, [], 90, 140))
    assert on_air(both, [], [], SampleIndex(BASE + 129)).media == (A, A)
    assert on_air(both, [], [], SampleIndex(BASE + 130)).take == then


def test_two_fades_of_equal_power_keep_the_power_of_what_is_joined() -> None:
    first = take(0, 100, tail=100, fade_out=100, curve="power")
    then = take(100, 300, fade_in=100, curve="power", item="j")
    out = np.asarray(faded(first, BASE + 100, BASE + 200), dtype=np.float64) / UNITY
    into = np.asarray(faded(then, BASE + 100, BASE + 200), dtype=np.float64) / UNITY
    assert out[-1] == 0.0 and into[0] == 0.0
    assert np.abs(out[:-1] ** 2 + into[1:] ** 2 - 1).max() < 1e-7
    assert faded(first, BASE, BASE + 100) == UNITY, "its own end is not faded: its sound goes on"


def test_a_plan_of_before_there_were_tails_plays_the_same_to_the_sample() -> None:
    old = {"item": "i", "start": BASE, "end": BASE + 300, "kind": "programme", "title": "t", "approval": "rundown:x",
           "media": A, "offset": 7, "gain": 3 << 29, "fade_in": 40, "fade_out": 70}  # fmt: skip
    got = heard(plan(from_plain(old, Take)), [], [], 0, 300).astype(np.int64)
    index = np.arange(300)
    gain = np.full(300, 3 << 29, dtype=np.int64) * np.minimum(index, 40) // 40
    gain = gain * np.minimum(299 - index, 70) // 70
    want = SHELF.media[A][7:307].astype(np.int64) * (((UNITY >> 3) * (gain >> 3)) >> 25)[:, np.newaxis]
    assert np.array_equal(got, np.clip((want + (1 << 38)) >> 39, -32768, 32767))


def test_fades_have_their_edges() -> None:
    one = attrs.evolve(take(0, 300), fade_in=40, fade_out=70)
    at = [index - BASE for index in edges(plan(one), [], SampleIndex(BASE), SampleIndex(BASE + 300))]
    assert at == [0, 40, 230]


def test_the_ident_tone_breaks_on_the_left_for_a_quarter_of_a_second_every_three() -> None:
    assert (TONE_BREAK, TONE_CYCLE) == (12_000, 144_000)


@settings(max_examples=40, deadline=None)
@given(situations())
def test_on_air_changes_only_at_edges_and_names_an_approval(situation: Any) -> None:
    made, overlays, rungs = situation
    at = {*edges(made, overlays, made.start, made.end), *(entry.start for entry in rungs), made.end}
    before = None
    for n in range(made.start, made.end):
        now = on_air(made, overlays, rungs, SampleIndex(n))
        assert now.approval and now.take.start <= n < now.take.end
        assert before is None or before == now or n in at
        before = now


def test_unity_gain_rounds_half_up_and_saturates_never() -> None:
    got = heard(plan(take(0, 400)), [], [], 0, 400).astype(int)
    assert np.array_equal(got, np.minimum((SHELF.media[A].astype(int) + 128) >> 8, 32767))


def test_too_loud_saturates() -> None:
    got = heard(plan(take(0, 400, gain=4 * UNITY)), [], [], 0, 400)
    assert got.max() == 32767 and got.min() == -32768


def test_a_long_span_is_the_same_as_its_blocks() -> None:
    length = 100_000
    fallen = [Fallen(take=f"i@{BASE}", start=SampleIndex(BASE), rung="loop")]
    made = plan(take(0, length))
    blocks = [heard(made, [], fallen, a, min(a + 4801, length)) for a in range(0, length, 4801)]
    assert np.array_equal(heard(made, [], fallen, 0, length), np.concatenate(blocks))


def test_nothing_outside_the_plan_is_rendered() -> None:
    made = plan(take(0, 100))
    for a, b in ((-1, 10), (90, 101), (10, 9)):
        with pytest.raises(NotPlanned):
            heard(made, [], [], a, b)
    with pytest.raises(NotPlanned):
        take_at(made, BASE + 100)
    with pytest.raises(NotPlanned):
        on_air(made, [], [], SampleIndex(BASE - 1))
    assert heard(made, [], [], 100, 100).shape == (0, 2)


def test_a_medium_that_cannot_be_had_is_named() -> None:
    for made, overlays, missing in (
        (plan(take(0, 100)), [], A),
        (plan(take(0, 100)), [overlay(10, 20, sequence=(C,))], C),
    ):
        with pytest.raises(NotReady) as error:
            render(made, overlays, [], Shelf([missing]), made.start, 100)
        assert error.value.sha256 == missing


def test_a_take_without_medium_that_is_no_silence_is_a_defect() -> None:
    with pytest.raises(ValueError, match="names no medium"):
        heard(plan(take(0, 100, media=None)), [], [], 0, 100)


def test_the_ladder_goes_down_where_the_plan_has_no_material() -> None:
    fallen = [Fallen(take=f"i@{BASE}", start=SampleIndex(BASE), rung="filler")]
    due = take(0, 100)
    at = SampleIndex(BASE + 5)
    full = on_air(plan(due), [], fallen, at)
    assert (full.rung, full.approval, full.media) == ("filler", "standing:filler", (B, C))
    no_filler = on_air(plan(due, filler=()), [], fallen, at)
    assert (no_filler.rung, no_filler.approval, no_filler.media) == ("loop", "standing:loop", (D,))
    nothing = on_air(plan(due, filler=(), loop=None), [], fallen, at)
    assert (nothing.rung, nothing.approval, nothing.media) == ("tone", "standing:tone", ())


def test_a_replacement_sounds_by_its_own_leave_and_gain_and_only_where_one_is_named() -> None:
    instead = Replacement(media=E, shift=7, gain=UNITY // 2, approval="standing:replacement")
    fallen = [Fallen(take=f"i@{BASE}", start=SampleIndex(BASE + 10), rung="replacement")]
    made = plan(take(0, 100, offset=3, replacement=instead))
    whole = render(made, [], fallen, SHELF, SampleIndex(BASE), 100)
    assert np.array_equal(whole[:10], heard(made, [], [], 0, 10)), "the take's own, until it is missed"
    halved = (SHELF.media[E][20:110].astype(np.int64) * (UNITY // 2) + (1 << 38)) >> 39
    assert np.array_equal(whole[10:], halved)
    now = on_air(made, [], fallen, SampleIndex(BASE + 10))
    assert (now.rung, now.approval, now.media) == ("replacement", "standing:replacement", (E,))
    named = plan(take(0, 100, replacement=attrs.evolve(instead, approval="")))
    assert on_air(named, [], fallen, SampleIndex(BASE + 10)).approval == "rundown:x", "signed with the item"
    assert on_air(plan(take(0, 100)), [], fallen, SampleIndex(BASE + 10)).rung == "filler"


def test_what_a_take_falls_to_is_its_replacement_where_it_has_one() -> None:
    bare, covered = take(0, 9), take(0, 9, replacement=Replacement(media=E))
    for own in OWN:
        assert (rung_below(bare, own), rung_below(covered, own)) == ("filler", "replacement")
    steps = ("replacement", "filler", "loop", "tone")
    assert [rung_below(covered, rung) for rung in steps[:-1]] == list(steps[1:])


def test_the_tone_is_never_silent_on_both_sides() -> None:
    fallen = [Fallen(take=f"i@{BASE}", start=SampleIndex(BASE), rung="tone")]
    made = plan(take(0, 2 * TONE_CYCLE))
    tone = heard(made, [], fallen, 0, 2 * TONE_CYCLE).astype(int)
    assert np.array_equal(tone[:TONE_CYCLE], tone[TONE_CYCLE:])
    assert abs(tone).max() == 3277  # −20 dBFS
    loud = abs(tone).reshape(-1, 48, 2).max(axis=1)
    assert loud[:, 1].min() == 3277
    assert (loud[:, 0] == 0).sum() == 2 * TONE_BREAK // 48


def test_on_air_names_what_lies_on_top_and_all_that_may_sound() -> None:
    made = plan(take(0, 100))
    duck = overlay(10, 20, id="duck", mode="duck", approval="alert:1", sequence=(B,))
    mute = overlay(15, 20, id="mute", mode="silence", priority=9, approval="mute:1")
    ducked = on_air(made, [duck], [], SampleIndex(BASE + 12))
    assert (ducked.overlay, ducked.approval, ducked.media) == (duck, "alert:1", (B, A))
    muted = on_air(made, [duck, mute], [], SampleIndex(BASE + 15))
    assert (muted.overlay, muted.approval) == (mute, "mute:1")
    plain = on_air(made, [duck], [], SampleIndex(BASE + 20))
    assert (plain.overlay, plain.approval, plain.media) == (None, "rundown:x", (A,))
    quiet = on_air(plan(take(0, 9, kind="silence", media=None)), [], [], SampleIndex(BASE))
    assert quiet.media == ()


def test_what_nobody_approved_is_a_defect() -> None:
    with pytest.raises(ValueError, match="nobody approved"):
        on_air(plan(take(0, 100, approval="")), [], [], SampleIndex(BASE))


def test_the_later_and_then_the_greater_id_covers_at_equal_priority() -> None:
    first, later = overlay(0, 50, id="z"), overlay(5, 50, id="a")
    same = attrs.evolve(later, id="b")
    order = over([first, later, same, overlay(0, 50, id="low", priority=0)], BASE + 10)
    assert [found.id for found in order] == ["b", "a", "z", "low"]


def test_an_overlay_without_any_sound_is_silence() -> None:
    made = plan(take(0, 100))
    assert not heard(made, [overlay(10, 20, sequence=())], [], 10, 20).any()


class Hollow(Shelf):
    """Every medium is known and empty."""

    def length(self, sha256: Sha256) -> int:
        return 0


def test_an_overlay_of_empty_media_ends_in_silence_not_in_an_endless_search() -> None:
    made = plan(take(0, 100))
    got = render(made, [overlay(10, 20)], [], Hollow(), made.start, 100)
    assert not got[10:20].any() and got[20:].any()


def test_a_duck_has_the_edges_of_its_ramps_and_another_overlay_has_none() -> None:
    made = plan(take(0, 300))
    for mode, expected in (("duck", [0, 100, 110, 190, 200]), ("replace", [0, 100, 200])):
        laid = overlay(100, 200, mode=mode, ramp=10)
        at = [index - BASE for index in edges(made, [laid], SampleIndex(BASE), SampleIndex(BASE + 300))]
        assert at == expected
