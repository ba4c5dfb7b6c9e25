"""What lies over the programme on television, drawn once and kept: logo, clock, crawls, slates, and in which order. Knows the raster and the station's sign, not what is due; reads nothing but the logo's file.

One object a picture process and one a witness, which both paste `layers`. Pictures are drawn when they are first asked
for; whoever cannot wait has them drawn elsewhere (`captioned`) and kept. Pasting is `schedules.planes.paste`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs

from schedules.artwork import Crawl, clock_digits, clock_face, crawl, crawl_at, logo
from schedules.captions import Caption
from schedules.lettering import missing
from schedules.picture import Seen
from schedules.planes import Frame, Hole, Image, paste
from schedules.raster import Raster
from schedules.slates import Slate, slate, standby
from station.oserrors import os_zh
from station.words import Refused

_KEPT: Final = 8  # captions whose pictures are kept; one of 12 pages has 13 MB at 720p
_STALE: Final = 60  # s of pictures composed since it was last asked for; then a caption leaves
_LOGO_BYTES: Final = 4 << 20


@attrs.frozen(kw_only=True, eq=False)
class Captioned:
    """The pictures of one caption."""

    slate: Slate | None
    crawl: Crawl
    missing: str  # characters shown as 〓

    def pictures(self, frame: int) -> list[Image]:
        """What is pasted, lowest first, `frame` frames after the overlay's first."""
        below = () if self.slate is None else self.slate.page(frame)
        return [*below, *crawl_at(self.crawl, frame)]


def captioned(raster: Raster, caption: Caption) -> Captioned:
    """Draw a caption: crawl, and slate where it is one."""
    words = "  ".join(part for part in (caption.title, caption.text) if part)
    return Captioned(
        slate=None if caption.form == "crawl" else slate(raster, caption),
        crawl=crawl(raster, words, caption.level, drill=caption.drill),
        missing=missing(
            "".join((words, caption.event, caption.issuer, caption.at, *caption.areas)),
        ),
    )


class Graphics:
    """The pictures of one channel."""

    def __init__(self, raster: Raster, name: str, logo_file: Path | None = None) -> None:
        """`name` is drawn where there is no logo file. Raises Refused for a file that is no PNG."""
        self.raster = raster
        self._logo = logo(raster, name, None if logo_file is None else _read(logo_file))
        self._digits = clock_digits(raster)
        self._face: tuple[str, Image] | None = None
        self._standby = standby(raster, name)
        self._made: OrderedDict[Caption, tuple[Captioned, int]] = (
            OrderedDict()
        )  # with when it was last asked for
        self._composed, self._stale = 0, _STALE * raster.fps

    def logo(self) -> Image:
        """The station's sign, in its place."""
        return self._logo

    def standby(self) -> Image:
        """The card for the lowest rung."""
        return self._standby

    def titled(self, title: str) -> Image:
        """The card for a take that is sound only."""
        made = self.caption(Caption(form="slate", title=title, text="")).slate
        assert made is not None  # a slate was asked for
        return made.page(0)[0]

    def clock(self, text: str) -> Image:
        """HH:MM:SS in its place."""
        if self._face is None or self._face[0] != text:
            self._face = (text, clock_face(self.raster, self._digits, text))
        return self._face[1]

    def caption(self, caption: Caption) -> Captioned:
        """The pictures of a caption: drawn at the first call (tens to hundreds of ms) unless they were kept, and kept while they are asked for."""
        known = self._made.get(caption)
        made = captioned(self.raster, caption) if known is None else known[0]
        self.keep(caption, made)
        return made

    def has(self, caption: Caption) -> bool:
        """Whether its pictures are there; they then stay, as if they had been shown."""
        known = self._made.get(caption)
        if known is not None:
            self.keep(caption, known[0])
        return known is not None

    def keep(self, caption: Caption, made: Captioned) -> None:
        """Keep pictures that somebody drew."""
        self._made[caption] = (made, self._composed)
        self._made.move_to_end(caption)
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)

    def composed(self) -> None:
        """One picture more is being composed: a caption that nobody asked for in the last minute leaves."""
        self._composed += 1
        while self._made and self._composed - next(iter(self._made.values()))[1] > self._stale:
            self._made.popitem(last=False)


def layers(seen: Seen, graphics: Graphics) -> list[Image | Hole]:
    """What is pasted over a shot, or over black where there is none, lowest first, as the player does it.

    A hole shrinks what is there by then. A slate stands in for the logo; the clock lies over all.
    """
    graphics.composed()
    made: list[Image | Hole] = []
    if seen.ground == "standby":
        made.append(graphics.standby())
    elif seen.ground == "title":
        made.append(graphics.titled(seen.title))
    if seen.shrunk:
        x, y = graphics.raster.hole
        made.append(Hole(x=x, y=y, woven=graphics.raster.interlaced))
    for shown in (seen.slate, seen.crawl):
        if shown is not None:
            made += graphics.caption(shown.caption).pictures(shown.frame)
    if seen.slate is None and seen.logo:
        made.append(graphics.logo())
    if seen.clock:
        made.append(graphics.clock(seen.clock))
    return made


def compose(frame: Frame, pictures: Sequence[Image | Hole]) -> None:
    """Paste all, lowest first, in place."""
    for picture in pictures:
        if isinstance(picture, Hole):
            picture.shrink(frame)
        else:
            paste(frame, picture)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LOGO_BYTES + 1)
    except OSError as error:
        raise Refused(
            f"the logo {path} cannot be read: {error.strerror}", f"无法读取台标 {path}:{os_zh(error)}"
        ) from None
    if len(data) > _LOGO_BYTES:
        raise Refused(f"the logo {path} is larger than 4 MiB", f"台标 {path} 超过 4 MiB")
    return data
