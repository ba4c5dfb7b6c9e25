"""The child that speaks: text to a FLAC file in house format, tone before it, loudness set. Knows no alert; dies with its parent.

One JSON object on standard input, one on standard output. The engine is espeak-ng (GPL-3, hence a process of its own).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

import av
import cattrs
import numpy as np
from numpy.typing import NDArray

from emergency.spoken import is_chinese, readable, speakable
from emergency.tones import Mono, attention, joined
from emergency.voice_job import Job, Spoken
from station.children import die_with_parent
from station.wire import complaints, from_plain, to_plain
from station.words import SAMPLE_RATE, Misheard, Refused, Sha256

TARGET_LUFS: Final = -18.0  # louder than programme at −23 (EBU R 128); unverified for village loudspeakers
PEAK_DBTP: Final = -1.0  # EBU R 128
_LIMITER_DB: Final = -2.0  # what it lets through may rise a little when resampled
WORDS_A_MINUTE: Final = 150
_PAUSE_MS: Final = 400
_VOICE = re.compile(r"[A-Za-z0-9+_-]{2,24}\Z")

_SYNCHRONOUS, _DONT_EXIT, _RATE, _CHARS_UTF8 = 2, 0x8000, 1, 1  # espeak-ng/speak_lib.h
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_SYNTH: Final = (
    *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
    *(ctypes.c_void_p, ctypes.c_void_p),
)


def main() -> int:
    """Do one job; 0 and a Spoken on standard output, or 1 and the refusal's text."""
    die_with_parent()
    try:
        job = from_plain(json.loads(sys.stdin.buffer.read()), Job)
        answer = to_plain(speak(job))
        code = 0
    except (Refused, Misheard) as error:
        answer, code = {"en": error.text.en, "zh": error.text.zh, "code": error.code}, 1
    except (cattrs.BaseValidationError, ValueError, TypeError) as error:
        said = "; ".join(complaints(error))
        answer, code = {"en": f"no such job: {said}", "zh": f"任务格式不对:{said}", "code": "misheard"}, 1
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))
    return code


def speak(job: Job) -> Spoken:
    """Text to file. Raises Refused for a text that cannot be spoken, Misheard when the engine fails."""
    speech = _resampled(*synthesize(readable(speakable(job.text)), job.voice))
    pieces = [_levelled(_trimmed(speech))]
    if job.tone:
        pieces.insert(0, _levelled(attention(job.kind, job.level)))
    sound = _held_below_peak(joined(pieces, _PAUSE_MS))
    out = Path(job.out)
    _write_flac(out, sound)
    loudness, peak = measure(sound)
    return Spoken(
        sha256=Sha256(hashlib.sha256(out.read_bytes()).hexdigest()),
        samples=len(sound),
        loudness_centi_lufs=round(loudness * 100),
        true_peak_centi_db=round(peak * 100),
    )


def synthesize(text: str, voice: str) -> tuple[NDArray[np.int16], int]:
    """(mono samples, rate) of the engine. A text without Han characters is spoken in English by a Mandarin voice's station."""
    import espeakng_loader

    chosen = "en" if voice == "cmn" and not is_chinese(text) else voice
    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    engine.espeak_Synth.argtypes = _SYNTH
    home = str(Path(espeakng_loader.get_data_path()).parent).encode()
    rate = int(engine.espeak_Initialize(_SYNCHRONOUS, 0, home, _DONT_EXIT))
    if rate <= 0:
        raise Misheard("The speech engine does not start.", "语音引擎无法启动。", code="engine")
    if not _VOICE.match(chosen) or engine.espeak_SetVoiceByName(chosen.encode()) != 0:
        raise Refused(f"There is no voice {chosen!r}.", f"没有发音人 {chosen!r}。", code="voice")
    engine.espeak_SetParameter(_RATE, WORDS_A_MINUTE, 0)
    return _run(engine, text), rate


