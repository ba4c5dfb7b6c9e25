"""Judges one slot: what should have been heard by every version of what is due that was in force then, and what was heard instead. Pure but for the samples it asks its inputs for; knows no socket and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs
import numpy as np

from safety.compare import CLOSE, PAD, Flags, Pcm, Verdict, compare, describe, likely_lags
from safety.idle import silent, standing
from safety.messages import SLOT
from safety.relayed import live_mark, relayed_in
from safety.slots import Mark, Sign
from safety.standins import OUTLASTS, barred, followed, name_of, prolonged, steps
from schedules.plan import Fallen, Overlay, Plan, Take
from schedules.render import Heard, Inputs, NotPlanned, NotReady, on_air, render
from schedules.segue import tail_at
from station.words import SAMPLE_RATE, SampleIndex, Sha256

EARLY: Final = 2 * SAMPLE_RATE  # an overlay may be heard this long before the witness is told of it
LATE: Final = SAMPLE_RATE // 2  # and what it replaces this long afterwards
OFF_AIR: Final = 60 * SAMPLE_RATE  # a planned silence of this length is off-air time, a shorter one a pause
IN_PLACE: Final = SAMPLE_RATE // 10  # how exactly features place a sound
_KEPT: Final = 8  # versions, however old
_MOST: Final = 40  # versions, however new


@attrs.frozen(kw_only=True)
class Version:
    """What was due on a channel as the station told it when sample `since` was on air."""

    plan: Plan
    overlays: tuple[Overlay, ...]
    since: SampleIndex


@attrs.frozen(kw_only=True)
class Hit:
    """Approved material recognised: sample `offset` of it was heard at the slot's first sample."""

    sha256: Sha256
    offset: int


Lookup = Callable[[int], Hit | None]  # by slot


def nothing(_slot: int) -> Hit | None:
    """A lookup that recognises nothing."""
    return None


def all_known(_: Sha256) -> bool:
    """A library that has looked at every medium."""
    return True


def remember(known: Sequence[Version], told: Version) -> tuple[Version, ...]:
    """The versions worth keeping once another was told, oldest first; an unchanged plan is held once."""
    if known and known[-1].plan == told.plan:
        told = attrs.evolve(told, plan=known[-1].plan)
    made = (*known, told)
    recent = sum(version.since > told.since - 2 * OUTLASTS for version in made)
    return made[-min(_MOST, max(_KEPT, recent + 1)) :]


def in_force(known: Sequence[Version], n: int, count: int = SLOT) -> tuple[Version, ...]:
    """The versions that may rule samples `n` to `n + count`, newest first: around a change the old and the new one."""
    made: list[Version] = []
    until: int | None = None
    for version in reversed(known):
        if version.since - EARLY < n + count and (until is None or n < until + LATE):
            made.append(version)
        until = version.since
    return tuple(made) or tuple(known[:1])


def superseded(known: Sequence[Version], n: int, count: int = SLOT) -> Iterator[Version]:
    """The versions that ruled up to OUTLASTS before samples `n` to `n + count` and do so no more, newest first: by these a player goes on that was not reached in time."""
    ruling = in_force(known, n, count)
    until: int | None = None
    for version in reversed(known):
        gone = until is not None and n < until + OUTLASTS
        if gone and version.since < n + count and all(version is not one for one in ruling):
            yield version
        until = version.since


def before_any(known: Sequence[Version], n: int) -> bool:
    """Whether sample `n` lies before what is due was first told, or so little after it that a player need not have it yet: until then one plays on its own, by standing approval, what no plan says."""
    return bool(known) and n < known[0].since + LATE


