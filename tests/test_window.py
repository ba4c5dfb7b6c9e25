"""Soft starts with windows: early or late as the day comes out, never outside what was allowed unless nothing may be cut."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_timeline import FM, FRAME, LIBRARY, at, programme, tiles

from schedules.plan import Plan
from schedules.remarks import Unplannable
from schedules.rundown import BadRundown, Item, parse
from schedules.timeline import Frame, bounds, resolve
from station.words import SAMPLE_RATE

DAY = "2026-11-22"
HEAD = "start,mode,title,media,duration,cut,window"
S = SAMPLE_RATE


def items(*lines: str) -> tuple[Item, ...]:
    return parse("\n".join((HEAD, *lines)), FM, DAY).items


def plan(*lines: str, frame: Frame = FRAME) -> Plan:
    begins, ends = bounds(DAY, frame)
    rundown = parse("\n".join((HEAD, *lines)), FM, DAY)
    made = resolve([rundown], LIBRARY, {DAY: "x"}, frame, start=begins, end=ends, revision=1)
    assert tiles(made)
    return made


def refused(line: str) -> str:
    with pytest.raises(BadRundown) as wrong:
        items("06:00,hard,A,a.flac,,,", line)
    (said,) = wrong.value.complaints
    assert said.line == 3 and said.text.zh
    return said.text.en


def test_a_window_is_written_as_early_and_late() -> None:
    found = items(
        "06:00,soft,A,a.flac,,,0:30/2:00",
        "07:00,,A,a.flac,,,/90",
        "08:00,,A,a.flac,,,5 / ",
        "09:00,,A,a.flac,,,",
    )
    assert [(one.early, one.late) for one in found] == [
        (30 * S, 120 * S),
        (0, 90 * S),
        (5 * S, None),
        (0, None),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",follow,A,a.flac,,,0:30/2:00", "only a soft start has a window"),
        ("06:30,hard,A,a.flac,,,0:30/", "only a soft start has a window"),
        ("06:30,interrupt,A,a.flac,,,0:30/", "only a soft start has a window"),
        ("06:30,soft,A,a.flac,,,0:30", "is not EARLY/LATE"),
        ("06:30,soft,A,a.flac,,,/", "is not EARLY/LATE"),
        ("06:30,soft,A,a.flac,,,-5/5", "is no length of time"),
        ("06:30,soft,A,a.flac,,,1/2/3", "is no length of time"),
        ("06:30,soft,A,a.flac,,,/49:00:00", "is longer than two days"),
    ],
)
def test_a_wrong_window_is_refused_with_its_line(line: str, said: str) -> None:
    assert said in refused(line)


def starts(made: Plan) -> dict[str, int]:
    return {take.title: take.start for take in programme(made)}


def test_it_begins_as_soon_as_what_is_before_it_ends_once_its_window_is_open() -> None:
    made = plan("06:00,hard,A,a.flac,,,", "06:10:20,soft,B,b.flac,,,0:20/")
    assert starts(made)["B"] == at("06:10:00") and made.warnings == ()


def test_what_ends_before_the_window_opens_is_followed_by_filler_up_to_its_own_time() -> None:
    made = plan("06:00,hard,A,a.flac,,,", "06:10:20,soft,B,b.flac,,,0:19.999/")
    assert starts(made)["B"] == at("06:10:20")
    assert [take.kind for take in made.takes if at("06:10:00") <= take.start < at("06:10:20")] == ["filler"]


def test_where_the_window_closes_what_may_be_cut_is_cut_and_what_has_no_room_is_dropped() -> None:
    made = plan("06:00,hard,A,a.flac,,yes,", ",,C,c.flac,,yes,", "06:05,soft,B,b.flac,,,/1:00")
    first, second = programme(made)
    assert (first.end, first.trimmed, second.start, second.fixed) == (at("06:06"), True, at("06:06"), True)
    assert "240.000 s cut off for the latest start of line 4 at 06:06:00" in made.warnings[0]
    assert "第4行的最晚开始 06:06:00" in made.warnings[0]
    assert "dropped: no room before the latest start of line 4" in made.warnings[1]


def test_within_its_window_nothing_is_cut_for_it() -> None:
    made = plan("06:00,hard,A,a.flac,,yes,", "06:05,soft,B,b.flac,,,/5:00")
    assert starts(made)["B"] == at("06:10") and made.warnings == ()


def test_that_a_window_cannot_be_kept_is_said_and_nothing_is_lost() -> None:
    made = plan("06:00,hard,A,a.flac,,no,", "06:05,soft,B,b.flac,,,/4:59.5")
    assert starts(made)["B"] == at("06:10")
    (said,) = made.warnings
    assert "line 3: it begins 0.500 s after its window" in said and "超出最晚开始时刻 0.500 秒" in said


def test_a_hard_start_comes_before_any_window_and_filler_ends_where_one_closes() -> None:
    made = plan("06:00,hard,A,a.flac,,yes,", "06:04,soft,C,c.flac,,yes,/30:00", "06:05,hard,B,b.flac,,,")
    assert starts(made) == {"A": at("06:00"), "B": at("06:05")}, "the window is beyond the hard start"
    at_once = plan("06:00,hard,A,a.flac,,yes,", "06:04,soft,C,c.flac,,yes,/1:00", "06:05,hard,B,b.flac,,,")
    assert "for the hard start of line 4 at 06:05:00" in at_once.warnings[0], (
        "where both close, the hard start is named"
    )
    lost = plan("06:00,hard,A,zz.flac,9:00,,", "06:05,soft,B,b.flac,,,/1:00")
    assert starts(lost)["B"] == at("06:06"), (
        "what is missing keeps its time, as filler that may always be cut"
    )


def test_the_nearest_of_several_windows_counts_and_one_behind_a_hard_start_does_not() -> None:
    made = plan(
        "06:00,hard,A,a.flac,,yes,",
        "06:03,soft,C,c.flac,,no,/7:00",
        "06:04,soft,B,b.flac,,,/0:30",
        "06:20,hard,B2,b.flac,,,",
    )
    assert starts(made)["C"] == at("06:04:30") and starts(made)["B"] == at("06:04:35")
    assert "it begins 5.000 s after its window" in made.warnings[-1]
    whole = plan(
        "06:00,hard,A,a.flac,,yes,", "06:04:30,interrupt,B,b.flac,,yes,", "06:05,soft,C,c.flac,,,/0.5"
    )
    (over,) = [take for take in programme(whole) if take.title == "B"]
    assert (over.start, over.end) == (at("06:04:30"), at("06:05:30"))
    over = plan("06:00,hard,A,a.flac,,yes,", "06:05,soft,C,c.flac,,,/1:00", "06:06,interrupt,B,b.flac,2,yes,")
    assert starts(over)["B"] == at("06:06"), "what interrupts makes room for no window"


def test_on_television_a_window_is_made_of_frames() -> None:
    frame = attrs.evolve(FRAME, grid=1_920)
    made = plan("06:00,hard,A,a.flac,,yes,", "06:05,soft,B,b.flac,,,/1.999", frame=frame)
    assert starts(made)["B"] == at("06:05") + 49 * 1_920


ROWS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["hard", "soft", "soft", "follow"]),
        st.sampled_from(["a.flac", "b.flac", "c.flac", "zz.flac"]),
        st.booleans(),
        st.integers(0, 300),
        st.none() | st.integers(0, 300),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_no_item_begins_before_its_window_and_after_it_only_behind_what_may_not_be_cut(drawn: list) -> None:
    minutes = iter(sorted(row[0] for row in drawn))
    lines = [HEAD]
    for number, (_, mode, medium, cut, early, late) in enumerate(drawn):
        minute = next(minutes)
        start = "" if mode == "follow" else f"06:{minute:02d}:{number:02d}"
        window = f"{early}/{'' if late is None else late}" if mode == "soft" else ""
        lines.append(f"{start},{mode},T{number},{medium},60,{'yes' if cut else ''},{window}")
    frame = attrs.evolve(FRAME, tolerance=600 * S)
    begins, ends = bounds(DAY, frame)
    rundown = parse("\n".join(lines), FM, DAY)
    try:
        made = resolve([rundown], LIBRARY, {DAY: "x"}, frame, start=begins, end=ends, revision=1)
    except Unplannable:
        return
    assert tiles(made)
    takes = {take.title: (k, take) for k, take in enumerate(made.takes)}
    for item in rundown.items:
        if item.mode != "soft" or item.title not in takes:
            continue
        place, take = takes[item.title]
        planned = at(item.start)
        before = made.takes[place - 1]
        assert take.start >= planned - item.early
        if take.start < planned:
            assert before.kind != "filler" or "zz.flac" in "".join(lines), "nobody waits for an early start"
        if item.late is not None and take.start > planned + item.late:
            assert not next(one for one in rundown.items if one.id == before.item).cut
            assert any(f"line {item.line}: it begins" in said for said in made.warnings)
