"""What is heard at sample n of a channel: a pure function of plan, overlays, rungs and inputs (design, sections 1.3 and 6). Knows no file, no clock, no state.

Inputs are 24-bit values in int32. Layers are added in int64 with Q31 gains; the sum is rounded once, half up
(toward +infinity), to the 16 bits of L16 (RFC 3551, 4.5.11), then saturated. No dither. Since every gain depends on
the absolute index alone, the samples do not depend on how a span is cut into blocks.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from schedules.fades import Gain, faded
from schedules.gains import times
from schedules.plan import OWN, RUNGS, UNITY, Fallen, Medium, Overlay, Plan, Rung, Take, sounds_until
from schedules.segue import tail_at
from station.words import SAMPLE_RATE, SampleIndex, Sha256

_SHIFT: Final = 31 + 8  # from 24-bit values times Q31 to 16 bits
_HALF: Final = 1 << (_SHIFT - 1)
_LOW_24, _HALF_24 = 8, 1 << 7  # the same of 24-bit values alone
_MOST: Final = (1 << 15) - 1
_PIECE: Final = 1 << 15  # samples worked on at once: bounds memory and stays in the cache

# The ident tone: 1 kHz, sine peak at −20 dBFS, left interrupted for 250 ms every 3 s (after the EBU stereo ident).
# 250 ms are 250 whole periods, so it breaks and returns at a zero crossing, and one side always sounds.
TONE_HZ: Final = 1_000
TONE_CYCLE: Final = 3 * SAMPLE_RATE
TONE_BREAK: Final = SAMPLE_RATE // 4
_PERIOD: Final = SAMPLE_RATE // TONE_HZ
_SINE: Final = np.array(
    [round(0.1 * 2**23 * math.sin(2 * math.pi * k / _PERIOD)) for k in range(_PERIOD)], dtype=np.int32
)


class NotReady(Exception):
    """A medium cannot be had now; names it. The player then falls to the next rung, or waits with an overlay."""

    def __init__(self, sha256: Sha256) -> None:
        super().__init__(f"medium {sha256} is not ready")
        self.sha256 = sha256


class NotPlanned(LookupError):
    """The plan does not cover the samples asked for."""


class Inputs(Protocol):
    """Where the samples of media come from."""

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        """Samples `start` to `start + count` of a medium: int32 (count, 2), values within ±2^23, always inside the
        medium. Raises NotReady when it cannot give all of them now."""
        ...

    def length(self, sha256: Sha256) -> int:
        """How many samples a medium has; asked for the media of overlays. Raises NotReady when it is unknown."""
        ...


@attrs.frozen(kw_only=True)
class Heard:
    """What a sample is made of. `take` is due there even where an overlay covers it."""

    take: Take
    overlay: Overlay | None  # the topmost
    rung: Rung  # of the take; "file" where the take is silence
    approval: str  # of the topmost thing heard, never empty
    media: tuple[Sha256, ...]  # all that may sound here, topmost first


def render(
    plan: Plan,
    overlays: Sequence[Overlay],
    rungs: Sequence[Fallen],
    inputs: Inputs,
    n: SampleIndex,
    count: int,
) -> NDArray[np.int16]:
    """What is heard at absolute samples `n` to `n + count`: int16 (count, 2).

    Raises NotPlanned outside the plan, NotReady when a medium that sounds there cannot be had.
    """
    end = n + count
    if not plan.start <= n <= end <= plan.end:
        raise NotPlanned(f"{plan.channel}: samples {n} to {end} are not within {plan.start} to {plan.end}")
    out = np.empty((count, 2), dtype=np.int16)
    for start, stop in pairwise(_cuts(plan, overlays, rungs, n, end)):
        out[start - n : stop - n] = span(plan, overlays, rungs, inputs, start, stop)
    return out


def edges(plan: Plan, overlays: Sequence[Overlay], start: SampleIndex, end: SampleIndex) -> list[SampleIndex]:
    """Every index in `start` (included) to `end` (excluded) at which take, fade, overlay or ramp changes, sorted."""
    found: set[int] = set()
    for take in _takes(plan, start, end):
        found |= {take.start, take.end}
        found |= {take.start + take.fade_in, sounds_until(take) - take.fade_out, sounds_until(take)}
    for overlay in overlays:
        found |= {overlay.start, overlay.end}
        if overlay.mode == "duck":
            found |= {overlay.start + overlay.ramp, overlay.end - overlay.ramp}
    return sorted(SampleIndex(index) for index in found if start <= index < end)


def on_air(plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], n: SampleIndex) -> Heard:
    """What sample `n` is made of, and by whose leave. Raises NotPlanned outside the plan, ValueError where no approval can be named."""
    take = take_at(plan, n)
    rung = rung_at(plan, rungs, take, n)
    covering = over(overlays, n)
    media: list[Sha256] = []
    for overlay in covering:
        media += overlay.sequence
        if overlay.mode != "duck":
            break
    else:
        media += _media_of(plan, take, rung)
        before = ringing(plan, rungs, n)
        media += [] if before is None else _media_of(plan, before, "file")
    approval = covering[0].approval if covering else approval_of(plan, take, rung)
    if not approval:
        raise ValueError(f"{plan.channel}: nobody approved what is due at sample {n} ({take.id})")
    return Heard(
        take=take,
        overlay=covering[0] if covering else None,
        rung=rung,
        approval=approval,
        media=tuple(media),
    )


def take_at(plan: Plan, n: int) -> Take:
    """The take that is due at sample `n`; raises NotPlanned."""
    at = bisect_right(plan.starts, n) - 1
    if at < 0 or not plan.takes[at].start <= n < plan.takes[at].end:
        raise NotPlanned(f"{plan.channel}: nothing is planned at sample {n}")
    return plan.takes[at]


def rung_at(plan: Plan, rungs: Sequence[Fallen], take: Take, n: int) -> Rung:
    """The rung `take` sounds from at sample `n`; a rung for which the plan has no material is the next one down."""
    if take.kind == "silence":
        return "file"
    fallen = [entry for entry in rungs if entry.take == take.id and entry.start <= n]
    return _there(plan, take, max(fallen, key=lambda entry: entry.start).rung if fallen else "file")


def rung_below(take: Take, rung: Rung) -> Rung:
    """The rung a take falls to from `rung` where a medium is missing. The second copy and damage are the decoder's business: they are no step down of what sounds."""
    if rung in OWN:
        return "replacement" if take.replacement is not None else "filler"
    return RUNGS[RUNGS.index(rung) + 1]