def judge(
    known: Sequence[Version], inputs: Inputs, look: Lookup, slot: int, got: Pcm, have: Flags, lag: int
) -> tuple[Mark, int]:
    """The mark of `slot`, and the lag (samples) that holds after it. `got` is (4800, 2), `have` which were received."""
    n = SampleIndex(slot * SLOT)
    dues: list[tuple[Version, Pcm]] = []
    why = "no plan known"
    for version in in_force(known, n):
        try:
            dues.append((version, padded(version.plan, version.overlays, (), inputs, n)))
        except NotPlanned:
            continue
        except NotReady as error:
            why = f"medium {error.sha256[:12]} is not verified"
    if not dues:
        return _relayed(known, inputs, slot, got, have) or _unjudged(known, look, slot, have, why), lag
    quiet = [silent(version.plan, version.overlays, n, SLOT) for version, _ in dues]
    verdicts = [compare(got, have | none, due, lag) for none, (_, due) in zip(quiet, dues, strict=True)]
    best = min(range(len(dues)), key=lambda i: (_rank(verdicts[i].sign), dues[i][0].since > n))
    verdict, version = verdicts[best], dues[best][0]
    if len(dues) > 1 and _rank(verdict.sign) and have.any():
        whole = switched(got, [have | none for none in quiet], [due for _, due in dues], lag)
        if whole is not None:
            verdict, version = whole, dues[0][0]
    before = tuple(superseded(known, n))
    return _marked(version, before, inputs, look, slot, got, have, verdict), verdict.lag


def _rank(sign: Sign) -> int:
    return {"good": 0, "pause": 0, "degraded": 1}.get(sign, 2)


def padded(
    plan: Plan,
    overlays: Sequence[Overlay],
    rungs: Sequence[Fallen],
    inputs: Inputs,
    n: int,
    count: int = SLOT,
) -> Pcm:
    """What is due at samples n−PAD to n+count+PAD: int16; silence where the plan does not reach.

    Raises NotPlanned when the plan does not cover n to n+count, NotReady when a medium cannot be had.
    """
    if not plan.start <= n < n + count <= plan.end:
        raise NotPlanned(f"{plan.channel}: sample {n} is not planned")
    first, last = max(plan.start, n - PAD), min(plan.end, n + count + PAD)
    made = np.zeros((count + 2 * PAD, 2), dtype=np.int16)
    made[first - n + PAD : last - n + PAD] = render(
        plan, overlays, rungs, inputs, SampleIndex(first), last - first
    )
    return made


def switched(got: Pcm, have: Sequence[Flags], dues: Sequence[Pcm], lag: int) -> Verdict | None:
    """Whether the slot begins as one version has it and, from one sample on, goes on as another has it; `have`: by version, what came or need not come. DEGRADED where that is so but for packets that are missing."""
    for needed, sign, cause in ((True, "good", ""), (False, "degraded", "packets lost")):
        right = [_right(got, came, due, lag, needed=needed) for came, due in zip(have, dues, strict=True)]
        heads = [len(got) if flags.all() else int(np.argmin(flags)) for flags in right]
        tails = [0 if flags.all() else len(got) - int(np.argmin(flags[::-1])) for flags in right]
        if min(tails) <= max(heads):
            return Verdict(sign=sign, cause=cause, lag=lag)  # type: ignore[arg-type]
    return None


def _right(got: Pcm, came: Flags, due: Pcm, lag: int, *, needed: bool) -> Flags:
    """Which samples are as due; those that did not come are not where they are needed."""
    close = (np.abs(got.astype(np.int32) - due[PAD - lag : PAD - lag + len(got)]) <= CLOSE).all(axis=1)
    made: Flags = came & close if needed else ~came | close
    return made


def _unjudged(known: Sequence[Version], look: Lookup, slot: int, have: Flags, why: str) -> Mark:
    """Nothing to compare with. What is recognised as approved, or as lost, is said all the same."""
    n = SampleIndex(slot * SLOT)
    for version in in_force(known, n):
        try:
            heard = on_air(version.plan, version.overlays, (), n)
        except (NotPlanned, ValueError):
            continue
        due = heard.approval
        if not have.any():
            return Mark(slot=slot, sign="lost", due=due, cause="no packets")
        hit = look(slot)
        if hit is not None and hit.sha256 in heard.media:
            return Mark(slot=slot, sign="good", heard=_name(heard), due=due, cause="recognised")
        if hit is not None:
            return recognised_as(version, heard, hit, Mark(slot=slot, sign="unknown", due=due))
        return Mark(slot=slot, sign="unknown", due=due, cause=why)
    return Mark(slot=slot, sign="unknown", cause=why)


