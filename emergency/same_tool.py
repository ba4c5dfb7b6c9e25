"""`gengfu same encode HEADER --out F.wav` and `gengfu same decode FILE…`: EAS SAME to sound and back, one JSON line a message. Reads and writes files; decides nothing."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from emergency import given, same, same_audio, same_files, same_words
from emergency.same_monitor import EndHeard, Event, Message, Monitor
from station.arguments import Parser
from station.words import Misheard, Refused, Text


def parser() -> Parser:
    """The options of `gengfu same`."""
    made = Parser(
        prog="gengfu same",
        description="EAS SAME headers (47 CFR 11.31) to sound and back · EAS SAME 报头与声音互转",
    )
    verbs = made.add_subparsers(dest="verb", required=True)
    encode = verbs.add_parser("encode", help="write a header as sound · 把报头写成声音文件")
    encode.add_argument("header", metavar="HEADER", help="ZCZC-ORG-EEE-PSSCCC+TTTT-JJJHHMM-LLLLLLLL-")
    encode.add_argument(
        "--out", required=True, type=Path, metavar="F.wav", help="16-bit mono WAV · 16 位单声道"
    )
    encode.add_argument("--rate", type=int, default=48_000, metavar="N", help="samples a second · 采样率")
    encode.add_argument(
        "--attention",
        type=int,
        default=8,
        metavar="S",
        help="attention signal, 8 to 25 s, 0 none · 提示音秒数",
    )
    encode.add_argument("--no-end", action="store_true", help="without the end of message · 不带结束码")
    decode = verbs.add_parser("decode", help="one JSON line a message · 每条消息输出一行 JSON")
    decode.add_argument(
        "files", nargs="+", metavar="FILE", help="WAV, or raw s16le with --rate; - is the input"
    )
    decode.add_argument("--rate", type=int, metavar="N", help="of raw samples · 裸采样的采样率")
    decode.add_argument(
        "--live",
        action="store_true",
        help="each burst, message and end of message at once · 每个数据音、消息和结束码即时输出",
    )
    return made


def main(argv: list[str]) -> int:
    """0: done, and in every file a header; 1: a file without one, or refused; 2: wrong use."""
    options = parser().parse_args(argv)
    if options.verb == "encode":
        return encode(options)
    found = [decode(name, options.rate, live=options.live) for name in options.files]
    return 0 if all(found) else 1


def encode(options: argparse.Namespace) -> int:
    """Write the WAV and say what it holds. Raises Refused for a header that is not strict."""
    reading = _strict(options.header)
    sound = same_audio.activation(
        reading.header, options.rate, attention_s=options.attention, end=not options.no_end
    )
    same_files.write_wav(options.out, sound, options.rate)
    seconds = round(len(sound) / options.rate, 3)
    said = {"file": str(options.out), "header": same.write(reading.header), "seconds": seconds}
    _say(said | fields(reading))
    return 0


def _strict(text: str) -> same.Reading:
    """The header that was typed. Raises Refused for what is none, or departs from the standard: nothing of it is sent."""
    try:
        reading = same.read(text)
    except Misheard as error:
        raise Refused(error.text.en, error.text.zh, code="use") from None
    if not reading.strict:
        raise Refused(
            " ".join(("No sound is written.", *(one.en for one in reading.remarks))),
            "".join(("未写声音文件。", *(one.zh for one in reading.remarks))),
            code="use",
        )
    return reading


def decode(name: str, raw_rate: int | None, *, live: bool = False) -> bool:
    """Print a line for each message of a file; whether there was a header."""
    found = False
    heard = at_once if live else lines
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if name == "-" else given.opened(Path(name)) as file:
            for line in heard(file, raw_rate):
                found = _say({"file": name, **line}) or found
    except (Misheard, Refused) as error:
        _refuse(name, error.text)
        return False
    if not found:
        sys.stderr.write(f"{name}: no header was heard · 没有听到报头\n")
    return found


def lines(file: BinaryIO, raw_rate: int | None) -> Iterator[dict[str, Any]]:
    """The JSON line of each message, as soon as its end of message was heard, the next began, or the sound ends."""
    rate, blocks = same_files.blocks(file, raw_rate)
    monitor = Monitor(rate)
    waiting = _Waiting(rate)
    for block in blocks:
        yield from waiting.take(monitor.feed(block))
    yield from waiting.take(monitor.finish())
    yield from waiting.rest()


def at_once(file: BinaryIO, raw_rate: int | None) -> Iterator[dict[str, Any]]:
    """A JSON line for each burst, message and end of message as soon as it was heard; only messages have `header`."""
    rate, blocks = same_files.blocks(file, raw_rate)
    monitor = Monitor(rate)
    for block in blocks:
        yield from (_event(event, rate) for event in monitor.feed(block))
    yield from (_event(event, rate) for event in monitor.finish())


def _event(event: Event, rate: int) -> dict[str, Any]:
    at = {"at_s": round(event.begin / rate, 3)}
    if isinstance(event, Message):
        return {"heard": "message", **said_of(event, rate)}
    if isinstance(event, EndHeard):
        return {"heard": "end", "number": event.number, **at}
    return {"heard": "burst", "text": event.text, "confidence": round(event.certainty, 4), **at}


class _Waiting:
    """Puts a message and its ends of message together."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._message: Message | None = None
        self._ends = 0
        self._at = 0

    def take(self, events: list[Event]) -> Iterator[dict[str, Any]]:
        for event in events:
            if isinstance(event, Message):
                yield from self.rest()
                self._message = event
            elif isinstance(event, EndHeard):
                if event.number == 1 and self._ends:
                    yield from self.rest()
                self._at = self._at if self._ends else event.begin
                self._ends += 1
                if self._ends == same_audio.BURSTS:
                    yield from self.rest()

    def rest(self) -> Iterator[dict[str, Any]]:
        """What is held, said."""
        message, ends, self._message, self._ends = self._message, self._ends, None, 0
        if message is not None:
            yield said_of(message, self._rate) | {"eom": ends}
        elif ends:
            yield {"header": None, "at_s": round(self._at / self._rate, 3), "eom": ends}


