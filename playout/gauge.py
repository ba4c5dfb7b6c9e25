"""How a further output of a channel is, in words that its process and the player share and that outlast the process. Pure but for that memory; knows no socket and no clock: the time is an argument."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from playout.rings import Words, shared_words
from station.words import SECOND, Instant, Text

State = Literal["starting", "up", "slow", "down"]

# why one is down, by the word that travels over the player link
WHY: Final[dict[str, Text]] = {
    "": Text("", ""),
    "refused": Text("nobody takes connections there", "对方拒绝连接"),
    "unreachable": Text("the network does not lead there", "网络不可达"),
    "unknown": Text("the name of the host is not known", "主机名无法解析"),
    "timeout": Text("no answer", "对方无应答"),
    "password": Text("the receiver does not take the password", "对方不接受口令"),
    "taken": Text("somebody else sends there already", "该挂载点已被占用"),
    "answer": Text("the receiver does not want it", "对方拒绝接收"),
    "closed": Text("the receiver hung up", "对方断开连接"),
    "stalled": Text("the receiver does not read", "对方停止读取"),
    "secret": Text("its secret file cannot be read, or others may read it", "口令文件无法读取,或他人可读"),
    "program": Text("the program that carries it is not installed", "所需程序未安装"),
    "ended": Text("its program ended", "其进程意外退出"),
    "hung": Text("its program showed no life and was ended", "其进程无响应,已被终止"),
    "disk": Text("the disk cannot be written, or is nearly full", "磁盘无法写入或空间不足"),
    "certificate": Text(
        "its certificate is not trusted, has run out, or is another host's",
        "证书不受信任、已过期或与主机名不符",
    ),
    "device": Text("the sound card cannot be opened", "声卡无法打开"),
}
_KEYS: Final = tuple(WHY)
_STATE, _SINCE, _WHY, _TRIES, _DROPPED, _DROPPED_AT, _SENT = range(7)
_STARTING, _UP, _DOWN = range(3)

SLOW: Final = 10 * SECOND  # so long after it dropped something it is called slow
SETTLED: Final = 30 * SECOND  # up for so long, and pauses begin anew
PAUSES: Final = (0, 1, 2, 5, 10, 20, 30, 60)  # s before attempt number n + 1; the last ever after


@attrs.frozen(kw_only=True)
class OutputLine:
    """One further output of a channel, as its player reports it."""

    id: str
    state: State
    since: Instant
    why: str = ""  # a key of WHY
    tries: int = 0  # that failed since it last was up for a while
    dropped: int = 0  # bytes, in all
    sent: int = 0  # bytes, in all


class Gauge:
    """Of one output. Its process writes, the player reads; made before the fork."""

    def __init__(self, name: str) -> None:
        self.id = name
        self._words: Words = shared_words(8)

    @property
    def pause(self) -> int:
        """Seconds to wait before the next attempt."""
        return PAUSES[min(self._words[_TRIES], len(PAUSES) - 1)]

    def up(self, now: Instant) -> None:
        """It reaches its receiver."""
        if self._words[_STATE] != _UP:
            self._go(_UP, "", now)

    def down(self, why: str, now: Instant) -> None:
        """It does not, and why; an attempt more that failed."""
        was_up = self._words[_STATE] == _UP and now - self._words[_SINCE] >= SETTLED
        self._words[_TRIES] = 1 if was_up else self._words[_TRIES] + 1
        if self._words[_STATE] == _DOWN:
            self._words[_WHY] = _KEYS.index(why)  # since when does not change while it stays so
        else:
            self._go(_DOWN, why, now)

    def stand_by(self, now: Instant) -> None:
        """Another player sends it; what failed before does not count when its turn comes."""
        self._words[_TRIES] = 0
        self._go(_STARTING, "", now)

    def _go(self, state: int, why: str, now: Instant) -> None:
        self._words[_STATE], self._words[_SINCE], self._words[_WHY] = state, now, _KEYS.index(why)

    def sent(self, count: int) -> None:
        """So many bytes left."""
        self._words[_SENT] += count

    def lost(self, count: int, now: Instant) -> None:
        """So many bytes were dropped because they could not leave in time."""
        if count:
            self._words[_DROPPED] += count
            self._words[_DROPPED_AT] = now

    def line(self, now: Instant) -> OutputLine:
        """As it is now."""
        words = self._words
        return OutputLine(
            id=self.id,
            state=self._state(now),
            since=Instant(words[_SINCE]),
            why=_KEYS[words[_WHY]],
            tries=words[_TRIES],
            dropped=words[_DROPPED],
            sent=words[_SENT],
        )

    def _state(self, now: Instant) -> State:
        state, at = self._words[_STATE], self._words[_DROPPED_AT]
        if state == _UP:
            return "slow" if at and now - at < SLOW else "up"
        return "down" if state == _DOWN else "starting"
