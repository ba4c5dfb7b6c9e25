"""If nobody acts: the hours to come as an operator reads them."""

from typing import Any

from schedules.outlook import outlook
from schedules.plan import Take
from station.words import SAMPLE_RATE, SampleIndex, Sha256, instant_of

GONE = Sha256("f" * 64)


def take(start: int, end: int, **more: Any) -> Take:
    fields = {
        "item": f"d/{start}",
        "kind": "programme",
        "title": "News",
        "approval": "x",
        "media": Sha256("a" * 64),
    }
    return Take(
        start=SampleIndex(start * SAMPLE_RATE), end=SampleIndex(end * SAMPLE_RATE), **{**fields, **more}
    )


def seen(*takes: Take, start: int = 0, end: int = 1_000) -> list[tuple[int, int, str]]:
    found = outlook(
        takes, SampleIndex(start * SAMPLE_RATE), SampleIndex(end * SAMPLE_RATE), lambda medium: medium == GONE
    )
    return [(one.start // 1_000_000, one.end // 1_000_000, one.amiss) for one in found]


def test_filler_runs_together_and_programme_does_not() -> None:
    rows = seen(
        take(0, 10), take(10, 20, kind="filler"), take(20, 25, kind="filler"), take(25, 30), take(30, 40)
    )
    assert rows == [(0, 10, ""), (10, 25, "filler"), (25, 30, ""), (30, 40, "")]


def test_filler_on_both_sides_of_a_hole_is_two_stretches() -> None:
    assert seen(take(0, 10, kind="filler"), take(11, 20, kind="filler")) == [
        (0, 10, "filler"),
        (11, 20, "filler"),
    ]


def test_what_ends_early_and_what_is_missing_is_marked() -> None:
    assert seen(
        take(0, 10, trimmed=True), take(10, 20, media=GONE), take(20, 30, media=None, kind="silence")
    ) == [
        (0, 10, "ends_early"),
        (10, 20, "missing"),
        (20, 30, ""),
    ]


def test_only_what_meets_the_span_is_shown() -> None:
    assert seen(take(0, 10), take(10, 20), take(20, 30), start=10, end=20) == [(10, 20, "")]


def test_every_stretch_says_why_in_both_languages() -> None:
    one = outlook([take(0, 10, hard=True)], SampleIndex(0), SampleIndex(SAMPLE_RATE), lambda _: False)[0]
    assert one.hard and one.why.en and one.why.zh and one.title == "News" and one.item == "d/0"
    assert one.start == instant_of(SampleIndex(0))


def test_what_an_alert_covers_of_an_item_is_no_early_end_where_the_rest_follows() -> None:
    first = take(0, 10, item="play", trimmed=True)
    rest = take(10, 30, item="play")
    assert seen(first, rest) == [(0, 10, ""), (10, 30, "")]
    assert seen(first, take(10, 30)) == [(0, 10, "ends_early"), (10, 30, "")]
    assert seen(first, end=5) == [(0, 10, "ends_early")]
