"""One item sounds on under the next: how long it may, what becomes of it when it may not, and that it is decoded for as long."""

import attrs
from hypothesis import given
from hypothesis import strategies as st
from test_render import A, B, plan, take

from playout.streams import wanted
from schedules.plan import sounds_until
from schedules.plan_check import mistakes
from schedules.segue import CUT_FADE, clipped, joined, tail_at


def said(made):
    return [text.en.split(": ")[-1] for text in mistakes(made) if "filler or loop" not in text.en]


def test_a_tail_longer_than_what_follows_or_under_silence_or_at_the_end_is_a_mistake():
    first, then = take(0, 100, item="a"), take(100, 130, item="b", media=B)
    assert said(plan(attrs.evolve(first, tail=30), then)) == []
    too_long = f"{first.id} sounds on for 31 samples, and what follows has room for 30"
    assert said(plan(attrs.evolve(first, tail=31), then)) == [too_long]
    quiet = attrs.evolve(then, kind="silence", media=None)
    assert len(said(plan(attrs.evolve(first, tail=1), quiet))) == 1
    assert len(said(plan(attrs.evolve(quiet, tail=1), take(130, 200, item="c")))) == 1
    assert len(said(plan(attrs.evolve(first, tail=-1), then))) == 1
    assert len(said(plan(attrs.evolve(first, tail=1)))) == 1
    assert said(plan(attrs.evolve(first, tail=30, offset=271), then)) == ["it reaches beyond its medium"]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 90), st.booleans()), min_size=1, max_size=8))
def test_tails_are_cut_to_the_room_there_is_and_then_fade(rows):
    takes, at = [], 0
    for number, (long, tail, quiet) in enumerate(rows):
        kind = "silence" if quiet else "programme"
        takes.append(take(at, at + long, item=f"i{number}", kind=kind, tail=0 if quiet else tail, fade_out=3))
        at += long
    made = clipped(takes)
    assert said(plan(*made)) == []
    for before, after in zip(takes, made, strict=True):
        assert attrs.evolve(after, tail=before.tail, fade_out=3) == before
        if after.tail < before.tail:
            assert after.fade_out == min(sounds_until(after) - after.start, CUT_FADE)
        else:
            assert after == before


def test_one_item_at_most_sounds_beside_the_one_on_air():
    first, then, last = take(0, 100, tail=40), take(100, 140, item="j", tail=5), take(140, 200, item="k")
    made = plan(first, then, last)
    heard = [tail_at(made, first.start + n) for n in (99, 100, 139, 140, 144, 145)]
    assert heard == [None, first, first, then, then, None]


def test_an_item_that_makes_room_ends_sooner_and_sounds_as_long():
    first = take(0, 100)
    made = joined(first, 30)
    assert (made.end - made.start, made.tail, made.id) == (70, 30, first.id)
    assert sounds_until(made) == first.end


def test_what_sounds_on_is_decoded_until_it_is_over():
    first, then = take(0, 100, tail=40, media=A), take(100, 200, media=B, item="j")
    made = attrs.evolve(plan(first, then), filler=())
    ends = {n: [stream.sha256 for stream in wanted(made, first.start + n)] for n in (0, 100, 139, 140)}
    assert ends == {0: [A, B], 100: [A, B], 139: [A, B], 140: [B]}
    assert wanted(made, first.start + 120)[0].end == first.start + 140