def _there(plan: Plan, take: Take, rung: Rung) -> Rung:
    """`rung`, or the next one down for which the plan has material."""
    if rung == "replacement" and take.replacement is None:
        rung = "filler"
    if rung == "filler" and not _cycle(plan):
        rung = "loop"
    if rung == "loop" and _loop(plan) is None:
        rung = "tone"
    return rung


def ringing(plan: Plan, rungs: Sequence[Fallen], n: int) -> Take | None:
    """The take before the one at sample `n` where its medium still sounds there; once it fell its tail is left out."""
    before = tail_at(plan, n)
    return before if before is not None and rung_at(plan, rungs, before, n) in OWN else None


def over(overlays: Sequence[Overlay], n: int) -> list[Overlay]:
    """The overlays that last at sample `n`, topmost first: higher priority, then later start, then greater id."""
    lasting = [overlay for overlay in overlays if overlay.start <= n < overlay.end]
    return sorted(lasting, key=lambda overlay: (overlay.priority, overlay.start, overlay.id), reverse=True)


def _takes(plan: Plan, start: int, end: int) -> tuple[Take, ...]:
    """Those that sound within the span, and the one before them, which may sound on."""
    first = max(0, bisect_right(plan.starts, start) - 2)
    last = bisect_right(plan.starts, end - 1)
    return plan.takes[first:last]


