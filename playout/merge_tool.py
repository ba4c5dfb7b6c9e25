"""`gengfu merge`: listens on two paths (or more) and sends one stream; for receivers that cannot merge themselves. Sockets and time; what is sent decides playout.merge."""

from __future__ import annotations

import json
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import attrs

from playout.merge import HOLD, L16, TS, Merger
from playout.rtp import ssrc_of
from playout.senders import Throw, is_multicast
from station.arguments import Parser
from station.children import realtime
from station.clock import monotonic_ns
from station.words import Refused

_DATAGRAM: Final = 2048
_BUFFER: Final = 1 << 20  # bytes the kernel keeps while we are held up
_REPORT: Final = 60_000_000  # µs between two lines


def main(argv: list[str]) -> int:
    """Merge until told to stop; 0 then, 1 when a port cannot be had, 2 wrong use."""
    parser = Parser(
        prog="gengfu merge",
        description="make one RTP stream, L16 or a transport stream, of the copies that two players send (SMPTE ST 2022-7) · 将两台播放器的同一路 RTP 流(L16 或传送流)合并为一路(SMPTE ST 2022-7)",
    )
    parser.add_argument(
        "--in", dest="paths", metavar="HOST:PORT[@OURS]", action="append", required=True,
        help="where a copy arrives; a multicast group is joined on the address after @; give two or more · 接收地址,组播在 @ 后的本机地址上加入;至少两个",
    )  # fmt: skip
    parser.add_argument(
        "--out", dest="outs", metavar="HOST:PORT[@OURS]", action="append", required=True,
        help="where the one stream goes; may be given again · 合并后的发送地址,可多个",
    )  # fmt: skip
    parser.add_argument(
        "--hold", type=int, default=HOLD // 1_000, metavar="MS",
        help="how much later than the earliest copy a packet is sent: as much may the paths differ · 等待较慢路径的时间(毫秒),默认 %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--channel", default="", help="only this channel's stream; default: that of the first packet · 仅合并该频道,默认取首包所属流"
    )  # fmt: skip
    parser.add_argument(
        "--ts",
        action="store_true",
        help="the copies are transport streams in RTP, not L16 · 合并 RTP 传送流而非 L16",
    )
    asked = parser.parse_args(argv)
    if len(asked.paths) < 2:
        parser.error("a merge needs two paths: give --in twice · 合并需要两条路径:请给出两个 --in")
    if not 1 <= asked.hold <= 2_000:
        parser.error("--hold is 1 to 2000 ms · --hold 的范围为 1 至 2000 毫秒")
    ssrc = ssrc_of(asked.channel) if asked.channel else None
    merger = Merger(len(asked.paths), asked.hold * 1_000, ssrc, TS if asked.ts else L16)
    merge = Merge(merger, [listen(one) for one in asked.paths], [_throw(one) for one in asked.outs])
    signal.signal(signal.SIGTERM, lambda *_: merge.end())
    signal.signal(signal.SIGINT, lambda *_: merge.end())
    realtime()
    merge.run(lambda: monotonic_ns() // 1_000, _tell)
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def address(text: str) -> tuple[str, int, str]:
    """(host, port, our address) of HOST:PORT[@OURS]; raises Refused."""
    place, _, ours = text.partition("@")
    host, colon, port = place.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Refused(
            f"{text} is no HOST:PORT, for example 239.1.1.1:5004@10.0.0.5",
            f"{text} 不是 主机:端口,例如 239.1.1.1:5004@10.0.0.5",
        )
    return host, int(port), ours or "127.0.0.1"


def listen(text: str) -> socket.socket:
    """A socket on which the datagrams for an address arrive; raises Refused."""
    host, port, ours = address(text)
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)  # noqa: FBT003
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    try:
        if is_multicast(host):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host, port))
            joined = socket.inet_aton(host) + socket.inet_aton(ours)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        else:
            made.bind((host, port))
    except OSError as error:
        made.close()
        why = error.strerror or str(error)
        raise Refused(f"nothing can be received at {text}: {why}", f"无法在 {text} 接收:{why}") from None
    return made


def _throw(text: str) -> Throw:
    return Throw(address(text))


@attrs.define
class Merge:
    """Sockets around a merger."""

    merger: Merger
    sockets: list[socket.socket]
    throws: list[Throw]
    _ended: bool = attrs.field(default=False, init=False)

    def end(self) -> None:
        """Stop at the next occasion."""
        self._ended = True

    def run(self, now: Callable[[], int], tell: Callable[[str], object]) -> None:
        """Receive and send until `end`; tell the figures every minute and at the end. `now`: µs that never jump."""
        poll = selectors.DefaultSelector()
        for path, one in enumerate(self.sockets):
            poll.register(one, selectors.EVENT_READ, path)
        reported = now()
        while not self._ended:
            due = self.merger.next()
            wait = 0.1 if due is None else min(0.1, max(0.0, (due - now()) / 1e6))
            for key, _ in poll.select(wait):
                self._receive(key.data, now)
            for datagram in self.merger.due(now()):
                for throw in self.throws:
                    throw.send(datagram)
            if now() - reported >= _REPORT:
                reported = now()
                tell(self.line())
        tell(self.line())

    def _receive(self, path: int, now: Callable[[], int]) -> None:
        one = self.sockets[path]
        for _ in range(64):  # then the other paths have their turn
            try:
                data = one.recv(_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:  # an ICMP message about what was sent elsewhere: nothing is lost by it
                continue
            self.merger.take(path, data, now())

    def line(self) -> str:
        """The figures as one JSON object."""
        merger = self.merger
        return json.dumps(
            {
                "paths": [attrs.asdict(one) for one in merger.figures],
                "missing": merger.missing,
                "differing": merger.differing,
                "begun": merger.begun,
                "dropped": sum(throw.dropped for throw in self.throws),
            }
        )
