"""Of what two players wrote of the same air one log is made, by index: nothing twice, nothing lost, the better rung where they differ."""

from hypothesis import given
from hypothesis import strategies as st

from station.asrun_merge import merged

RESTARTED = "player restarted"


def row(chain, start, end, *, ref="a", rung="file", cause="planned", end_cause="planned", source="take"):
    return {
        "run": f"1-{chain}", "seq": start + 1, "chain": chain, "channel": "fm1", "source": source, "ref": ref,
        "title": ref, "media": None, "approval": f"by {rung}", "rung": rung, "start": start, "end": end,
        "cause": cause, "end_cause": "" if end is None else end_cause,
    }  # fmt: skip


def short(rows):
    return [(one["ref"], one["start"], one["end"], one["rung"], "".join(one["players"])) for one in rows]


def test_what_both_gave_is_one_line():
    both = [row("radio", 100, 300), row("radio.b", 100, 300)]
    assert short(merged(both)) == [("a", 100, 300, "file", "AB")]
    assert merged(both)[0]["cause"] == merged(both)[0]["end_cause"] == "planned"


def test_the_lines_of_one_player_stay_as_they_are():
    rows = [
        row("radio", 100, 150, end_cause=RESTARTED),
        row("radio", 150, 300),
        row("radio", 300, None, ref="b"),
    ]
    assert short(merged(rows)) == [
        ("a", 100, 150, "file", "A"), ("a", 150, 300, "file", "A"), ("b", 300, None, "file", "A"),
    ]  # fmt: skip
    assert short(merged([row("radio.b", 100, None)])) == [("a", 100, None, "file", "B")]


def test_either_twin_may_die_and_come_back_and_the_item_is_still_one_line():
    rows = [row("radio", 100, 150, end_cause=RESTARTED), row("radio", 200, 300), row("radio.b", 100, 300)]
    assert short(merged(rows)) == short(merged(rows[::-1])) == [("a", 100, 300, "file", "AB")]


def test_a_hole_is_a_hole_where_both_were_away():
    rows = [
        row("radio", 100, 150, end_cause=RESTARTED), row("radio", 200, 300),
        row("radio.b", 100, 140, end_cause=RESTARTED), row("radio.b", 180, 300),
    ]  # fmt: skip
    assert short(merged(rows)) == [("a", 100, 150, "file", "AB"), ("a", 180, 300, "file", "AB")]
    assert merged(rows)[0]["end_cause"] == RESTARTED


def test_a_fall_of_one_is_not_aired_while_the_other_has_the_file():
    fallen = [
        row("radio", 100, 150, end_cause="bad file"),
        row("radio", 150, 300, rung="filler", cause="bad file"),
    ]
    assert short(merged([*fallen, row("radio.b", 100, 300)])) == [("a", 100, 300, "file", "AB")]
    late = [*fallen, row("radio.b", 100, 200, end_cause=RESTARTED)]
    assert short(merged(late)) == [("a", 100, 200, "file", "AB"), ("a", 200, 300, "filler", "A")]
    assert [(one["approval"], one["cause"], one["end_cause"]) for one in merged(late)] == [
        ("by file", "planned", RESTARTED),
        ("by filler", RESTARTED, "planned"),
    ]


def test_the_better_rung_goes_first_from_the_moment_it_is_there():
    rows = [row("radio", 100, 300, rung="loop"), row("radio.b", 200, 300, cause=RESTARTED)]
    assert short(merged(rows)) == [("a", 100, 200, "loop", "A"), ("a", 200, 300, "file", "AB")]
    assert merged(rows)[0]["end_cause"] == RESTARTED


def test_what_a_dead_player_left_open_ends_where_its_twin_says_it_did():
    dead = row("radio", 100, None)
    assert short(merged([dead, row("radio.b", 100, 300)])) == [("a", 100, 300, "file", "AB")]
    assert short(merged([dead, row("radio.b", 50, 80)])) == [("a", 50, 80, "file", "B")]


def test_what_is_on_the_air_is_open_while_one_of_them_has_it():
    dead = row("radio", 100, 140, end_cause=RESTARTED)
    assert short(merged([dead, row("radio.b", 100, None)])) == [("a", 100, None, "file", "AB")]
    healthy = row("radio", 100, None)
    killed = row("radio.b", 100, 140, end_cause=RESTARTED)
    assert short(merged([healthy, killed])) == [("a", 100, None, "file", "AB")]
    falls = [row("radio.b", 100, 140, end_cause="bad file"), row("radio.b", 140, None, rung="filler")]
    assert short(merged([healthy, *falls])) == [("a", 100, None, "file", "AB")]


def test_remarks_about_a_log_are_no_air_and_are_all_kept():
    rows = [row(chain, 5, 5, ref="", source="none") for chain in ("radio", "radio.b")]
    assert len(merged(rows)) == 2


def test_items_channels_and_chains_are_kept_apart():
    rows = [row("radio", 0, 10), row("tv.b", 0, 10), row("radio.b", 0, 10, ref="b")]
    assert short(merged(rows)) == [
        ("a", 0, 10, "file", "A"),
        ("a", 0, 10, "file", "B"),
        ("b", 0, 10, "file", "B"),
    ]


@st.composite
def logs(draw):
    """Rows of two players of one item: each its own, one after the other, as a player writes them."""
    rows = []
    for chain in ("radio", "radio.b"):
        edges = sorted(draw(st.sets(st.integers(0, 40), min_size=2, max_size=8)))
        for a, b in zip(edges[::2], edges[1::2], strict=False):
            rung = draw(st.sampled_from(("file", "filler", "loop")))
            rows.append(row(chain, a, b, rung=rung, end_cause=draw(st.sampled_from((RESTARTED, "planned")))))
    return draw(st.permutations(rows))


@given(logs())
def test_every_sample_that_either_gave_is_there_once_on_the_better_rung(rows):
    best = {}
    for one in rows:
        for n in range(one["start"], one["end"]):
            best[n] = min(one["rung"], best.get(n, "z"), key=("file", "filler", "loop", "z").index)
    told = [(n, one["rung"]) for one in merged(rows) for n in range(one["start"], one["end"])]
    assert dict(told) == best and len(told) == len(best)
