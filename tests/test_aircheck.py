"""Aircheck: what was on the air is found again at its moment, damage and holes are said, what is old is let go."""

import attrs
import numpy as np

from playout import recorder
from playout.aircheck import SPAN, Piece, broken, found, missing, prune, read
from playout.recorder import Recorder, length
from station.files import hash_of

BLOCK = 480
START = 1_800 * 48_000 - 96_000  # two seconds before a piece ends


def noise(samples, seed=1):
    """Sound that has a place: smoothed noise."""
    rough = np.random.default_rng(seed).normal(0, 6_000, samples + 40)
    smooth = np.convolve(rough, np.ones(20) / 8, "same")[:samples]
    return np.repeat(smooth.astype(np.int16)[:, None], 2, axis=1)


def record(directory, pcm, start=START, days=7, skip=()):
    """What a recorder leaves of these samples; `skip`: blocks it never saw."""
    said = []
    made = Recorder(directory, days, said.append)
    for number in range(len(pcm) // BLOCK):
        if number not in skip:
            made.write(start + number * BLOCK, pcm[number * BLOCK : (number + 1) * BLOCK])
    return made, said


def off(heard, want):
    """By how many samples `heard`, as long as `want` or longer, is off its place: the lag at which they fit best, 30 at most."""
    middle = want[100:-100].astype(float)
    fits = [
        np.dot(middle, heard[100 + lag : 100 + lag + len(middle)].astype(float)) for lag in range(-30, 31)
    ]
    return int(np.argmax(fits)) - 30


def decoded(path):
    import av

    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray().reshape(-1, 2) if f.format.is_packed else f.to_ndarray().T
                               for f in container.decode(audio=0)])  # fmt: skip


def test_a_piece_ends_at_ten_minutes_and_what_is_in_it_is_at_its_moment(tmp_path):
    pcm = noise(5 * 48_000)
    made, said = record(tmp_path, pcm)
    made.close()
    one, two = read(tmp_path)
    assert (one.start, one.end, two.start, two.end) == (START, SPAN * 3, SPAN * 3, START + len(pcm))
    assert said == [] and broken([one, two]) == []
    for piece in (one, two):
        assert hash_of(tmp_path / piece.file) == piece.sha256
        heard = decoded(tmp_path / piece.file)[:, 0].astype(float)
        assert abs(len(heard) - piece.samples) < 960
        want = pcm[piece.start - START : piece.end - START, 0].astype(float)
        assert abs(off(heard[20_000:], want[20_000:60_000])) <= 1, "not a sample off"


def test_what_was_missed_is_silence_and_said_and_a_long_hole_begins_a_new_file(tmp_path):
    pcm = noise(14 * 48_000)
    made, _ = record(tmp_path, pcm, start=0, skip={50, 51, *range(200, 1_300)})
    made.close()
    one, two = read(tmp_path)
    assert one.gaps == ((50 * BLOCK, 52 * BLOCK),)
    assert (one.end, two.start) == (200 * BLOCK, 1_300 * BLOCK)
    assert missing([one, two], 0, two.end) == [(50 * BLOCK, 52 * BLOCK), (one.end, two.start)]
    assert missing([one, two], 51 * BLOCK, 60 * BLOCK) == [(51 * BLOCK, 52 * BLOCK)]
    assert missing([one], 52 * BLOCK, 60 * BLOCK) == missing([one], 40 * BLOCK, 50 * BLOCK) == []
    assert missing([], 5, 9) == [(5, 9)] and missing([one], one.end - 9, one.end) == []
    assert found([one, two], one.end, two.start) == []


def test_a_recorder_that_was_killed_leaves_what_it_had_to_its_successor(tmp_path):
    record(tmp_path, noise(20 * 48_000), start=0)  # never closed
    (tmp_path / "77.part").write_bytes(b"rubbish")
    Recorder(tmp_path, 7, lambda _: None)
    (piece,) = read(tmp_path)
    assert piece.start == 0 and 18 * 48_000 < piece.samples <= 20 * 48_000
    assert length(tmp_path / piece.file) == piece.samples
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.opus", "index.jsonl"]


def test_what_is_too_old_is_let_go_and_the_chain_of_lines_still_holds(tmp_path):
    for number in range(3):
        made, _ = record(tmp_path, noise(48_000), start=number * SPAN)
        made.close()
    pieces = read(tmp_path)
    assert pieces[0].before == "0" * 64
    prune(tmp_path, pieces[0].end)
    assert all((tmp_path / piece.file).exists() for piece in pieces), "not before it has ended"
    prune(tmp_path, pieces[0].end + 1)
    assert [(tmp_path / piece.file).exists() for piece in pieces] == [False, True, True]
    assert broken(read(tmp_path)) == []
    assert broken([pieces[0], pieces[2]]) == [pieces[2]], "a line that was taken out is seen"
    assert broken([pieces[0], attrs.evolve(pieces[1], samples=9), pieces[2]]) == [pieces[2]]


def test_where_the_disk_is_full_nothing_is_recorded_for_a_minute_and_it_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "LEAST_FREE", 1 << 60)
    made, said = record(tmp_path, noise(2 * 48_000))
    assert said == ["nothing is recorded for a minute: less than 2 GiB are free"]
    made.close()
    monkeypatch.setattr(recorder, "LEAST_FREE", 0)
    made.write(START + 70 * 48_000, noise(BLOCK))
    made.close()
    assert [piece.start for piece in read(tmp_path)] == [START + 70 * 48_000]


def test_a_line_half_written_is_passed_over(tmp_path):
    piece = Piece(start=0, samples=9, file="0.opus", sha256="a" * 64)
    from station.wire import canonical, to_plain

    (tmp_path / "index.jsonl").write_text(canonical(to_plain(piece)) + '\n{"start": 5')
    assert read(tmp_path) == [piece]
    assert read(tmp_path / "none") == []
