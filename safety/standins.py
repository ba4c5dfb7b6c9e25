"""What may stand in place of what is due, in sound and picture alike: steps of the ladder, an overlay that outlasts its end, other approved material by its name. Pure; knows neither sound nor picture."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import attrs

from safety.slots import Sign
from schedules.plan import Fallen, Overlay, Plan, Rung, Take
from station.words import SAMPLE_RATE, SampleIndex, Sha256

EARLIER: Final = "an earlier order is followed"
FILLER: Final = "fell to filler"
OUTLASTS: Final = 30 * SAMPLE_RATE  # how long what is over is still known by its name


@attrs.frozen(kw_only=True)
class Step:
    """A take on a step of the ladder below its file, and what that is then called."""

    fallen: Fallen
    sign: Sign
    name: str
    cause: str


def steps(take: Take, last: str, said: str) -> Iterator[Step]:
    """Every step that a take may have fallen to. `last`: what the last one is, a tone to the ear and a card to the eye; `said`: the same in a sentence."""
    rows: tuple[tuple[Rung, Sign, str, str], ...] = (
        *(
            (("replacement", "degraded", "replacement", "fell to its approved replacement"),)
            if take.replacement
            else ()
        ),
        ("filler", "wrong", "filler", FILLER),
        ("loop", "empty", "loop", "fell to the loop"),
        ("tone", "empty", last, f"fell to {said}"),
    )
    for rung, sign, name, cause in rows:
        fallen = Fallen(take=take.id, start=SampleIndex(take.start), rung=rung)
        yield Step(fallen=fallen, sign=sign, name=name, cause=cause)


def prolonged(overlays: tuple[Overlay, ...], ended: Overlay) -> tuple[str, tuple[Overlay, ...]]:
    """What it is called where an overlay that is over goes on, and the overlays then."""
    longer = attrs.evolve(ended, end=SampleIndex(ended.end + 2 * OUTLASTS))
    others = tuple(one for one in overlays if one.id != ended.id)
    return f"{ended.id} outlasts its end", (*others, longer)


def barred(plan: Plan, sha256: Sha256) -> tuple[Sign, str]:
    """What approved material that is not due is: WRONG, or FOREIGN once it is withdrawn, for then nobody's leave covers it; and why."""
    name = name_of(plan, sha256)
    return (
        ("foreign", f"{name} is withdrawn") if sha256 in plan.withdrawn else ("wrong", f"{name} is not due")
    )


def followed(plan: Plan, media: Collection[Sha256], since: int, n: int) -> tuple[Sign, str]:
    """What an earlier order is that is followed at sample `n`, when `plan` holds since sample `since`: FOREIGN where its media were withdrawn a second or longer ago."""
    if n >= since + SAMPLE_RATE and not set(media).isdisjoint(plan.withdrawn):
        return "foreign", "what was withdrawn goes on"
    return "wrong", EARLIER


def name_of(plan: Plan, sha256: Sha256) -> str:
    """What approved material is called: filler, loop, its title, or else the beginning of its checksum."""
    if sha256 in plan.filler:
        return "filler"
    if sha256 == plan.loop:
        return "loop"
    titles = {medium.sha256: medium.title for medium in plan.media}
    return titles.get(sha256, "") or sha256[:12]
