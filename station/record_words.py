"""What the bulky fields of journal records are in words: as-run lines, measured runs, measuring points, what numbers are for. Pure; knows no record and no name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from station.sentence_words import value_text
from station.words import Text

MOST: Final = 3  # lines and runs that a sentence names
SLOTS_A_SECOND: Final = 10  # a slot is 100 ms, see `safety.messages.SLOT`
ENDED: Final = Text("ended", "播完")
BEGAN: Final = Text("began", "开始")
GAPS: Final = Text("records are missing", "记录有缺")
POINTS: Final[Mapping[str, Text]] = {
    "player-output": Text("the player's own output", "播放器输出"),
    "player-output (TS picture, L16 sound)": Text(
        "the player's own output, picture from TS and sound from L16", "播放器输出,画面取自 TS、声音取自 L16"
    ),
    "player-output (stream to terminals)": Text(
        "the player's own output, the stream to terminals", "播放器输出,发往终端的流"
    ),
}
USES: Final[Mapping[str, Text]] = {"session": Text("sessions of terminals", "终端会话")}


def point_text(point: str) -> Text:
    """A measuring point; one the settings name themselves stays as it is."""
    return POINTS.get(point, Text(point, point))


def use_text(use: str) -> Text:
    """What reserved numbers are for."""
    return USES.get(use, Text(use, use))


def entries_text(entries: Sequence[Mapping[str, Any]]) -> Text:
    """As-run lines: what began and what ended, by title; `…` where there are more than `MOST`."""
    said = [_entry(one) for one in entries[:MOST]]
    return _listed(said, more=len(entries) > MOST)


def runs_text(runs: Sequence[Mapping[str, Any]]) -> Text:
    """Measured runs: each state with its seconds; `…` where there are more than `MOST`."""
    spans = _merged(runs)
    return _listed([_run(*one) for one in spans[:MOST]], more=len(spans) > MOST)


def _entry(entry: Mapping[str, Any]) -> Text:
    if entry.get("what") == "gap":
        return GAPS
    verb = BEGAN if entry.get("what") == "start" else ENDED
    title = entry.get("title") or entry.get("ref") or ""
    return Text(f"“{title}” {verb.en}", f"《{title}》{verb.zh}")


def _merged(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """State and slots of runs; neighbours of one state, which differ in what was heard, are one."""
    spans: list[tuple[str, int]] = []
    for run in runs:
        name, slots = str(run["state"]), int(run["last"]) - int(run["first"])
        if spans and spans[-1][0] == name:
            slots += spans.pop()[1]
        spans.append((name, slots))
    return spans


def _run(name: str, tenths: int) -> Text:
    """A state that lasted `tenths` slots of 100 ms."""
    state = value_text("state", name) or Text(name, name)
    seconds = f"{tenths // SLOTS_A_SECOND}.{tenths % SLOTS_A_SECOND}"
    return Text(f"{state.en} {seconds} s", f"{state.zh} {seconds} 秒")


def _listed(said: Sequence[Text], *, more: bool) -> Text:
    rest = " …" if more else ""
    return Text(", ".join(one.en for one in said) + rest, "、".join(one.zh for one in said) + rest)
