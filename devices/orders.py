"""Pure decider of devices: volumes wanted, and what terminals answered, folded. Knows no wire, no connection, no alert's content."""

from __future__ import annotations

import attrs

from devices.messages import (
    CountTerminals,
    FoldTerminals,
    SetTerminalVolume,
    TerminalsAnswered,
    TerminalsLink,
    TerminalVolumeSet,
)
from station.area_codes import contains, prefix
from station.words import SECOND, AreaCode, Command, Event, Instant, Operator, Refused

ALERTS = 64  # whose last counts are kept, to see what changed
MINUTE = 60 * SECOND

COMMANDS: frozenset[type[Command]] = frozenset({SetTerminalVolume, FoldTerminals, CountTerminals})


@attrs.frozen(kw_only=True)
class Policy:
    """`areas`: every area in which a terminal stands; empty: not checked."""

    areas: frozenset[AreaCode] = frozenset()


@attrs.frozen(kw_only=True)
class State:
    """What is wanted of terminals, oldest first, and the last counts told."""

    volumes: tuple[tuple[AreaCode, int], ...] = ()  # the last entry of an area holds
    answered: tuple[TerminalsAnswered, ...] = ()
    link: TerminalsLink | None = None


EMPTY = State()


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    """The events of a command; Refused for a volume or area that cannot be."""
    if isinstance(command, SetTerminalVolume):
        _check(command, policy)
        return (TerminalVolumeSet(areas=command.areas, volume=command.volume, by=by.id),)
    if isinstance(command, FoldTerminals):
        return _fold(state, command)
    if isinstance(command, CountTerminals):
        return _link(state, command)
    raise TypeError(f"{type(command).__name__} is no command of devices")


def _check(command: SetTerminalVolume, policy: Policy) -> None:
    if not 0 <= command.volume <= 100:
        raise Refused(f"a volume of {command.volume} % cannot be", f"音量 {command.volume}% 无效")
    if not command.areas:
        raise Refused("no area was named", "未指定区域")
    for area in command.areas:
        if policy.areas and not any(_inside(area, one) for one in policy.areas):
            raise Refused(f"no terminal stands in area {area}", f"区域 {area} 内没有终端")


def _inside(outer: AreaCode, inner: AreaCode) -> bool:
    return bool(prefix(outer)) and contains(outer, inner)  # the whole country is nobody's to turn down


def _fold(state: State, command: FoldTerminals) -> tuple[Event, ...]:
    made = TerminalsAnswered(
        alert=command.alert,
        at=command.at,
        ordered=command.ordered,
        acknowledged=command.acknowledged,
        playing=command.playing,
        heard=command.heard,
        silent=command.silent,
    )
    before = next((one for one in state.answered if one.alert == made.alert), None)
    return () if before is not None and _figures(before) == _figures(made) else (made,)


def _figures(said: TerminalsAnswered) -> tuple[int, ...]:
    return (said.ordered, said.acknowledged, said.playing, said.heard, said.silent)


def _link(state: State, command: CountTerminals) -> tuple[Event, ...]:
    made = TerminalsLink(online=command.online, registered=command.registered, at=command.at)
    before = state.link
    if before is not None:
        same = (before.online, before.registered) == (made.online, made.registered)
        if same or 0 <= made.at - before.at < MINUTE // 2:
            return ()
    return (made,)


def evolve(state: State, event: Event) -> State:
    """The state after an event; events of others leave it as it is."""
    if isinstance(event, TerminalVolumeSet):
        named = set(event.areas)
        kept = tuple(entry for entry in state.volumes if entry[0] not in named)
        return attrs.evolve(state, volumes=(*kept, *((area, event.volume) for area in event.areas)))
    if isinstance(event, TerminalsAnswered):
        others = tuple(one for one in state.answered if one.alert != event.alert)
        return attrs.evolve(state, answered=(*others, event)[-ALERTS:])
    if isinstance(event, TerminalsLink):
        return attrs.evolve(state, link=event)
    return state


def due(state: State, now: Instant, policy: Policy) -> tuple[Command, ...]:
    """Nothing of devices falls due by time alone."""
    return ()


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """Never."""
    return None