def _relayed(known: Sequence[Version], inputs: Inputs, slot: int, got: Pcm, have: Flags) -> Mark | None:
    """Where a relay is due nobody knows what is to be heard: but whether anything is, and whether it is a step of the ladder instead."""
    n = SampleIndex(slot * SLOT)
    for version in in_force(known, n):
        heard = relayed_in(version.plan, version.overlays, n)
        if heard is None or not have.any():
            continue

        def rendered(fallen: Fallen, version: Version = version) -> Pcm | None:
            try:
                return padded(version.plan, version.overlays, (fallen,), inputs, n)[PAD:-PAD]
            except (NotPlanned, NotReady):
                return None

        return live_mark(heard, slot, got, have, rendered)
    return None


def _name(heard: Heard) -> str:
    return heard.take.id if heard.overlay is None else heard.overlay.id


def due_in(version: Version, slot: int) -> Heard:
    """What is due in a slot; an overlay that covers any of it counts for all of it. Raises NotPlanned."""
    n = SampleIndex(slot * SLOT)
    here = [o for o in version.overlays if o.start < n + SLOT and o.end > n and o.end > o.start]
    at = n
    if here:
        top = max(here, key=lambda o: (o.priority, o.start, o.id))
        at = SampleIndex(max(n, top.start))
    return on_air(version.plan, version.overlays, (), at)


def _marked(
    version: Version,
    before: Sequence[Version],
    inputs: Inputs,
    look: Lookup,
    slot: int,
    got: Pcm,
    have: Flags,
    verdict: Verdict,
) -> Mark:
    heard = due_in(version, slot)
    base = slot * SLOT
    bad = None if verdict.bad is None else (base + verdict.bad[0], base + verdict.bad[1])
    mark = Mark(slot=slot, sign=verdict.sign, heard="", due=heard.approval, cause=verdict.cause, bad=bad)
    if verdict.sign in ("good", "pause", "lost") and heard.overlay is None and _off_air(heard.take):
        return attrs.evolve(mark, sign="planned", cause="", bad=None)
    if verdict.sign in ("good", "pause", "degraded"):
        return attrs.evolve(mark, heard=_name(heard))
    if verdict.sign in ("foreign", "empty"):
        others = (*_instead(version, heard, base), *_earlier(version, before, base))
        return _explained(version, heard, others, inputs, look, mark, got, have)
    return mark


def _off_air(take: Take) -> bool:
    return take.kind == "silence" and take.end - take.start >= OFF_AIR


def _explained(
    version: Version,
    heard: Heard,
    others: Iterable[_Instead],
    inputs: Inputs,
    look: Lookup,
    mark: Mark,
    got: Pcm,
    have: Flags,
) -> Mark:
    """What is not due: a step of the ladder, an overlay missing or too long, an earlier order, other approved material, or foreign."""
    n = mark.slot * SLOT
    assert mark.bad is not None  # compare says where, whenever something else is heard
    span = slice(mark.bad[0] - n, mark.bad[1] - n)
    for sign, name, cause, plan, overlays, rungs in others:
        try:
            other = padded(plan, overlays, rungs, inputs, n)[PAD:-PAD]
        except (NotPlanned, NotReady):
            continue
        same = ~have | (np.abs(got.astype(np.int32) - other) <= CLOSE).all(axis=1)
        if same[span].mean() > 0.95 and other[span].any():
            return attrs.evolve(mark, sign=sign, heard=name, cause=cause)
    if mark.sign == "empty":
        mark = attrs.evolve(mark, heard="tone")
        if not standing(heard):
            return mark
        mark = attrs.evolve(mark, sign="foreign", cause="a tone where silence is due")
    hit = look(mark.slot)
    if hit is None or not _really(attrs.evolve(hit, offset=hit.offset + span.start), inputs, got[span]):
        return mark
    return recognised_as(version, heard, hit, mark)


