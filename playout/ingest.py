"""`gengfu ingest FILE…`: takes sound files into house format, each in a child process with limits of time and memory. Knows processes; the work is in playout/housing.py."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import attrs

from playout.cues import Cues
from playout.facts import MEASURED, Facts, facts_of, house_path, peaks_path
from playout.gain import TARGET
from playout.ordinary import regular
from playout.quality import seconds
from schedules.raster import RASTERS
from station.arguments import Parser
from station.children import PARENT, die_with_parent
from station.wire import from_plain, lenient, to_plain
from station.words import Refused, Text

TIME_LIMIT: Final = 1_800  # s of one file
MEMORY_LIMIT: Final = 3 << 30  # bytes of address space

Progress = Callable[[int, int], None]


def ingest(
    path: Path,
    media_dir: Path,
    *,
    title: str = "",
    raster: str = "",
    coded: bool = False,
    progress: Progress = lambda _done, _total: None,
    time_limit: float = TIME_LIMIT,
) -> Facts:
    """House format of a file and what is known of it; at once where its content was ingested before. Raises Refused.

    With a `raster` the pictures of a film are taken in, too; without one its sound alone. `coded`: they are also coded
    as the channel sends them, where they are not yet (`playout.coded`), which may take as long again. Blocks; a service
    runs it in a thread.
    """
    regular(path)
    known = facts_of(path, media_dir, raster)
    if known is not None and known.measured >= MEASURED and not (coded and known.frames):
        return known
    words = [sys.executable, "-m", "playout.ingest", str(path), str(media_dir), title, raster]
    if coded:
        words, time_limit = [*words, "coded"], 2 * time_limit
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, PARENT: str(os.getpid())},
        )
        try:
            answer = _listen(child, progress, time_limit)
        finally:
            child.kill()
            child.wait()
            for left in media_dir.glob(f".ingest-{child.pid}.*"):
                left.unlink(missing_ok=True)
        return _facts(answer, path, said)


def _listen(child: subprocess.Popen[str], progress: Progress, time_limit: float) -> dict[str, Any]:
    from threading import Timer

    timer = Timer(time_limit, child.kill)
    timer.daemon = True
    timer.start()
    answer: dict[str, Any] = {}
    try:
        assert child.stdout is not None
        for line in child.stdout:
            answer = json.loads(line)
            if "done" in answer:
                progress(answer["done"], answer["total"])
    finally:
        timer.cancel()
    return answer


def _facts(answer: dict[str, Any], path: Path, said: IO[bytes]) -> Facts:
    if "facts" in answer:
        return lenient.structure(answer["facts"], Facts)
    if "refused" in answer:
        text = from_plain(answer["refused"], Text)
        raise Refused(text.en, text.zh, code=answer["code"])
    said.seek(0)
    last = said.read().decode("utf-8", "replace").strip().rsplit("\n", 1)[-1][:200]
    raise Refused(
        f"{path.name} could not be read within the limits of time and memory ({last or 'killed'})",
        f"{path.name} 未能在时间与内存限制内读完({last or '已终止'})",
        code="limits",
    )


def _work(path: Path, media: Path, title: str, raster: str, coded: str, progress: Progress) -> Facts:
    facts = facts_of(path, media, raster) if coded else None
    if facts is None or facts.measured < MEASURED:
        facts = _housed(path, media, title, raster, progress)
    return _coded(facts, media, progress) if coded and facts.raster else facts


def _coded(facts: Facts, media: Path, progress: Progress) -> Facts:
    """Have the pictures coded; where that cannot be they are encoded on the air, and the facts say why."""
    from playout.coded import code_film, read_index
    from playout.decoder import FAULTS

    house, shape = house_path(media, facts.sha256), RASTERS[facts.raster]
    try:
        if read_index(house, facts.sha256, shape) is None:
            code_film(house, facts.sha256, shape, lambda done: progress(done, facts.frames), media)
    except FAULTS as error:
        text = error.text if isinstance(error, Refused) else Text(str(error), str(error))
        said = Text(f"its pictures were not coded for the air: {text.en}", f"画面未能预先编码:{text.zh}")
        return attrs.evolve(facts, warnings=(*facts.warnings, said))
    return facts


def _housed(path: Path, media: Path, title: str, raster: str, progress: Progress) -> Facts:
    from playout.housing import house
    from playout.tv_housing import house_film
    from playout.tv_source import has_pictures

    if raster and has_pictures(path):
        return house_film(path, media, RASTERS[raster], title, progress)
    return house(path, media, title, progress, raster)


def _child(path: Path, media: Path, title: str, raster: str = "", coded: str = "") -> int:
    """The work in the child; one JSON line for each thing to say."""
    import av  # here alone: whoever only waits for the child needs no codecs

    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    os.nice(5)

    def say(**what: Any) -> None:
        sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    try:
        facts = _work(path, media, title, raster, coded, lambda done, total: say(done=done, total=total))
    except Refused as error:
        say(refused=to_plain(error.text), code=error.code)
    except MemoryError:
        say(refused=to_plain(Text("the file needs too much memory", "文件所需内存过多")), code="memory")
    except (OSError, av.FFmpegError) as error:
        said = error.strerror or str(error)
        say(refused=to_plain(Text(f"{path.name}: {said}", f"{path.name}:{said}")), code="system")
    else:
        say(facts=to_plain(facts))
    return 0


def main(argv: list[str]) -> int:
    """Take files in; 0 all of them, whatever their verdict, 1 some were refused."""
    words = _arguments()
    asked = words.parse_args(argv)
    if asked.coded and not asked.raster:
        words.error("--coded needs --raster · --coded 须与 --raster 同用")
    refused = 0
    for name in asked.files:
        try:
            facts = _with_bar(Path(name), asked)
        except Refused as error:
            refused += 1
            _tell_refused(name, error, asked.json)
        else:
            sys.stdout.write(as_json(name, facts, asked) if asked.json else report(name, facts, asked.target))
    return 1 if refused else 0


def _arguments() -> Parser:
    words = Parser(
        prog="gengfu ingest", description="take media files into house format · 把素材入库为台内格式"
    )
    words.add_argument("files", nargs="+", metavar="FILE")
    words.add_argument("--media", required=True, metavar="DIR", help="media directory · 素材目录")
    words.add_argument(
        "--target",
        type=int,
        choices=range(-31, -8),
        default=TARGET // 100,
        metavar="LUFS",
        help="loudness the gain is shown for, -31 to -9; the file is never changed by it · 目标响度(-31 至 -9),仅用于显示增益",
    )
    words.add_argument(
        "--raster",
        choices=list(RASTERS),
        default="",
        help="take the pictures of films in, too, in this raster · 连同画面入库,采用此格式",
    )
    words.add_argument(
        "--coded",
        action="store_true",
        help="films also as a channel without sign and clock sends them (with --raster) · 影片另按无台标频道的播出格式编码",
    )
    words.add_argument(
        "--json", action="store_true", help="one line of JSON for each file · 每个文件输出一行 JSON"
    )
    return words


def _tell_refused(name: str, error: Refused, plain: bool) -> None:
    if plain:
        said = {"file": name, "refused": to_plain(error.text), "code": error.code}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{name}: {error.text.en}\n{name}:{error.text.zh}\n")


def _with_bar(path: Path, asked: Any) -> Facts:
    from tqdm import tqdm

    with tqdm(unit="sample", unit_scale=True, desc=path.name, leave=False, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        media = Path(asked.media)
        return ingest(path, media, raster=asked.raster, coded=asked.coded, progress=progress)


def as_json(name: str, facts: Facts, asked: Any) -> str:
    """One line: the facts, the verdict, the gain in hundredths of a dB, and where house file and waveform lie."""
    media = Path(asked.media)
    more = {
        "file": name,
        "verdict": facts.verdict,
        "gain_centi_db": facts.gain(asked.target * 100),
        "house": str(house_path(media, facts.sha256)),
        "peaks": str(peaks_path(media, facts.sha256)),
    }
    return json.dumps({**more, **to_plain(facts)}, ensure_ascii=False) + "\n"


_VERDICTS: Final = {
    "good": Text("good", "合格"),
    "look": Text("look at it", "请复核"),
    "bad": Text("not to be aired as it is", "不宜直接播出"),
}


def report(name: str, facts: Facts, target: int) -> str:
    """What a person reads of a file that was taken in."""
    judged = _VERDICTS[facts.verdict]
    figures = (
        f"{facts.loudness_centi_lufs / 100:.1f} LUFS ({facts.gain(target * 100) / 100:+.1f} dB to {target})",
        f"{facts.true_peak_centi_db / 100:.1f} dBTP",
        f"{facts.range_centi_lu / 100:.1f} LU",
    )
    lines = [
        f"{name}: {facts.sha256} {facts.samples} samples, {facts.format}",
        f"  {judged.en} · {judged.zh}: {', '.join(figures)}",
        *((_cues_line(facts.cues),) if facts.cues is not None else ()),
        *(f"  ! {warning.en} · {warning.zh}" for warning in facts.warnings),
    ]
    return "\n".join(lines) + "\n"


def _cues_line(cues: Cues) -> str:
    parts = (
        ("in · 入点", cues.cue_in),
        ("full · 淡入止", cues.fade_in),
        ("fades · 淡出起", cues.fade_out),
        ("segue · 接续点", cues.segue),
        ("out · 出点", cues.cue_out),
    )
    return "  " + ", ".join(f"{word} {seconds(at)} s" for word, at in parts)


__all__ = ["Facts", "as_json", "facts_of", "ingest", "main", "report"]

if __name__ == "__main__":
    sys.exit(_child(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
