"""Short messages as modems take and give them (PDU mode, 3GPP TS 23.040; alphabets 23.038), sans I/O: Chinese in UCS-2, long ones in parts, what came, and reports of delivery. Knows no modem."""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

import attrs

from devices.gsm7 import ESCAPE, pack, septets, text_of, unpack
from station.words import Instant, Misheard, Refused

MOST_PARTS: Final = 20
MOST_OCTETS: Final = 140  # of user data
ONE, SEVERAL = {True: 160, False: 70}, {True: 153, False: 67}  # letters a part: GSM alphabet or not
HEADER: Final = 6  # bytes of the header of a part
_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,20}\Z")
_DIGITS: Final = "0123456789*#abc"
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@attrs.frozen(kw_only=True)
class Part:
    """Which part of a long message: they share the reference (0 to 65535)."""

    reference: int
    total: int
    number: int  # from 1


@attrs.frozen(kw_only=True)
class Submit:
    """A message, or a part of one, to be sent. `valid` is TP-VP (None: as long as the network likes), `flash` shows it at once."""

    number: str
    text: str
    part: Part | None = None
    valid: int | None = None
    flash: bool = False
    report: bool = False


@attrs.frozen(kw_only=True)
class Deliver:
    """A message that came. `text` is empty where it is data (`data`)."""

    sender: str
    text: str
    at: Instant
    part: Part | None = None
    data: bytes = b""


@attrs.frozen(kw_only=True)
class Report:
    """What became of a message that was sent under `reference`: `delivered` True, False for good, None still being tried."""

    reference: int
    number: str
    at: Instant
    status: int
    delivered: bool | None


def validity(minutes: int) -> int:
    """The TP-VP (0 to 255) that lasts at least so many minutes (23.040, 9.2.3.12.1); the longest is 63 weeks."""
    return next((code for code in range(256) if minutes_of(code) >= minutes), 255)


def minutes_of(code: int) -> int:
    """How long a TP-VP lasts."""
    if code < 144:
        return 5 * (code + 1)
    if code < 168:
        return 12 * 60 + 30 * (code - 143)
    return 24 * 60 * (code - 166 if code < 197 else 7 * (code - 192))


def parts(number: str, text: str, reference: int, **more: Any) -> tuple[Submit, ...]:
    """The messages that a text takes; Refused where it is too long, empty, or the number is none. `more` as in Submit."""
    if not _NUMBER.match(number):
        raise Refused(f"{number!r} is no telephone number", f"“{number}”不是电话号码", code="sms")
    try:
        text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise Refused("half a character cannot be sent", "文字中含有不完整的字符", code="sms") from None
    pieces = _split(text)
    if not text or len(pieces) > MOST_PARTS:
        raise Refused(
            f"a text takes from 1 to {MOST_PARTS} messages, this {len(pieces) if text else 0}",
            f"短信应为 1 至 {MOST_PARTS} 条,此文本需 {len(pieces) if text else 0} 条",
            code="sms",
        )
    made = []
    for place, piece in enumerate(pieces):
        part = Part(reference=reference, total=len(pieces), number=place + 1) if len(pieces) > 1 else None
        made.append(attrs.evolve(Submit(number=number, text=piece, part=part), **more))
    return tuple(made)


def _split(text: str) -> list[str]:
    """Pieces, none of which ends within a letter that takes two places."""
    plain = septets(text) is not None
    sizes = [
        len(septets(letter) or b"") if plain else len(letter.encode("utf-16-be")) // 2 for letter in text
    ]
    if sum(sizes) <= ONE[plain]:
        return [text]
    pieces, room = [""], SEVERAL[plain]
    for letter, size in zip(text, sizes, strict=True):
        if size > room:
            pieces.append("")
            room = SEVERAL[plain]
        pieces[-1] += letter
        room -= size
    return pieces


# -- writing ----------------------------------------------------------------------------------------