def said_of(message: Message, rate: int) -> dict[str, Any]:
    """A message as the fields of its JSON line; times in s from the begin of the sound."""
    return {
        "header": message.text,
        **fields(message.reading),
        "at_s": round(message.begin / rate, 3),
        "bursts": message.bursts,
        "bursts_alike": message.alike,
        "valid": message.valid,
        "confidence": round(message.certainty, 4),
        "speed": round(message.speed, 4),
        "clearness_db": round(message.clearness_db, 1),
    }


def fields(reading: same.Reading) -> dict[str, Any]:
    """A header's fields, in codes and in words."""
    header = reading.header
    who, what = same_words.originator_words(header.originator), same_words.event_words(header.event)
    places = [(place, same_words.place_words(place)) for place in header.locations]
    sentence = same_words.sentence(header)
    return {
        "originator": {"code": header.originator, "en": who.en, "zh": who.zh},
        "event": {"code": header.event, "en": what.en, "zh": what.zh},
        "locations": [{"code": code, "en": words.en, "zh": words.zh} for code, words in places],
        "valid_minutes": header.valid_minutes,
        "issued": {"day": header.day, "utc": f"{header.hour:02d}:{header.minute:02d}"},
        "sender": header.sender,
        "sentence": {"en": sentence.en, "zh": sentence.zh},
        "remarks": [{"en": one.en, "zh": one.zh} for one in reading.remarks],
    }


def _say(line: dict[str, Any]) -> bool:
    """Print it; whether it has a header."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return line.get("header") is not None


def _refuse(name: str, text: Text) -> None:
    sys.stderr.write(f"{name}: {text.en}\n{name}:{text.zh}\n")
