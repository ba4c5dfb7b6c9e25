"""What an overlay shows on a screen besides what is heard: the words of a slate or a crawl. Pure; draws nothing."""

from __future__ import annotations

from typing import Literal

import attrs

CaptionForm = Literal["slate", "crawl", "shrink"]


@attrs.frozen(kw_only=True)
class Caption:
    """The words of one overlay on television, in the language of the alert."""

    form: CaptionForm  # slate: the whole screen, its text crawling below; crawl: a band over the programme; shrink: around it
    title: str  # 山洪灾害红色预警
    text: str
    level: int = 0  # 1 (red) to 4 (blue); 0: none
    event: str = ""  # the kind of event by name
    areas: tuple[str, ...] = ()  # by name
    issuer: str = ""
    at: str = ""  # local time of issue as it is shown
    drill: bool = False  # shown as 演练 DRILL on every picture
