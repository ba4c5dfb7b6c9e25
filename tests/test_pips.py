"""Time pips: the first sample of the long tone is the hour's first, in the file and on the air."""

import wave

import numpy as np
import pytest
from test_timeline import DAY, FRAME, HEAD, at

from playout.pips import KINDS, PEAK, pips
from playout.pips_tool import main
from schedules.plan import Medium
from schedules.render import render
from schedules.rundown import parse
from schedules.timeline import bounds, resolve
from station.words import SAMPLE_RATE, ChannelId, Refused, Sha256


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_second_begins_with_the_crest_of_a_tone_and_between_them_it_is_silent(kind) -> None:
    sound, said = pips(KINDS[kind]), KINDS[kind]
    assert len(sound) == 5 * SAMPLE_RATE + said.long_ms * 48 and (sound[:, 0] == sound[:, 1]).all()
    for second in range(6):
        first = second * SAMPLE_RATE
        assert sound[first, 0] == PEAK and (second == 0 or not sound[first - 1].any())
        last = first + (said.long_ms if second == 5 else said.short_ms) * 48 - 1
        assert abs(int(sound[last, 0])) < 30, "it ends softly"
    high = np.abs(np.fft.rfft(sound[-said.long_ms * 48 :, 0].astype(float)))
    assert int(high.argmax()) * 1_000 // said.long_ms == said.long_hz


class Shelf:
    def length(self, sha256):
        return 0

    def pcm(self, sha256, start, count):
        sound = pips(KINDS["cn"]).astype(np.int32) << 8
        return sound[start : start + count] if sha256 == "9" * 64 else np.zeros((count, 2), np.int32)


def test_planned_hard_five_seconds_before_the_hour_the_long_tone_is_on_the_hour_to_the_sample() -> None:
    medium = Medium(sha256=Sha256("9" * 64), samples=len(pips(KINDS["cn"])))
    rundown = parse(HEAD + "06:59:55,hard,报时,pips.wav", ChannelId("fm1"), DAY)
    begins, ends = bounds(DAY, FRAME)
    plan = resolve([rundown], {"pips.wav": medium}, {DAY: "x"}, FRAME, start=begins, end=ends, revision=1)
    hour = at("07:00:00")
    heard = render(plan, [], [], Shelf(), hour - 10, 20)
    assert not heard[:10].any() and heard[10].tolist() == [PEAK, PEAK]


def test_the_tool_writes_them_and_refuses_what_it_cannot_write(tmp_path, capsys) -> None:
    out = tmp_path / "pips.wav"
    assert main([str(out), "--kind", "six"]) == 0 and "HH:59:55" in capsys.readouterr().out
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (48_000, 2, 264_000)
        assert np.frombuffer(file.readframes(264_000), "<i2").reshape(-1, 2)[240_000, 0] == PEAK
    for name, said in (("pips.mp3", "must end in .wav"), ("no/pips.wav", "cannot be written")):
        with pytest.raises(Refused, match=said):
            main([str(tmp_path / name)])
