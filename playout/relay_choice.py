"""Which member of a relay is heard: judges each by what came of it, and chooses. Pure; knows no sound, no ring and no clock.

The one that is heard stays for as long as it is good: nobody goes back to a better liked one, for each change is one too
many. Another one takes its place without a jump where it is known which of its samples belongs where; one of which
that is not known is taken only where no other is left. Where none is good nothing is given, and the ladder below the
relay is heard; one must have been good for a while before it is given again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import attrs

from station.words import SAMPLE_RATE

State = Literal["good", "absent", "late", "silent", "frozen", "waiting"]
STATES: Final[tuple[State, ...]] = ("absent", "waiting", "late", "silent", "frozen", "good")  # worst first


@attrs.frozen(kw_only=True)
class Limits:
    """All in samples at 48 kHz."""

    delay: int = 3 * SAMPLE_RATE // 2  # how long after it came a sample is due
    least: int = SAMPLE_RATE // 10  # of what is to come must be there
    silence: int = 3 * SAMPLE_RATE  # of silence are a failure
    pause: int = 3 * SAMPLE_RATE // 10  # of silence are one where another member has sound at the same time
    frozen: int = SAMPLE_RATE // 2  # of one and the same value are a failure
    settle: int = 2 * SAMPLE_RATE  # a relay that failed must be good for so long
    gone: int = SAMPLE_RATE  # nothing came for so long: nobody sends
    quiet: int = 1 << 13  # a 24-bit value; a block of 10 ms that stays below it (−60 dBFS) is silent


LIMITS: Final = Limits()


@attrs.frozen(kw_only=True)
class Sight:
    """One member as it is seen from the sample that is due next."""

    turn: int = 0  # which connection; 0: there was none yet
    placed: bool = False  # which of its samples is due now is known
    ahead: int = 0  # samples there from the one due on; of one not placed: all that came lately, within twice the delay
    silent: int = 0  # of the last samples that came, so many are silent
    frozen: int = 0  # or one and the same value, and that is not silence
    waited: int = 0  # samples' time since something came
    quiet: bool = False  # placed, and silent for the whole `pause` from the sample due on
    sounds: bool = False  # placed, and not silent for most of it


@attrs.frozen(kw_only=True)
class Choice:
    """What is heard, and since when each member is good (absolute index; None: it is not)."""

    member: int | None = None
    since: tuple[int | None, ...] = ()
    failed: bool = False  # there was one, and none could take its place


def state_of(sight: Sight, limits: Limits) -> State:
    """What is the matter with a member."""
    if not sight.turn:
        return "absent"
    enough = limits.least if sight.placed else limits.delay
    there = sight.ahead if sight.placed else sight.ahead - sight.waited
    if there < enough:
        if sight.waited >= limits.gone:
            return "absent"
        return "late" if sight.placed else "waiting"
    if sight.frozen >= limits.frozen:
        return "frozen"
    return "silent" if sight.silent >= limits.silence else "good"


def choose(before: Choice, sights: Sequence[Sight], limits: Limits, n: int) -> Choice:
    """Who is heard from sample `n` on; None where nobody can be. `sights` in the order of the settings, the best liked first."""
    states = [state_of(sight, limits) for sight in sights]
    known = (*before.since, *(None for _ in sights))
    since = tuple(
        (n if begun is None else begun) if state == "good" else None
        for state, begun in zip(states, known, strict=False)
    )
    wait = limits.settle if before.failed else 0
    fit = [k for k, begun in enumerate(since) if begun is not None]
    if before.member is None:
        fit = [k for k in fit if n - (since[k] or 0) >= wait]
    member = _member(before.member, sights, fit)
    failed = member is None and (before.failed or before.member is not None)
    return Choice(member=member, since=since, failed=failed)


def wanted(before: Choice, sights: Sequence[Sight], states: Sequence[State], member: int) -> Choice:
    """The choice after people asked for a member: that one, where it is good; else as it was, for nobody puts silence on the air by a wish."""
    if member >= len(sights) or states[member] != "good":
        return before
    return attrs.evolve(before, member=member, failed=False)


def _member(now: int | None, sights: Sequence[Sight], fit: Sequence[int]) -> int | None:
    others = [k for k in fit if k != now]
    if now is not None and now in fit:  # unless it is silent while another one that goes with it is not
        better = [k for k in others if sights[k].sounds]
        return better[0] if sights[now].quiet and better else now
    placed = [k for k in others if sights[k].placed]
    return next(iter((*placed, *others)), None)


__all__ = ["LIMITS", "STATES", "Choice", "Limits", "Sight", "State", "choose", "state_of", "wanted"]
