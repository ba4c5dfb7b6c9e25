"""How the players of each chain are, and which of two speaks for a channel. Pure: knows no link, no clock; `now` is an argument."""

from __future__ import annotations

from typing import Literal

import attrs

from schedules.plan import RUNGS
from station.pairs import chain_of, is_pair, is_second, letter, players, twin_of
from station.settings import Settings
from station.views import PlayerLine
from station.words import Instant

State = Literal["away", "joining", "air"]
AWAY: State = "away"  # does not answer
JOINING: State = "joining"  # answers, and is not heard yet
ON_AIR: State = "air"


@attrs.frozen
class Seen:
    """How a player is, and since when as far as this controller knows."""

    state: State
    since: Instant


@attrs.define
class Twins:
    """Every player that was ever heard of by this controller."""

    seen: dict[str, Seen] = attrs.field(factory=dict)

    def state(self, player: str) -> State:
        """AWAY, JOINING or ON_AIR."""
        found = self.seen.get(player)
        return AWAY if found is None else found.state

    def note(self, player: str, state: State, now: Instant) -> None:
        """It is so now; since when does not change while it stays so."""
        found = self.seen.get(player)
        if found is None or found.state != state:
            self.seen[player] = Seen(state, now)

    def speaks(self, player: str, rung: str, other: str) -> bool:
        """Whether what `player` says of a channel on `rung` is what is shown of it; `other`: the rung its twin said last.

        As a receiver of both takes it: who is not heard does not count, the better rung goes first, then the first player.
        """
        if self.state(twin_of(player)) != ON_AIR:
            return True
        if self.state(player) != ON_AIR:
            return False
        mine, theirs = _step(rung), _step(other)
        return mine < theirs or (mine == theirs and not is_second(player))

    def missing(self, settings: Settings, chain: str) -> tuple[str, ...]:
        """Letters of the players of a pair that are not on the air."""
        if not is_pair(settings, chain):
            return ()
        return tuple(letter(one) for one in (chain, twin_of(chain)) if self.state(one) != ON_AIR)

    def lines(self, settings: Settings, chain: str) -> list[PlayerLine]:
        """Both players of a pair, or one that is alone and its guest; nothing where there is but one."""
        here = [one for one in (chain, twin_of(chain)) if one in players(settings) or self.state(one) != AWAY]
        if len(here) < 2:
            return []
        return [self._line(one) for one in here]

    def _line(self, player: str) -> PlayerLine:
        found = self.seen.get(player)
        return PlayerLine(
            player=player,
            letter=letter(player),
            state=self.state(player),
            since=None if found is None else found.since,
        )


def _step(rung: str) -> int:
    return RUNGS.index(rung) if rung in RUNGS else len(RUNGS)


def answering(links: dict[str, bool], chain: str) -> bool:
    """Whether any player of a chain answers; `links`: which do."""
    return any(up for player, up in links.items() if chain_of(player) == chain)
