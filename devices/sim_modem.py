"""`gengfu sim modem`: a simulated GSM modem with a SIM and a network, written by hand from the standards' pages, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

from devices import sim_studio
from devices.sim_plant import Doctor

DOCTOR: Doctor = {
    **sim_studio.DOCTOR,
    "pin": ("the SIM wants its PIN", "SIM 卡需要 PIN"),
    "network": ("no network", "无网络"),
    "full": ("takes the message and says nothing more", "收下短信后不再应答"),
}
LETTERS = {0: "@", 10: "\n", 13: "\r", 17: "_", 2: "$"}


def letters(data: bytes, bits: int, count: int) -> str:
    """Septets from a bit on; only what ASCII has too."""
    out = []
    for k in range(count):
        code = 0
        for j in range(7):
            at = bits + 7 * k + j
            code |= (data[at // 8] >> at % 8 & 1) << j
        out.append(LETTERS.get(code, chr(code)))
    return "".join(out)


def understood(pdu: bytes) -> tuple[str, str, int]:
    """Number, text, and number of the part (0: the only one) of a message to be sent; ValueError for none."""
    at = 1 + pdu[0]
    first, digits, kind = pdu[at], pdu[at + 2], pdu[at + 3]
    if first & 3 != 1:
        raise ValueError("kind")
    at += 4
    packed = pdu[at : at + (digits + 1) // 2]
    number = "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in packed)[:digits]
    at += len(packed) + 1
    coding = pdu[at]
    at += 1 + (1 if first & 0x18 == 0x10 else 0)
    size, data = pdu[at], pdu[at + 1 :]
    head = 1 + data[0] if first & 0x40 else 0
    part = data[5] if head else 0
    if coding & 0x0C == 0x08:
        if size != len(data):
            raise ValueError("length")
        text = data[head:].decode("utf-16-be")
    else:
        skipped = -(-8 * head // 7)
        text = letters(data, 7 * skipped, size - skipped)
    return ("+" if kind == 0x91 else "") + number, text, part


class Modem(sim_studio.Device):
    """What it sent stands in `sent`."""

    own = ("exception",)

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.echo, self.pdu_mode = True, False
        self.reference = 0
        self.sent: list[tuple[str, str, int]] = []
        self.strength = 20

    def reset(self) -> None:
        """As after power-up."""
        self.echo, self.pdu_mode = True, False

    def session(self) -> Talk:
        """A connection."""
        return Talk(self)

    def told(self) -> dict[str, object]:
        """What it sent."""
        return {"sent": [list(one) for one in self.sent], "strength": self.strength}

    def answer(self, line: str) -> str:
        """Everything between the command and the prompt or the end, with its CR and LF."""
        word = line.strip().upper()
        if word in ("ATE0", "ATE1"):
            self.echo = word == "ATE1"
            return "\r\nOK\r\n"
        if self.wire.strikes("exception"):
            return f"\r\n+CMS ERROR: {self.wire.on['exception'] or 500}\r\n"
        if word == "AT+CMGF=0":
            self.pdu_mode = True
        plain = {
            "AT": "", "AT+CMEE=1": "", "AT+CMGF=0": "", "AT+CNMI=2,2,0,1,0": "",
            "AT+CPIN?": "+CPIN: SIM PIN" if "pin" in self.faults else "+CPIN: READY",
            "AT+CREG?": "+CREG: 0,2" if "network" in self.faults else "+CREG: 0,1",
            "AT+CSQ": f"+CSQ: {self.strength},99",
        }  # fmt: skip
        if word not in plain:
            return "\r\nERROR\r\n"
        said = plain[word]
        return f"\r\n{said}\r\n\r\nOK\r\n" if said else "\r\nOK\r\n"

    def send(self, typed: str, claimed: int) -> str:
        """A PDU was typed behind the prompt."""
        try:
            pdu = bytes.fromhex(typed)
            if len(pdu) - 1 - pdu[0] != claimed or not self.pdu_mode:
                raise ValueError("length")
            message = understood(pdu)
        except (ValueError, IndexError):
            return "\r\n+CMS ERROR: 304\r\n"
        if "network" in self.faults:
            return "\r\n+CMS ERROR: 331\r\n"
        if self.count(message[0]):
            self.sent.append(message)
        if "full" in self.faults:
            return ""
        self.reference = (self.reference + 1) % 256
        return f"\r\n+CMGS: {self.reference}\r\n\r\nOK\r\n"


class Talk:
    """One connection: a terminal on which lines are typed."""

    def __init__(self, modem: Modem) -> None:
        self._modem, self._typed = modem, ""
        self._claimed: int | None = None  # length of the PDU that is awaited

    def greeting(self) -> list[bytes]:
        """Nothing."""
        return []

    def heard(self, data: bytes) -> list[bytes]:
        """Characters as they are typed."""
        out = []
        for letter in data.decode("latin-1"):
            if self._claimed is not None and letter in "\x1a\x1b":
                out.append(self._given(cancelled=letter == "\x1b"))
            elif letter == "\r" and self._claimed is None:
                out.append(self._line())
            elif len(self._typed) < sim_studio.MOST_BUFFERED:
                self._typed += letter
        return [said.encode("latin-1") for said in out if said]

    def _line(self) -> str:
        line, self._typed = self._typed, ""
        echo = line + "\r" if self._modem.echo else ""
        if line.upper().startswith("AT+CMGS=") and line[8:].isdecimal():
            self._claimed = int(line[8:])
            return echo + "\r\n> "
        return echo + self._modem.answer(line)

    def _given(self, *, cancelled: bool) -> str:
        typed, self._typed = self._typed, ""
        claimed, self._claimed = self._claimed or 0, None
        return "\r\nOK\r\n" if cancelled else self._modem.send(typed, claimed)


def main(argv: list[str]) -> int:
    """Run until a signal."""
    text = "A simulated GSM modem. · 模拟短信模块。"
    asked = sim_studio.parser("modem", text, DOCTOR, Modem.own).parse_args(argv)
    return sim_studio.run(asked, Modem(asked.seed), DOCTOR)
