"""What the witness finds on a real return path: delayed, equalised, compressed, noisy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from witness_kit import RATE, T0, Bench, Media, findings, music, plan_of, programme, speech

from safety.judge import Lookup, nothing
from safety.library import Library, index_of, to_mono
from safety.recognise import Recogniser
from safety.returns import ReturnPath, delay, score
from safety.watch import Watch
from schedules.plan import Overlay
from station.words import SampleIndex, Sha256

LATE = 17_303  # samples, 0.36 s


@pytest.fixture(scope="module")
def media() -> Media:
    return Media(
        talk=speech(30, 1),
        song=music(30, 2),
        both=_over(speech(30, 3), music(30, 4)),
        stranger=speech(20, 5),
        tune=music(20, 6),
        advert=music(20, 7),
        alert=speech(4, 8),
    )


def _over(voice: np.ndarray, bed: np.ndarray) -> np.ndarray:
    return voice // 2 + bed // 8


def aired(sound: np.ndarray, *, late: int = LATE, noise_db: float = -55.0, seed: int = 1) -> np.ndarray:
    """A transmitter chain: processor, equaliser, limiter, receiver noise, delay."""
    x = sound.astype(np.float64) / 32768.0
    kernel = np.hanning(11) / np.hanning(11).sum()
    bass = np.apply_along_axis(lambda c: np.convolve(c, np.hanning(301) / 150.0, "same"), 0, x)
    soft = np.apply_along_axis(lambda c: np.convolve(c, kernel, "same"), 0, x)
    x = np.tanh(1.6 * (0.7 * soft + 0.4 * bass))
    x = np.concatenate([np.zeros((late, 2)), x])[: len(x)]
    x = 0.4 * x + np.random.default_rng(seed).normal(0, 10 ** (noise_db / 20), x.shape)
    return np.clip(x * 32768.0, -32768, 32767).astype(np.int16)


def heard(
    tmp: Path,
    media: Media,
    name: str,
    sound: np.ndarray,
    lookup: Lookup | None = None,
    overlays: tuple[Overlay, ...] = (),
) -> list[tuple[str, int, int, str]]:
    def looked(watch: Watch) -> Lookup:
        return lookup(watch) if callable(lookup) else nothing  # type: ignore[arg-type,return-value,call-arg]

    bench = Bench(tmp, media, returns=ReturnPath(media), lookup=looked)
    bench.tell(plan_of(media, name))
    for overlay in overlays:
        bench.at(overlay.start + RATE, lambda o=overlay: bench.tell(plan_of(media, name), o))  # type: ignore[misc]
    bench.tape.play(sound)
    return [f for f in findings(bench.run(T0 + len(sound))) if f[0] != "UNKNOWN" or f[1] > 90]


def due(media: Media, name: str) -> np.ndarray:
    return programme(plan_of(media, name), media)


@pytest.mark.parametrize("name", ["talk", "song", "both"])
def test_a_clean_minute_through_a_transmitter_is_normal(tmp_path: Path, media: Media, name: str) -> None:
    assert heard(tmp_path, media, name, aired(due(media, name))) == []


@pytest.mark.parametrize("name", ["song", "both"])
@pytest.mark.parametrize("length", [24_000, 48_000])
def test_a_foreign_splice_is_found(tmp_path: Path, media: Media, name: str, length: int) -> None:
    sound = due(media, name)
    sound[15 * RATE : 15 * RATE + length] = due(media, "tune")[4 * RATE : 4 * RATE + length]
    found = heard(tmp_path, media, name, aired(sound))
    assert [f[0] for f in found] == ["FOREIGN"]
    begins, ends = (150 + LATE // 4_800, 150 + (LATE + length) // 4_800 + 1)
    assert abs(found[0][1] - begins) <= 3
    assert abs(found[0][2] - ends) <= 5


def test_a_long_foreign_programme_is_foreign_until_it_ends(tmp_path: Path, media: Media) -> None:
    sound = due(media, "song")
    sound[12 * RATE : 22 * RATE] = due(media, "stranger")[: 10 * RATE]
    found = heard(tmp_path, media, "song", aired(sound))
    assert sum(f[2] - f[1] for f in found if f[0] == "FOREIGN") >= 90
    assert {f[0] for f in found} <= {"FOREIGN", "DEGRADED"}
    assert max(f[2] for f in found) <= 228


def test_silence_and_lost_packets_are_outages(tmp_path: Path, media: Media) -> None:
    sound = due(media, "song")
    sound[12 * RATE : 17 * RATE] = 0
    found = heard(tmp_path, media, "song", aired(sound))
    assert [f[0] for f in found if f[0] == "OUTAGE"] == ["OUTAGE"]
    assert abs(found[0][1] - 123) <= 3
    assert sum(f[2] - f[1] for f in found) <= 58


def test_a_tone_is_a_carrier_without_programme(tmp_path: Path, media: Media) -> None:
    sound = due(media, "song")
    tone = 3_000 * np.sin(2 * np.pi * 1_000 * np.arange(4 * RATE) / RATE)
    sound[12 * RATE : 16 * RATE] = np.stack([tone, tone], axis=1).astype(np.int16)
    found = heard(tmp_path, media, "song", aired(sound))
    assert sum(f[2] - f[1] for f in found if f[0] == "EMPTY") >= 36


def test_another_approved_item_is_wrong(tmp_path: Path, media: Media) -> None:
    library = Library(tmp_path)
    for sha, sound in media.sounds.items():
        np.save(library.path(Sha256(sha)), index_of(to_mono(sound)))
        library.take(Sha256(sha))
    sound = due(media, "song")
    sound[12 * RATE : 20 * RATE] = due(media, "advert")[4 * RATE : 12 * RATE]
    found = heard(tmp_path, media, "song", aired(sound), lambda watch: Recogniser(watch.ring, library, media))  # type: ignore[arg-type]
    assert sum(f[2] - f[1] for f in found if f[0] == "WRONG") >= 70, found
    assert "advert is not due" in {f[3] for f in found}


def test_a_level_that_falls_is_degraded(tmp_path: Path, media: Media) -> None:
    sound = aired(due(media, "both")).astype(np.float64)
    sound[15 * RATE :] *= 0.4
    found = heard(tmp_path, media, "both", sound.astype(np.int16))
    assert {f[0] for f in found} == {"DEGRADED"}
    assert found[0][3].startswith("level −")


def test_an_alert_told_late_is_authorised_here_too(tmp_path: Path, media: Media) -> None:
    start = SampleIndex(T0 + 14 * RATE)
    over = Overlay(
        id="a1/fm1", mode="replace", start=start, end=SampleIndex(start + 8 * RATE), priority=1, approval="alert:a1",
        sequence=(media.sha("alert"),), gap=4_800,
    )  # fmt: skip
    sound = programme(plan_of(media, "song"), media, (over,))
    assert heard(tmp_path, media, "song", aired(sound), overlays=(over,)) == []


def test_the_delay_is_found_to_the_sample() -> None:
    mono = to_mono(speech(12, 9))
    assert delay(mono[10_000:50_000], mono[10_000 - 20_000 + 20_000 : 10_000 + 40_000], 0) == 0
    got = mono[40_000:80_000]
    assert delay(got, mono[20_000 + 1_234 : 80_000 + 1_234], 20_000) == 1_234


def test_the_score_forgives_level_and_colour_but_not_another_sound() -> None:
    mono = to_mono(music(2, 1))[:3_200]
    assert score(mono, 0.1 * mono) > 0.99
    assert score(mono, np.convolve(mono, [1, 0.5, 0.2], "same").astype(np.float32)) > 0.95
    assert score(mono, to_mono(music(2, 5))[:3_200]) < 0.5
    assert score(mono, np.zeros_like(mono)) == 0.0
