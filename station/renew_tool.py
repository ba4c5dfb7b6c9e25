"""`gengfu renew CHAIN`: another version of a chain's player takes over without a break: each player ends only while the other one is heard. Knows who sends and how to end a player; what is played it does not know."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import attrs

from playout.joining import last_said, sends
from playout.link import Stop, encode
from station import children
from station.arguments import Parser
from station.clock import AnchorTime
from station.pairs import chain_of, is_pair, is_television, letter, twin_of
from station.settings import Places, Settings
from station.settings_file import load, places
from station.words import SAMPLE_RATE, Refused, SampleIndex, sample_at

LOOK: Final = 0.1  # s between two looks
ABREAST: Final = SAMPLE_RATE // 2  # samples that both are heard before one of them ends
END_WITHIN: Final = 15.0  # s that a player takes to end, at the most
Tell = Callable[[str, str], None]  # what happens, in English and Chinese


class Hands(Protocol):
    """What is done to players."""

    def now(self) -> SampleIndex:
        """The sample on air."""
        ...

    def sends(self, player: str) -> bool:
        """Whether a player is heard now."""
        ...

    def said(self, player: str) -> SampleIndex:
        """When a player last said that it sends; 0: never."""
        ...

    def end(self, player: str) -> None:
        """Have a player end, and wait until it has; whoever supervises it starts it again. Raises Refused."""
        ...

    def begin(self, player: str) -> None:
        """Start a guest, which nobody supervises."""
        ...

    def rest(self) -> None:
        """Wait a moment."""
        ...


@attrs.define
class Renewal:
    """The renewal of one chain. Raises Refused where it would be heard, and leaves the air as it is then."""

    settings: Settings
    chain: str
    hands: Hands
    tell: Tell
    within: int  # samples that a player may take until it is its twin's equal

    def run(self) -> None:
        """Renew the second of a pair, then the first; one that is alone is stood in for by a guest."""
        self._check()
        twin = twin_of(self.chain)
        if is_pair(self.settings, self.chain):
            self._renew(twin)
            self._renew(self.chain)
            return
        guest = self.hands.sends(twin)  # started by somebody else: it is left to him
        if not guest:
            self.hands.begin(twin)
        try:
            self._await(twin, self.hands.now())
            self._renew(self.chain)
        finally:
            self._dismiss(twin, ours=not guest)

    def _dismiss(self, guest: str, *, ours: bool) -> None:
        """Let a guest of ours go, unless it alone is heard; what cannot be ended is named, and hides no other sentence."""
        if not ours:
            self.tell(f"{guest} was there before and is left there", f"{guest} 原已在运行,予以保留")
        elif self.hands.sends(self.chain):
            try:
                self.hands.end(guest)
            except Refused as error:
                self.tell(error.text.en, error.text.zh)

    def _check(self) -> None:
        if self.chain not in self.settings.chains():
            names = ", ".join(self.settings.chains())
            raise Refused(
                f"there is no chain {self.chain}; there are {names}", f"没有播出链 {self.chain};已有 {names}"
            )
        if is_television(self.settings, self.chain):
            raise Refused(
                f"{self.chain} is television: its transport stream cannot be taken over without a break; end its player at a quiet moment, and it starts anew",
                f"{self.chain} 是电视链:传送流无法无缝接管;请在空闲时结束其播放器,它会自动重启",
            )
        two = (self.chain, twin_of(self.chain)) if is_pair(self.settings, self.chain) else (self.chain,)
        for player in two:
            if not self.hands.sends(player):
                raise Refused(
                    f"player {player} is not on the air; nothing was touched: see why first (gengfu doctor)",
                    f"播放器 {player} 未在播;未做任何改动,请先查明原因(gengfu doctor)",
                    code="unavailable",
                )

    def _renew(self, player: str) -> None:
        """End a player while its twin is heard, and wait until its successor is heard as well."""
        other = twin_of(player)
        if not self.hands.sends(other):
            raise Refused(
                f"player {other} is not heard any more: {player} was not touched",
                f"播放器 {other} 已不在播:{player} 未作改动",
                code="unavailable",
            )
        self.tell(
            f"{player} ends; {letter(other)} carries the air", f"结束 {player};由 {letter(other)} 承担播出"
        )
        self.hands.end(player)
        self._await(player, self.hands.now())

    def _await(self, player: str, since: SampleIndex) -> None:
        """Until a player that began after `since` has been heard for a while."""
        self.tell(f"{player} begins", f"{player} 启动")
        heard: SampleIndex | None = None
        while heard is None or self.hands.said(player) - heard < ABREAST:
            if self.hands.now() - since > self.within:
                raise Refused(
                    f"player {player} is not its twin's equal after {self.within // SAMPLE_RATE} s: see its log; the air was not interrupted",
                    f"播放器 {player} 在 {self.within // SAMPLE_RATE} 秒内未能与另一台一致:请查看其日志;播出未中断",
                    code="unavailable",
                )
            self.hands.rest()
            if heard is None and self.hands.said(player) > since:
                heard = self.hands.said(player)
        self.tell(f"{player} is on the air, the same as its twin", f"{player} 已在播,与另一台一致")


class Players:
    """Real players of this machine, by their sockets and files."""

    def __init__(self, where: Places, common: tuple[str, ...]) -> None:
        """`common`: the options with which they are started."""
        self._where, self._common = where, common
        self._time = AnchorTime(where.anchor)

    def now(self) -> SampleIndex:
        return sample_at(self._time.now())

    def sends(self, player: str) -> bool:
        return sends(self._where.chains / player, self.now())

    def said(self, player: str) -> SampleIndex:
        return last_said(self._where.chains / player)

    def rest(self) -> None:
        time.sleep(LOOK)

    def end(self, player: str) -> None:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(END_WITHIN)
                line.connect(str(self._where.chain_socket(player)))
                line.sendall(encode(Stop()))
                while line.recv(1 << 16):
                    pass
        except OSError as error:
            raise Refused(
                f"player {player} could not be ended: {error}",
                f"无法结束播放器 {player}:{error}",
                code="unavailable",
            ) from None

    def begin(self, player: str) -> None:
        """As nobody's child, with a pid file: whatever becomes of us, it carries the air."""
        for room in (self._where.logs, self._where.run):
            room.mkdir(parents=True, exist_ok=True)
        how = ("detach", str(self._where.run / f"player-{player}.pid"))
        starter = [sys.executable, "-E", "-s", "-S", str(Path(children.__file__)), *how]
        words = [*starter, sys.executable, "-m", "station.cli", "player", player, *self._common]
        with (self._where.logs / f"player-{player}.log").open("ab") as log:
            subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)


