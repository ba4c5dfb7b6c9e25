"""Which pictures are taken over as they were coded: never one that was not, never one whose group was not sent whole up to it."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_picture import CAPTION, F1, MEDIA, START, A, B, overlay, take

from schedules.picture import Scene, Shot, seen
from schedules.plan import Fallen, Plan
from schedules.raster import FRAME, RASTERS
from schedules.render import NotPlanned
from schedules.splicing import Foresight, Splicing, bare

RASTER, GROUP = RASTERS["576p25"], 25

PLAN = Plan(
    channel="tv1", revision=1, start=START * FRAME, end=(START + 200) * FRAME, media=MEDIA, filler=(F1,),
    takes=(
        take("a", 0, 40, A), take("b", 40, 75, B), take("cut", 115, 30, B, offset=20 * FRAME),
        take("off", 145, 25, None, kind="silence"), take("last", 170, 30, A, offset=GROUP * FRAME),
    ),
)  # fmt: skip


def splicing(overlays=(), rungs=(), coded=lambda sha256, group: True, start=0, sign=False, clock=False):
    scene = Scene(PLAN, overlays, rungs, RASTER, "Asia/Shanghai" if clock else "", sign=sign)
    return Splicing(scene.at, coded, RASTER, START + start)


def test_at_fifty_pictures_a_second_a_group_has_fifty():
    raster = RASTERS["720p50"]
    medium = attrs.evolve(MEDIA[1], samples=150 * 960, frames=150)
    begins = 50 * START
    one = attrs.evolve(PLAN.takes[1], start=begins * 960, end=(begins + 150) * 960, offset=0)
    plan = attrs.evolve(PLAN, start=one.start, end=one.end, takes=(one,), media=(medium,), filler=())
    scene = Scene(plan, (), (), raster, sign=False)
    asked = []
    steps = Splicing(scene.at, lambda sha256, group: asked.append(group) or group != 1, raster, begins)
    made = shape([steps.at(begins + k) for k in range(150)])
    assert made == "C" + "c" * 49 + "E" + "e" * 49 + "C" + "c" * 49 and set(asked) == {0, 1, 2}


def run(one, first=0, last=200):
    return [one.at(START + k) for k in range(first, last)]


def shape(steps):
    """c: taken over, C: and begins a group; e, E: encoded."""
    return "".join(
        ("c" if step.coded else "e").upper() if step.begins else ("c" if step.coded else "e")
        for step in steps
    )


GROUP_OF = "C" + "c" * 24


def test_a_film_without_graphics_is_taken_over_from_its_own_groups_wherever_they_fall():
    steps = run(splicing())
    assert shape(steps[:115]) == GROUP_OF + "C" + "c" * 14 + GROUP_OF * 3
    assert [step.coded for step in steps[40:115]] == [Shot(sha256=B, frame=k) for k in range(75)]


def test_a_take_joined_inside_a_group_is_encoded_up_to_its_next_one():
    steps = run(splicing())
    assert shape(steps[115:145]) == "Eeeee" + GROUP_OF
    assert (
        shape(steps[145:170]) == "E" + "e" * 4 + "E" + "e" * 19
    )  # silence is a card; whole seconds begin groups
    assert shape(steps[170:]) == GROUP_OF + "Eeeee"  # then its medium is over


def test_an_overlay_begins_at_its_frame_with_a_group_and_the_return_waits_for_the_films_own():
    over = overlay(50, 20, shift=1)
    steps = run(splicing([over]))
    assert shape(steps[40:115]) == "C" + "c" * 10 + "E" + "e" * 23 + "E" + "e" * 14 + GROUP_OF
    assert steps[51].begins and steps[50].coded == Shot(sha256=B, frame=10)
    crawl = overlay(50, 20, mode="duck")
    assert shape(run(splicing([crawl]))[40:115]) == "C" + "c" * 9 + "E" + "e" * 24 + "E" + "e" * 14 + GROUP_OF


def test_an_overlay_that_shows_nothing_begins_a_group_all_the_same():
    steps = run(splicing([overlay(60, 5, mode="duck", caption=None)]))
    assert shape(steps[59:66]) == "cEeeeeC"


def test_what_has_no_coded_pictures_and_whatever_a_fall_puts_in_its_place_is_encoded():
    steps = run(splicing(coded=lambda sha256, group: (sha256, group) != (B, 1)))
    assert shape(steps[40:115]) == GROUP_OF + "E" + "e" * 9 + "E" + "e" * 14 + GROUP_OF
    fallen = Fallen(take=f"b@{(START + 40) * FRAME}", start=(START + 70) * FRAME, rung="tone")
    assert (
        shape(run(splicing(rungs=[fallen]))[65:115])
        == "C" + "c" * 4 + "E" + "e" * 4 + ("E" + "e" * 24) + "E" + "e" * 14
    )


def test_a_sign_or_a_clock_leaves_nothing_to_take_over():
    for more in ({"sign": True}, {"clock": True}):
        assert not any(step.coded for step in run(splicing(**more)))
    assert seen(PLAN, (), (), RASTER, START).logo and bare(seen(PLAN, (), (), RASTER, START)) is None
    assert bare(seen(PLAN, (), (), RASTER, START, sign=False)) == Shot(sha256=A, frame=0)


def test_what_is_sent_first_begins_a_group_wherever_it_stands():
    for start in (0, 1, 24, 47, 199):
        steps = run(splicing(start=start), start)
        assert steps[0].begins and (steps[0].coded is None) == (start not in (0,))


def test_outside_the_plan_nothing_is_planned():
    for k in (-1, 200):
        with pytest.raises(NotPlanned):
            splicing(start=-5).at(START + k)
    assert splicing(start=-5).at(START).begins


OVERLAYS = st.lists(
    st.builds(
        lambda first, frames, mode, worded, shift, name: overlay(
            first, frames, mode, CAPTION if worded else None, name=str(name), shift=shift
        ),
        st.integers(0, 190), st.integers(1, 60), st.sampled_from(("replace", "duck", "silence")), st.booleans(),
        st.integers(0, FRAME - 1), st.integers(0, 99),
    ),
    max_size=3,
)  # fmt: skip
RUNGS = st.lists(
    st.builds(
        lambda at, rung: Fallen(
            take=next(t.id for t in PLAN.takes if t.start <= (START + at) * FRAME < t.end),
            start=(START + at) * FRAME, rung=rung,
        ),
        st.integers(0, 199), st.sampled_from(("file", "copy", "filler", "tone")),
    ),
    max_size=3,
)  # fmt: skip
HOLES = st.frozensets(st.tuples(st.sampled_from((A, B, F1)), st.integers(0, 2)), max_size=4)


@settings(max_examples=20, deadline=None)
@given(OVERLAYS, RUNGS, HOLES, st.integers(0, 120), st.randoms(use_true_random=False))
def test_it_can_be_decoded_it_is_right_and_it_depends_on_nothing_but_the_frame(
    overlays, rungs, holes, later, mix
):
    def coded(sha256, group):
        return (sha256, group) not in holes

    steps = run(splicing(overlays, rungs, coded))
    for k, step in enumerate(steps):
        now = seen(PLAN, overlays, rungs, RASTER, START + k, sign=False)
        before = seen(PLAN, overlays, rungs, RASTER, START + k - 1, sign=False) if k else None
        if step.coded is None:
            whole_second = k % 25 == 0
            arrived = now.overlay and (before is None or before.overlay != now.overlay)
            assert step.begins == bool(k == 0 or steps[k - 1].coded or whole_second or arrived)
            continue
        assert step.coded == now.shot and coded(now.shot.sha256, now.shot.frame // GROUP)
        assert not (now.overlay or now.slate or now.crawl or now.logo or now.clock)
        place = now.shot.frame % GROUP
        assert step.begins == (place == 0)
        assert place == 0 or steps[k - 1].coded == Shot(sha256=now.shot.sha256, frame=now.shot.frame - 1)
    for k in range(1, 200):  # a picture that could be taken over is
        now = seen(PLAN, overlays, rungs, RASTER, START + k, sign=False)
        shot = bare(now)
        if shot and shot.frame % GROUP == 0 and coded(shot.sha256, shot.frame // GROUP):
            assert steps[k].coded == shot
    twin = splicing(overlays, rungs, coded, start=later)
    assert run(twin, later)[GROUP:] == steps[later + GROUP :]
    asked = list(range(200))
    mix.shuffle(asked)
    again = splicing(overlays, rungs, coded)
    assert {k: again.at(START + k) for k in asked} == dict(enumerate(steps))


def foreseen(overlays=(), ahead=5):
    return Foresight(Scene(PLAN, overlays, (), RASTER, sign=False).at, RASTER, ahead)


def test_pixels_may_be_needed_where_something_is_encoded_and_after_a_group_that_was_cut_short():
    told = [foreseen(ahead=0).until(START + k) for k in range(200)]
    steps = run(splicing())
    cut = {40}  # the film before it ends inside a group; the one at 115 is joined inside one, and encoded
    for k, (until, step) in enumerate(zip(told, steps, strict=True)):
        if k not in cut:
            assert until == (0 if step.coded else START + k + GROUP), k
    one = foreseen(ahead=0)
    along = [one.until(START + k) for k in range(200)]
    assert [k for k in range(200) if along[k] != told[k]] == [40] and along[40] == START + 40 + GROUP


def test_what_comes_is_told_once_as_soon_as_it_is_seen():
    over = overlay(60, 5, "duck", CAPTION)
    one = foreseen((over,))
    assert [one.until(START + k) for k in (54, 55, 56)] == [0, START + 60 + GROUP, START + 61 + GROUP]
    assert one.at(START + 60) == splicing((over,)).at(START + 60)
    assert one.until(START + 56) == 0, "it was told"
    assert one.until(START + 20) == 0, "another place: it looks anew"
    assert one.at(START + 100).coded == Shot(sha256=B, frame=60), "farther than it looked"
    assert foreseen().until(START + 400) == 0
    assert foreseen().until(START + 197) in (0, START + 199 + GROUP), "as far as something is planned"
