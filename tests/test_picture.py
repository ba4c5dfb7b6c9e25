"""What is seen at frame k: takes, rungs, overlays and their captions, on one index with the sound."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.captions import Caption
from schedules.picture import Scene, Shot, fresh, picture_edges, seen, shot_at
from schedules.plan import Fallen, Medium, Overlay, Plan, Replacement, Take
from schedules.raster import FRAME, RASTERS
from schedules.render import NotPlanned

RASTER = RASTERS["576p25"]

A, B, F1, F2, RADIO = (f"{k}" * 64 for k in range(5))
START = 25 * 1_000
MEDIA = (
    Medium(sha256=A, samples=50 * FRAME, frames=50),
    Medium(sha256=B, samples=75 * FRAME, frames=75),
    Medium(sha256=F1, samples=30 * FRAME, frames=30),
    Medium(sha256=F2, samples=45 * FRAME, frames=45),
    Medium(sha256=RADIO, samples=40 * FRAME),
)
CAPTION = Caption(form="slate", title="山洪红色预警", text="请立即转移", level=1)


def take(item, start, frames, media, **more):
    begin = (START + start) * FRAME
    return Take(
        item=item, start=begin, end=begin + frames * FRAME, kind=more.pop("kind", "programme"), title=item,
        approval=f"rundown:{item}", media=media, **more,
    )  # fmt: skip


TAKES = (
    take("a", 0, 40, A, offset=5 * FRAME),
    take("b", 40, 75, B),
    take("radio", 115, 40, RADIO),
    take("off", 155, 25, None, kind="silence"),
)
PLAN = Plan(
    channel="tv1", revision=1, start=START * FRAME, end=(START + 180) * FRAME, takes=TAKES, media=MEDIA,
    filler=(F1, F2), loop=RADIO,
)  # fmt: skip


def overlay(first, frames, mode="replace", caption=CAPTION, priority=1, name="x", shift=0):
    start = (START + first) * FRAME + shift
    return Overlay(
        id=name, mode=mode, start=start, end=start + frames * FRAME, priority=priority,
        approval=f"alert:{name}", caption=caption,
    )  # fmt: skip


def at(k, overlays=(), rungs=(), **more):
    return seen(PLAN, overlays, rungs, RASTER, START + k, **more)


def test_a_take_shows_its_own_frames_from_its_offset():
    assert at(0).shot == Shot(sha256=A, frame=5)
    assert at(39).shot == Shot(sha256=A, frame=44)
    assert at(40).shot == Shot(sha256=B, frame=0)
    assert at(40).approval == "rundown:b"


def test_sound_without_a_picture_shows_its_title():
    assert (at(120).ground, at(120).title, at(120).shot) == ("title", "radio", None)


def test_planned_silence_shows_the_standby_card():
    assert at(160).ground == "standby"


@pytest.mark.parametrize(
    ("rung", "ground", "approval"),
    [
        ("filler", "shot", "standing:filler"),
        ("loop", "standby", "standing:loop"),
        ("tone", "standby", "standing:tone"),
    ],
)
def test_a_fallen_take_goes_down_the_ladder_with_its_sound(rung, ground, approval):
    fallen = (Fallen(take=TAKES[0].id, start=(START + 10) * FRAME, rung=rung),)
    assert at(9, rungs=fallen).shot == Shot(sha256=A, frame=14)
    assert (at(10, rungs=fallen).ground, at(10, rungs=fallen).approval) == (ground, approval)


@pytest.mark.parametrize("rung", ["copy", "mended"])
def test_the_second_copy_and_a_damaged_place_change_nothing_of_what_is_due(rung):
    fallen = (Fallen(take=TAKES[0].id, start=(START + 10) * FRAME, rung=rung),)
    now = at(10, rungs=fallen)
    assert (now.shot, now.rung, now.approval) == (Shot(sha256=A, frame=15), rung, "rundown:a")


def test_a_replacement_shows_its_own_frames_or_the_title_under_its_own_leave():
    film = Replacement(media=B, shift=-5 * FRAME, approval="standing:replacement")
    sound = Replacement(media=RADIO)
    for instead, shot, ground in ((film, Shot(sha256=B, frame=10), "shot"), (sound, None, "title")):
        one = attrs.evolve(TAKES[0], replacement=instead)
        fallen = (Fallen(take=one.id, start=(START + 10) * FRAME, rung="replacement"),)
        now = seen(attrs.evolve(PLAN, takes=(one, *TAKES[1:])), (), fallen, RASTER, START + 10)
        assert (now.shot, now.ground, now.rung) == (shot, ground, "replacement")
        assert now.approval == (instead.approval or "rundown:a")


def test_filler_is_in_phase_with_the_absolute_index():
    fallen = (Fallen(take=TAKES[1].id, start=TAKES[1].start, rung="filler"),)
    shots = [at(k, rungs=fallen).shot for k in range(40, 115)]
    for k, shot in zip(range(START + 40, START + 115), shots, strict=True):
        place = k % 75
        assert shot == (Shot(sha256=F1, frame=place) if place < 30 else Shot(sha256=F2, frame=place - 30))


def test_a_replacing_alert_is_a_slate_and_a_ducking_one_a_crawl():
    now = at(20, [overlay(15, 20)])
    assert (now.ground, now.slate.frame, now.slate.caption.form, now.crawl) == ("caption", 5, "slate", None)
    now = at(20, [overlay(15, 20, mode="duck")])
    assert (now.ground, now.crawl.frame, now.crawl.caption.form, now.slate) == ("shot", 5, "crawl", None)


def test_a_crawl_may_lie_over_a_slate():
    low, high = overlay(0, 40, name="low"), overlay(10, 20, mode="duck", priority=2, name="high")
    now = at(12, [low, high])
    assert (now.slate.overlay, now.slate.frame) == ("low", 12)
    assert (now.crawl.overlay, now.crawl.frame, now.overlay) == ("high", 2, "high")


def shrinking(first, last, **more):
    return attrs.evolve(overlay(first, last, **more), shrink=True)


@pytest.mark.parametrize("mode", ["replace", "duck"])
def test_an_alert_that_shrinks_stands_around_the_programme_which_goes_on(mode):
    bare = at(20)
    now = at(20, [shrinking(15, 20, mode=mode)])
    assert now.shrunk and (now.ground, now.shot) == ("shot", bare.shot)
    assert (now.slate.frame, now.slate.caption.form, now.crawl, now.clock) == (5, "shrink", None, "")
    assert not bare.shrunk and not at(20, [overlay(15, 20)]).shrunk


def test_what_shrinks_is_a_crawl_where_another_covers_the_programme_and_a_crawl_lies_over_it():
    low, high = overlay(0, 40, name="low"), shrinking(10, 20, mode="duck", priority=2, name="high")
    now = at(12, [low, high])
    assert not now.shrunk and (now.ground, now.slate.overlay) == ("caption", "low")
    assert (now.crawl.overlay, now.crawl.caption.form) == ("high", "crawl")
    under, over = (
        shrinking(0, 40, name="under"),
        overlay(10, 20, mode="duck", priority=2, name="over"),
    )
    now = at(12, [under, over])
    assert now.shrunk and (now.slate.overlay, now.crawl.overlay, now.ground) == ("under", "over", "shot")
    both = at(12, [attrs.evolve(under, mode="duck"), attrs.evolve(over, shrink=True)])
    assert both.shrunk and (both.slate.overlay, both.crawl.overlay) == ("over", "under")


def test_without_words_nothing_is_shrunk_and_a_mute_covers_it():
    assert not at(12, [attrs.evolve(shrinking(0, 40), caption=None)]).shrunk
    mute = attrs.evolve(overlay(0, 40, mode="silence", caption=None, priority=1_000, name="mute"))
    now = at(12, [shrinking(0, 40), mute])
    assert (now.ground, now.slate, now.shot) == ("standby", None, None)


def test_a_mute_shows_the_standby_card_and_nothing_of_what_it_covers():
    mute = attrs.evolve(
        overlay(0, 40, mode="silence", caption=None, priority=1_000, name="mute"), approval="mute:m"
    )
    now = at(12, [overlay(0, 40), mute])
    assert (now.ground, now.slate, now.crawl, now.logo, now.approval) == (
        "standby",
        None,
        None,
        False,
        "mute:m",
    )


def test_an_overlay_without_words_still_covers_the_programme():
    assert at(12, [overlay(0, 40, caption=None)]).ground == "standby"


def test_a_caption_stands_from_the_first_frame_at_or_after_its_start():
    for shift in (1, 480, FRAME - 1):
        late = overlay(15, 20, shift=shift)
        assert at(15, [late]).slate is None
        assert (at(16, [late]).slate.frame, at(35, [late]).slate is not None, at(36, [late]).slate) == (
            0,
            True,
            None,
        )


def test_the_clock_shows_local_time_of_the_frame():
    assert at(0, tz="UTC").clock == "00:16:40"
    assert at(24, tz="Asia/Shanghai").clock == "08:16:40"
    assert at(25, tz="UTC").clock == "00:16:41"
    assert (at(0).clock, at(0, tz="UTC", clock=False).clock) == ("", "")
    assert at(20, [overlay(15, 20)], tz="UTC").clock == ""
    assert at(20, [overlay(15, 20, mode="duck")], tz="UTC").clock == "00:16:40"


def test_nothing_is_seen_outside_the_plan():
    with pytest.raises(NotPlanned):
        at(-1)
    with pytest.raises(NotPlanned):
        at(180)


def test_a_medium_shorter_than_its_take_leaves_the_title():
    short = attrs.evolve(PLAN, media=tuple(attrs.evolve(m, frames=min(m.frames, 20)) for m in MEDIA))
    assert seen(short, (), (), RASTER, START + 39).ground == "title"


def test_filler_whose_media_are_missing_falls_to_the_card():
    bare = attrs.evolve(PLAN, media=MEDIA[:2], loop=None)
    fallen = (Fallen(take=TAKES[0].id, start=TAKES[0].start, rung="filler"),)
    now = seen(bare, (), fallen, RASTER, START + 3)
    assert (now.ground, now.rung) == ("standby", "tone")
    assert shot_at(bare, TAKES[0], "filler", RASTER, TAKES[0].start) is None


def test_groups_of_pictures_begin_each_second_and_where_an_overlay_comes_on_top():
    cover = [overlay(15, 20)]
    ks = range(60)
    states = [at(k, cover) for k in ks]
    firsts = [k for k in ks if fresh(states[k - 1] if k else None, states[k], RASTER, START + k)]
    assert firsts == [0, 15, 25, 50]


def test_edges_are_where_the_screen_changes():
    found = picture_edges(PLAN, [overlay(15, 20, shift=7)], RASTER, START, START + 200)
    assert found == [START + k for k in (0, 16, 36, 40, 115, 155)]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 179),
    st.integers(0, 120),
    st.integers(1, 60),
    st.sampled_from(["replace", "duck", "silence"]),
)
def test_every_frame_names_its_approval_and_one_ground(k, first, frames, mode):
    now = at(k, [overlay(first, frames, mode=mode)])
    inside = first <= k < first + frames
    assert now.approval == ("alert:x" if inside else now.take.approval)
    assert (now.shot is not None) == (now.ground == "shot")
    assert (now.slate is not None) == (now.ground == "caption")
    if inside and mode != "duck":
        assert now.shot is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 179), min_size=1, max_size=4),
    st.lists(
        st.tuples(st.integers(0, 150), st.integers(1, 40), st.sampled_from(["replace", "duck"]), st.integers(0, 3)),
        max_size=2,
    ),
    st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 40), st.sampled_from(["file", "filler", "loop"])), max_size=3),
    st.integers(0, 700),
)  # fmt: skip
def test_a_scene_gives_frame_after_frame_what_is_seen(starts, covers, falls, odd):
    media = (*MEDIA[:3], attrs.evolve(MEDIA[3], samples=45 * FRAME + odd), MEDIA[4])
    plan = attrs.evolve(PLAN, media=media, loop=A)
    overlays = [
        attrs.evolve(
            overlay(first, frames, mode=mode, name=f"o{n}", priority=n, shift=shift), shrink=shift % 2 == 1
        )
        for n, (first, frames, mode, shift) in enumerate(covers)
    ]
    rungs = tuple(
        Fallen(take=TAKES[which].id, start=TAKES[which].start + back * FRAME - odd, rung=rung)
        for which, back, rung in falls
    )
    scene = Scene(plan, overlays, rungs, RASTER, "Asia/Shanghai")
    for start in starts:  # on, and back again
        for k in range(START + start, START + min(180, start + 60)):
            assert scene.at(k) == seen(plan, overlays, rungs, RASTER, k, "Asia/Shanghai")


def test_a_scene_shows_no_clock_where_none_is_wanted_and_raises_where_nothing_is_planned():
    scene = Scene(PLAN, (), (), RASTER, "Asia/Shanghai", clock=False)
    assert [scene.at(START + k).clock for k in range(40)] == [""] * 40
    with pytest.raises(NotPlanned):
        scene.at(START + 180)


FIFTY = RASTERS["720p50"]


def hastened(one, *names):
    """The same in half the time."""
    return attrs.evolve(one, **{name: getattr(one, name) // 2 for name in names})


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 179), st.integers(0, 150), st.integers(1, 60), st.sampled_from(["replace", "duck", "silence"]),
    st.sampled_from([0, 2, 958, 1_918]), st.sampled_from(["file", "filler", "tone"]),
)  # fmt: skip
def test_at_fifty_pictures_a_second_all_is_seen_as_at_twentyfive_in_half_the_time(
    k, first, frames, mode, shift, rung
):
    cover, fallen = (
        overlay(first, frames, mode=mode, shift=shift),
        Fallen(take=TAKES[0].id, start=TAKES[0].start, rung=rung),
    )
    takes = tuple(hastened(one, "start", "end", "offset") for one in TAKES)
    media = tuple(hastened(one, "samples") for one in MEDIA)
    plan = attrs.evolve(hastened(PLAN, "start", "end"), takes=takes, media=media)
    over = hastened(cover, "start", "end")
    fell = attrs.evolve(fallen, take=takes[0].id, start=takes[0].start)
    slow, fast = (
        seen(PLAN, [cover], [fallen], RASTER, START + k),
        seen(plan, [over], [fell], FIFTY, START + k),
    )
    assert attrs.evolve(fast, take=slow.take) == slow
    scene = Scene(plan, [over], [fell], FIFTY)
    assert [scene.at(START + n) for n in range(k, 180)] == [
        seen(plan, [over], [fell], FIFTY, START + n) for n in range(k, 180)
    ]
    wanted = picture_edges(PLAN, [cover], RASTER, START, START + 200)
    assert picture_edges(plan, [over], FIFTY, START, START + 200) == wanted


def test_at_fifty_pictures_a_second_a_group_begins_every_fiftieth():
    one = at(3)
    assert [k for k in range(200) if fresh(one, one, FIFTY, k)] == [0, 50, 100, 150]
