"""The laws of the design that hold for schedules: L1, L2, L6 (run from test_laws.py)."""

from typing import Any

import attrs
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schedules.aftermath import Rule, broken
from schedules.edits import Edit, edited
from schedules.plan import Medium, Overlay, Plan
from schedules.plan_check import mistakes
from schedules.remarks import Unplannable
from schedules.render import on_air, render
from schedules.rundown import Rundown, parse
from schedules.timeline import Frame, bounds, resolve
from station.words import SAMPLE_RATE, ChannelId, SampleIndex, Sha256

FM = ChannelId("fm1")
DAYS = ("2026-03-28", "2026-03-29", "2026-03-30")  # Berlin's clocks go forward on the second
MEDIA = {
    f"m{k}.flac": Medium(sha256=Sha256(f"{k:064x}"), samples=(k * k * 97 + 3) * SAMPLE_RATE)
    for k in range(1, 8)
}
FILLER = tuple(Medium(sha256=Sha256(f"{k:064x}"), samples=(1800 + k) * SAMPLE_RATE) for k in (17, 18))
UNAPPROVED = Sha256("f" * 64)

lines = st.builds(
    lambda minute, mode, medium, cut, window: (minute, mode, medium, cut, window),
    st.integers(0, 1439),
    st.sampled_from(["hard", "soft", "follow", "follow"]),
    st.sampled_from([*MEDIA, "unapproved.flac"]),
    st.sampled_from(["yes", "yes", "yes", "no"]),
    st.sampled_from(["", "", "2:00/", "/0:30", "60:00/60:00"]),
)


def rundown(day: str, drawn: list[tuple[int, str, str, str, str]]) -> Rundown:
    rows = ["start,mode,title,media,cut,window"]
    minutes = iter(sorted({300 + line[0] for line in drawn}))
    for _, mode, medium, cut, window in drawn:
        minute = None if mode == "follow" else next(minutes, None)
        start = "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}:00"
        soft = window if mode == "soft" and start else ""
        rows.append(f"{start},{mode if start else 'follow'},t,{medium},{cut},{soft}")
    return parse("\n".join(rows), FM, day)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, set[str], bool]:
    frame = Frame(
        channel=FM,
        tz=draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin"])),
        day_start="05:00",
        filler=FILLER,
        tolerance=draw(st.sampled_from([0, 2, 600])) * SAMPLE_RATE,
    )
    given_days = [rundown(day, draw(st.lists(lines, min_size=1, max_size=8))) for day in DAYS]
    approved = draw(st.sets(st.sampled_from(DAYS)))
    first, last = bounds(DAYS[0], frame)[0], bounds(DAYS[-1], frame)[1]
    span = sorted(draw(st.lists(st.integers(first, last - 1), min_size=2, max_size=2, unique=True)))
    make: Any = attrs.asdict(frame, recurse=False)
    try:
        made = resolve(
            given_days,
            MEDIA,
            {day: f"rundown:{day}" for day in approved},
            Frame(**make),
            start=SampleIndex(span[0]),
            end=SampleIndex(span[1]),
            revision=1,
        )
    except Unplannable as error:
        assert error.complaints
        return draw(plans())
    assert made.start <= span[0] and made.end >= span[1]
    return made, {f"rundown:{day}" for day in approved} | {"standing:filler"}, True


@settings(max_examples=40, deadline=None)
@given(plans())
def test_l1_exactly_one_thing_is_on_air_at_any_instant(drawn: Any) -> None:
    made, _, _ = drawn
    edge = made.start
    for take in made.takes:
        assert take.start == edge < take.end
        edge = take.end
    assert edge == made.end


class Oblivious:
    """Remembers which media were asked for."""

    def __init__(self) -> None:
        self.asked: set[Sha256] = set()

    def length(self, sha256: Sha256) -> int:
        return 700

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        self.asked.add(sha256)
        base = int(sha256[-4:], 16) * 977 + start
        ramp = (np.arange(base, base + count, dtype=np.int64) * 40_503) % (1 << 20) - (1 << 19)
        return np.stack([ramp, -ramp], axis=1).astype(np.int32)


