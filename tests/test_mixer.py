"""Blocks of one channel: falls, overlays that wait, edges, flags."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.mixer import Channel, Slot, Stock, parts
from playout.mixing import Mixer, lag_of
from playout.processes import pair, tell
from playout.rings import BLOCK, HISTORY, IDLE_BLOCK, AirRing, DecodedRing, step_of
from playout.standby import covering, falls, quiet_plan
from schedules.plan import Fallen, Medium, Overlay, Plan, Take
from schedules.render import NotReady, render
from schedules.segue import clipped
from station.words import SampleIndex, instant_of

A, B, F, L, OVER = (name * 64 for name in "abcde")
START = 480_000
FILLER, LOOP, TONE = 0o44, 0o55, 0o66  # flags of a block with both packets on that step


def sound(first, count):
    number = (np.arange(first, first + count) % 9_000).astype(np.int32)
    return np.stack((number, -number), axis=1) << 8


def a_plan(**more):
    takes = (
        Take(item="x", start=START, end=START + 1_000, kind="programme", title="X", approval="p:x", media=A),
        Take(
            item="y",
            start=START + 1_000,
            end=START + 9_600,
            kind="programme",
            title="Y",
            approval="p:y",
            media=B,
        ),
    )
    media = tuple(Medium(sha256=s, samples=9_600) for s in (A, B, F, L))
    return Plan(channel="fm1", revision=1, start=START, end=START + 9_600, takes=takes, media=media, **more)


def over(**more):
    base = Overlay(id="o", mode="replace", start=START + 700, end=START + 2_000, priority=1, approval="alert:o",
                   sequence=(OVER,), why="flood")  # fmt: skip
    return attrs.evolve(base, **more)


def stocked(*media):
    stock = Stock([])
    for sha256 in media:
        stock.keep(sha256, sound(ord(sha256[0]) * 10, 9_600))
    return stock


def blocks(channel, count, at=START):
    return channel.blocks(at, count)


def test_blocks_are_what_render_says_and_edges_are_exact():
    stock = stocked(A, B, OVER)
    channel = Channel(a_plan(), stock)
    channel.cover((over(),))
    made = blocks(channel, 10)
    whole = np.concatenate([block.pcm for block in made])
    assert np.array_equal(whole, render(a_plan(), (over(),), (), stock, START, 4_800))
    said = [(e.index - START, e.starts, e.part.ref.split("@")[0], e.cause) for b in made for e in b.edges]
    assert said == [
        (0, True, "x", "planned"),
        (700, False, "x", "overlay alert:o"), (700, True, "o", "overlay alert:o"),
        (2_000, False, "o", "overlay o ended"), (2_000, True, "y", "overlay o ended"),
    ]  # fmt: skip
    assert [b.begun for b in made if b.begun] == [("o",)]
    assert not any(b.flags for b in made)


def test_a_take_that_is_not_there_falls_step_by_step_and_stays_down():
    channel = Channel(a_plan(filler=(F,), loop=L), stocked(A, L))
    made = blocks(channel, 6)
    fell = [(f.take.split("@")[0], f.rung, f.start - START) for b in made for f, _ in b.fell]
    assert fell == [("y", "filler", 1_000), ("y", "loop", 1_000)]
    assert [b.flags for b in made] == [0, 0, *[LOOP] * 4]
    starts = [e.part for b in made for e in b.edges if e.starts]
    assert [(p.rung, p.approval, p.media) for p in starts] == [
        ("file", "p:x", A),
        ("loop", "standing:loop", L),
    ]
    assert all(b.pcm.any() for b in made)


def test_without_anything_the_tone_sounds_and_a_later_entry_climbs_back():
    stock = stocked(A)
    channel = Channel(a_plan(), stock)
    assert [b.flags for b in blocks(channel, 4)] == [0, 0, TONE, TONE]
    stock.keep(B, sound(0, 9_600))
    channel.fall(Fallen(take=f"y@{START + 1_000}", start=START + 5 * BLOCK, rung="file"))
    made = blocks(channel, 4, START + 4 * BLOCK)
    assert [b.flags for b in made] == [TONE, 0, 0, 0]
    assert [(e.part.rung, e.starts) for b in made for e in b.edges] == [("tone", False), ("file", True)]


def test_only_the_packets_that_are_on_a_lower_step_are_marked():
    channel = Channel(a_plan(loop=L), stocked(A, B, L))
    channel.fall(Fallen(take=f"x@{START}", start=START + 720, rung="loop"))
    made = blocks(channel, 4)
    steps = [step_of(block.flags, packet) for block in made for packet in (0, 1)]
    assert steps == [0, 0, 0, 5, 5, 0, 0, 0]  # a packet with 40 samples of the loop in it is one of the loop


def segued():
    first, then = a_plan().takes
    return attrs.evolve(a_plan(loop=L), takes=(attrs.evolve(first, tail=960), then))


def test_an_item_that_sounds_on_keeps_its_line_open_until_it_is_over():
    channel = Channel(segued(), stocked(A, B))
    made = blocks(channel, 10)
    said = [(e.index - START, e.starts, e.part.ref.split("@")[0]) for b in made for e in b.edges]
    assert said == [(0, True, "x"), (1_000, True, "y"), (1_960, False, "x")]
    whole = np.concatenate([block.pcm for block in made])
    assert np.array_equal(whole, render(segued(), (), (), stocked(A, B), START, 4_800))
    assert not any(block.flags or block.fell for block in made)


def test_a_tail_that_is_missed_is_left_out_and_marked_and_what_follows_stays_on_its_file():
    stock = stocked(A, B, L)
    channel = Channel(segued(), stock)
    blocks(channel, 3)
    stock.drop(A)
    made = channel.blocks(START + 3 * BLOCK, 4)
    fell = [(f.take.split("@")[0], f.rung, f.start - START) for b in made for f, _ in b.fell]
    assert fell == [("x", "filler", 1_440)]
    assert [b.flags != 0 for b in made] == [True, True, False, False], "up to the end of the tail"
    assert [(e.index - START, e.starts, e.part.ref.split("@")[0]) for b in made for e in b.edges] == [
        (1_440, False, "x")
    ]
    assert np.array_equal(made[0].pcm, render(a_plan(), (), (), stocked(A, B), START + 1_440, BLOCK))


def test_an_overlay_without_audio_waits_and_comes_in_phase_when_it_is_there():
    stock = stocked(A, B)
    channel = Channel(a_plan(), stock)
    channel.cover((over(start=START),))
    first = channel.blocks(START, 1)[0]
    assert channel.unready == [OVER] and first.begun == () and not first.fell
    assert first.flags == FILLER, "not what ought to be heard: of two players' copies the other is taken"
    stock.keep(OVER, sound(5, 9_600))
    second = channel.blocks(START + BLOCK, 1)[0]
    assert channel.unready == [] and second.begun == ("o",) and second.flags == 0
    assert np.array_equal(second.pcm, (sound(5 + BLOCK, BLOCK) >> 8).astype(np.int16))
    stock.drop(OVER)
    assert channel.unready == [OVER]


def test_a_duck_sounds_together_with_the_take_below():
    channel = Channel(a_plan(), stocked(A, B, OVER))
    channel.cover((over(mode="duck", start=START, end=START + 4_800),))
    found = parts(channel.plan, channel.overlays, (), START + 100)
    assert [key[0] for key in found] == ["overlay", "take"]
    assert channel.blocks(START, 1)[0].flags == 0


def test_an_idle_stream_is_marked_until_an_overlay_comes():
    plan = quiet_plan("alerts-1", START)
    channel = Channel(plan, stocked(OVER))
    assert [b.flags for b in blocks(channel, 3)] == [IDLE_BLOCK] * 3
    channel.cover((over(start=START + 5 * BLOCK + 7, end=START + 6 * BLOCK),))
    made = blocks(channel, 5, START + 3 * BLOCK)
    assert [b.flags for b in made] == [IDLE_BLOCK, IDLE_BLOCK, 0, IDLE_BLOCK, IDLE_BLOCK]
    assert made[2].pcm.any() and [e.index - START for b in made for e in b.edges] == [
        5 * BLOCK + 7, 5 * BLOCK + 7, 6 * BLOCK, 6 * BLOCK,
    ]  # fmt: skip


def test_a_new_plan_is_heard_from_the_next_block_and_closes_what_the_old_one_had_open():
    channel = Channel(a_plan(), stocked(A, B))
    channel.blocks(START, 1)[0]
    takes = (
        Take(item="z", start=START, end=START + 9_600, kind="programme", title="Z", approval="p:z", media=B),
    )
    channel.adopt(attrs.evolve(a_plan(), takes=takes, revision=2))
    said = [(e.part.ref.split("@")[0], e.starts) for e in channel.blocks(START + BLOCK, 1)[0].edges]
    assert said == [("x", False), ("z", True)]


@settings(max_examples=60)
@given(st.lists(st.integers(1, 900), max_size=12), st.integers(0, 3_000))
def test_a_ring_gives_what_was_written_or_nothing(pieces, jump):
    ring = DecodedRing(capacity=HISTORY + 2_000)
    ring.clear(1, 500)
    at = 500
    for count in pieces:
        if ring.room() < count:
            ring.advance(ring.reached + jump)
        if ring.room() >= count:
            ring.write(sound(at, count))
            at += count
        for start in (ring.reached, max(500, at - 400)):
            found = ring.read(1, start, min(300, max(1, at - start)))
            assert found is None or np.array_equal(found, sound(start, len(found)))
    assert ring.written == at
    assert ring.read(2, 500, 1) is None and ring.read(1, at, 1) is None


def test_rings_go_on_with_the_head_whether_they_are_heard_or_not():
    ring = DecodedRing()
    ring.clear(7, 0)
    stock = Stock([ring])
    stock.place(0, Slot(sha256=A, generation=7, origin=START))
    ring.write(sound(0, 4_800))
    stock.advance(START + 4_000)
    assert ring.reached == 4_000
    assert np.array_equal(stock.pcm(A, 4_000, 800), sound(4_000, 800))
    ring.skip(50_000)
    assert ring.written == 50_000
    stock.place(0, None)
    stock.advance(START + 9_000)
    assert ring.reached == 4_000


def test_readers_of_the_air_ring_never_get_another_block_than_they_asked_for():
    ring = AirRing(blocks=8)
    assert (ring.head == 0 and ring.get(0) is not None) or ring.get(BLOCK) is None
    for k in range(20):
        ring.put(k * BLOCK, np.full((BLOCK, 2), k, dtype=np.int16), k % 4)
    assert ring.get(5 * BLOCK) is None
    pcm, flags = ring.get(19 * BLOCK)
    assert (int(pcm[0, 0]), flags, ring.head, ring.oldest()) == (19, 3, 20 * BLOCK, 14 * BLOCK)


def test_a_ring_that_holds_something_else_or_too_little_is_passed_over():
    rings = [DecodedRing(4_800) for _ in range(3)]
    stock = Stock(rings)
    for number, (generation, start) in enumerate(((7, 0), (8, 0), (1, 480))):
        rings[number].clear(generation, start)
        rings[number].write(sound(start, 960))
    stock.place(0, Slot(sha256=B, generation=7, origin=START))
    stock.place(1, Slot(sha256=A, generation=9, origin=START))  # the decoder has not heard of it yet
    stock.place(2, Slot(sha256=A, generation=1, origin=START))
    stock.advance(SampleIndex(START + 600))
    assert [ring.reached for ring in rings] == [600, 0, 600]
    assert np.array_equal(stock.pcm(A, 480, 480), sound(480, 480))
    with pytest.raises(NotReady):
        stock.pcm(A, 0, 480)
    with pytest.raises(NotReady):
        stock.length(A)


def test_a_standby_take_sounds_from_the_very_block_its_plan_is_taken_over_in():
    ours, theirs = pair()
    air, head = AirRing(), SampleIndex(START)
    times, turn = iter([0, 0, 0, 0, 10_000, 10_000]), []
    after = covering(attrs.evolve(a_plan(), start=START + 960, takes=a_plan().takes[1:]), START + BLOCK)

    def beat():
        turn.append(instant_of(head) - 40_000 + next(times))
        if len(turn) == 6:
            ours.close()

    mixer = Mixer({"fm1": air}, [], theirs, lambda: turn[-1], 40_000, beat)
    for order in (("plan", a_plan(), ()), ("go", head), ("plan", after, falls(after))):
        tell(ours, order)
    with ThreadPoolExecutor(1) as other, pytest.raises((EOFError, ConnectionResetError)):
        other.submit(mixer.serve).result()  # a thread of its own: it may be given real-time priority
    assert air.head == START + 2 * BLOCK
    pcm, flags = air.get(START + BLOCK)
    assert pcm.any() and flags == TONE


def eventful(takes, ducks, fall, loads):
    """A channel with its stock, and what happens at which block: cover, fall, keep."""
    edges_at = sorted({START, START + 9_600, *(START + at for at in takes)})
    media = (A, B, F)
    made = tuple(
        Take(item=f"t{k}", start=a, end=b, kind="silence" if k % 4 == 3 else "programme", title="", approval="p",
             media=None if k % 4 == 3 else media[k % 3], fade_in=min(100, b - a) * (k % 2),
             tail=70 * (k % 4 < 3), fade_out=min(90, b - a) * (k % 3))
        for k, (a, b) in enumerate(pairwise(edges_at))
    )  # fmt: skip
    channel = Channel(
        attrs.evolve(a_plan(loop=L), takes=clipped(made)), stocked(A, B, L, *([OVER] if loads else []))
    )
    overlays = tuple(
        over(id=f"o{k}", start=START + a, end=START + a + long, mode="duck" if duck else "replace", ramp=50,
             sequence=(OVER,), priority=k)
        for k, (a, long, duck) in enumerate(ducks)
    )  # fmt: skip
    return channel, overlays, Fallen(take=made[0].id, start=START + fall, rung="loop")


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(1, 9_599), max_size=4),
    st.lists(st.tuples(st.integers(0, 8_000), st.integers(1, 3_000), st.booleans()), max_size=3),
    st.integers(0, 9_000),
    st.integers(0, 19),
    st.booleans(),
    st.integers(2, 7),
)
def test_a_channel_that_looks_for_no_edges_says_and_sounds_what_one_that_always_looks_does(
    takes, ducks, fall, moment, loads, together
):
    said = []
    for always, most in ((False, 1), (True, 1), (False, together)):
        channel, overlays, fallen = eventful(takes, ducks, fall, loads)
        made = []
        while len(made) < 20:
            k = len(made)
            if k == moment:
                channel.cover(overlays)
                channel.fall(fallen, "test")
            if k == moment + 3:
                channel._stock.keep(OVER, sound(3, 700))
            if always:
                channel._steady = None
            event = min(at for at in (moment, moment + 3, 20) if at > k)
            made += channel.blocks(START + k * BLOCK, min(most, event - k))
        assert [b.index for b in made] == [START + k * BLOCK for k in range(20)]
        said.append([(b.flags, b.edges, b.fell, b.begun, b.pcm.tobytes()) for b in made])
    assert said[0] == said[1] == said[2]


def test_blocks_rendered_together_are_rendered_singly_where_their_sound_ends_too_early():
    takes = (attrs.evolve(a_plan().takes[0], end=START + 9_600),)
    ring, stock = DecodedRing(9_600), stocked(L)
    stock._rings.append(ring)
    stock.place(0, Slot(sha256=A, generation=1, origin=START))
    ring.clear(1, 0)
    ring.write(sound(0, 3 * BLOCK))
    channel = Channel(attrs.evolve(a_plan(loop=L), takes=takes), stock)
    made = channel.blocks(START, 5)
    assert [len(block.fell) for block in made] == [0, 0, 0, 1, 0]
    assert [block.flags for block in made] == [0, 0, 0, LOOP, LOOP]


def test_a_file_that_goes_away_in_the_middle_falls_at_the_sample_where_it_is_missed():
    takes = (attrs.evolve(a_plan().takes[0], end=START + 9_600),)
    stock = stocked(A, L)
    channel = Channel(attrs.evolve(a_plan(loop=L), takes=takes), stock)
    assert not any(block.fell for block in blocks(channel, 4))
    stock.drop(A)
    block = channel.blocks(START + 4 * BLOCK, 1)[0]
    assert [(f.rung, f.start - START) for f, _ in block.fell] == [("filler", 4 * BLOCK)]
    assert block.flags == LOOP and [e.part.rung for e in block.edges] == ["file", "loop"]


class Paced:
    """A mixer whose clock goes on to the end of each wait."""

    def __init__(self, lead):
        self.now, self.wakings = instant_of(SampleIndex(START)) - lead, []
        self.air = AirRing()
        self.ours, ear = pair()
        self.mixer = Mixer({"fm1": self.air}, [], ear, lambda: self.now, lead)
        self.mixer._stock.keep(A, sound(0, 9_600))
        self.mixer._stock.keep(OVER, sound(9, 9_600))
        for order in (("plan", a_plan(loop=A), ()), ("go", SampleIndex(START))):
            self.mixer._obey(order, None)

    def until(self, blocks):
        """Go on until so many blocks are rendered; how many there were at each waking."""
        before = []
        while self.air.head < START + blocks * BLOCK:
            self.now += max(0, round(self.mixer._wait() * 1_000_000))
            before.append((self.mixer._head - START) // BLOCK)
            self.mixer._catch_up()
        return before


def test_several_blocks_are_mixed_at_a_waking_where_the_lead_is_long_and_one_where_it_is_short():
    assert Paced(120_000).until(10) == [0, 5]
    assert Paced(100_000).until(6) == [0, 3]
    assert Paced(40_000).until(3) == [0, 1, 2]
    assert [lag_of(lead) for lead in (0, 40_000, 80_000, 100_000, 120_000, 500_000)] == [
        0, 0, 0, 20_000, 40_000, 40_000,
    ]  # fmt: skip


def test_an_overlay_that_was_ordered_is_awaited_block_by_block_and_never_rendered_late():
    paced = Paced(120_000)
    paced.until(5)
    paced.now += 12_000  # the mixer is between two wakings
    start = START + 8 * BLOCK
    paced.mixer._obey(("overlays", "fm1", 1, (over(start=start, end=start + 2 * BLOCK),)), None)
    assert paced.mixer._wait() <= 0  # what is due is rendered at once
    assert paced.until(8)[-1] == 7
    assert paced.now == instant_of(SampleIndex(start - BLOCK)) - 120_000
    paced.until(9)
    assert paced.now == instant_of(SampleIndex(start)) - 120_000  # it is on air with the whole lead left
    assert paced.until(14) == [9]  # and nothing is awaited any more
