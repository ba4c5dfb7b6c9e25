"""The television picture's measures: size, shape of a pixel, colour, frames on the sample index. Pure; knows no plan and no file."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from station.words import SAMPLE_RATE, SampleIndex

FPS: Final = 25
FRAME: Final = SAMPLE_RATE // FPS  # samples of one frame: 1,920

Colour = Literal["bt601", "bt709"]


@attrs.frozen(kw_only=True)
class Raster:
    """One picture format: 4:2:0, video range (luma 16 to 235), and how long a frame lasts."""

    name: str
    width: int  # pixels as they are stored
    height: int
    sar: tuple[int, int]  # width : height of one pixel
    colour: Colour  # ITU-R BT.601 below 720 lines, BT.709 from there on
    interlaced: bool = False  # a frame is two fields woven, the top one (lines 0, 2, …) first
    fps: int = FPS  # frames a second; a divisor of 48,000, and of 90,000

    @property
    def frame(self) -> int:
        """Samples (48 kHz) that a frame lasts."""
        return SAMPLE_RATE // self.fps

    @property
    def ticks(self) -> int:
        """The same in ticks of 90 kHz, in which time stamps count (ISO/IEC 13818-1, 2.4.3.7)."""
        return 90_000 // self.fps

    def frame_at(self, n: int) -> int:
        """The frame on the screen when sample `n` (48 kHz, absolute) sounds."""
        return n // self.frame

    def first_frame(self, n: int) -> int:
        """The first frame that begins at sample `n` or after it."""
        return -(-n // self.frame)

    def sample_of(self, k: int) -> SampleIndex:
        """The sample at which frame `k` begins."""
        return SampleIndex(k * self.frame)

    def fits(self, other: Raster) -> bool:
        """Whether pictures of the other are as large and as long."""
        return (self.width, self.height, self.fps) == (other.width, other.height, other.fps)

    @property
    def hole(self) -> tuple[int, int]:
        """Where a picture stands that is shown at half its size: x and y of its corner; at the right, below a title and above a crawl.

        On the lines of a grid of 20 × 18 cells, so that each of its cells is four of the whole picture's: a witness can compare it.
        """
        return self.width * 9 // 20, self.height * 6 // 18

    @property
    def square_width(self) -> int:
        """The width the picture has in square pixels of its own height, rounded to an even number."""
        return 2 * round(self.width * self.sar[0] / (2 * self.sar[1]))


RASTERS: Final[dict[str, Raster]] = {
    raster.name: raster
    for raster in (
        Raster(name="576p25", width=720, height=576, sar=(64, 45), colour="bt601"),  # 16:9
        Raster(name="576p25-4:3", width=720, height=576, sar=(16, 15), colour="bt601"),
        Raster(name="576i50", width=720, height=576, sar=(64, 45), colour="bt601", interlaced=True),
        Raster(name="576i50-4:3", width=720, height=576, sar=(16, 15), colour="bt601", interlaced=True),
        Raster(name="720p25", width=1280, height=720, sar=(1, 1), colour="bt709"),
        Raster(name="720p50", width=1280, height=720, sar=(1, 1), colour="bt709", fps=50),
        Raster(name="1080p25", width=1920, height=1080, sar=(1, 1), colour="bt709"),
    )
}


def grid_of(name: str) -> int:
    """The samples whose multiples a channel's takes begin and end at: a frame of the raster of this name; 1 on radio, which has none."""
    return RASTERS[name].frame if name else 1


def frame_at(n: int) -> int:
    """The frame on the screen when sample `n` (48 kHz, absolute) sounds."""
    return n // FRAME


def first_frame(n: int) -> int:
    """The first frame that begins at sample `n` or after it."""
    return -(-n // FRAME)


def sample_of(frame: int) -> SampleIndex:
    """The sample at which a frame begins."""
    return SampleIndex(frame * FRAME)
