"""What is missing is said hours before it is due, by its name."""

from types import SimpleNamespace

import attrs
import pytest
from radio_kit import plan_of, take

from schedules.plan import Medium
from station.pieces import preflight as look_out
from station.preflight import AHEAD, SOON, preflight
from station.settings import ChannelSection
from station.words import MINUTE, SECOND, ChannelId, Instant, Sha256, sample_at

A, B, F, L = (Medium(sha256=Sha256(letter * 64), samples=48_000 * 600, title=letter) for letter in "abef")
NOW = Instant(1_795_298_400 * SECOND)  # 06:00 in Shanghai
FM = ChannelId("fm1")
SECTION = ChannelSection(
    id=FM, chain="radio", name_zh="广播", name_en="Radio", area="", rundowns=""
)  # fmt: skip
SETTINGS = SimpleNamespace(station=SimpleNamespace(timezone="Asia/Shanghai"), channels=[SECTION])


def plan(*ahead: int):
    takes = [take(f"第{at // MINUTE}分", sample_at(Instant(NOW + at)), A) for at in ahead]
    return plan_of(takes, [A, B, F, L], filler=(F.sha256,), loop=L.sha256)


def said(made, *gone):
    found = preflight(SETTINGS, {FM: made}, lambda sha256: sha256 in {one.sha256 for one in gone}, NOW)
    return {one.key: one for one in found}


def test_nothing_is_said_while_everything_is_there_or_nothing_is_planned():
    assert said(plan(0, 60 * MINUTE)) == {} == said(plan(0), B)
    assert preflight(SETTINGS, {}, lambda _: True, NOW) == ()


def test_the_items_are_named_with_their_times_and_what_is_near_is_critical():
    one = said(plan(SOON, SOON + 20 * MINUTE), A)["channel/fm1/missing"]
    assert one.severity == "major" and one.card == "plan.missing"
    assert one.text.en == "Radio: the file is missing of “第30分” at 06:30, “第50分” at 06:50"
    assert one.text.zh == "广播:缺少素材文件:06:30《第30分》、06:50《第50分》"
    near = said(plan(SOON - SECOND), A)["channel/fm1/missing"]
    assert near.severity == "critical"
    many = said(plan(*(k * 20 * MINUTE for k in range(5))), A)["channel/fm1/missing"]
    assert many.text.en.endswith(" and 2 more") and many.text.zh.endswith("等 5 条")


@pytest.mark.parametrize(
    ("at", "seen"), [(AHEAD - SECOND, True), (AHEAD, False), (-10 * MINUTE, False), (-9 * MINUTE, True)]
)
def test_it_looks_from_what_is_on_air_to_twelve_hours_ahead(at, seen):
    assert ("channel/fm1/missing" in said(plan(at), A)) == seen


def test_filler_and_loop_are_missed_by_name_and_filler_in_the_plan_is_no_item():
    one = said(plan(0), F, L)["channel/fm1/ladder"]
    assert one.text.en == "Radio: filler or loop is missing: e, f" and one.severity == "major"
    made = plan(0)
    filler = attrs.evolve(made, takes=(attrs.evolve(made.takes[0], kind="filler", media=F.sha256),))
    assert set(said(filler, F)) == {"channel/fm1/ladder"}
    assert set(said(attrs.evolve(made, loop=None), L)) == set()


def test_which_files_are_there_is_looked_up_again_once_a_minute():
    class World(SimpleNamespace):
        def forget_media(self):
            self.forgot += 1

    time = [NOW]
    world = World(
        now=lambda: time[0], settings=SETTINGS, plans={FM: plan(0)}, missing=lambda _: True, forgot=0
    )
    look = look_out(world)
    assert len(look()) == 2 and world.forgot == 0
    time[0] = NOW + MINUTE + 1
    look()
    look()
    assert world.forgot == 1
