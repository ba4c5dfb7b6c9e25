"""What a channel's picture should look like at a frame, as a grid: the plan's shot from the gallery, with the same graphics over it that the player pastes. Knows plan and gallery; reads no stream."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from safety.gallery import Gallery
from safety.grids import Due, Layer, Shrunk, due_of, layer_of, shrunk_of
from schedules.graphics import Graphics, layers
from schedules.picture import Seen, seen
from schedules.plan import Fallen, Overlay, Plan
from schedules.planes import Hole, Image
from schedules.render import NotReady

_KEPT: Final = 64


class Screen:
    """One channel's intended picture."""

    def __init__(
        self, graphics: Graphics, gallery: Gallery, tz: str, *, clock: bool, sign: bool = True
    ) -> None:
        self._graphics, self.gallery, self.raster = graphics, gallery, graphics.raster
        self._tz, self._clock, self._sign = tz, clock, sign
        self._layers: OrderedDict[int, tuple[Image, Layer]] = OrderedDict()

    def seen(self, plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], k: int) -> Seen:
        """What frame `k` is made of. Raises NotPlanned."""
        return seen(plan, overlays, rungs, self.raster, k, self._tz, clock=self._clock, sign=self._sign)

    def due(self, what: Seen) -> Due:
        """What it looks like. Raises NotReady where the shot's medium is not in the gallery."""
        below = None
        if what.shot is not None:
            below = self.gallery.grid(what.shot)
            if below is None:
                raise NotReady(what.shot.sha256)
        return due_of(below, [self._layer(image) for image in layers(what, self._graphics)])

    def _layer(self, image: Image | Hole) -> Layer | Shrunk:
        """An image's layer; what stays (logo, clock, page, label) is looked up, a crawl's window is new every frame."""
        if isinstance(image, Hole):
            return shrunk_of(image, self.raster)
        known = self._layers.get(id(image))
        if known is None or known[0] is not image:
            known = (image, layer_of(image, self.raster))
            self._layers[id(image)] = known
            while len(self._layers) > _KEPT:
                self._layers.popitem(last=False)
        return known[1]