def _cuts(plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], n: int, end: int) -> list[int]:
    found = {end, *range(n, end, _PIECE)}
    for take in _takes(plan, n, end):
        found |= {take.start, sounds_until(take)}
    found.update(entry.start for entry in rungs)
    for overlay in overlays:
        found |= {overlay.start, overlay.end}
    return sorted(index for index in found if n <= index <= end)


def span(
    plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], inputs: Inputs, a: int, b: int
) -> NDArray[np.int16]:
    """`render` of samples a to b of the plan, between which no take, rung or overlay begins or ends; they are worked on at once."""
    layers: list[tuple[NDArray[np.int32], Gain]] = []
    below: Gain = UNITY
    for overlay in over(overlays, a):
        voice = _voice(overlay, inputs, a, b)
        layers += [] if voice is None else [(voice, below)]
        if overlay.mode != "duck":
            return _mixed(layers, b - a)
        below = times(below, _ducked(overlay, a, b))
    take = take_at(plan, a)
    rung = rung_at(plan, rungs, take, a)
    sound = _sound(plan, take, rung, inputs, a, b)
    if sound is not None:
        layers.append((sound, times(below, _gain(take, rung, a, b))))
    before = ringing(plan, rungs, a)
    if before is not None:
        layers.append((_of_file(before, inputs, a, b), times(below, faded(before, a, b))))
    return _mixed(layers, b - a)


def _gain(take: Take, rung: Rung, a: int, b: int) -> Gain:
    """What a take's own medium, or its replacement, is multiplied with; filler, loop and tone sound as they are."""
    if rung in OWN:
        return faded(take, a, b)
    if rung == "replacement":
        assert take.replacement is not None  # rung_at went down otherwise
        return faded(attrs.evolve(take, gain=take.replacement.gain), a, b)
    return UNITY


def _mixed(layers: Sequence[tuple[NDArray[np.int32], Gain]], count: int) -> NDArray[np.int16]:
    """The sum of the layers, rounded once; the one that is usually alone, as loud as it is, takes no more than it must."""
    if not layers:
        return np.zeros((count, 2), dtype=np.int16)
    (sound, gain), *more = layers
    if not more and isinstance(gain, int) and gain == UNITY:
        rounded = sound + _HALF_24
        rounded >>= _LOW_24
        return np.minimum(rounded, _MOST, out=rounded).astype(np.int16)
    total = _scaled(sound, gain)
    for sound, gain in more:
        total += _scaled(sound, gain)
    total += _HALF
    total >>= _SHIFT
    np.minimum(np.maximum(total, -_MOST - 1, out=total), _MOST, out=total)
    return total.astype(np.int16)


def _scaled(sound: NDArray[np.int32], gain: Gain) -> NDArray[np.int64]:
    factor = gain if isinstance(gain, int) else gain[:, np.newaxis]
    return np.multiply(sound, factor, dtype=np.int64)


def _ducked(overlay: Overlay, a: int, b: int) -> Gain:
    """The gain of what lies below a duck: from UNITY down within `ramp`, and back to UNITY before the end."""
    ramp = overlay.ramp
    if ramp <= 0 or (a >= overlay.start + ramp and b <= overlay.end - ramp):
        return overlay.duck
    index = np.arange(a, b, dtype=np.int64)
    depth = np.minimum(np.minimum(index - overlay.start, overlay.end - 1 - index), ramp)
    return UNITY - (UNITY - overlay.duck) * depth // ramp


def _sound(plan: Plan, take: Take, rung: Rung, inputs: Inputs, a: int, b: int) -> NDArray[np.int32] | None:
    if take.kind == "silence":
        return None
    if rung == "tone":
        return _tone(a, b)
    if rung == "loop":
        loop = _loop(plan)
        assert loop is not None  # rung_at went down otherwise
        return _cycled([loop], inputs, a, b)
    if rung == "filler":
        return _cycled(_cycle(plan), inputs, a, b)
    if rung == "replacement":
        assert take.replacement is not None  # rung_at went down otherwise
        return inputs.pcm(take.replacement.media, replaced_from(take) + a - take.start, b - a)
    return _of_file(take, inputs, a, b)


