"""What an alert that is not on air yet still waits for, in words: its speech, its signatures, both, or its time. Pure; decides nothing."""

from __future__ import annotations

from station.alert_book import AlertRow
from station.words import Text

SPEECH = Text("waiting for its speech", "等待语音合成")
SPEECHLESS = Text("no speech could be made", "语音合成失败")
TIME = Text("ready, its time has not come", "已就绪,等待生效时刻")


def awaited(row: AlertRow) -> Text:
    """What is missing before it may air."""
    given = sum(1 for one in row.signatures if not one.owed)
    unsigned = given < row.needed
    signing = Text(
        f"waiting for signatures ({given} of {row.needed})", f"等待签审(已签 {given},须 {row.needed})"
    )
    if row.audio is not None:
        return signing if unsigned else TIME
    speech = SPEECHLESS if row.speechless else SPEECH
    return Text(f"{speech.en}; {signing.en}", f"{speech.zh};{signing.zh}") if unsigned else speech
