"""Plan files: one canonical text, whole or not at all, every mistake at once; and the tools that read them."""

import hashlib
import json
import re
import wave
from pathlib import Path
from typing import Any

import attrs
import av
import jsonschema
import numpy as np
import pytest

from playout import render_tool
from playout.render_files import Files
from playout.render_tool import Programme, index_of, samples_of
from schedules import plan_tool
from schedules.plan import Medium, Plan, Replacement, Take
from schedules.plan_check import MOST_TAKES, mistakes
from schedules.plan_file import flac_samples, from_text, from_value, read_plan, to_text, write_plan
from schedules.relays import medium_of
from schedules.render import NotReady, render
from schedules.timeline import Frame
from station.wire import to_plain
from station.words import ChannelId, Refused, SampleIndex, Sha256

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
START = 1_795_298_400 * 48_000
A, B = Sha256("a" * 64), Sha256("b" * 64)


def take(start: int, end: int, **more: Any) -> Take:
    fields: dict[str, Any] = {"item": "i", "kind": "programme", "title": "t", "approval": "x", "media": A}
    return Take(start=SampleIndex(START + start), end=SampleIndex(START + end), **(fields | more))


def plan(*takes: Take, **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "channel": ChannelId("fm1"),
        "revision": 1,
        "start": takes[0].start,
        "end": takes[-1].end,
        "takes": takes,
        "media": (Medium(sha256=A, samples=100_000),),
    }
    return Plan(**(fields | more))


GOOD = plan(
    take(0, 48_000),
    take(48_000, 60_000, kind="silence", media=None),
    take(60_000, 70_000, replacement=Replacement(media=A, shift=7)),
    loop=A,
    filler=(A,),
)


def refused(value: Any) -> str:
    with pytest.raises(Refused) as error:
        from_value(value)
    assert error.value.text.zh
    return error.value.text.en


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, GOOD)
    assert read_plan(path) == from_text(to_text(GOOD)) == GOOD
    write_plan(path, attrs.evolve(GOOD, revision=2))
    assert read_plan(path).revision == 2
    assert list(tmp_path.iterdir()) == [path]
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)


def test_the_text_is_canonical() -> None:
    text = to_text(GOOD)
    assert text.endswith("}\n") and ": " not in text
    assert list(json.loads(text)) == sorted(json.loads(text))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"takes": ()}, "there is no take"),
        ({"format": "gengfu-plan/9"}, "is not gengfu-plan/1"),
        ({"end": SampleIndex(START + 1)}, "do not reach from start to end"),
        ({"takes": (take(0, 10), take(20, 70_000)), "end": START + 70_000}, "a gap between"),
        ({"takes": (take(0, 30), take(20, 70_000))}, "an overlap between"),
        ({"takes": (take(0, 70_000, approval=""),)}, "nobody approved it"),
        ({"takes": (take(0, 70_000, item=""),)}, "names no item"),
        ({"takes": (take(0, 70_000, gain=-1),)}, "the gain -1"),
        ({"takes": (take(0, 70_000, fade_in=-1),)}, "a fade is negative"),
        ({"takes": (take(0, 70_000, fade_out=1 << 29),)}, "too long"),
        ({"takes": (take(0, 70_000, offset=40_000),)}, "reaches beyond its medium"),
        ({"takes": (take(0, 70_000, media=None),)}, "not among the media"),
        ({"takes": (take(0, 70_000, replacement=Replacement(media=B)),)}, "its replacement is not among"),
        (
            {"takes": (take(0, 70_000, replacement=Replacement(media=A, shift=30_001)),)},
            "longer than its rep",
        ),
        ({"takes": (take(0, 70_000, replacement=Replacement(media=A, shift=-1)),)}, "longer than its rep"),
        ({"takes": (take(0, 70_000, replacement=Replacement(media=A, gain=-1)),)}, "the gain -1 of its rep"),
        ({"takes": (take(0, 0), take(0, 70_000))}, "ends before it begins"),
        ({"filler": (Sha256("b" * 64),)}, "filler or loop"),
        ({"media": (Medium(sha256=A, samples=0),)}, "has 0 samples"),
        (
            {"media": (Medium(sha256=A, samples=100_000, frames=50),)},
            "has 50 pictures for 100000 samples, not one for 960 or 1920",
        ),
        (
            {
                "media": (
                    Medium(sha256=A, samples=96_000, frames=50),
                    Medium(sha256=B, samples=96_000, frames=100),
                )
            },
            "its films have different frame rates",
        ),
        ({"media": (Medium(sha256=Sha256("A"), samples=5),)}, "is no SHA-256"),
        ({"takes": (take(0, 1),) * (MOST_TAKES + 1)}, "more than 50000 takes"),
    ],
)
def test_each_mistake_of_a_plan_has_its_sentence(change: dict[str, Any], said: str) -> None:
    found = mistakes(attrs.evolve(GOOD, **change))
    assert any(said in text.en for text in found) and all(text.zh for text in found)
    assert mistakes(GOOD) == []


