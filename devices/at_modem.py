"""A modem that is spoken to by AT commands (ITU-T V.250, 3GPP TS 27.005 and 27.007) to send and receive short messages, sans I/O: one command at a time. Knows no port and no time.

Whether a message went out after its PDU was given and nothing more was heard is not known; it is not sent again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, ClassVar, Final

import attrs

from devices import sms
from devices.turns import Ear, Heard, Reply, Stray, Told
from station.words import Misheard, Refused

MOST_LINE, MOST_LINES = 1024, 200
CTRL_Z, CANCEL = b"\x1a", b"\x1b"
_UNASKED: Final = ("RING", "NO CARRIER", "+CMTI:", "+CDSI:", "+CLIP:", "^", "+CUSD:", "*PSUTTZ", "+CIEV:")
_WITH_PDU: Final = ("+CMT:", "+CDS:")  # the next line is a message
_REASONS: Final = {
    "CMS 38": "network out of order", "CMS 41": "temporary failure", "CMS 42": "congestion", "CMS 300": "modem failure",
    "CMS 302": "not allowed", "CMS 304": "the PDU is wrong", "CMS 310": "no SIM", "CMS 311": "the SIM wants its PIN",
    "CMS 321": "no such message", "CMS 330": "service centre unknown", "CMS 331": "no network", "CMS 332": "network timeout",
    "CMS 500": "unknown", "CME 10": "no SIM", "CME 11": "the SIM wants its PIN", "CME 13": "SIM failure", "CME 30": "no network",
}  # fmt: skip


@attrs.frozen
class Command:
    """One line, such as `AT+CSQ`; its answer is the lines in front of OK."""

    line: str


@attrs.frozen
class Give:
    """A message to be sent: AT+CMGS, the prompt, the PDU; its answer is `Sent`."""

    patience: ClassVar[int] = (
        60_000_000  # µs that a network may take (27.005 names no limit; makers say 60 s)
    )
    pdu: bytes


@attrs.frozen
class Sent:
    """The network took it under this reference (0 to 255), by which its report is known."""

    reference: int


@attrs.frozen
class Notice:
    """A line that the modem says by itself, such as `+CMTI: "SM",3`."""

    line: str


class AtWire(Ear):
    """One modem."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._first = ""  # the line that was sent, which may come back
        self._given = False  # the PDU is out
        self._next = ""  # what the next line belongs to

    def asked(self, ask: Command | Give) -> bytes:
        """The line of a command; Refused for what is none."""
        line = ask.line if isinstance(ask, Command) else f"AT+CMGS={len(ask.pdu) - 1 - ask.pdu[0]}"
        if not line.isascii() or not line.isprintable() or not line.upper().startswith("AT"):
            raise Refused(f"{line!r} is no AT command", f"“{line}”不是 AT 命令", code="at")
        self._open, self._lines, self._first, self._given = ask, [], line, False
        return line.encode("ascii") + b"\r"

    def give_up(self) -> bytes:
        """A modem that waits for a PDU is told that none comes."""
        waits = isinstance(self._open, Give) and not self._given
        super().give_up()
        return CANCEL if waits else b""

    def cut(self) -> list[Heard]:
        """Nothing follows what is kept."""
        self._next = ""
        return super().cut()

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        *lines, self._held = re.split(rb"[\r\n]", self._held + data)
        heard = [one for line in lines for one in self._line(line)]
        if self._held.strip() == b">" and isinstance(self._open, Give) and not self._given:
            self._held, self._given = b"", True
            heard.append(Reply(self._open.pdu.hex().upper().encode("ascii") + CTRL_Z))
        elif self._held.strip() == b"":
            self._held = b""
        elif len(self._held) > MOST_LINE:
            self._held = b""
            heard.append(self._garbled("a line without an end"))
        return heard

    def _line(self, data: bytes) -> list[Heard]:
        try:
            line = data.decode("ascii").strip("\0 ")
        except UnicodeDecodeError:
            return [self._garbled("a line that is no text")]
        if not line:
            return []
        if self._next:
            return [self._came(line)]
        if line.startswith(_WITH_PDU):
            self._next = line
            return []
        return self._said(line)

    def _came(self, line: str) -> Heard:
        """The PDU behind +CMT or +CDS."""
        self._next = ""
        try:
            return Told(sms.read(bytes.fromhex(line)))
        except ValueError:
            return Stray("a message that is no PDU")
        except Misheard as misheard:
            return Stray(misheard.text.en)

    def _said(self, line: str) -> list[Heard]:
        if self._open is None:
            return [
                Told(Notice(line)) if line.startswith((*_UNASKED, "+C")) else Stray("a line nobody asked for")
            ]
        if line == self._first or (self._given and line == self._pdu()):
            return []  # the modem echoes
        failed = re.fullmatch(r"\+(CM[SE]) ERROR: ?(.+)", line)
        if failed is not None:
            code = f"{failed[1]} {failed[2]}"
            return [self._declined(code, _REASONS.get(code, "unknown"))]
        if line in ("ERROR", "COMMAND NOT SUPPORT"):
            return [self._declined("ERROR", "the modem does not know this, or will not")]
        if line == "OK":
            return [self._whole()]
        if line.startswith(_UNASKED):
            return [Told(Notice(line))]
        self._lines.append(line)
        return [self._garbled("an answer without an end")] if len(self._lines) > MOST_LINES else []

    def _pdu(self) -> str:
        return str(self._open.pdu.hex().upper())

    def _whole(self) -> Heard:
        if isinstance(self._open, Command):
            return self._answered(tuple(self._lines))
        taken = [
            found for line in self._lines if (found := re.fullmatch(r"\+CMGS: ?([0-9]{1,3})(,.*)?", line))
        ]
        if len(taken) != 1 or int(taken[0][1]) > 255 or not self._given:
            return self._garbled("OK without the reference of the message")
        return self._answered(Sent(int(taken[0][1])))


# -- what is asked in which order -------------------------------------------------------------------

Asking = Generator[Command | Give, Any, Any]


def prepared() -> Asking:
    """Make a modem ready to send in PDU mode; Refused says what it lacks. Send it each answer's value."""
    yield Command("ATE0")
    yield Command("AT+CMEE=1")
    pin = yield Command("AT+CPIN?")
    if "+CPIN: READY" not in pin:
        raise Refused(
            "the SIM is not ready: it wants a PIN, or there is none",
            "SIM 卡未就绪:需要 PIN 或未插卡",
            code="sim",
        )
    there = yield Command("AT+CREG?")
    if not any(re.fullmatch(r"\+CREG: ?\d,0?[15](,.*)?", line) for line in there):
        raise Refused("the modem is in no network", "模块未注册到网络", code="network")
    yield Command("AT+CMGF=0")


def sending(messages: tuple[sms.Submit, ...]) -> Asking:
    """Send the parts of one text; returns their references."""
    yield from prepared()
    references = []
    for message in messages:
        sent = yield Give(sms.write(message))
        references.append(sent.reference)
    return references


def signal() -> Asking:
    """Field strength, dBm from AT+CSQ (27.007, 8.5); None where the modem does not know."""
    lines = yield Command("AT+CSQ")
    found = re.fullmatch(r"\+CSQ: ?(\d+),\d+", lines[0]) if lines else None
    return None if found is None or int(found[1]) > 31 else 2 * int(found[1]) - 113


__all__ = ["AtWire", "Command", "Give", "Notice", "Sent", "prepared", "sending", "signal"]
