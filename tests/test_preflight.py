"""What is missing is said hours before it is due, by its name."""

from types import SimpleNamespace

import attrs
import pytest
from radio_kit import plan_of, take

from schedules.plan import Medium, Replacement
from station.pieces import preflight as look_out
from station.preflight import AHEAD, SOON, preflight
from station.settings import ChannelSection
from station.words import MINUTE, SECOND, ChannelId, Instant, Sha256, Text, sample_at

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
    assert said(plan(0, 60 * MINUTE)) == {}
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


def seen(made, *gone, lacks=lambda sha256: None):
    found = preflight(SETTINGS, {FM: made}, lambda sha256: sha256 in {one.sha256 for one in gone}, NOW, lacks)
    return {one.card: one for one in found}


def test_what_has_no_second_copy_is_said_with_the_reason_and_what_has_no_replacement_either():
    made = plan(0, 60 * MINUTE)
    covered = attrs.evolve(made.takes[0], replacement=Replacement(media=B.sha256))
    made = attrs.evolve(made, takes=(covered, *made.takes[1:]))
    why = Text("the directory does not answer", "目录无应答")
    one = seen(made, lacks=lambda sha256: why if sha256 == A.sha256 else None)["plan.copies"]
    assert one.severity == "minor" and one.text.en == (
        "Radio: no second copy of “第0分” at 06:00, “第60分” at 07:00 (the directory does not answer); 1 of 2 have no replacement either"
    )
    assert "没有备份:06:00《第0分》" in one.text.zh and "2 条中 1 条也没有替播" in one.text.zh
    assert seen(made, lacks=lambda sha256: why if sha256 == F.sha256 else None) == {}, "filler is no item"


def test_what_stands_in_is_said_where_it_does_and_where_its_file_is_missing_too():
    made = plan(0)
    covered = attrs.evolve(made.takes[0], replacement=Replacement(media=B.sha256))
    made = attrs.evolve(made, takes=(covered,))
    assert "“第0分” at 06:00 (its replacement stands in)" in seen(made, A)["plan.missing"].text.en
    both = seen(made, A, B)
    assert "stands in)" not in both["plan.missing"].text.en
    assert (
        both["plan.replacement"].text.en == "Radio: the file is missing that stands in for “第0分” at 06:00"
    )


def test_what_waits_for_a_key_is_missed_by_name():
    one = seen(plan(0), B)["plan.prepared"]
    assert one.text.en == "Radio: the file is missing of what waits for a key: b" and one.severity == "minor"
    nameless = attrs.evolve(plan(0), media=(attrs.evolve(B, title=""),))
    assert "b" * 12 in seen(nameless, B)["plan.prepared"].text.zh


def test_filler_and_loop_are_missed_by_name_and_filler_in_the_plan_is_no_item():
    one = said(plan(0), F, L)["channel/fm1/ladder"]
    assert one.text.en == "Radio: filler or loop is missing: e, f" and one.severity == "major"
    made = plan(0)
    filler = attrs.evolve(made, takes=(attrs.evolve(made.takes[0], kind="filler", media=F.sha256),))
    assert set(said(filler, F)) == {"channel/fm1/ladder"}
    assert set(said(attrs.evolve(made, loop=None, media=made.media[:-1]), L)) == set()


def test_which_files_are_there_is_looked_up_again_once_a_minute():
    class World(SimpleNamespace):
        def forget_media(self):
            self.forgot += 1

    time = [NOW]
    world = World(
        now=lambda: time[0], settings=SETTINGS, plans={FM: plan(0)}, missing=lambda _: True, forgot=0
    )
    look = look_out(world)
    assert len(look()) == 3 and world.forgot == 0
    time[0] = NOW + MINUTE + 1
    look()
    look()
    assert world.forgot == 1