def test_all_mistakes_are_told_at_once_and_in_bounds() -> None:
    said = refused(to_plain(plan(take(0, 70_000, approval="", gain=-1))))
    assert "nobody approved" in said and "the gain" in said
    many = tuple(take(k, k + 1, approval="") for k in range(30))
    assert "and 10 more" in refused(to_plain(plan(*many)))


@pytest.mark.parametrize(
    "change",
    [{"revision": 1.5}, {"revision": "1"}, {"takes": 5}, {"media": None}, {"surprise": 1}, {"channel": None}],
)
def test_wrong_types_are_refused(change: dict[str, Any]) -> None:
    value = to_plain(GOOD) | change
    assert "cannot be played" in refused(value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(value)), SCHEMA)


def test_what_is_no_plan_is_refused_with_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    for content, said in (
        (b"", "no JSON"), (b"[" * 100_000, "no JSON"), (b"\xff", "not UTF-8"), (b"[]", "cannot be played"), (b"5", "cannot"),
        (b'{"media": [1, {"path": 5}], "takes": [1], "filler": 3}', "cannot be played"),
    ):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(Refused, match=said):
            read_plan(path)
    with pytest.raises(Refused, match="cannot be read"):
        read_plan(tmp_path / "none.json")
    with pytest.raises(Refused, match="cannot be written"):
        write_plan(tmp_path / "none" / "plan.json", GOOD)
    with path.open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(Refused, match="larger than 64 MiB"):
        read_plan(path)


def flac(path: Path, sound: np.ndarray, rate: int = 48_000) -> None:
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate, layout="stereo")
        stream.format = "s32"
        for at in range(0, len(sound), 4096):
            part = (sound[at : at + 4096].astype(np.int32) << 8).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format="s32", layout="stereo")
            frame.sample_rate, frame.pts = rate, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def noise(tmp_path: Path) -> np.ndarray:
    sound = np.random.default_rng(3).integers(-(2**22), 2**22, (1_000_001, 2), dtype=np.int32)
    flac(tmp_path / "opening.flac", sound)
    return sound


def by_hand() -> dict[str, Any]:
    text = (ROOT / "docs" / "plan-format.md").read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    value: dict[str, Any] = json.loads(found[1])
    return value


def test_the_example_of_the_manual_can_be_played(tmp_path: Path, noise: np.ndarray) -> None:
    value = by_hand()
    jsonschema.validate(value, SCHEMA)
    path = tmp_path / "plan.json"
    value["takes"][0]["replacement"] = {"media": "opening.flac"}
    jsonschema.validate(value, SCHEMA)
    path.write_text(
        json.dumps(value | {"loop": "opening.flac", "filler": ["opening.flac"]}), encoding="utf-8"
    )
    made = read_plan(path)
    sha = hashlib.sha256((tmp_path / "opening.flac").read_bytes()).hexdigest()
    assert made.media == (Medium(sha256=Sha256(sha), samples=1_000_001, path="opening.flac"),)
    assert (made.takes[0].media, made.loop, made.filler) == (sha, sha, (sha,))
    assert made.takes[0].replacement == Replacement(media=Sha256(sha))
    assert made.start == index_of("2026-11-22T06:00:00+08:00")


