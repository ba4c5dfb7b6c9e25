"""The picture of a slot: planted faults are found as what they are, and nothing else is found."""

import attrs
import numpy as np
import pytest
from picture_kit import (
    K0,
    RASTER,
    Studio,
    film,
    film_frame,
    grids_only,
    judged,
    plan_of,
    take,
    through_codec,
)  # fmt: skip

from playout.tv_house import planes_of
from safety.judge import Version
from safety.judge_picture import PictureJudge
from safety.messages import SLOT
from safety.slots import Limits, Pending, close, settle
from schedules.captions import Caption
from schedules.plan import Overlay
from schedules.planes import blank
from schedules.raster import FRAME, RASTERS, sample_of
from schedules.withdrawal import without
from station.words import SampleIndex, Sha256

BEGIN = K0 - 25


@pytest.fixture(scope="module")
def channel(tmp_path_factory):
    """(studio, plan, the film due, another approved one, filler)."""
    home = tmp_path_factory.mktemp("films")
    due, other, filler = film(home, 1, 500), film(home, 2, 300), film(home, 4, 150)
    studio = Studio(home, {due.sha256: 1, other.sha256: 2, filler.sha256: 4})
    plan = plan_of([take("news", due, BEGIN, 500)], [due, other, filler], filler)
    return studio, plan


def black() -> np.ndarray:
    return np.concatenate([p.reshape(-1) for p in blank(RASTER.width, RASTER.height)])


def slot(frame: int) -> int:
    return frame * 2 // 5


def trouble(runs) -> list[tuple[int, int, str, str]]:
    return [(r.first, r.last, r.state, r.cause) for r in runs if r.state != "NORMAL"]


def caption(form: str = "crawl") -> Caption:
    return Caption(form=form, title="山洪红色预警", text="淠河水位上涨,请沿河居民立即转移。", level=1)


def alert(first: int, last: int, mode: str = "duck") -> Overlay:
    return Overlay(
        id="a1/tv1", mode=mode, start=sample_of(K0 + first), end=sample_of(K0 + last), priority=1,
        approval="alert:a1", caption=caption(),
    )  # fmt: skip


def test_every_planted_fault_is_found_behind_the_real_encoder_and_nothing_else(channel) -> None:
    studio, plan = channel
    held: list[np.ndarray] = []

    def fault(n: int, picture: np.ndarray) -> np.ndarray | None:
        if n == 149:
            held.append(picture.copy())
        if 50 <= n < 100:
            return black()  # 2 s
        if 150 <= n < 225:
            return held[0]  # 3 s frozen
        if 275 <= n < 300:
            return film_frame(n, 7)  # 1 s that nobody approved
        if 350 <= n < 400:
            return None  # 2 s without packets
        return picture

    reel, reader = through_codec(studio, plan, (), 450, fault)
    found = trouble(judged(studio, plan, (), reel, 448))
    assert found[0] == (20, 40, "OUTAGE", "picture: black")
    assert found[1] == (60, 90, "OUTAGE", "picture: frozen")
    assert found[2] == (110, 120, "FOREIGN", "picture: not what is due")
    lost = found[3:]
    assert all(run[2] == "OUTAGE" and "packets" in run[3] for run in lost)
    assert 139 <= lost[0][0] <= 140
    assert lost[-1][1] == 160
    assert reader.counts.pcr_longest <= 40 * 27_000


def test_a_clean_run_behind_the_encoder_is_normal_in_every_slot(channel) -> None:
    studio, plan = channel
    overlays = (alert(50, 120), alert(150, 220, "replace"))
    reel, reader = through_codec(studio, plan, overlays, 250)
    runs = judged(studio, plan, overlays, reel, 245)
    assert trouble(runs) == []
    assert sum(r.last - r.first for r in runs) == 98
    assert {r.due for r in runs} == {"rundown:news", "alert:a1"}
    assert reader.counts.continuity == 0


def test_a_fault_shorter_than_its_limit_is_degraded(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 60, lambda n, p: black() if 20 <= n < 35 else p)
    assert trouble(judged(studio, plan, (), reel, 60)) == [(8, 14, "DEGRADED", "picture: black")]


