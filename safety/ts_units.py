"""What a decoder of MPEG sound or pictures needs to know of their coded bytes: where a frame of sound ends, which profile and level pictures have, and the buffers that follow. Pure; knows no packet, no time.

MPEG-1/2 audio: ISO/IEC 11172-3, 2.4.1.3. AAC: ISO/IEC 13818-7, ADTS. MPEG-2 video: ISO/IEC 13818-2, 8. AVC: ISO/IEC 14496-10, A.3.
The buffer sizes of AVC and the leak rates of high levels are as multiplexers in the field have them: unverified.
"""

from __future__ import annotations

from typing import Final

import attrs

from safety.ts_buffers import Sizes
from safety.ts_timed import CLOCK

MPEG_AUDIO: Final = (0x03, 0x04)
ADTS: Final = 0x0F
MPEG2_VIDEO: Final = (0x01, 0x02)
AVC: Final = 0x1B
MPEG_SIZES: Final = Sizes(out_of_tb=2_000_000, main=3_584 * 8)
_AAC: Final = ((2, 2_000_000, 3_584), (8, 5_529_600, 8_976))  # channels, Rx, B in bytes
_LAYERS: Final = {3: (1, 384), 2: (2, 1_152), 1: (3, 1_152)}  # layer, samples
_KBPS: Final = {
    1: tuple(range(32, 449, 32)),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    -1: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    -2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = (44_100, 48_000, 32_000)
_AAC_RATES: Final = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)  # fmt: skip
# level_idc: MaxBR, MaxCPB in units of 1,000 bits
_AVC: Final = {
    10: (64, 175), 9: (128, 350), 11: (192, 500), 12: (384, 1_000), 13: (768, 2_000), 20: (2_000, 2_000),
    21: (4_000, 4_000), 22: (4_000, 4_000), 30: (10_000, 10_000), 31: (14_000, 14_000), 32: (20_000, 20_000),
    40: (20_000, 25_000), 41: (50_000, 62_500), 42: (50_000, 62_500), 50: (135_000, 135_000),
    51: (240_000, 240_000), 52: (240_000, 240_000),
}  # fmt: skip
_NAL: Final = {100: 1_500, 110: 3_600, 122: 4_800}  # cpbBrNalFactor; 1,200 of the other profiles
# level: Rmax, VBVmax in bits
_MPEG2: Final = {10: (4_000_000, 475_136), 8: (15_000_000, 1_835_008), 6: (60_000_000, 7_340_032), 4: (80_000_000, 9_781_248)}  # fmt: skip
_LOW: Final = (10, 8)  # levels whose MB has what the VBV leaves over


@attrs.frozen
class Frame:
    """One frame of sound."""

    length: int  # bytes
    ticks: int  # of 27 MHz
    channels: int


def frame_of(kind: int, head: bytes) -> Frame | None:
    """What the frame that begins with these bytes (7 or more) is; None where none does."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return _adts(head) if kind == ADTS else _mpeg(head)


def _mpeg(head: bytes) -> Frame | None:
    version, layer = head[1] >> 3 & 3, _LAYERS.get(head[1] >> 1 & 3)
    rate, bits = head[2] >> 2 & 3, head[2] >> 4
    if layer is None or version < 2 or rate == 3 or not 0 < bits < 15:
        return None
    number, samples = layer
    half = version == 2  # MPEG-2: half the sampling rates
    hertz = _RATES[rate] >> half
    kbps = _KBPS[-1 if half and number == 1 else -2 if half else number][bits - 1]
    if half and number == 3:
        samples = 576
    unit = 4 if number == 1 else 1
    length = (samples // 8 // unit * kbps * 1_000 // hertz + (head[2] >> 1 & 1)) * unit
    return Frame(length, samples * CLOCK // hertz, 1 if head[3] >> 6 == 3 else 2)


def _adts(head: bytes) -> Frame | None:
    rate, length = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if head[1] & 6 or rate >= len(_AAC_RATES) or length < 8:
        return None
    blocks = (head[6] & 3) + 1
    channels = (head[2] & 1) << 2 | head[3] >> 6
    return Frame(length, 1_024 * blocks * CLOCK // _AAC_RATES[rate], 8 if channels == 7 else channels or 2)


def sound_sizes(kind: int, frame: Frame) -> Sizes:
    """Buffers of a stream of such frames."""
    if kind != ADTS:
        return MPEG_SIZES
    _, rate, size = next(row for row in _AAC if frame.channels <= row[0])
    return Sizes(out_of_tb=rate, main=size * 8)


def picture_sizes(kind: int, unit: bytes) -> Sizes | None:
    """Buffers of the stream that an access unit begins; None where it does not say of what profile it is."""
    return _avc(unit) if kind == AVC else _mpeg2(unit)


def _avc(unit: bytes) -> Sizes | None:
    at = unit.find(b"\0\0\1")
    while 0 <= at < len(unit) - 7 and unit[at + 3] & 31 != 7:
        at = unit.find(b"\0\0\1", at + 3)
    if not 0 <= at < len(unit) - 7:
        return None
    profile, constraints, level = unit[at + 4 : at + 7]
    if level == 11 and constraints & 0x10 and profile in (66, 77, 88):
        level = 9  # 1b
    if level not in _AVC:
        return None
    factor = _NAL.get(profile, 1_200)
    rate, stored = (value * factor for value in _AVC[level])
    return Sizes(
        out_of_tb=rate,
        main=_overhead(max(rate, 2_000_000)),
        leak=rate,
        elementary=stored,
        longest=10 * CLOCK,
    )


def _mpeg2(unit: bytes) -> Sizes | None:
    at = unit.find(b"\0\0\1\xb3")
    more = unit.find(b"\0\0\1\xb5", at + 12)
    if at < 0 or more < 0 or len(unit) < more + 10 or unit[more + 4] >> 4 != 1:
        return None
    level = unit[more + 5] >> 4
    rate = int.from_bytes(unit[at + 8 : at + 11], "big") >> 6
    stored = (unit[at + 10] & 31) << 5 | unit[at + 11] >> 3
    rate += ((unit[more + 6] & 31) << 7 | unit[more + 7] >> 1) << 18
    stored = (stored + (unit[more + 8] << 10)) * 16 * 1_024
    if level not in _MPEG2 or not rate:
        return None
    most, largest = _MPEG2[level]
    left = max(0, largest - stored) if level in _LOW else 0
    leak = most if level in _LOW else min(rate * 400 * 105 // 100, most)
    return Sizes(out_of_tb=most * 6 // 5, main=_overhead(most) + left, leak=leak, elementary=stored)


def _overhead(rate: int) -> int:
    """BSmux and BSoh: 4 ms, and 1/750 s, of a rate."""
    return rate * 4 // 1_000 + rate // 750