def test_a_medium_by_hand_must_be_a_house_file_below_the_directory(tmp_path: Path, noise: np.ndarray) -> None:
    flac(tmp_path / "cd.flac", noise[:1000], rate=44_100)
    (tmp_path / "text.flac").write_text("x" * 100)
    path = tmp_path / "plan.json"
    for name, said in (
        ("cd.flac", "44100 Hz"), ("text.flac", "no FLAC"), ("none.flac", "cannot be read"),
        ("../../etc/passwd", "lies outside"), ("a\0b", "null byte"),
    ):  # fmt: skip
        path.write_text(json.dumps(by_hand() | {"media": [{"path": name}]}), encoding="utf-8")
        with pytest.raises(Refused, match=said):
            read_plan(path)
    assert flac_samples((tmp_path / "opening.flac").read_bytes()[:42]) == 1_000_001
    with pytest.raises(Refused):
        flac_samples(b"fLaC")


def test_render_writes_what_the_plan_sounds_like(
    tmp_path: Path, noise: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "plan.json", tmp_path / "x.wav"
    path.write_text(json.dumps(by_hand()), encoding="utf-8")
    begin = "2026-11-22T06:00:01.5+08:00"
    assert render_tool.main([str(path), "--from", begin, "--for", "20", "--out", str(out)]) == 0
    assert "960000 samples" in capsys.readouterr().out
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 48_000)
        got = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert len(got) == 960_000


def test_render_refuses_what_it_cannot_write(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(by_hand()), encoding="utf-8")
    out = ["--out", str(tmp_path / "x.wav")]
    for words, said in (
        (["--for", "51", *out], "The plan reaches from"),
        (["--from", "0", "--for", "1", *out], "The plan reaches from"),
        (["--from", "yesterday", "--for", "1", *out], "no time with its offset"),
        (["--for", "0", *out], "is not 0 to"),
        (["--for", "1", "--out", str(tmp_path / "none" / "x.wav")], "cannot be written"),
        (["--for", "1", "--out", str(tmp_path / "x.mp3")], "must end in"),
        (["--for", "1", "--out", str(tmp_path / "x.y4m")], "has no film; say --raster"),
        (["--for", "1", "--overlays", str(path), *out], "no file of SetOverlays"),
        (["--for", "1", "--falls", str(tmp_path / "none"), *out], "no file of Falls"),
    ):
        with pytest.raises(Refused, match=said):
            render_tool.main([str(path), *words])
    write_plan(path, attrs.evolve(GOOD, media=(Medium(sha256=A, samples=100_000, path="gone.flac"),)))
    with pytest.raises(Refused, match="is missing or damaged"):
        render_tool.main([str(path), "--for", "1", *out])
    assert not (tmp_path / "x.wav").exists() and not (tmp_path / "x.wav.part").exists()
    assert samples_of("1.5") == 72_000


def test_files_give_exactly_the_samples_asked_for(tmp_path: Path, noise: np.ndarray) -> None:
    files = Files({A: tmp_path / "opening.flac"}, {A: 1_000_001})
    for start, count in ((0, 10), (10, 100), (150_000, 50_001), (7, 1), (100_000, 3), (100_003, 60_000)):
        assert np.array_equal(files.pcm(A, start, count), noise[start : start + count])
    assert files.length(A) == 1_000_001
    for ask in (
        lambda: files.pcm(A, 1_000_000, 2),
        lambda: files.pcm(Sha256("b"), 0, 1),
        lambda: files.length(Sha256("b")),
    ):
        with pytest.raises(NotReady):
            ask()
    many = Files({Sha256(str(k)): tmp_path / "opening.flac" for k in range(9)}, {})
    for k in range(9):
        assert np.array_equal(many.pcm(Sha256(str(k)), 5, 5), noise[5:10])


def test_what_is_rendered_from_files_is_the_medium_itself(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(by_hand()), encoding="utf-8")
    made = attrs.evolve(
        plan(take(0, 1_000_001)), media=(Medium(sha256=A, samples=1_000_001, path="opening.flac"),)
    )
    files = Programme(plan=made, media=made.media, directory=tmp_path).files()
    got = render(made, (), (), files, made.start, 1_000_001)
    assert np.array_equal(got, ((noise + 128) >> 8).astype(np.int16))


# --- gengfu plan