def test_a_limit_may_be_set(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 60, lambda n, p: black() if 20 <= n < 35 else p)
    found = trouble(judged(studio, plan, (), reel, 60, Limits(black=20_000)))
    assert found == [(8, 14, "OUTAGE", "picture: black")]


def test_a_picture_that_is_still_by_itself_is_not_frozen(channel) -> None:
    studio, plan = channel
    still = attrs.evolve(plan, takes=(take("off", None, BEGIN, 500),))
    reel = grids_only(studio, still, (), 150)
    runs = judged(studio, still, (), reel, 150)
    assert trouble(runs) == []


def test_a_still_foreign_picture_is_foreign_not_frozen(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 150, lambda n, p: film_frame(5, 9) if n >= 50 else p)
    found = trouble(judged(studio, plan, (), reel, 150))
    assert [run[2:] for run in found] == [("FOREIGN", "picture: not what is due")]


def test_a_strip_laid_over_the_programme_is_foreign(channel) -> None:
    studio, plan = channel

    def fault(n: int, picture: np.ndarray) -> np.ndarray:
        if 30 <= n < 60:
            planes_of(picture, RASTER)[0][500:540] = 210
        return picture

    reel = grids_only(studio, plan, (), 100, fault)
    assert trouble(judged(studio, plan, (), reel, 100)) == [
        (12, 24, "FOREIGN", "picture: something lies over the programme")
    ]


def test_another_approved_film_is_wrong_and_named(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 150, lambda n, p: film_frame(n, 2) if 25 <= n < 125 else p)
    assert trouble(judged(studio, plan, (), reel, 150)) == [(10, 50, "WRONG", "picture: film 2 is not due")]


def test_filler_that_is_not_due_is_named(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 140, lambda n, p: film_frame(n % 100, 4) if n >= 25 else p)
    runs = judged(studio, plan, (), reel, 140)
    assert runs[-1].state == "WRONG"
    assert runs[-1].heard == "filler"


def test_a_fall_to_filler_or_to_the_card_is_called_so(channel) -> None:
    from schedules.picture import seen
    from schedules.plan import Fallen

    studio, plan = channel
    news = plan.takes[0]
    for rung, state, cause in (("filler", "WRONG", "fell to filler"), ("tone", "EMPTY", "fell to the card")):
        fallen = (Fallen(take=news.id, start=news.start, rung=rung),)

        def fault(n: int, picture: np.ndarray, fallen=fallen) -> np.ndarray:
            what = seen(plan, (), fallen, RASTER, K0 + n, "Asia/Shanghai")
            made = black() if what.shot is None else film_frame(what.shot.frame, 4)
            from schedules.graphics import compose, layers

            compose(planes_of(made, RASTER), layers(what, studio.graphics))
            return made

        reel = grids_only(studio, plan, (), 100, fault)
        found = trouble(judged(studio, plan, (), reel, 100))
        assert found == [(0, 40, state, f"picture: {cause}")]


@pytest.mark.parametrize(
    ("by", "state", "said"),
    [(1, "DEGRADED", "1 frame late"), (20, "WRONG", "20 frames late"), (-20, "WRONG", "20 frames early")],
)
def test_the_right_picture_at_the_wrong_time_says_by_how_much(channel, by, state, said) -> None:
    studio, plan = channel
    reel = grids_only(
        studio, plan, (), 150, lambda n, p: studio.frame(plan, (), K0 + n - by) if 25 <= n < 125 else p
    )
    found = trouble(judged(studio, plan, (), reel, 150))
    assert {run[2] for run in found} == {state}
    assert f"picture: {said}" in {run[3] for run in found}


def test_a_caption_that_is_due_and_missing_is_wrong(channel) -> None:
    studio, plan = channel
    for mode in ("duck", "replace"):
        overlays = (alert(0, 120, mode),)
        reel = grids_only(studio, plan, (), 100)
        found = trouble(judged(studio, plan, overlays, reel, 100))
        assert found == [(0, 40, "WRONG", "picture: a1/tv1 is due and not seen")]


def test_a_caption_that_outlasts_its_end_is_wrong(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (alert(0, 200, "replace"),), 150)
    found = trouble(judged(studio, plan, (alert(0, 50, "replace"),), reel, 150))
    assert found == [(20, 60, "WRONG", "picture: a1/tv1 outlasts its end")]