def main(argv: list[str]) -> int:
    """Renew; 0 when every player of the chain is a new one."""
    parser = Parser(
        prog="gengfu renew",
        description="start a chain's players anew, as after an upgrade, without a break · 不中断播出地更新一条链的播放器(如升级之后)",
    )
    parser.add_argument("chain", help="name of the chain · 播出链名称")
    parser.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="station.toml · 设置文件"
    )
    parser.add_argument("--state", metavar="DIR", help="state directory · 状态目录")
    parser.add_argument("--port", type=int, metavar="N", help="base of the station's ports · 端口基数")
    parser.add_argument(
        "--within", type=int, default=60, metavar="S",
        help="seconds a player may take to become its twin's equal, default %(default)s · 等待一致的秒数上限,默认 %(default)s",
    )  # fmt: skip
    asked = parser.parse_args(argv)
    settings = load(asked.settings)
    where = places(asked.settings, settings, asked.state)
    port = settings.station.port if asked.port is None else asked.port
    common = ("--settings", str(asked.settings.resolve()), "--state", str(where.state), "--port", str(port))
    chain, within = chain_of(asked.chain), asked.within * SAMPLE_RATE
    Renewal(settings, chain, Players(where, common), _say, within).run()
    _say(f"{chain} is renewed", f"{chain} 已更新")
    return 0


def _say(en: str, zh: str) -> None:
    sys.stdout.write(f"{en} · {zh}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
