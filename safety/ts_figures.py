"""What the buffers of one stream came to, over every time base it had. Pure."""

from __future__ import annotations

import attrs

from safety.ts_buffers import Kept, Video
from safety.ts_streams import Pictures, Sound
from safety.ts_timed import CLOCK


@attrs.frozen(kw_only=True)
class Figures:
    """Of one elementary stream; buffers are None until anything was known of it."""

    transport: Kept | None = None
    main: Kept | None = None
    elementary: Kept | None = None  # sound has none
    units: int = 0
    late: int = 0
    least: int | None = None  # ticks
    stayed: int = 0
    longest: int = CLOCK
    back: int = 0
    apart: int = 0

    def and_then(self, other: Figures) -> Figures:
        """Of this span and the one after it."""
        return Figures(
            transport=_both(self.transport, other.transport),
            main=_both(self.main, other.main),
            elementary=_both(self.elementary, other.elementary),
            units=self.units + other.units,
            late=self.late + other.late,
            least=min((one for one in (self.least, other.least) if one is not None), default=None),
            stayed=max(self.stayed, other.stayed),
            longest=other.longest,
            back=self.back + other.back,
            apart=max(self.apart, other.apart),
        )


def figures(looks: Sound | Pictures) -> Figures:
    """Of a stream as it is now."""
    model, stamps = looks.model, looks.stamps
    if model is None:
        return Figures(back=stamps.back, apart=stamps.apart)
    decoding = model.decoding
    return Figures(
        transport=model.transport.kept,
        main=model.main,
        elementary=model.elementary if isinstance(model, Video) else None,
        units=decoding.units,
        late=decoding.late,
        least=decoding.least,
        stayed=decoding.stayed,
        longest=model.sizes.longest,
        back=stamps.back,
        apart=stamps.apart,
    )


def _both(one: Kept | None, other: Kept | None) -> Kept | None:
    if one is None or other is None:
        return one or other
    return Kept(other.size, max(one.peak, other.peak), max(one.busy, other.busy))
