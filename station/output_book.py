"""How the further outputs of all channels are, as their players say: for the page, and what of it is wrong. Pure: knows no link and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from playout.gauge import WHY, OutputLine
from station.conditions import Condition, about
from station.outputs import OutputSection, shown
from station.pairs import twin_of
from station.settings import ChannelSection, Settings
from station.views import OutputView
from station.words import ChannelId, Text

CARDS: Final = frozenset({"output.down", "output.slow"})
_TELLS: Final = (
    "up",
    "slow",
    "down",
    "starting",
)  # the state of whoever sends it, before that of whoever stands by
_UNKNOWN: Final = Text("why is not known to this version", "本版本不认识的原因")


@attrs.define
class OutputBook:
    """What each player last said; what a player that is away said last is forgotten."""

    _lines: dict[tuple[str, ChannelId], tuple[OutputLine, ...]] = attrs.field(factory=dict)

    def note(self, player: str, channel: ChannelId, lines: tuple[OutputLine, ...]) -> None:
        """A player says how its outputs of a channel are."""
        if lines or (player, channel) in self._lines:
            self._lines[player, channel] = lines

    def gone(self, player: str) -> None:
        """A player does not answer any more."""
        for key in [key for key in self._lines if key[0] == player]:
            del self._lines[key]

    def views(self, channel: ChannelSection) -> list[OutputView]:
        """A channel's outputs in the order of the settings; what nobody reports is away."""
        return [_view(one, self._line(one, channel)) for one in channel.outputs]

    def _line(self, one: OutputSection, channel: ChannelSection) -> OutputLine | None:
        """What the player says that sends it: of a pair the other one only stands by."""
        players = channel.chain, twin_of(channel.chain)
        said = [
            line
            for player in players
            for line in self._lines.get((player, channel.id), ())
            if line.id == one.id
        ]
        return min(said, key=lambda line: _TELLS.index(line.state), default=None)

    def conditions(self, settings: Settings) -> tuple[Condition, ...]:
        """Every output that does not reach its receiver, or not all of it."""
        return tuple(found for channel in settings.channels for found in self._of(channel))

    def _of(self, channel: ChannelSection) -> Iterator[Condition]:
        for one in channel.outputs:
            line = self._line(one, channel)
            if line is not None and line.state in ("down", "slow"):
                yield _condition(channel, one, line)


def _condition(channel: ChannelSection, one: OutputSection, line: OutputLine) -> Condition:
    down, why = line.state == "down", WHY.get(line.why, _UNKNOWN)
    said = Text(
        f"does not send: {why.en}" if down else "drops sound: its receiver is too slow",
        f"未能送出:{why.zh}" if down else "正在丢弃数据:接收方过慢",
    )
    return about(
        f"channel/{channel.id}/{one.id}",
        f"output.{line.state}",
        "major" if down else "minor",
        Text(
            f"output {one.id} of {channel.name_en} {said.en}", f"{channel.name_zh} 的输出 {one.id} {said.zh}"
        ),
    )


def _view(one: OutputSection, line: OutputLine | None) -> OutputView:
    return OutputView(
        id=one.id,
        kind=one.kind,
        to=shown(one),
        state="away" if line is None else line.state,
        since=None if line is None or not line.since else line.since,
        why=Text("", "") if line is None else WHY.get(line.why, _UNKNOWN),
        tries=0 if line is None else line.tries,
        sent=0 if line is None else line.sent,
        dropped=0 if line is None else line.dropped,
    )
