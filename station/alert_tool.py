"""`gengfu alert list|show|mute|unmute|explain|sign|reject|cancel`: alerts from the command line, for when the panel is dead. Asks for password and PIN; the station decides."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from station.arguments import Parser
from station.asking import Line
from station.oserrors import os_zh
from station.secret import ask_secret, nothing_typed
from station.settings import Places
from station.words import Refused

Ask = Callable[[str], str]
Deed = Callable[["Seat", argparse.Namespace], None]


class Seat:
    """An operator at the control socket, for one command."""

    def __init__(self, line: Line, operator: str, ask: Ask) -> None:
        self._line, self._ask = line, ask
        password = ask(f"password of {operator} · {operator} 的密码: ")
        self._session = line.ask("login", operator=operator, password=password)["session"]

    def query(self, name: str, **args: Any) -> Any:
        """A view, as plain JSON."""
        return self._line.ask("query", session=self._session, name=name, args=args)

    def command(self, name: str, body: dict[str, Any], *, proof: bool = True) -> None:
        """Do it; `proof` asks for the PIN."""
        more = {"pin": self._ask("PIN: ")} if proof else {}
        self._line.ask(
            "command", session=self._session, request=str(uuid.uuid4()), command=name, body=body, **more
        )

    def leave(self) -> None:
        """Give the seat back."""
        self._line.ask("logout", session=self._session)


@contextlib.contextmanager
def seated(state: Path, operator: str, ask: Ask) -> Iterator[Seat]:
    """A seat at the station of a state directory, given back at the end. Raises Refused where none answers or nothing is typed."""
    try:
        with Line(Places(state).control) as line:
            seat = Seat(line, operator, ask)
            try:
                yield seat
            finally:
                seat.leave()
    except EOFError:
        raise nothing_typed() from None
    except OSError as error:
        raise Refused(
            f"no station answers in {state}: {error.strerror or error}",
            f"{state} 中的台站没有应答:{os_zh(error)}",
            code="unavailable",
        ) from None


def main(argv: list[str], ask: Ask = ask_secret) -> int:
    """0 done, 1 refused or nobody answers, 2 wrong use."""
    asked = _parser().parse_args(argv)
    with seated(asked.state, asked.operator, ask) as seat:
        asked.deed(seat, asked)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="gengfu alert", description="alerts from the command line · 命令行预警操作")
    deeds = parser.add_subparsers(
        dest="what", required=True, metavar="list|show|mute|unmute|explain|sign|reject|cancel"
    )

    def deed(name: str, do: Deed, help_text: str) -> Parser:
        made = deeds.add_parser(name, help=help_text, description=help_text)
        made.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
        made.add_argument("--as", dest="operator", required=True, help="operator id · 操作员编号")
        made.set_defaults(deed=do)
        return made

    deed("list", _list, "what sounds, waits, and is muted · 在播、待签与静音").add_argument(
        "--all", action="store_true", help="ended ones too · 含已结束"
    )
    mute = deed("mute", _mute, "local mute, at once and without PIN · 本地静音,立即生效,不需 PIN")
    mute.add_argument("--alert", default="", help="one alert; none: all · 某条预警,不填为全部")
    mute.add_argument(
        "--area", action="append", default=[], help="12-digit code; none: everywhere · 区划代码"
    )
    mute.add_argument(
        "--channel", action="append", default=[], help="silence its programme too · 连同节目静音"
    )
    mute.add_argument("--reason", default="", help="may follow later · 可后补")
    deed("unmute", _unmute, "lift a mute · 解除静音").add_argument("mute", help="its id · 静音编号")
    explain = deed("explain", _explain, "the reason of a mute, also when lifted · 补充静音原因,已解除亦可")
    explain.add_argument("mute", help="its id · 静音编号")
    explain.add_argument("--reason", required=True, help="in a few words · 理由")
    _of_one_alert(deed)
    return parser


def _of_one_alert(deed: Callable[[str, Deed, str], argparse.ArgumentParser]) -> None:
    """The deeds that name an alert."""
    for name, do, what in (
        ("show", _show, "one alert as JSON · 一条预警(JSON)"),
        ("sign", _sign, "approve what waits · 签发"),
        ("reject", _reject, "refuse it · 退回"),
        ("cancel", _cancel, "end it everywhere · 解除预警"),
    ):
        made = deed(name, do, what)
        made.add_argument("alert", help="its id · 预警编号")
        if name in ("reject", "cancel"):
            made.add_argument("--reason", required=True, help="in a few words · 理由")
        if name == "cancel":
            made.add_argument("--authority", default="county", help="in whose name · 以何级名义 (county)")


def _list(seat: Seat, asked: argparse.Namespace) -> None:
    for one in seat.query("alerts", open=not asked.all, limit=50):
        signed = f"{len(one['signatures'])}/{one['needed']}"
        _say(
            f"{one['id']}  {one['level']}  {one['phase']:<10} {signed}  {one['headline']}  {one['area_names']}"
        )
    for mute in seat.query("mutes"):
        what = mute["alert"] or mute["area_names"] or "everything · 全部"
        _say(f"{mute['id']}  muted · 静音  {what}  {mute['by']}  {mute['reason']}")
    for mute in seat.query("overview")["unexplained"]:
        what = mute["area_names"] or mute["headline"] or "everything · 全部"
        _say(f"{mute['id']}  lifted, reason owed · 已解除,原因未补  {what}  {mute['by']}")


def _show(seat: Seat, asked: argparse.Namespace) -> None:
    _say(json.dumps(seat.query("alert", id=asked.alert), ensure_ascii=False, indent=1))


def _mute(seat: Seat, asked: argparse.Namespace) -> None:
    mute = str(uuid.uuid4())
    body = {
        "mute": mute,
        "alert": asked.alert,
        "areas": asked.area,
        "channels": asked.channel,
        "reason": asked.reason,
    }
    seat.command("alert.mute", body, proof=False)
    _say(f"muted; lift it with: unmute {mute} · 已静音,解除用 unmute {mute}")


def _explain(seat: Seat, asked: argparse.Namespace) -> None:
    seat.command("alert.explain", {"mute": asked.mute, "reason": asked.reason}, proof=False)
    _say("the reason is recorded · 原因已记录")


def _unmute(seat: Seat, asked: argparse.Namespace) -> None:
    seat.command("alert.unmute", {"mute": asked.mute})
    _say("lifted; what is still valid sounds again · 已解除静音,仍有效的预警恢复播发")
    if any(one["id"] == asked.mute for one in seat.query("overview")["unexplained"]):
        _say(f"its reason is owed: explain {asked.mute} --reason … · 原因未补,请用 explain 补充")


def _sign(seat: Seat, asked: argparse.Namespace) -> None:
    _put(seat, asked.alert, "approve", "")


def _reject(seat: Seat, asked: argparse.Namespace) -> None:
    _put(seat, asked.alert, "reject", asked.reason)


def _put(seat: Seat, alert: str, verdict: str, reason: str) -> None:
    view = seat.query("alert", id=alert)
    _say(f"{view['headline']}\n{view['text']}\n{view['area_names']}")
    body = {"alert": alert, "content": view["content"], "verdict": verdict, "reason": reason}
    seat.command("alert.sign", body)
    _say("signed · 已签发" if verdict == "approve" else "rejected · 已退回")


def _cancel(seat: Seat, asked: argparse.Namespace) -> None:
    body = {"alert": asked.alert, "reason": asked.reason, "authority": asked.authority}
    seat.command("alert.cancel", body)
    _say("cancelled · 已解除")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
