"""The twelve laws (docs/laws.md) as checks over what is given: plans, soundings, orders, the journal's text. Pure; used by the tests and by a simulated day. Decides nothing and knows no desk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np

from emergency.messages import AUTHORITIES
from emergency.preempt import EARTHQUAKE, KINDS, covering, muted
from emergency.sounding import Mute, Sounding
from safety import figures
from safety.messages import SlotRun
from safety.slots import clip, fold
from schedules.plan import Fallen, Overlay, Plan
from schedules.render import Heard, Inputs, on_air, over, render
from station.rules import TerminalGroup
from station.story import Story
from station.words import HOUR, AreaCode, ChannelId, Instant, SampleIndex, Sha256, sample_at

STANDING = ("standing:",)
AROUND = 96  # samples rendered on each side of an edge


class Broken(AssertionError):
    """A law does not hold: which, and what was seen."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law, self.what = law, what


def hold(law: str, what: str, *, when: bool) -> None:
    """Raise Broken where `when`: what must never be so is so."""
    if when:
        raise Broken(law, what)


# --- L1, L2, L6: what is heard


def one_thing(plan: Plan, n: SampleIndex) -> None:
    """L1: exactly one take holds sample `n`."""
    holding = [take.id for take in plan.takes if take.start <= n < take.end]
    hold("L1", f"{plan.channel}: {holding or 'nothing'} on air at sample {n}", when=len(holding) != 1)


def tiled(plan: Plan) -> None:
    """L1: the takes of a plan meet without gap or overlap from its start to its end."""
    cursor = plan.start
    for take in plan.takes:
        hold(
            "L1", f"{take.id} does not begin where the one before ends ({cursor})", when=take.start != cursor
        )
        hold("L1", f"{take.id} has no length", when=take.end <= take.start)
        cursor = take.end
    hold("L1", f"{plan.channel}: the last take ends at {cursor}, not at {plan.end}", when=cursor != plan.end)


def approved(
    heard: Heard,
    approvals: Collection[str],
    library: Collection[Sha256],
    story: Mapping[str, Collection[str]],
) -> None:
    """L2: what is heard names an approval that was given, and nothing sounds but approved media.

    `approvals`: rundowns, alerts and mutes that the journal names; `story`: alert → the sound that was made for it.
    """
    name = heard.approval
    known = name.startswith(STANDING) or name in approvals
    hold("L2", f"nobody approved {name} ({heard.take.id})", when=not known)
    spoken = {sha256 for made in story.values() for sha256 in made}
    strange = [sha256 for sha256 in heard.media if sha256 not in library and sha256 not in spoken]
    hold("L2", f"{name} sounds from unknown media {strange}", when=bool(strange))
    if heard.overlay is not None and name.startswith("alert:"):
        own = {sha256 for alert in alerts_of(heard.overlay.id) for sha256 in story.get(alert, ())}
        foreign = [sha256 for sha256 in heard.overlay.sequence if sha256 not in own]
        hold("L2", f"{name} carries sound made for others: {foreign}", when=bool(foreign))


def alerts_of(overlay: str) -> tuple[str, ...]:
    """The alerts an overlay carries, by its id (`alert/channel`, `one+other/channel`)."""
    return tuple(overlay.rpartition("/")[0].split("+"))


def exact(
    plan: Plan, overlay: Overlay, overlays: Sequence[Overlay], rungs: Sequence[Fallen], inputs: Inputs
) -> None:
    """L6: before its start and from its end on an overlay changes nothing; from its start to its last sample it lies there."""
    without = [one for one in overlays if one.id != overlay.id]
    for at, inside in ((overlay.start, False), (overlay.end, True)):
        if not plan.start <= at - AROUND <= at + AROUND <= plan.end:
            continue
        a = SampleIndex(at - AROUND)
        mine = render(plan, overlays, rungs, inputs, a, 2 * AROUND)
        plain = render(plan, without, rungs, inputs, a, 2 * AROUND)
        outside = slice(0, AROUND) if not inside else slice(AROUND, None)
        same = np.array_equal(mine[outside], plain[outside])
        hold("L6", f"{overlay.id} is heard outside {overlay.start} to {overlay.end}", when=not same)
    length = overlay.end - overlay.start
    if length > 0 and plan.start <= overlay.start and overlay.end <= plan.end:
        for n in (overlay.start, SampleIndex(overlay.end - 1)):
            there = overlay.id in {one.id for one in over(overlays, n)}
            hold("L6", f"{overlay.id} does not lie at its own sample {n}", when=not there)