def write(message: Submit) -> bytes:
    """SMS-SUBMIT behind an empty service centre, which the modem fills in. `AT+CMGS` counts all but the first byte."""
    plain = septets(message.text)
    head = _part_header(message.part)
    first = (
        0x01
        | (0x10 if message.valid is not None else 0)
        | (0x20 if message.report else 0)
        | (0x40 if head else 0)
    )
    coding = (0x00 if plain is not None else 0x08) | (0x10 if message.flash else 0)
    life = b"" if message.valid is None else bytes([message.valid])
    if plain is not None:
        fill = -8 * len(head) % 7
        size, data = (8 * len(head) + fill) // 7 + len(plain), head + pack(plain, fill)
    else:
        data = head + message.text.encode("utf-16-be")
        size = len(data)
    if len(data) > MOST_OCTETS:
        raise ValueError("a message that was not split")
    return bytes([0, first, 0]) + _address(message.number) + bytes([0, coding]) + life + bytes([size]) + data  # fmt: skip


def _part_header(part: Part | None) -> bytes:
    if part is None:
        return b""
    return bytes([5, 0, 3, part.reference & 0xFF, part.total, part.number])


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    kind = 0x91 if number.startswith("+") else 0x81
    return bytes([len(digits), kind]) + _swapped(digits)


def _swapped(digits: str) -> bytes:
    """Two digits a byte, the first one below; F where there is none."""
    codes = [_DIGITS.index(digit) for digit in digits] + [15] * (len(digits) % 2)
    return bytes(codes[k] | codes[k + 1] << 4 for k in range(0, len(codes), 2))


# -- reading ----------------------------------------------------------------------------------------


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"the modem gave {en}", f"模块给出的内容有误:{zh}", code="sms")


