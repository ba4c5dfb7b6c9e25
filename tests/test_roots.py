"""Two copies of each file, the second below another directory; who stalled is read last for a minute."""

from pathlib import Path

from playout.roots import DISTRUST, Roots
from schedules.plan import Medium

A = "a" * 64


def test_the_second_copy_has_the_same_name_below_its_own_directory(tmp_path):
    both, one = Roots(tmp_path, Path("/nas/media")), Roots(tmp_path)
    assert both.paths(A, None) == (str(tmp_path / "aa" / f"{A}.flac"), f"/nas/media/aa/{A}.flac")
    film = Medium(sha256=A, samples=1_920, path="films/a.mkv", frames=1)
    assert both.paths(A, film) == (str(tmp_path / "films/a.mkv"), "/nas/media/films/a.mkv")
    assert one.paths(A, film) == (str(tmp_path / "films/a.mkv"),)


def test_a_directory_that_stalled_is_read_last_for_a_minute_and_never_both(tmp_path):
    roots = Roots(tmp_path, Path("/nas"))
    assert roots.using(0) == 0
    roots.stalled(0, 5)
    assert (roots.using(6), roots.using(5 + DISTRUST)) == (1, 0)
    roots.stalled(1, 7)
    assert roots.using(8) == 0, "neither is better"
    alone = Roots(tmp_path)
    alone.stalled(0, 5)
    assert alone.using(6) == 0