def _really(hit: Hit, inputs: Inputs, got: Pcm) -> bool:
    """Whether what was heard is that medium and nothing more: features alone would not notice a voice laid over it."""
    try:
        due = around(inputs, hit, len(got))
    except NotReady:
        return True
    for late in (0, *likely_lags(got, due)):
        other = due[PAD - late : PAD - late + len(got)]
        if (np.abs(got.astype(np.int32) - other) <= CLOSE).all(axis=1).mean() > 0.9:
            return True
        if describe(got, other)[0] in ("good", "degraded", "pause"):
            return True
    return False


def around(inputs: Inputs, hit: Hit, count: int) -> Pcm:
    """A medium from PAD samples before the hit to PAD samples after `count`: int16, silence beyond its ends. Raises NotReady."""
    first = hit.offset - PAD
    last = min(first + count + 2 * PAD, inputs.length(hit.sha256))
    due = np.zeros((count + 2 * PAD, 2), dtype=np.int16)
    if last > max(0, first):
        wide = inputs.pcm(hit.sha256, max(0, first), last - max(0, first))
        due[max(0, -first) : max(0, -first) + len(wide)] = (wide + 128 >> 8).clip(-32768, 32767)
    return due


_Instead = tuple[Sign, str, str, Plan, tuple[Overlay, ...], tuple[Fallen, ...]]


def _instead(version: Version, heard: Heard, n: int) -> Iterator[_Instead]:
    take, plan, overlays = heard.take, version.plan, version.overlays
    before = tail_at(plan, n) or tail_at(plan, n + SLOT - 1)
    if before is not None:
        cut = Fallen(take=before.id, start=SampleIndex(before.start), rung="filler")
        yield (
            "degraded",
            take.id,
            f"the end of {before.title or before.item} is missing",
            plan,
            overlays,
            (cut,),
        )
    for step in steps(take, "tone", "tone"):
        yield step.sign, step.name, step.cause, plan, overlays, (step.fallen,)
    if heard.overlay is not None:
        top = heard.overlay
        without = tuple(o for o in overlays if o.id != top.id)
        yield "wrong", take.id, f"{top.id} is due and not heard", plan, without, ()
    for ended in overlays:
        if ended.end - ended.ramp <= n + SLOT and n < ended.end + OUTLASTS:
            cause, with_it = prolonged(overlays, ended)
            yield "wrong", ended.id, cause, plan, with_it, ()


def _earlier(ruling: Version, before: Iterable[Version], n: int) -> Iterator[_Instead]:
    """What was due by versions that rule no more."""
    for version in before:
        try:
            heard = on_air(version.plan, version.overlays, (), SampleIndex(n))
        except (NotPlanned, ValueError):
            continue
        sign, cause = followed(ruling.plan, heard.media, ruling.since, n)
        yield sign, _name(heard), cause, version.plan, version.overlays, ()


def recognised_as(version: Version, heard: Heard, hit: Hit, mark: Mark) -> Mark:
    """Approved material that is known by its sound."""
    plan = version.plan
    n = mark.slot * SLOT
    if hit.sha256 == plan.loop and plan.loop not in heard.media:
        return attrs.evolve(mark, sign="empty", heard="loop", cause="the loop")
    if hit.sha256 in heard.media and heard.overlay is None and heard.take.media == hit.sha256:
        late = heard.take.offset + n - heard.take.start - hit.offset
        if abs(late) < IN_PLACE:
            return mark  # what is due is there, and something else with it
        side = "late" if late > 0 else "early"
        cause = f"the right item {abs(late) * 10 // SAMPLE_RATE / 10:.1f} s {side}"
        return attrs.evolve(mark, sign="wrong", heard=heard.take.id, cause=cause)
    sign, cause = barred(plan, hit.sha256)
    return attrs.evolve(mark, sign=sign, heard=name_of(plan, hit.sha256), cause=cause)