def test_a_caption_with_other_words_is_foreign(channel) -> None:
    studio, plan = channel
    due = alert(0, 150, "replace")
    forged = attrs.evolve(
        due, caption=attrs.evolve(caption(), title="放假通知", text="明天放假一天" * 9, level=4)
    )
    reel = grids_only(studio, plan, (forged,), 100)
    found = trouble(judged(studio, plan, (due,), reel, 100))
    assert {run[2] for run in found} == {"FOREIGN"}


def test_brightness_that_changed_is_degraded(channel) -> None:
    studio, plan = channel

    def fault(n: int, picture: np.ndarray) -> np.ndarray:
        luma = planes_of(picture, RASTER)[0]
        luma[:] = luma // 2 + 30
        return picture

    reel = grids_only(studio, plan, (), 50, fault)
    assert trouble(judged(studio, plan, (), reel, 50)) == [
        (0, 20, "DEGRADED", "picture: brightness or contrast")
    ]


def test_single_frames_missing_are_degraded(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 100, lambda n, p: None if n == 51 else p)
    found = trouble(judged(studio, plan, (), reel, 100))
    assert {run[2] for run in found} == {"DEGRADED"}
    assert len(found) == 1


def test_what_cannot_be_compared_is_unknown(channel) -> None:
    studio, plan = channel
    lost = attrs.evolve(plan.media[0], sha256=Sha256("e" * 64))
    other = attrs.evolve(
        plan, takes=(attrs.evolve(plan.takes[0], media=lost.sha256),), media=(lost, *plan.media[1:])
    )
    reel = grids_only(studio, plan, (), 50)
    found = trouble(judged(studio, other, (), reel, 50))
    assert found == [(0, 20, "UNKNOWN", f"picture: medium {'e' * 12} is not verified")]


def test_without_a_plan_all_is_unknown_lost_or_not(channel) -> None:
    studio, _ = channel
    judge = PictureJudge(studio.screen)
    first = sample_of(K0) // SLOT

    class Nothing:
        def grid(self, frame):
            return None

        def blind(self, frame):
            return frame < K0 + 10

        def packets(self, first, last):
            return 0

    assert judge.judge((), first, Nothing()).cause == "the witness did not see"
    assert judge.judge((), first + 8, Nothing()).cause == "picture: no plan known"


def test_off_air_needs_no_picture(channel) -> None:
    studio, plan = channel
    night = attrs.evolve(plan, takes=(take("night", None, BEGIN, 2_000),), end=sample_of(BEGIN + 2_000))
    reel = grids_only(studio, night, (), 50, lambda n, p: None)
    found = trouble(judged(studio, night, (), reel, 50))
    assert [run[2] for run in found] == ["PLANNED"]


def test_around_a_change_of_the_plan_both_versions_are_right(channel) -> None:
    studio, plan = channel
    judge = PictureJudge(studio.screen)
    told = Version(plan=plan, overlays=(), since=SampleIndex(sample_of(BEGIN)))
    later = Version(plan=plan, overlays=(alert(10, 60),), since=SampleIndex(sample_of(K0 + 12)))
    reel = grids_only(studio, plan, (alert(10, 60),), 50)
    first = sample_of(K0) // SLOT
    marks = [judge.judge((told, later), first + n, reel) for n in range(20)]
    assert {mark.sign for mark in marks} == {"good"}


def test_a_slot_can_be_judged_again_as_if_it_had_not_been(channel) -> None:
    studio, plan = channel
    judge = PictureJudge(studio.screen)
    version = Version(plan=plan, overlays=(), since=SampleIndex(0))
    crawling = Version(plan=plan, overlays=(alert(10, 60),), since=SampleIndex(0))
    reel = grids_only(studio, plan, (alert(10, 60),), 50)
    first = sample_of(K0) // SLOT
    for n in range(4):
        judge.judge((version,), first + n, reel)
    before = judge.keep()
    assert judge.judge((version,), first + 5, reel).sign in ("foreign", "wrong")
    judge.go_back(before)
    assert judge.judge((crawling,), first + 5, reel).sign == "good"


