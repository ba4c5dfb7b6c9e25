"""What is on the air and what follows, at the ends of a plan, of a title and of what can be written."""

from playout.guide import Event, cut, events, read
from schedules.plan import Plan, Take

N0 = 86_174_323_200_000
TITLES = "abcdefgh"


def test_five_items_are_told_and_nothing_outside_the_plan():
    takes = tuple(
        Take(item=one, start=N0 + k * 480, end=N0 + k * 480 + 480, kind="silence", title=one, approval="rundown:1")
        for k, one in enumerate(TITLES)
    )  # fmt: skip
    plan = Plan(channel="fm1", revision=1, start=N0, end=N0 + 8 * 480, media=(), takes=takes)

    def told(n):
        return "".join(one.title for one in events(plan, N0 + n))

    assert [told(n) for n in (-1, 0, 479, 480, 3 * 480, 4 * 480)] == [
        "",
        "abcde",
        "abcde",
        "bcdef",
        "defgh",
        "efgh",
    ]
    assert (told(8 * 480 - 1), told(8 * 480)) == ("h", "")


def test_titles_and_times_are_written_as_far_as_they_go():
    assert len(cut("x" * 500)) == 120 and cut("寿" * 100) == "寿" * 40
    assert read('[[0, 1, "x"]]') == (Event(start=0, end=1, title="x"),)
    assert read('[[1, 1, "x"]]') is None
    assert read(f'[[0, {(1 << 50) - 1}, "x"]]') and read(f'[[0, {1 << 50}, "x"]]') is None