def _of_file(take: Take, inputs: Inputs, a: int, b: int) -> NDArray[np.int32]:
    if take.media is None:
        raise ValueError(f"{take.id} is no silence and names no medium")
    return inputs.pcm(take.media, take.offset + a - take.start, b - a)


def _voice(overlay: Overlay, inputs: Inputs, a: int, b: int) -> NDArray[np.int32] | None:
    """The overlay's own sound; None where it has none."""
    if overlay.mode == "silence" or not overlay.sequence:
        return None
    pieces: list[tuple[Sha256 | None, int]] = []
    for sha256 in overlay.sequence:
        pieces += [(sha256, inputs.length(sha256)), (None, overlay.gap)]
    return _round(pieces, inputs, a - overlay.start, b - a)


def _cycled(media: Sequence[Medium], inputs: Inputs, a: int, b: int) -> NDArray[np.int32]:
    """The media one after the other for ever, in phase with the absolute index."""
    return _round([(medium.sha256, medium.samples) for medium in media], inputs, a, b - a)


def _round(
    pieces: Sequence[tuple[Sha256 | None, int]], inputs: Inputs, first: int, count: int
) -> NDArray[np.int32]:
    """`count` samples from place `first` of the endless round of pieces (None: silence of that length)."""
    out = np.zeros((count, 2), dtype=np.int32)
    cycle = sum(length for _, length in pieces)
    if cycle <= 0:
        return out
    done = 0
    while done < count:
        sha256, place, left = _piece(pieces, (first + done) % cycle)
        part = min(left, count - done)
        if sha256 is not None:
            out[done : done + part] = inputs.pcm(sha256, place, part)
        done += part
    return out


def _piece(pieces: Sequence[tuple[Sha256 | None, int]], place: int) -> tuple[Sha256 | None, int, int]:
    """(medium, sample in it, samples left of it) at a place within one round."""
    ends = list(accumulate(length for _, length in pieces))
    at = bisect_right(ends, place)
    sha256, length = pieces[at]
    return sha256, place - ends[at] + length, ends[at] - place


def _tone(a: int, b: int) -> NDArray[np.int32]:
    index = np.arange(a, b, dtype=np.int64)
    both = np.repeat(_SINE[index % _PERIOD][:, np.newaxis], 2, axis=1)
    both[index % TONE_CYCLE < TONE_BREAK, 0] = 0
    return both


def _cycle(plan: Plan) -> list[Medium]:
    known = {medium.sha256: medium for medium in plan.media if medium.samples > 0}
    return [known[sha256] for sha256 in plan.filler if sha256 in known]


def _loop(plan: Plan) -> Medium | None:
    for medium in plan.media:
        if medium.sha256 == plan.loop and medium.samples > 0:
            return medium
    return None


def _media_of(plan: Plan, take: Take, rung: Rung) -> tuple[Sha256, ...]:
    if take.kind == "silence" or rung == "tone":
        return ()
    if rung in OWN:
        return () if take.media is None else (take.media,)
    if rung == "replacement" and take.replacement is not None:
        return (take.replacement.media,)
    if rung == "loop":
        return () if plan.loop is None else (plan.loop,)
    return tuple(medium.sha256 for medium in _cycle(plan))


def approval_of(plan: Plan, take: Take, rung: Rung) -> str:
    """By whose leave a take sounds on a rung; each has its own."""
    standing = {"filler": plan.filler_approval, "loop": plan.loop_approval, "tone": plan.tone_approval}
    if rung == "replacement" and take.replacement is not None and take.replacement.approval:
        return take.replacement.approval
    return standing.get(rung, take.approval)


def replaced_from(take: Take) -> int:
    """The sample of a take's replacement that is heard at the take's start."""
    return take.offset + (0 if take.replacement is None else take.replacement.shift)