class _Bytes:
    """Takes bytes one after the other; Misheard at the end of them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if size > len(self._data):
            raise _bad("a message that is cut short", "短信不完整")
        made, self._data = self._data[:size], self._data[size:]
        return made

    def one(self) -> int:
        return self.take(1)[0]

    def rest(self) -> bytes:
        return self.take(len(self._data))


def read(data: bytes, *, sent: bool = False) -> Submit | Deliver | Report:
    """A message with its service centre in front, as `AT+CMGR` gives it; `sent`: one that is to go out. Misheard for none."""
    held = _Bytes(data)
    held.take(held.one())  # the service centre
    first = held.one()
    kind = first & 3
    if sent and kind == 1:
        return _read_submit(held, first)
    if not sent and kind == 0:
        return _read_deliver(held, first)
    if not sent and kind == 2:
        return _read_report(held)
    raise _bad("a message of an unknown kind", "短信类型未知")


def _read_submit(held: _Bytes, first: int) -> Submit:
    held.one()
    number = _read_address(held)
    held.one()
    coding = held.one()
    validity_format = first >> 3 & 3
    life = held.one() if validity_format == 2 else None
    if validity_format in (1, 3):
        held.take(7)
    text, part, _ = _user_data(held, coding, header=bool(first & 0x40))
    flash = coding & 0x13 == 0x10
    return Submit(number=number, text=text, part=part, valid=life, flash=flash, report=bool(first & 0x20))


def _read_deliver(held: _Bytes, first: int) -> Deliver:
    sender = _read_address(held)
    held.one()
    coding = held.one()
    at = _read_time(held.take(7))
    text, part, data = _user_data(held, coding, header=bool(first & 0x40))
    return Deliver(sender=sender, text=text, at=at, part=part, data=data)


def _read_report(held: _Bytes) -> Report:
    reference = held.one()
    number = _read_address(held)
    held.take(7)
    at = _read_time(held.take(7))
    status = held.one()
    delivered = True if status < 0x20 else None if status < 0x40 else False
    return Report(reference=reference, number=number, at=at, status=status, delivered=delivered)


def _read_address(held: _Bytes) -> str:
    size, kind = held.one(), held.one()
    packed = held.take((size + 1) // 2)
    if kind & 0x70 == 0x50:  # a name in letters
        return text_of(unpack(packed, 4 * size // 7))
    digits = [code for octet in packed for code in (octet & 15, octet >> 4)]
    if any(code > 14 for code in digits[:size]):
        raise _bad("a number that is none", "号码有误")
    return ("+" if kind & 0x70 == 0x10 else "") + "".join(_DIGITS[code] for code in digits[:size])


def _read_time(data: bytes) -> Instant:
    """When the service centre took it: BCD with swapped digits, the last byte quarters of an hour from UTC."""
    year, month, day, hour, minute, second = (10 * (octet & 15) + (octet >> 4) for octet in data[:6])
    zone = 10 * (data[6] & 7) + (data[6] >> 4)
    offset = datetime.timedelta(minutes=-15 * zone if data[6] & 8 else 15 * zone)
    year += 2000 if year < 90 else 1900
    try:
        at = datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC) - offset
    except ValueError:
        raise _bad("a time that is none", "时间有误") from None
    return Instant((at - _EPOCH) // datetime.timedelta(microseconds=1))


def _alphabet(coding: int) -> str:
    """gsm, data or ucs2 (23.038, 4); Misheard for compressed and reserved ones."""
    group = coding >> 4
    if group < 8 and not coding & 0x20 and coding & 0x0C != 0x0C:
        return ("gsm", "data", "ucs2")[coding >> 2 & 3]
    special = {0xC: "gsm", 0xD: "gsm", 0xE: "ucs2", 0xF: "data" if coding & 4 else "gsm"}
    if group not in special:
        raise _bad("a message in an alphabet not known here", "短信编码方式未知")
    return special[group]


def _user_data(held: _Bytes, coding: int, *, header: bool) -> tuple[str, Part | None, bytes]:
    alphabet, size, data = _alphabet(coding), held.one(), held.rest()
    octets = (7 * size + 7) // 8 if alphabet == "gsm" else size
    if octets > MOST_OCTETS or octets != len(data):
        raise _bad("a message of a wrong length", "短信长度有误")
    head = 1 + data[0] if header and data else 0
    if head > len(data) or (header and not data):
        raise _bad("a message whose header is longer than itself", "短信头有误")
    part = _read_header(_Bytes(data[1:head]))
    if alphabet == "gsm":
        skipped = (8 * head + 6) // 7
        return text_of(unpack(data, size)[skipped:]), part, b""
    if alphabet == "data":
        return "", part, data[head:]
    try:
        return data[head:].decode("utf-16-be"), part, b""
    except UnicodeDecodeError:
        raise _bad("a message that is no text", "短信不是文字") from None


def _read_header(held: _Bytes) -> Part | None:
    """The part of a long message, of 8 or 16 bits of reference; other elements are passed over."""
    part, left = None, held.rest()
    while left:
        inner = _Bytes(left)
        name, data = inner.one(), inner.take(inner.one())
        left = inner.rest()
        if (name, len(data)) in ((0, 3), (8, 4)):
            *reference, total, number = data
            if not 1 <= number <= total:
                raise _bad("a part that is none of its message", "长短信分段有误")
            part = Part(reference=int.from_bytes(bytes(reference), "big"), total=total, number=number)
    return part


class Joiner:
    """Puts the parts of long messages together. Keeps at most `most` unfinished ones; the oldest goes."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: dict[tuple[str, int, int], dict[int, str]] = {}

    def add(self, message: Deliver) -> str | None:
        """The whole text, once its last part is there."""
        part = message.part
        if part is None:
            return message.text
        key = (message.sender, part.reference, part.total)
        held = self._kept.pop(key, {})
        held[part.number] = message.text
        if len(held) == part.total:
            return "".join(held[number] for number in sorted(held))
        self._kept[key] = held
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return None


__all__ = [
    "ESCAPE", "MOST_PARTS", "Deliver", "Joiner", "Part", "Report", "Submit", "minutes_of", "parts", "read", "validity", "write",
]  # fmt: skip
