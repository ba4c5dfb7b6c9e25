"""What a witness had measured is there after it was killed; nothing is there twice."""

import json

from hypothesis import given
from hypothesis import strategies as st

from safety.logbook import RunLog
from safety.messages import SlotRun


def run(first, last, state="NORMAL"):
    return SlotRun(first=first, last=last, state=state)


def spans(runs):
    return [(one.first, one.last, one.state) for one in runs]


def test_a_run_that_went_on_when_the_witness_was_killed_is_known_to_the_next(tmp_path):
    log = RunLog(tmp_path / "runs.jsonl")
    for at in range(100, 350, 5):
        log.add([run(at, at + 5)])
    killed = RunLog(tmp_path / "runs.jsonl")
    assert spans(killed.last()) == [(100, 345, "NORMAL")]
    killed.add([run(361, 371)])
    killed.add([run(371, 372, "OUTAGE")])
    assert spans(RunLog(tmp_path / "runs.jsonl").last())[:2] == [
        (100, 345, "NORMAL"),
        (361, 372 - 1, "NORMAL"),
    ]


def test_what_was_flushed_is_not_held_as_well(tmp_path):
    log = RunLog(tmp_path / "runs.jsonl")
    log.add([run(0, 40)])
    log.flush()
    again = RunLog(tmp_path / "runs.jsonl")
    again.flush()
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 1
    assert spans(again.last()) == [(0, 40, "NORMAL")]


def test_a_torn_file_of_the_run_that_goes_on_is_passed_over(tmp_path):
    log = RunLog(tmp_path / "runs.jsonl")
    log.add([run(0, 40), run(40, 60, "EMPTY")])
    left = tmp_path / "runs.going-on.json"
    left.write_text(left.read_text()[:9])
    assert spans(RunLog(tmp_path / "runs.jsonl").last()) == [(0, 40, "NORMAL")]


@given(
    lengths=st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from(["NORMAL", "OUTAGE", "EMPTY"])), max_size=25
    ),
    kills=st.sets(st.integers(0, 24)),
)
def test_however_often_it_is_killed_at_most_a_second_is_lost_and_nothing_is_twice(
    tmp_path_factory, lengths, kills
):
    path = tmp_path_factory.mktemp("log") / "runs.jsonl"
    log, at = RunLog(path), 1_000
    for number, (length, state) in enumerate(lengths):
        log.add([run(at, at + length, state)])
        at += length
        if number in kills:
            log = RunLog(path)
    known = RunLog(path).last()
    slots = [slot for one in known for slot in range(one.first, one.last)]
    assert len(slots) == len(set(slots))
    lost = at - 1_000 - len(slots)
    assert lost <= 9 * (len(kills) + 1)
    said = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    assert all(line["first"] < line["last"] for line in said)
