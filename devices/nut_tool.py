"""`gengfu nut HOST:PORT UPS`: everything that a UPS server (NUT) tells of one power supply, as one JSON line. Asks once; knows no station."""

from __future__ import annotations

import socket
import sys
from typing import Any

from devices import nut
from devices.heard import Declined
from devices.wire_tool import seconds
from devices.wire_words import outcome, system
from station.arguments import Parser
from station.clock import monotonic_ns
from station.wire import canonical
from station.words import Misheard


def main(argv: list[str]) -> int:
    """0: it told; 1: it did not; 2: wrong use."""
    parser = Parser(
        prog="gengfu nut",
        description="what a UPS server (NUT) tells of one power supply, as one line of JSON · 读取 NUT 服务器上一台电源的全部变量",
    )
    parser.add_argument("place", metavar="HOST[:PORT]", help="of upsd · upsd 的地址")
    parser.add_argument("ups", help="name of the power supply · 电源名称")
    parser.add_argument("--timeout", type=seconds, default=3.0, help="s, of all of it · 总超时(秒)")
    asked = parser.parse_args(argv)
    host, _, port = asked.place.partition(":")
    number = int(port or nut.PORT) if len(port) <= 5 and (port or "0").isdecimal() else 0
    if not 1 <= number <= 65_535:
        return _wrong(f"{port!r} is no port", f"{port!r} 不是端口")
    try:
        frame = nut.request(asked.ups)
    except ValueError:
        return _wrong(f"{asked.ups!r} is no name of a power supply", f"{asked.ups!r} 不是电源名称")
    said = _asked(host, number, asked.ups, frame, asked.timeout)
    if "error" in said:
        place, why = f"{host}:{number}", said.pop("why", said.get("detail", ""))
        span = asked.timeout if said["error"] == "timeout" else 0.0
        said |= outcome(str(said["error"]), place, why=why, seconds=span)
    sys.stdout.write(canonical({"ups": asked.ups, **said}) + "\n")
    return 0 if "variables" in said else 1


def _wrong(en: str, zh: str) -> int:
    sys.stderr.write(f"gengfu nut: {en} · {zh}\n")
    return 2


def _asked(host: str, port: int, ups: str, frame: bytes, timeout: float) -> dict[str, Any]:
    ear, until = nut.Ear(ups), monotonic_ns() + round(1e9 * timeout)
    try:
        with socket.create_connection((host, port), timeout) as line:
            line.sendall(frame)
            while True:
                line.settimeout(max(0.001, (until - monotonic_ns()) / 1e9))
                data = line.recv(4096)
                if not data:
                    return {"error": "link", "detail": "hung up in the middle of the list"}
                said = ear.feed(data)
                if isinstance(said, Declined):
                    return {"error": "declined", "detail": said.why}
                if said is not None:
                    return {"variables": said.values}
    except TimeoutError:
        return {"error": "timeout"}
    except (OSError, UnicodeError) as error:  # a name that is none
        return {"error": "link", "detail": str(error), "why": system(error)}
    except Misheard as misheard:
        return {"error": "garbled", "detail": misheard.text.en, "why": misheard.text}


__all__ = ["main"]