@settings(max_examples=40, deadline=None)
@given(plans(), st.data())
def test_l2_nothing_unapproved_is_ever_rendered(drawn: Any, data: st.DataObject) -> None:
    made, approvals, _ = drawn
    allowed = {medium.sha256 for medium in (*MEDIA.values(), *FILLER)}
    inputs = Oblivious()
    places = {edge for take in made.takes[:60] for edge in (take.start, take.end - 1)}
    places.add(data.draw(st.integers(made.start, made.end - 1)))
    for n in places:
        heard = on_air(made, [], [], SampleIndex(n))
        assert heard.approval in approvals
        assert set(heard.media) <= allowed
        render(made, [], [], inputs, SampleIndex(n), 1)
    assert inputs.asked <= allowed
    assert UNAPPROVED not in {medium.sha256 for medium in made.media}


@settings(max_examples=40, deadline=None)
@given(plans(), st.data())
def test_l6_an_overlay_is_heard_exactly_while_it_lasts_then_the_plan_goes_on_as_if_untouched(
    drawn: Any, data: st.DataObject
) -> None:
    made, _, _ = drawn
    room = 2_000
    at = data.draw(st.integers(made.start, made.end - room))
    start, end = sorted(data.draw(st.lists(st.integers(1, room - 1), min_size=2, max_size=2, unique=True)))
    lies = Overlay(
        id="alert",
        mode=data.draw(st.sampled_from(["replace", "silence", "duck"])),
        start=SampleIndex(at + start),
        end=SampleIndex(at + end),
        priority=5,
        approval="alert:1",
        sequence=(Sha256("9" * 64),),
        gap=data.draw(st.integers(0, 300)),
    )
    inputs = Oblivious()
    plain = render(made, [], [], inputs, SampleIndex(at), room)
    covered = render(made, [lies], [], inputs, SampleIndex(at), room)
    assert np.array_equal(plain[:start], covered[:start])
    assert np.array_equal(plain[end:], covered[end:])
    if lies.mode == "silence":
        assert not covered[start:end].any()
    if lies.mode == "replace":
        alone = attrs.evolve(made, takes=(attrs.evolve(made.takes[0], start=made.start, end=made.end),))
        assert np.array_equal(
            covered[start:end], render(alone, [lies], [], inputs, SampleIndex(at), room)[start:end]
        )
    for n, approval in ((at + start, "alert:1"), (at + end - 1, "alert:1")):
        assert on_air(made, [lies], [], SampleIndex(n)).approval == approval
    for n in (at + start - 1, at + end):
        assert on_air(made, [lies], [], SampleIndex(n)).overlay is None


@settings(max_examples=40, deadline=None)
@given(plans(), st.data())
def test_l6_what_an_alert_broke_off_goes_on_at_the_very_sample_of_its_end(
    drawn: Any, data: st.DataObject
) -> None:
    made, approvals, _ = drawn
    firm = data.draw(st.sampled_from(made.takes))
    cut = data.draw(st.integers(firm.start, firm.end - 1))
    at = min(made.end - 1, cut + data.draw(st.integers(1, 120 * SAMPLE_RATE)))
    rule = Rule(
        then=data.draw(st.sampled_from(["resume", "restart", "drop"])),
        under=10 * SAMPLE_RATE,
        longest=at - cut,
    )
    found = broken(made.takes, cut, at, lambda _: rule)
    if found is None:
        return
    verb: Any = {"resume": "resume", "restart": "restart", "drop": "leave"}[found.then]
    edit = Edit(
        verb=verb, at=SampleIndex(at), lies=found.lies, until=found.until, was=found.was, ends=found.take.end
    )
    after = edited(made, [edit], 1, {}, {medium.sha256: medium for medium in (*MEDIA.values(), *FILLER)})
    assert mistakes(after) == []
    assert {take.approval for take in after.takes} <= approvals | {"standing:filler", "standing:silence"}
    hard = {(take.item, take.start) for take in made.takes if take.hard}
    assert hard <= {(take.item, take.start) for take in after.takes}
    if found.then == "resume":
        assert (
            found.lies is not None and found.lies.offset - found.take.offset == found.was - found.take.start
        )
    first = next(take for take in after.takes if take.start == at)
    count = min(500, first.end - at, found.take.end - found.was, at - found.was)
    faded = found.take.start + found.take.fade_in > found.was or first.fade_out > first.end - at - count
    if found.then == "resume" and first.item == found.take.item and not faded:
        inputs = Oblivious()
        was = render(made, [], [], inputs, found.was, count)
        assert np.array_equal(render(after, [], [], inputs, SampleIndex(at), count), was)
