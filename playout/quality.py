"""What quality control finds in a medium, as data and in both languages, and the verdict that follows. Pure: knows no file and measures nothing.

The limits are this program's own (`unverified` against any standard) but for those that name one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import attrs

from station.words import SAMPLE_RATE, Text

Kind = Literal[
    "silent", "silence", "clipping", "phase", "side", "range", "quiet", "peak", "truncated", "gap", "black", "freeze",
]  # fmt: skip
Verdict = Literal["good", "look", "bad"]

CLIPPED_RUNS: Final = 10  # three samples or more at full scale, so often
PHASE: Final = -50  # hundredths of the correlation of the sides
ONE_SIDE: Final = 4_000  # hundredths of a dB between the sides
WIDEST: Final = 2_000  # hundredths of LU (EBU Tech 3342)
QUIETEST: Final = -4_000  # hundredths of LUFS
HIGHEST: Final = 100  # hundredths of dBTP above full scale
MOST_OF_A_KIND: Final = 5
_BAD: Final = ("silent", "phase")


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    kind: Kind
    at: int = 0  # first sample, 48 kHz
    samples: int = 0  # how long; 0: no length of its own
    value: int = 0  # clipping: how often; phase, side, range, quiet, peak: hundredths; truncated: samples of the source


def verdict(findings: Iterable[Finding]) -> Verdict:
    """good: nothing found; look: somebody should look or listen; bad: not to be aired as it is."""
    kinds = {finding.kind for finding in findings}
    if kinds & set(_BAD):
        return "bad"
    return "look" if kinds else "good"


def said(finding: Finding) -> Text:
    """A finding in words."""
    at, length = clock(finding.at), round(finding.samples / SAMPLE_RATE)
    value = finding.value
    en, zh = {
        "silent": ("the file is silent from beginning to end", "全文件静音"),
        "silence": (f"{length} s of silence at {at}", f"{at} 处静音 {length} 秒"),
        "clipping": (f"cut off at full scale {value} times, first at {at}", f"削波 {value} 处,首处在 {at}"),
        "phase": (
            f"left and right are opposed (correlation {value / 100:+.2f}): a mono receiver hears little of it",
            f"左右声道反相(相关系数 {value / 100:+.2f}),单声道接收时声音会抵消",
        ),
        "side": _side(value),
        "range": (f"the loudness range is {value / 100:.1f} LU", f"响度范围达 {value / 100:.1f} LU"),
        "quiet": (f"very quiet: {value / 100:.1f} LUFS", f"响度过低:{value / 100:.1f} LUFS"),
        "peak": (f"the true peak is {value / 100:+.1f} dBTP", f"真峰值为 {value / 100:+.1f} dBTP"),
        "truncated": (
            f"{value} samples at the end that the file says it has are missing",
            f"文件末尾缺少其自称的 {value} 个采样",
        ),
        "gap": (f"nothing for {seconds(finding.samples)} s at {at}, by the time stamps", f"时间戳显示 {at} 处缺失 {seconds(finding.samples)} 秒"),
        "black": (f"{length} s of black at {at}", f"{at} 处黑场 {length} 秒"),
        "freeze": (f"the picture stands still for {length} s at {at}", f"{at} 处静帧 {length} 秒"),
    }[finding.kind]  # fmt: skip
    return Text(en, zh)


def _side(value: int) -> tuple[str, str]:
    by = f"{abs(value) / 100:.0f}"
    if value > 0:
        return f"the right side is {by} dB below the left", f"右声道比左声道低 {by} dB"
    return f"the left side is {by} dB below the right", f"左声道比右声道低 {by} dB"


def clock(at: int) -> str:
    """Minutes and seconds of a sample."""
    whole = at // SAMPLE_RATE
    return f"{whole // 60}:{whole % 60:02d}"


def seconds(samples: int) -> str:
    """Samples in seconds, to the hundredth."""
    return f"{samples / SAMPLE_RATE:.2f}"


def silences(spans: list[tuple[int, int]], samples: int) -> tuple[Finding, ...]:
    """Of spans of silence (first and last sample) in so many samples."""
    if spans == [(0, samples)]:
        return (Finding(kind="silent", samples=samples),)
    return tuple(Finding(kind="silence", at=a, samples=b - a) for a, b in spans[:MOST_OF_A_KIND])


def levels(loudness: int, span: int, peak: int) -> tuple[Finding, ...]:
    """Of integrated loudness, loudness range and true peak, in hundredths."""
    found = []
    if -7_000 < loudness < QUIETEST:
        found.append(Finding(kind="quiet", value=loudness))
    if span > WIDEST:
        found.append(Finding(kind="range", value=span))
    if peak > HIGHEST:
        found.append(Finding(kind="peak", value=peak))
    return tuple(found)


def image(correlation: int | None, balance: int | None) -> tuple[Finding, ...]:
    """Of the correlation of the sides, and of how much stronger left is than right; None: nothing to compare."""
    found = []
    if correlation is not None and correlation < PHASE:
        found.append(Finding(kind="phase", value=correlation))
    if balance is not None and abs(balance) >= ONE_SIDE:
        found.append(Finding(kind="side", value=balance))
    return tuple(found)


def clippings(runs: int, first: int) -> tuple[Finding, ...]:
    """Of so many runs at full scale, the first at sample `first`."""
    return (Finding(kind="clipping", at=first, value=runs),) if runs >= CLIPPED_RUNS else ()


def sources(missing: int, gaps: list[tuple[int, int]], rate: int) -> tuple[Finding, ...]:
    """Of what a source of this rate says it has and does not."""
    found = [Finding(kind="truncated", value=missing)] if missing else []
    for at, length in gaps[:MOST_OF_A_KIND]:
        found.append(Finding(kind="gap", at=at * SAMPLE_RATE // rate, samples=length * SAMPLE_RATE // rate))
    return tuple(found)


__all__ = [
    "Finding",
    "Kind",
    "Verdict",
    "clippings",
    "image",
    "levels",
    "said",
    "silences",
    "sources",
    "verdict",
]
