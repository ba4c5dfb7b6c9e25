"""The second copy of house files: copied and read back by a child, given back where ours is lost, said where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from radio_kit import plan_of, take
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.task import Clock

from schedules.plan import Medium, Replacement
from station import copy_child
from station.copies import ANEW_EVERY, EVERY, FILE, PATIENCE_S, SOON, Copies, urgent
from station.copy_child import PIECE, File, Job, Kept, heard, keep, work
from station.files import hash_of
from station.wire import to_plain
from station.words import SECOND, ChannelId, Instant, sample_at

FM = ChannelId("fm1")
NOW = Instant(1_795_298_400 * SECOND)


class Shelf:
    """Two directories and one file that is three bytes more than a piece."""

    def __init__(self, home: Path) -> None:
        self.home, self.beats = home, 0
        data = bytes(range(256)) * (PIECE // 256) + b"end"
        (home / "media").mkdir()
        (home / "copy").mkdir()
        (home / "media" / "a").write_bytes(data)
        self.sha256 = hash_of(home / "media" / "a")
        self.first, self.second = home / "media" / "a", home / "copy" / "a"

    def keep(self, stamp=None) -> Kept:
        return keep(self.first, self.second, File(sha256=self.sha256, path="a", stamp=stamp), self.beat)

    def beat(self) -> None:
        self.beats += 1

    def names(self) -> list[str]:
        return sorted(path.name for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_what_has_no_copy_is_copied_and_read_back_and_not_read_again_while_it_looks_as_it_did(shelf) -> None:
    done = shelf.keep()
    assert done.state == "copied" and hash_of(shelf.second) == shelf.sha256 and shelf.beats == 4
    again = shelf.keep(done.stamp)
    assert again == attrs.evolve(done, state="kept") and shelf.beats == 4
    assert shelf.keep().state == "kept" and shelf.beats == 6, "nobody remembers: it is read"
    assert shelf.names() == ["a", "a"]


def test_a_damaged_copy_is_replaced_and_a_lost_file_is_given_back(shelf) -> None:
    shelf.keep()
    shelf.second.write_bytes(b"rot")
    assert shelf.keep((1, 1)).state == "copied" and hash_of(shelf.second) == shelf.sha256
    shelf.first.unlink()
    assert shelf.keep().state == "mended" and hash_of(shelf.first) == shelf.sha256
    shelf.first.unlink()
    shelf.second.unlink()
    assert (lost := shelf.keep()).state == "lost" and lost.zh


def test_a_file_that_is_damaged_itself_is_copied_nowhere(shelf) -> None:
    shelf.first.write_bytes(b"rot")
    assert "damaged" in shelf.keep().en and shelf.names() == ["a"]
    shelf.second.write_bytes(b"other rot")
    shelf.first.unlink()
    done = shelf.keep((1, shelf.second.stat().st_mtime_ns))
    assert done.state == "lost" and shelf.names() == ["a"]
    stamp = shelf.second.stat()
    done = shelf.keep((stamp.st_size, stamp.st_mtime_ns))
    assert "changed meanwhile" in done.en and shelf.names() == ["a"], "nothing unread comes back to us"


def test_what_cannot_be_written_is_told_and_the_next_is_looked_at(shelf) -> None:
    (shelf.home / "copy" / "x").write_text("no directory")
    (shelf.home / "media" / "x").mkdir()
    (shelf.home / "media" / "x" / "b").write_bytes(b"b")
    files = (File(sha256="b" * 64, path="x/b"), File(sha256=shelf.sha256, path="a"))
    said: list[Kept] = []
    work(
        Job(media=str(shelf.home / "media"), copy=str(shelf.home / "copy"), files=files),
        said.append,
        shelf.beat,
    )
    assert [one.state for one in said] == ["failed", "copied"] and said[0].zh
    said.clear()
    work(
        Job(media=str(shelf.home / "media"), copy=str(shelf.home / "media"), files=files),
        said.append,
        shelf.beat,
    )
    assert {one.en for one in said} == {"it is the media directory itself"}
    said.clear()
    work(
        Job(media=str(shelf.home / "media"), copy=str(shelf.home / "nas"), files=files),
        said.append,
        shelf.beat,
    )
    assert {one.en for one in said} == {"the directory is not there"} and not (shelf.home / "nas").exists()


def test_two_gibibytes_stay_free(shelf, monkeypatch) -> None:
    monkeypatch.setattr(copy_child, "FLOOR", 1 << 60)
    with pytest.raises(OSError, match="2 GiB stay free"):
        shelf.keep()
    assert shelf.names() == ["a"]


# -- whoever asks the child ------------------------------------------------------------------------


class Process:
    def __init__(self, protocol) -> None:
        self.protocol, self.given, self.signals, self.gone = protocol, b"", [], False

    def write(self, data: bytes) -> None:
        self.given += data

    def closeStdin(self) -> None:
        pass

    def signalProcess(self, name: str) -> None:
        if self.gone:
            raise ProcessExitedAlready
        self.signals.append(name)

    def says(self, *lines: Kept) -> None:
        for one in lines:
            self.protocol.outReceived(json.dumps(to_plain(one)).encode() + b"\n")

    def ends(self, err: bytes = b"") -> None:
        self.gone = True
        if err:
            self.protocol.errReceived(err)
        self.protocol.processEnded(None)

    def files(self) -> list[dict]:
        return json.loads(self.given)["files"]


class Reactor(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.children: list[Process] = []

    def spawnProcess(self, protocol, executable, args, env):
        child = Process(protocol)
        self.children.append(child)
        protocol.makeConnection(child)
        return child


A, B, C, F = (Medium(sha256=letter * 64, samples=480, path=f"{letter}.mkv") for letter in "abcf")


def copies(reactor, home, *media, copy=True):
    return Copies(reactor, home / "media", home / "copy" if copy else None, home, lambda: list(media))


def test_without_a_second_copy_in_the_settings_nothing_is_asked(tmp_path) -> None:
    reactor = Reactor()
    one = copies(reactor, tmp_path, A, copy=False)
    one.start()
    one.stop()
    assert not one.asked and reactor.children == [] and reactor.getDelayedCalls() == []


def test_what_was_found_is_remembered_what_lacks_one_is_asked_again_and_all_now_and_then(tmp_path) -> None:
    reactor = Reactor()
    one = copies(reactor, tmp_path, A, attrs.evolve(B, path=None))
    one.start()
    reactor.advance(SOON)
    (child,) = reactor.children
    assert [file["path"] for file in child.files()] == ["a.mkv", f"bb/{B.sha256}.flac"]
    child.says(Kept(sha256=A.sha256, state="copied", stamp=(7, 9)))
    child.protocol.outReceived(b"\nnot json\n")
    child.says(Kept(sha256=B.sha256, state="failed", en="no space", zh="磁盘已满"))
    assert (
        one.lacks(A.sha256) is None and one.lacks(B.sha256).zh == "磁盘已满" and one.lacks("c" * 64) is None
    )
    reactor.advance(EVERY)
    assert len(reactor.children) == 1, "one at a time"
    child.ends(b"a warning")
    assert json.loads((tmp_path / FILE).read_text()) == {A.sha256: [7, 9]}
    reactor.advance(EVERY)
    assert [file["sha256"] for file in reactor.children[-1].files()] == [B.sha256]
    reactor.children[-1].says(Kept(sha256=B.sha256, state="copied", stamp=(1, 1)))
    reactor.children[-1].ends()
    for _ in range(ANEW_EVERY):
        reactor.advance(EVERY)
    assert [file["stamp"] for file in reactor.children[-1].files()] == [[7, 9], [1, 1]] and len(
        reactor.children
    ) == 3
    one.stop()
    assert reactor.children[-1].signals == ["KILL"] and reactor.getDelayedCalls() == []
    later = Reactor()
    copies(later, tmp_path, A).start()
    later.advance(SOON)
    assert later.children[0].files()[0]["stamp"] == [7, 9], "a restart reads nothing again"


def test_a_directory_that_does_not_answer_ends_the_child_alone(tmp_path) -> None:
    (tmp_path / FILE).write_text("{damaged")
    reactor = Reactor()
    one = copies(reactor, tmp_path, A)
    one.start()
    reactor.advance(SOON)
    (child,) = reactor.children
    reactor.advance(PATIENCE_S - 1)
    child.protocol.outReceived(b"\n")
    reactor.advance(PATIENCE_S - 1)
    assert child.signals == [], "it is at work"
    reactor.advance(1)
    assert child.signals == ["KILL"] and one.lacks(A.sha256).en == "the directory does not answer"
    child.ends()
    reactor.advance(EVERY)
    assert len(reactor.children) == 2, "and it is tried again"
    reactor.children[-1].gone = True
    one.stop()


def test_the_soonest_on_the_air_is_looked_at_first_and_the_rest_of_the_library_last() -> None:
    start = sample_at(NOW)
    covered = take("b", start + 480, B, replacement=Replacement(media=F.sha256))
    plan = plan_of([take("old", start - 480, C, end=start), take("c", start, C), covered], [A, B, C, F])
    other = Medium(sha256="9" * 64, samples=1)
    relay = Medium(sha256="8" * 64, samples=1, live="county")
    assert urgent({FM: plan}, [other, relay, A], NOW) == [C, B, F, A, other]


def test_a_real_child_does_a_real_job(shelf) -> None:
    job = Job(
        media=str(shelf.home / "media"),
        copy=str(shelf.home / "copy"),
        files=(File(sha256=shelf.sha256, path="a"),),
    )
    made = subprocess.run(
        [sys.executable, "-m", "station.copy_child"], input=json.dumps(to_plain(job)).encode(), capture_output=True,
        check=True, env={**os.environ, "GENGFU_PARENT": str(os.getpid())},
    )  # fmt: skip
    (said,) = [one for line in made.stdout.split(b"\n") if (one := heard(line)) is not None]
    assert said.state == "copied" and hash_of(shelf.second) == shelf.sha256
