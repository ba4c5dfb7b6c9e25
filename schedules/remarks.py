"""What laying out a day has to say about its lines, as values that a list can be marked with. Knows no rundown and no take."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from station.words import Refused, Text


@attrs.frozen
class Remark:
    """Something about one line of one day's rundown; line 0 is the day as a whole, no day the channel."""

    day: str
    line: int
    text: Text

    @property
    def said(self) -> Text:
        """The whole sentence, with its place."""
        if not self.day:
            return self.text
        if not self.line:
            return Text(f"{self.day}: {self.text.en}", f"{self.day}:{self.text.zh}")
        return Text(
            f"{self.day} line {self.line}: {self.text.en}", f"{self.day} 第{self.line}行:{self.text.zh}"
        )


class Unplannable(ValueError):
    """The rundowns cannot all be kept; `complaints` says in words which lines are in each other's way."""

    def __init__(self, complaints: Sequence[Text]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(text.en for text in complaints))

    def refusal(self) -> Refused:
        """The same as a refusal in both languages."""
        zh = ";".join(text.zh for text in self.complaints)
        return Refused(f"This rundown cannot be kept: {self}", f"节目单无法执行:{zh}", code="unplannable")
