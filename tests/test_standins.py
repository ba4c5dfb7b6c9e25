"""What may stand in place of what is due is called the same by ear and by eye."""

from __future__ import annotations

import attrs
import pytest

from safety.standins import OUTLASTS, barred, followed, name_of, prolonged, steps
from schedules.plan import Medium, Overlay, Plan, Replacement, Take
from station.words import ChannelId, SampleIndex, Sha256

A, B, C, D = (Sha256(letter * 64) for letter in "abcd")
TAKE = Take(
    item="song",
    start=SampleIndex(4_800),
    end=SampleIndex(9_600),
    kind="programme",
    title="晨曲",
    approval="rundown:1",
    media=A,
)


def overlay(name: str, end: int) -> Overlay:
    return Overlay(
        id=name,
        mode="replace",
        start=SampleIndex(0),
        end=SampleIndex(end),
        priority=1,
        approval="alert:x",
        sequence=(B,),
    )


def test_each_step_below_a_take_falls_on_that_take_and_the_last_is_no_programme() -> None:
    made = list(steps(TAKE, "card", "the card"))
    assert [(one.name, one.cause) for one in made] == [
        ("filler", "fell to filler"), ("loop", "fell to the loop"), ("card", "fell to the card"),
    ]  # fmt: skip
    assert [one.fallen.rung for one in made] == ["filler", "loop", "tone"]
    assert {(one.fallen.take, one.fallen.start) for one in made} == {(TAKE.id, 4_800)}
    assert [one.sign for one in made] == ["wrong", "empty", "empty"]


def test_a_take_with_an_approved_replacement_may_have_fallen_to_that_and_it_is_degraded() -> None:
    first, *rest = steps(attrs.evolve(TAKE, replacement=Replacement(media=B)), "tone", "tone")
    assert (first.fallen.rung, first.sign, first.name) == ("replacement", "degraded", "replacement")
    assert [one.fallen.rung for one in rest] == ["filler", "loop", "tone"]


def test_what_outlasts_its_end_lies_on_top_of_the_others_as_it_was() -> None:
    ended, other = overlay("a1", 1_000), overlay("a2", 90_000)
    cause, made = prolonged((ended, other), ended)
    assert cause == "a1 outlasts its end"
    assert OUTLASTS == 1_440_000, "half a minute"
    assert made == (other, attrs.evolve(ended, end=SampleIndex(1_000 + 2 * OUTLASTS)))


@pytest.mark.parametrize(
    ("sha256", "name"), [(A, "晨曲"), (B, "filler"), (C, "loop"), (D, "d" * 12), (Sha256("e" * 64), "e" * 12)]
)
def test_approved_material_is_called_by_its_place_its_title_or_its_checksum(
    sha256: Sha256, name: str
) -> None:
    media = tuple(
        Medium(sha256=one, samples=48_000, path=f"{one}.flac", title=title)
        for one, title in ((A, "晨曲"), (B, "填充"), (C, "循环"), (D, ""))
    )
    plan = Plan(
        channel=ChannelId("fm1"),
        revision=1,
        start=SampleIndex(0),
        end=SampleIndex(9_600),
        takes=(),
        media=media,
        filler=(B,),
        loop=C,
    )
    assert name_of(plan, sha256) == name


def test_what_is_withdrawn_is_nobodys_programme_any_more() -> None:
    plan = Plan(
        channel=ChannelId("fm1"), revision=1, start=TAKE.start, end=TAKE.end, takes=(TAKE,), media=(), withdrawn=(A,)
    )  # fmt: skip
    assert barred(plan, A) == ("foreign", f"{A[:12]} is withdrawn")
    assert barred(plan, B) == ("wrong", f"{B[:12]} is not due")
    assert followed(plan, (B, A), 1_000, 49_000) == ("foreign", "what was withdrawn goes on")
    assert followed(plan, (B, A), 1_000, 48_999)[0] == "wrong", "a player has a second to obey"
    assert followed(plan, (B,), 1_000, 49_000) == ("wrong", "an earlier order is followed")
