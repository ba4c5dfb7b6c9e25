"""What a decoder tells of a medium becomes rungs of the takes that sound it, and of no other."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from playout.marking import in_samples, marked
from playout.mending import Mark
from playout.streams import Stream
from schedules.plan import Fallen, Medium, Plan, Take
from schedules.render import rung_at

BASE = 48_000 * 1_000
A, B = "a" * 64, "b" * 64
STREAM = Stream(sha256=A, samples=5_000, origin=BASE - 100, begin=BASE, end=BASE + 3_000)


def take(item, start, end, media=A, offset=0, **more):
    return Take(
        item=item, start=BASE + start, end=BASE + end, kind="programme", title=item, approval=f"t:{item}",
        media=media, offset=offset, **more,
    )  # fmt: skip


# one item in two parts of one medium, with another between; then the same medium again, from its beginning
TAKES = (
    take("x", 0, 1_000, offset=100),
    take("y", 1_000, 2_000, media=B),
    take("x", 2_000, 3_000, offset=2_100, tail=50),
    take("z", 3_000, 4_000),
)
PLAN = Plan(
    channel="fm1", revision=1, start=BASE, end=BASE + 4_000, takes=TAKES,
    media=(Medium(sha256=A, samples=5_000), Medium(sha256=B, samples=5_000)),
)  # fmt: skip


def rungs_of(mark, rungs=(), head=0, plan=PLAN):
    """Every take that sounds the stream, with the rung of each hundredth sample, as the marks leave it."""
    made = list(rungs)
    for fallen, _ in marked(plan, tuple(made), STREAM, mark, head):
        made.append(fallen)
    return {t.id: [rung_at(plan, made, t, n) for n in range(t.start, t.end, 100)] for t in plan.takes}


def test_a_damaged_place_is_a_rung_of_exactly_that_length_and_the_file_follows():
    ((down, why), (up, _)) = marked(PLAN, (), STREAM, Mark("mended", 300, 420), 0)
    assert (down.start - BASE, down.rung, up.start - BASE, up.rung) == (200, "mended", 320, "file")
    assert why == "120 samples of the file are damaged"


def test_a_place_in_what_is_cut_out_of_a_medium_is_nobodys():
    assert list(marked(PLAN, (), STREAM, Mark("mended", 1_300, 1_400), 0)) == []
    other = attrs.evolve(STREAM, sha256=B)
    assert list(marked(PLAN, (), other, Mark("copy", 0, 5_000), 0)) == [], "the same place of another medium"


def test_the_copy_lasts_to_the_end_of_each_part_with_its_tail_and_is_told_once():
    told = list(marked(PLAN, (), STREAM, Mark("copy", 0, 5_000), 0))
    assert [(fallen.take, fallen.rung) for fallen, _ in told] == [
        (TAKES[0].id, "copy"),
        (TAKES[2].id, "copy"),
    ]
    again = tuple(fallen for fallen, _ in told)
    assert list(marked(PLAN, again, STREAM, Mark("copy", 0, 5_000), BASE + 500)) == []
    (_, back) = marked(PLAN, again, STREAM, Mark("mended", 300, 420), 0)
    assert back[0].rung == "copy", "a damaged place in the copy"
    ((up, why),) = marked(PLAN, again, STREAM, Mark("file", 2_300, 5_000), 0)
    assert (up.take, up.rung, why) == (TAKES[2].id, "file", "the file can be read again")


def test_what_is_mixed_already_is_left_and_a_take_that_fell_stays_down():
    ((down, _), _) = marked(PLAN, (), STREAM, Mark("mended", 300, 420), BASE + 250)
    assert down.start == BASE + 250
    assert list(marked(PLAN, (), STREAM, Mark("mended", 300, 420), BASE + 320)) == []
    fallen = (Fallen(take=TAKES[0].id, start=BASE, rung="filler"),)
    assert list(marked(PLAN, fallen, STREAM, Mark("copy", 0, 900), 0)) == []


@given(st.integers(0, 4_000), st.integers(1, 500), st.integers(0, 4_000))
def test_only_the_place_itself_is_on_another_rung(first, count, head):
    mark = Mark("mended", first, first + count)
    for at, rungs in rungs_of(mark, head=BASE + head).items():
        this = next(t for t in TAKES if t.id == at)
        for n, rung in zip(range(this.start, this.end, 100), rungs, strict=True):
            ours = (
                this.item == "x"
                and max(BASE + head, STREAM.origin + first) <= n < STREAM.origin + first + count
            )
            assert (rung == "mended") == ours, (at, n - BASE)


def test_pictures_are_counted_in_frames_and_written_down_in_samples():
    film = Stream(sha256=A, samples=10, origin=100, begin=102, end=105)
    stream, mark = in_samples(film, Mark("mended", 3, 5), 1_920)
    assert (stream.origin, stream.begin, stream.end) == (192_000, 195_840, 201_600)
    assert (mark.first, mark.last) == (5_760, 9_600)