def _run(engine: Any, text: str) -> NDArray[np.int16]:
    chunks: list[NDArray[np.int16]] = []

    def collect(wave: Any, count: int, _: Any) -> int:
        if wave and count > 0:
            chunks.append(np.ctypeslib.as_array(wave, (count,)).astype(np.int16))
        return 0

    callback = _CALLBACK(collect)  # held here for as long as the engine may call it
    engine.espeak_SetSynthCallback(callback)
    data = text.encode() + b"\0"
    failed = engine.espeak_Synth(data, len(data), 0, 1, 0, _CHARS_UTF8, None, None)  # no SSML, no phonemes
    if failed or not chunks:
        raise Misheard("The speech engine said nothing.", "语音引擎没有输出。", code="engine")
    return np.concatenate(chunks)


def _resampled(samples: NDArray[np.int16], rate: int) -> Mono:
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="dblp", layout="mono", rate=SAMPLE_RATE)
    made = [part.to_ndarray()[0] for part in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(made).astype(np.float64)


def _trimmed(sound: Mono) -> Mono:
    """Without the silence before and after, 20 ms of it kept."""
    loud = np.flatnonzero(np.abs(sound) > 0.003)
    if not len(loud):
        raise Misheard("The speech engine gave silence.", "语音引擎输出为静音。", code="engine")
    keep = SAMPLE_RATE // 50
    return sound[max(0, loud[0] - keep) : loud[-1] + keep]


def _levelled(sound: Mono) -> Mono:
    """At the target loudness, peaks limited."""
    loudness, _ = measure(sound)
    gain = TARGET_LUFS - loudness
    limit = 10 ** (_LIMITER_DB / 20)
    return _filtered(
        sound,
        [
            ("volume", f"{gain:.3f}dB"),
            ("aresample", str(4 * SAMPLE_RATE)),
            ("alimiter", f"limit={limit:.6f}:attack=2:release=60:level=false:latency=true"),
            ("aresample", str(SAMPLE_RATE)),
        ],
    )


def _held_below_peak(sound: Mono) -> Mono:
    _, peak = measure(sound)
    return sound * min(1.0, 10 ** ((PEAK_DBTP - 0.1 - peak) / 20))


def _filtered(sound: Mono, chain: list[tuple[str, str]]) -> Mono:
    parts: list[Mono] = [frame.to_ndarray()[0] for frame in _graph(sound, chain)]
    return np.concatenate(parts).astype(np.float64)


def _graph(sound: Mono, chain: list[tuple[str, str]]) -> list[av.AudioFrame]:
    graph = av.filter.Graph()
    nodes = [graph.add_abuffer(sample_rate=SAMPLE_RATE, format="dblp", layout="mono")]
    nodes += [graph.add(name, options) for name, options in chain]
    nodes += [graph.add("aformat", "sample_fmts=dblp:channel_layouts=mono"), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis, :], format="dblp", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    graph.push(frame)
    graph.push(None)
    made: list[av.AudioFrame] = []
    while True:
        try:
            made.append(graph.pull())  # type: ignore[arg-type]
        except (av.error.BlockingIOError, av.error.EOFError):
            return made


def measure(sound: Mono) -> tuple[float, float]:
    """(integrated loudness in LUFS, true peak in dBTP) as two equal channels would have them; a sound under 400 ms is looped."""
    whole = np.tile(sound, -(-SAMPLE_RATE // len(sound))) if len(sound) < SAMPLE_RATE else sound
    frames = _graph(
        whole, [("pan", "stereo|c0=c0|c1=c0"), ("ebur128", "metadata=1:peak=true:framelog=quiet")]
    )
    said = [
        frame.metadata for frame in frames if "lavfi.r128.I" in frame.metadata
    ]  # none with a last short frame
    peak = max(float(one["lavfi.r128.true_peak"]) for one in said)
    return float(said[-1]["lavfi.r128.I"]), 20 * float(np.log10(max(peak, 1e-9)))


def _write_flac(out: Path, sound: Mono) -> None:
    """FLAC, 48 kHz, stereo, 24 bit (RFC 9639); flushed to the disk."""
    wide = np.clip(np.rint(sound * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8
    both = np.repeat(wide, 2)[np.newaxis, :]
    with av.open(str(out), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="stereo")
        stream.format = "s32"
        for at in range(0, both.shape[1], 2 * 4096):
            frame = av.AudioFrame.from_ndarray(both[:, at : at + 2 * 4096], format="s32", layout="stereo")
            frame.sample_rate, frame.pts = SAMPLE_RATE, at // 2
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with out.open("rb") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.exit(main())