@pytest.fixture
def station(tmp_path: Path, noise: np.ndarray) -> Path:
    state = tmp_path / "state"
    sha = hashlib.sha256((tmp_path / "opening.flac").read_bytes()).hexdigest()
    house = state / "media" / sha[:2] / f"{sha}.flac"
    house.parent.mkdir(parents=True)
    house.write_bytes((tmp_path / "opening.flac").read_bytes())
    entry = {
        "name": "media/a.flac",
        "sha256": sha,
        "samples": 1_000_001,
        "title": "甲",
        "size": 1,
        "modified": 1,
    }
    (state / "library.json").write_text(json.dumps([entry]), encoding="utf-8")
    (tmp_path / "rundowns").mkdir()
    (tmp_path / "areas.csv").write_text("code,name,level\n340422000000,寿县,3\n", encoding="utf-8")
    (tmp_path / "station.toml").write_text(
        '[station]\nid = "s"\nname_zh = "寿"\nname_en = "S"\narea = "340422000000"\nareas = "areas.csv"\n'
        '[[channels]]\nid = "fm1"\nchain = "radio"\nname_zh = "寿"\nname_en = "S"\narea = "340422000000"\n'
        'rundowns = "rundowns"\nfiller = ["media/a.flac"]\n',
        encoding="utf-8",
    )
    return tmp_path


def words(station: Path, csv: str, *more: str) -> list[str]:
    (station / "day.csv").write_text(csv, encoding="utf-8")
    return [
        str(station / "day.csv"),
        "--settings",
        str(station / "station.toml"),
        "--day",
        "2026-11-22",
        *more,
    ]


def test_the_plan_of_a_rundown_is_shown_and_written(
    station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = station / "plan.json"
    csv = "start,mode,title,media,cut\n06:00:00,hard,新闻,a.flac,yes\n06:00:02,hard,音乐,a.flac,\n,,失,x.flac,\n"
    assert plan_tool.main(words(station, csv, "--out", str(out), "--channel", "fm1")) == 0
    said = capsys.readouterr().out
    assert "06:00:00.000 00:00:02.000  programme  hard  新闻  (cut · 截)" in said
    assert "2 items" in said and "! 2026-11-22 line 4: x.flac is missing" in said
    made = read_plan(out)
    assert made.start == index_of("2026-11-22T05:00:00+08:00") and not mistakes(made)
    jsonschema.validate(json.loads(out.read_text()), SCHEMA)


def test_what_waits_for_a_key_is_shown_with_its_length() -> None:
    waits = Medium(sha256=Sha256("9" * 64), samples=48_000 * 20, title="停水")
    made = plan(take(0, 70_000))
    frame = Frame(channel=ChannelId("fm1"), tz="Asia/Shanghai", day_start="05:00", filler=())
    assert "备播: 停水  00:00:20.000" in plan_tool.table(
        attrs.evolve(made, media=(*made.media, waits)), frame
    )


def test_every_wrong_line_is_told_on_a_line_of_its_own(
    station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan_tool.main(words(station, "start,mode,title,media\nx,hard,A,a\n,hard,B,b\n")) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition("day.csv")[2][:4] for line in said] == [":2: ", ":3: "]
    clash = "start,mode,title,media\n06:00:00,hard,A,a.flac\n06:00:00,hard,B,a.flac\n"
    assert plan_tool.main(words(station, clash)) == 1
    assert "two hard starts" in capsys.readouterr().err
    assert plan_tool.main(words(station, "title,colour\n")) == 1


def test_what_plan_cannot_find_is_refused(station: Path, tmp_path: Path) -> None:
    good = "title,media\nA,a.flac\n"
    for more, said in (
        (("--channel", "fm9"), "no channel"),
        (("--state", str(tmp_path / "new")), "run gengfu setup"),
    ):
        with pytest.raises(Refused, match=said):
            plan_tool.main(words(station, good, *more))
    gone = words(station, good)
    (station / "day.csv").unlink()
    with pytest.raises(Refused, match="cannot be read"):
        plan_tool.main(gone)


def test_render_says_of_a_relay_that_it_cannot_know_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = medium_of("cnr", "央广")
    made = plan(take(0, 48_000, media=relay.sha256, offset=START, title="新闻"), media=(relay,))
    path, out = tmp_path / "plan.json", tmp_path / "x.wav"
    write_plan(path, made)
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), SCHEMA)
    assert read_plan(path) == made
    assert render_tool.main([str(path), "--for", "1", "--out", str(out)]) == 0
    assert f"{START}–{START + 48_000}: relay “新闻” is silence here" in capsys.readouterr().out
    with wave.open(str(out)) as file:
        assert not any(file.readframes(48_000))
