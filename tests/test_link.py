"""The player link's codec: what one side says the other understands, and nonsense is one sentence."""

import attrs
import pytest

from playout.link import (
    AsRun,
    AsRunAck,
    AsRunSince,
    NotUnderstood,
    PlayerHello,
    PlayerSide,
    Preload,
    Ready,
    Realtime,
    Rendered,
    SetOverlays,
    SetPlan,
    StationHello,
    StationSide,
    Status,
    Stop,
    What,
    check_overlays,
    check_plan,
    encode,
)  # fmt: skip
from playout.messages import AsRunEntry
from playout.standby import quiet_plan
from schedules.plan import Medium, Overlay, Replacement, Take
from station.netstring import pack
from station.words import Misheard

PLAN = quiet_plan("fm1", 0)
OVER = Overlay(id="o", mode="duck", start=1, end=2, priority=3, approval="alert:o", sequence=("a" * 64,))
MEDIUM = Medium(sha256="a" * 64, samples=9)
ENTRY = AsRunEntry(run="r", seq=1, channel="fm1", what="gap", ref="x", source="take", title="题", media=None,
                   approval="a", index=5, rung="loop", cause="c")  # fmt: skip
STATUS = Status(at=1, channel="fm1", head=2, take="t", overlay="", rung="file", peak=(-1, -2), rms=(-3, -4),
                plan_revision=1, plan_until=2, overlay_revision=3, unready=("b" * 64,))  # fmt: skip
FROM_STATION = [StationHello(), SetPlan(channel="fm1", plan=PLAN), Preload(media=(MEDIUM,)), What(), Stop(),
                SetOverlays(channel="fm1", revision=2, overlays=(OVER,), media=(MEDIUM,)),
                AsRunSince(run="r", seq=2), AsRunSince(), AsRunAck(run="r", seq=2)]  # fmt: skip
FROM_PLAYER = [PlayerHello(chain="radio", channels=("fm1",), run="r", pid=1, realtime=Realtime(fifo=True)), STATUS,
               Rendered(channel="fm1", overlay="o", head=1, at=2), Ready(media=("a" * 64,)),
               AsRun(entries=(ENTRY,)), NotUnderstood(text={"en": "x", "zh": "y"})]  # fmt: skip


@pytest.mark.parametrize(("side", "messages"), [(PlayerSide, FROM_STATION), (StationSide, FROM_PLAYER)])
def test_what_is_said_is_understood_byte_by_byte(side, messages):
    hearing, heard = side(), []
    for byte in b"".join(map(encode, messages)):
        heard += hearing.feed(bytes([byte]))
    assert heard == messages


def test_an_unknown_field_is_passed_over_and_an_unknown_type_is_named():
    heard = PlayerSide().feed(
        pack({"type": "what", "new": 1}) + pack({"type": "sing"}) + pack("x") + pack({"type": []})
    )
    assert heard[0] == What()
    assert [type(m) for m in heard[1:]] == [Misheard] * 3 and "sing" in heard[1].text.en


@pytest.mark.parametrize(
    "body",
    [
        {"type": "plan"},
        {"type": "overlays", "channel": "x", "revision": "?", "overlays": 3},
        {"type": "asrun-ack", "run": "r"},
    ],
)
def test_a_message_with_wrong_fields_is_misheard_and_the_next_is_heard(body):
    wrong, right = PlayerSide().feed(pack(body) + encode(What()))
    assert isinstance(wrong, Misheard) and wrong.text.en.startswith(body["type"]) and right == What()


def programme(**more):
    return attrs.evolve(
        Take(
            item="i", start=PLAN.start, end=PLAN.end, kind="programme", title="", approval="a", media="a" * 64
        ),
        **more,
    )


@pytest.mark.parametrize(
    "takes",
    [
        (), (programme(start=PLAN.start + 1),), (programme(end=PLAN.end - 1),), (programme(approval=""),),
        (programme(media="c" * 64),), (programme(media=None),),
        (programme(replacement=Replacement(media="c" * 64)),),
        (programme(end=PLAN.start + 9), programme(start=PLAN.start + 10)),
        (programme(end=PLAN.start), programme()),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_hold_together_is_refused(takes):
    with pytest.raises(Misheard):
        check_plan(attrs.evolve(PLAN, takes=takes, media=(MEDIUM,)))


def test_a_plan_that_holds_together_is_taken():
    check_plan(PLAN)
    check_plan(attrs.evolve(PLAN, takes=(programme(),), media=(MEDIUM,)))


@pytest.mark.parametrize("wrong", [{"approval": ""}, {"end": 1}, {"gap": -1}, {"ramp": -1}])
def test_an_overlay_nobody_approved_or_without_length_is_refused(wrong):
    check_overlays((OVER, attrs.evolve(OVER, ramp=0, gap=0)))
    with pytest.raises(Misheard):
        check_overlays((attrs.evolve(OVER, **wrong),))