def test_a_crawl_that_is_not_due_yet_is_wrong_or_foreign_never_good(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (alert(0, 100),), 50)
    found = trouble(judged(studio, plan, (alert(200, 300),), reel, 50))
    assert {run[2] for run in found} <= {"FOREIGN", "WRONG"}
    assert found


def test_the_loop_is_called_the_loop_where_it_is_not_due(channel) -> None:
    studio, plan = channel
    looped = attrs.evolve(plan, loop=plan.media[1].sha256, filler=())
    reel = grids_only(studio, looped, (), 100, lambda n, p: film_frame((n + 40) % 300, 2))
    runs = judged(studio, looped, (), reel, 100)
    assert {run.heard for run in runs} == {"loop"}


def test_what_is_lost_between_slots_is_lost_in_each(channel) -> None:
    studio, plan = channel
    reel = grids_only(studio, plan, (), 100, lambda n, p: None if 30 <= n < 70 else p)
    found = trouble(judged(studio, plan, (), reel, 100))
    assert {run[2] for run in found} == {"OUTAGE"}
    assert (found[0][0], found[-1][1]) == (12, 28)


def test_a_picture_that_cannot_be_decoded_is_not_called_a_missing_packet(channel) -> None:
    studio, plan = channel
    judge = PictureJudge(studio.screen)

    class Packets:
        def grid(self, frame):
            return None

        def blind(self, frame):
            return False

        def packets(self, first, last):
            return 9

    version = Version(plan=plan, overlays=(), since=SampleIndex(0))
    mark = judge.judge((version,), sample_of(K0) // SLOT, Packets())
    assert (mark.sign, mark.cause) == ("lost", "picture: packets, but no picture")


def test_even_a_small_sign_laid_over_the_programme_is_foreign(channel) -> None:
    studio, plan = channel

    def fault(n: int, picture: np.ndarray) -> np.ndarray:
        if n >= 30:
            planes_of(picture, RASTER)[0][352:416, 540:684] = 235  # eight cells of 360
        return picture

    reel = grids_only(studio, plan, (), 100, fault)
    found = trouble(judged(studio, plan, (), reel, 100))
    assert found == [(12, 40, "FOREIGN", "picture: something lies over the programme")]


def test_an_approved_film_that_looks_much_like_the_one_due_is_still_named(tmp_path) -> None:
    """Two films that differ in less than half of their cells: no strip laid over, but the other film."""
    import hashlib

    from picture_kit import TvWriter

    from safety.gallery import build
    from schedules.plan import Medium

    media = []
    for number in range(2):
        writer = TvWriter(tmp_path / "new.mkv", RASTER)
        for n in range(100):
            picture = film_frame(n, 1)
            planes_of(picture, RASTER)[0][:128] = 60 + 120 * number
            writer.write(picture, np.zeros((FRAME, 2), np.int32))
        writer.close()
        sha256 = Sha256(hashlib.sha256((tmp_path / "new.mkv").read_bytes()).hexdigest())
        (tmp_path / "new.mkv").rename(tmp_path / f"{sha256}.mkv")
        assert build(tmp_path / f"{sha256}.mkv", sha256, tmp_path / f"{sha256}.grids.npy") == ""
        media.append(Medium(sha256=sha256, samples=100 * FRAME, frames=100, title=f"edition {number}"))
    studio = Studio(tmp_path, {medium.sha256: 1 for medium in media})
    plan = plan_of([take("news", media[0], K0, 100)], media)

    def edition(number: int):
        def shown(n: int, picture: np.ndarray) -> np.ndarray:
            made = film_frame(n, 1)
            planes_of(made, RASTER)[0][:128] = 60 + 120 * number
            from schedules.graphics import compose, layers
            from schedules.picture import seen

            compose(
                planes_of(made, RASTER),
                layers(seen(plan, (), (), RASTER, K0 + n, "Asia/Shanghai"), studio.graphics),
            )
            return made

        return shown

    assert trouble(judged(studio, plan, (), grids_only(studio, plan, (), 100, edition(0)), 100)) == []
    found = trouble(judged(studio, plan, (), grids_only(studio, plan, (), 100, edition(1)), 100))
    assert found == [(0, 40, "WRONG", "picture: edition 1 is not due")]


def versions(*told: tuple) -> tuple[Version, ...]:
    """(plan, overlays, frame after the first at which the station said it), oldest first."""
    return tuple(
        Version(plan=plan, overlays=overlays, since=SampleIndex(sample_of(K0 + since)))
        for plan, overlays, since in told
    )


def settled(studio, known, reel, frames: int, **how) -> list[tuple[int, int, str, str]]:
    judge = PictureJudge(studio.screen, **how)
    first = sample_of(K0) // SLOT
    marks = [judge.judge(known, first + at, reel) for at in range(frames * 2 // 5)]
    runs, pending = settle(Pending(), marks, Limits())
    return [(a - first, b - first, *rest) for a, b, *rest in trouble((*runs, *close(pending, Limits())))]


@pytest.mark.parametrize("mode", ["duck", "replace"])
def test_an_alert_that_was_cancelled_and_is_still_seen_is_an_earlier_order_not_foreign(channel, mode) -> None:
    """A cancelled overlay leaves the set; a player that is not reached in time still shows it."""
    studio, plan = channel
    shown = alert(10, 400, mode)
    known = versions((plan, (shown,), -25), (plan, (), 50))
    reel = grids_only(studio, plan, (attrs.evolve(shown, end=sample_of(K0 + 200)),), 250)
    found = settled(studio, known, reel, 250)
    assert found == [(25, 80, "WRONG", "picture: an earlier order is followed")]


def test_a_plan_that_is_followed_too_long_is_an_earlier_order(channel) -> None:
    studio, plan = channel
    other = attrs.evolve(plan, revision=2, takes=(take("other", plan.media[1], BEGIN, 300),), end=sample_of(BEGIN + 300))  # fmt: skip
    reel = grids_only(studio, plan, (), 150)
    found = settled(studio, versions((plan, (), -25), (other, (), 25)), reel, 150)
    assert found == [(15, 60, "WRONG", "picture: an earlier order is followed")]


def test_a_film_that_was_withdrawn_and_is_still_seen_is_foreign(channel) -> None:
    studio, plan = channel
    gone = attrs.evolve(without(plan, {plan.takes[0].media}, FRAME), revision=2)
    reel = grids_only(studio, plan, (), 150)
    found = settled(studio, versions((plan, (), -25), (gone, (), 25)), reel, 150)
    assert [(state, why) for _, _, state, why in found] == [
        ("DEGRADED", "picture: an earlier order is followed"), ("FOREIGN", "picture: what was withdrawn goes on"),
    ]  # fmt: skip
    assert found[1][0] == 20


@pytest.mark.parametrize("mode", ["duck", "replace"])
def test_an_alert_that_begins_again_by_a_later_order_may_still_run_by_the_earlier_one(channel, mode) -> None:
    """What lay below another alert starts anew when that is over; its crawl then has another offset."""
    studio, plan = channel
    first = alert(0, 400, mode)
    again = attrs.evolve(first, start=sample_of(K0 + 30))
    reel = grids_only(studio, plan, (first,), 100)
    found = settled(studio, versions((plan, (first,), -25), (plan, (again,), 20)), reel, 100)
    assert {run[2:] for run in found} == {("DEGRADED", "picture: an earlier order is followed")}


@pytest.mark.parametrize("mode", ["duck", "replace"])
@pytest.mark.parametrize("stall", [12, 23, 40])
def test_a_picture_with_words_that_stalls_is_late_and_never_foreign(channel, mode, stall) -> None:
    """Where nobody composes, the encoder repeats the last picture: crawl and clock stand still with it."""
    studio, plan = channel
    off = attrs.evolve(plan, takes=(take("off", None, BEGIN, 500),))
    for below in (plan, off):
        overlays = (alert(5, 400, mode),)
        held: list[np.ndarray] = []

        def fault(n: int, picture: np.ndarray, held=held) -> np.ndarray:
            if n == 29:
                held.append(picture.copy())
            return held[0] if 30 <= n < 30 + stall else picture

        reel = grids_only(studio, below, overlays, 120, fault)
        found = settled(studio, versions((below, overlays, -25)), reel, 120)
        assert found
        assert {run[2] for run in found} <= {"DEGRADED", "WRONG"}
        assert found[0][0] >= 12
        assert found[-1][1] <= 12 + -(-stall * 2 // 5) + 1


@pytest.mark.parametrize("mode", ["duck", "replace"])
def test_words_that_stand_still_for_long_are_frozen(channel, mode) -> None:
    studio, plan = channel
    off = attrs.evolve(plan, takes=(take("off", None, BEGIN, 500),))
    overlays = (alert(5, 490, mode),)
    held: list[np.ndarray] = []

    def fault(n: int, picture: np.ndarray) -> np.ndarray:
        if n == 49:
            held.append(picture.copy())
        return held[0] if 50 <= n < 200 else picture

    reel = grids_only(studio, off, overlays, 230, fault)
    found = settled(studio, versions((off, overlays, -25)), reel, 230)
    assert found == [(20, 80, "OUTAGE", "picture: frozen")] or {r[2] for r in found} == {"OUTAGE"}


def test_of_two_alerts_whose_sound_is_not_there_yet_it_is_said_that_they_are_missing(channel) -> None:
    studio, plan = channel
    below = alert(0, 200, "replace")
    words = attrs.evolve(caption(), title="地震预警", text="请立即避险。")
    above = attrs.evolve(below, id="a2/tv1", priority=2, approval="alert:a2", caption=words)
    reel = grids_only(studio, plan, (), 100)
    found = settled(studio, versions((plan, (below, above), -25)), reel, 100)
    assert found == [(0, 40, "WRONG", "picture: a2/tv1 is due and not seen")]
    reel = grids_only(studio, plan, (below,), 100)
    assert settled(studio, versions((plan, (below, above), -25)), reel, 100) == found


def test_a_film_shown_in_place_of_an_alert_is_named(channel) -> None:
    """Under a slate no cell is free; what is approved is known all the same, and a strip over it is not."""
    studio, plan = channel
    known = versions((plan, (alert(0, 200, "replace"),), -25))
    other = attrs.evolve(plan, takes=(take("other", plan.media[1], BEGIN, 300),))
    reel = grids_only(studio, other, (), 100)
    assert settled(studio, known, reel, 100) == [(0, 40, "WRONG", "picture: film 2 is not due")]

    def strip(n: int, picture: np.ndarray) -> np.ndarray:
        planes_of(picture, RASTER)[0][200:260] = 225
        return picture

    reel = grids_only(studio, other, (), 100, strip)
    assert settled(studio, known, reel, 100) == [(0, 40, "FOREIGN", "picture: not what is due")]


def test_while_an_approved_film_has_not_been_looked_at_nothing_is_called_foreign(channel) -> None:
    """The player may show it: filler by its own standby plan, or what an order that crosses the witness' brings."""
    studio, plan = channel
    unseen = plan.media[2].sha256
    assert unseen in plan.filler
    reel = grids_only(studio, plan, (), 100, lambda n, p: film_frame(n, 9) if n >= 50 else p)
    known = versions((plan, (), -25))
    found = settled(studio, known, reel, 100, looked_at=lambda sha256: sha256 != unseen)
    assert found == [(20, 40, "UNKNOWN", f"picture: film {unseen[:12]} is not known by sight yet")]
    found = settled(studio, known, reel, 100, looked_at=lambda sha256: sha256 == unseen)
    assert found[0][2] == "FOREIGN" if plan.media[0].sha256 == unseen else "UNKNOWN"


def test_a_film_of_another_hour_that_has_not_been_looked_at_excuses_nothing(channel) -> None:
    studio, plan = channel
    far = attrs.evolve(plan.media[0], sha256=Sha256("f" * 64), title="tomorrow")
    later = take("later", far, BEGIN + 500 + 25 * 3_600, 100)
    gap = take("gap", None, BEGIN + 500, 25 * 3_600)
    longer = attrs.evolve(plan, takes=(*plan.takes, gap, later), end=later.end, media=(*plan.media, far))
    reel = grids_only(studio, plan, (), 100, lambda n, p: film_frame(n, 9) if n >= 50 else p)
    found = settled(
        studio, versions((longer, (), -25)), reel, 100, looked_at=lambda sha256: sha256 != far.sha256
    )
    assert [run[2] for run in found] == ["FOREIGN"]


def test_fifty_pictures_a_second_are_judged_frame_by_frame_behind_the_real_encoder(tmp_path) -> None:
    fast = RASTERS["720p50"]
    due = film(tmp_path, 1, 190, fast)
    studio, begin = Studio(tmp_path, {due.sha256: 1}, fast), K0 - 20
    plan = plan_of([take("news", due, begin, 190, raster=fast)], [due])
    crawl = Overlay(
        id="a1/tv1", mode="duck", start=fast.sample_of(K0 + 25), end=fast.sample_of(K0 + 75), priority=1,
        approval="alert:a1", caption=caption(),
    )  # fmt: skip
    held: list[np.ndarray] = []

    def fault(n: int, picture: np.ndarray) -> np.ndarray | None:
        held.append(picture)
        if 100 <= n < 130:
            return held[99]  # 0.6 s
        return held[n - 1] if n == 150 else picture

    reel, reader = through_codec(studio, plan, (crawl,), 165, fault)
    assert reader.counts.continuity == 0
    runs = judged(studio, plan, (crawl,), reel, 155)
    assert trouble(runs) == [
        (20, 26, "DEGRADED", "picture: frozen"),
        (30, 31, "DEGRADED", "picture: 1 frame late"),
    ]
    marks = PictureJudge(studio.screen)
    version = Version(plan=plan, overlays=(crawl,), since=SampleIndex(fast.sample_of(begin)))
    first = fast.sample_of(K0) // SLOT
    signs = [marks.judge((version,), first + at, reel) for at in range(31)]
    assert [at for at, mark in enumerate(signs) if mark.sign != "good"] == [20, 21, 22, 23, 24, 25, 30]
    assert signs[30].cause == "picture: 1 frame late" and signs[5].heard == "a1/tv1"


def around(first: int, last: int, mode: str = "duck") -> Overlay:
    return attrs.evolve(alert(first, last, mode), shrink=True)


def test_an_alert_around_the_programme_is_normal_in_every_slot_behind_the_encoder(channel) -> None:
    studio, plan = channel
    overlays = (around(50, 120), around(150, 220, "replace"))
    reel, _ = through_codec(studio, plan, overlays, 250)
    runs = judged(studio, plan, overlays, reel, 245)
    assert trouble(runs) == []
    assert {r.due for r in runs} == {"rundown:news", "alert:a1"}


@pytest.mark.parametrize("fault", ["foreign", "frozen", "whole", "programme", "black"])
def test_what_is_wrong_in_the_small_picture_or_around_it_is_found(channel, fault) -> None:
    studio, plan = channel
    overlays = (around(0, 150),)
    (x, y), (wide, high) = RASTER.hole, (RASTER.width // 2, RASTER.height // 2)
    held: list[np.ndarray] = []

    def spoilt(n: int, picture: np.ndarray) -> np.ndarray:
        if not 50 <= n < 100:
            held[:] = [picture.copy()]
            return picture
        if fault == "whole":  # the slate over everything
            return studio.frame(plan, (alert(0, 150, "replace"),), K0 + n)
        if fault == "programme":  # the programme as large as ever
            return studio.frame(plan, (), K0 + n)
        small = planes_of(picture, RASTER)[0][y : y + high, x : x + wide]
        shown = {
            "foreign": planes_of(film_frame(n, 9), RASTER)[0][::2, ::2],
            "frozen": planes_of(held[0], RASTER)[0][y : y + high, x : x + wide],
            "black": 16,
        }
        small[:] = shown[fault]
        return picture

    reel = grids_only(studio, plan, overlays, 150, spoilt)
    found = trouble(judged(studio, plan, overlays, reel, 150))
    assert found, "it is not normal"
    assert min(run[0] for run in found) >= 20 and max(run[1] for run in found) <= 41
    assert max(run[1] for run in found) - min(run[0] for run in found) >= 15, "for most of the time it lasts"
    assert fault != "foreign" or {run[2] for run in found} == {"FOREIGN"}