def blocks(
    plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], inputs: Inputs, n: SampleIndex
) -> None:
    """L6: samples do not depend on how a span is cut into blocks."""
    count = min(480, plan.end - n)
    whole = render(plan, overlays, rungs, inputs, n, count)
    first = render(plan, overlays, rungs, inputs, n, count // 3)
    rest = render(plan, overlays, rungs, inputs, SampleIndex(n + count // 3), count - count // 3)
    hold("L6", f"{plan.channel}: samples at {n} depend on the cut", when=not np.array_equal(whole, np.concatenate([first, rest])))  # fmt: skip


# --- L3, L4, L11: state, and what follows from it


def same(law: str, what: str, before: object, after: object) -> None:
    """L3, L4: two things that must be equal are."""
    hold(law, f"{what} differs", when=before != after)


# --- L5: expiry


def over_in_time(
    soundings: Iterable[Sounding],
    overlays: Iterable[Overlay],
    groups: Iterable[TerminalGroup],
    expires: Mapping[str, Instant],
    now: Instant,
) -> None:
    """L5: what sounds is not past its end, and neither overlays nor terminals' groups go on after an alert's expiry."""
    for one in soundings:
        bad = not now < one.until <= expires[one.alert]
        hold("L5", f"{one.alert} sounds until {one.until}, expires {expires[one.alert]}", when=bad)
    for lies in overlays:
        if lies.mode != "silence":
            last = max(expires[alert] for alert in alerts_of(lies.id))
            hold("L5", f"overlay {lies.id} ends after its alert", when=lies.end > sample_at(last))
    for group in groups:
        last = max(expires[alert] for alert in group.alerts)
        bad = not now < group.until <= last
        hold("L5", f"terminals play {group.alerts} until {group.until}, expiry {last}", when=bad)


# --- L7, L8: who goes before whom, and who may be silenced


def rank(told: Mapping[str, object], alert: str) -> tuple[int, int, int, int]:
    """The place of an alert by what was submitted: kind, earthquake lane, level, authority; the lower goes first."""
    body: Mapping[str, Mapping[str, object]] = told  # type: ignore[assignment]
    message, source = body["message"], body["source"]
    kind = KINDS.index(str(message["kind"]))
    quake = (
        source["verified"]
        and source["preauthorised"]
        and kind == 0
        and str(message["event"]).startswith(EARTHQUAKE)
    )
    level = int(str(message["level"])) or 5
    return kind, 0 if quake else 1, level, AUTHORITIES.index(source["authority"])


def first_goes_first(
    soundings: Sequence[Sounding],
    mutes: Sequence[Mute],
    groups: Sequence[TerminalGroup],
    ground: Iterable[AreaCode],
    submitted: Mapping[str, Mapping[str, object]],
    streams: int,
) -> None:
    """L7, L8: in each area with terminals the highest alert that means it and is not muted sounds, alone or alternating
    with its equal; where none is left there is silence."""
    ranks = {one.alert: rank(submitted[one.alert], one.alert) for one in soundings}
    order = [ranks[one.alert] for one in soundings]
    hold("L7", "what sounds is not in its order", when=order != sorted(order))
    playing = {area: group for group in groups for area in group.areas}
    for area in ground:
        meant = [one for one in soundings if covering(one, area) and not muted(one, area, mutes)]
        group = playing.get(area)
        if not meant:
            hold("L8", f"{area} plays {group.alerts if group else ''} though muted or not meant", when=group is not None)  # fmt: skip
            continue
        if (
            group is None
        ):  # more at once than there are streams: some are left out, but never while a stream is free
            hold("L7", f"{area} is silent, a stream is free", when=len(groups) < streams)
            continue
        best = min(ranks[one.alert] for one in meant)
        held = [ranks[alert] for alert in group.alerts]
        hold("L7", f"{area} plays {group.alerts} while something higher is meant for it", when=held[0] != best and held[-1] != best)  # fmt: skip
        hold("L8", f"{area} plays an alert that is muted there", when=not {*group.alerts} <= {one.alert for one in meant})  # fmt: skip


def highest_on_channel(
    channel: ChannelId,
    overlays: Sequence[Overlay],
    soundings: Sequence[Sounding],
    mutes: Sequence[Mute],
    submitted: Mapping[str, Mapping[str, object]],
    n: SampleIndex,
) -> None:
    """L7, L8: of the alerts that lie over a channel at `n` the highest is on top, and a muted channel is silent."""
    lasting = over(overlays, n)
    silenced = any(channel in mute.channels for mute in mutes)
    hold("L8", f"{channel} is muted and not silent", when=silenced and (not lasting or lasting[0].mode != "silence"))  # fmt: skip
    if silenced or not lasting:
        return
    known = {one.alert: rank(submitted[one.alert], one.alert) for one in soundings}
    lying = [alerts_of(one.id)[0] for one in lasting]
    top = known.get(lying[0])
    best = min((known[alert] for alert in lying if alert in known), default=top)
    hold("L7", f"{channel}: {lying[0]} lies over something higher", when=top != best)


# --- L9, L10: told by the journal alone; see station/story.py


def told(story: Story) -> None:
    """L8, L9, L10: what the journal's text shows so far."""
    if story.complaints:
        law, what = story.complaints[0]
        raise Broken(law, what)


# --- L12: figures


def sums(runs: Sequence[SlotRun], start: Instant, middle: Instant, end: Instant) -> None:
    """L12: seconds by state add up over any split, and measuring less never lowers the outage rate."""
    first, second, whole = (
        figures.seconds_of(runs, [figures.slots_between(a, b)])
        for a, b in ((start, middle), (middle, end), (start, end))
    )
    added = {state: first[state] + second[state] for state in whole}
    hold("L12", f"{added} is not {whole}", when=added != whole)
    until = figures.slots_between(start, end)[1]
    known = clip(fold(sorted(runs, key=lambda run: run.first)), 0, until)
    later = figures.slots_between(start, Instant(end + 100 * HOUR))  # of which nothing is known
    more = figures.seconds_of(known, [later])
    now, then = figures.rates(whole).outage_milli, figures.rates(more).outage_milli
    hold("L12", "not measuring lowered the outage rate", when=now is not None and then is not None and then < now)  # fmt: skip


def spot(
    plan: Plan,
    overlays: Sequence[Overlay],
    rungs: Sequence[Fallen],
    n: SampleIndex,
    see: Callable[[Heard], None],
) -> None:
    """L1 and L2 at one sample: one take, one approval; `see` judges it."""
    one_thing(plan, n)
    try:
        see(on_air(plan, overlays, rungs, n))
    except ValueError as error:
        raise Broken("L2", str(error)) from None
