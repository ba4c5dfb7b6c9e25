"""Which media are decoded, and into which ring."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from playout.standby import covering, falls, ladder_media, loop_plan, quiet_plan
from playout.streams import AHEAD, Stream, assign, same, wanted
from schedules.plan import Medium, Plan, Replacement, Take
from schedules.render import on_air

SECOND = 48_000
NAMES = "abcdef"
MEDIA = tuple(Medium(sha256=name * 64, samples=10 * SECOND * (k + 1)) for k, name in enumerate(NAMES))


def plan(kinds="abc", start=480, **more):
    takes = []
    for k, name in enumerate(kinds):
        silent = name == "-"
        medium = None if silent else MEDIA[NAMES.index(name)]
        end = start + (SECOND if silent else medium.samples - 100)
        takes.append(
            Take(item=str(k), start=start, end=end, kind="silence" if silent else "programme", title="",
                 approval="t", media=None if silent else medium.sha256, offset=0 if silent else 100)
        )  # fmt: skip
        start = end
    return Plan(
        channel="fm1", revision=1, start=takes[0].start, end=start, takes=tuple(takes), media=MEDIA, **more
    )


def test_what_sounds_now_comes_first_and_what_is_far_away_is_not_wanted():
    found = wanted(plan("abcdef"), 480 + 5 * SECOND)
    assert [s.sha256[0] for s in found] == ["a", "b", "c"]
    assert found[0].origin == 480 - 100
    assert all(s.begin <= 480 + 5 * SECOND + AHEAD for s in found)


def test_the_last_take_is_wanted_to_its_end():
    assert [s.sha256[0] for s in wanted(plan("a"), 480 + 9 * SECOND)] == ["a"]


def test_silence_and_what_is_in_memory_need_no_ring():
    assert [s.sha256[0] for s in wanted(plan("-a-b"), 480, [MEDIA[0].sha256])] == ["b"]


def test_a_replacement_is_kept_warm_beside_its_take_and_in_its_place():
    found = plan("ab")
    instead = Replacement(media=MEDIA[2].sha256, shift=-40)
    covered = attrs.evolve(found.takes[0], replacement=instead)
    both = wanted(attrs.evolve(found, takes=(covered, found.takes[1])), 480 + SECOND)
    assert [s.sha256[0] for s in both] == ["a", "c", "b"]
    assert (both[1].origin, both[1].end) == (480 - 60, covered.end)
    lost = attrs.evolve(covered, replacement=Replacement(media="f" * 63 + "0"))
    assert len(wanted(attrs.evolve(found, takes=(lost, found.takes[1])), 480 + SECOND)) == 2


def test_the_filler_under_the_head_and_its_successor_are_kept_warm_in_phase():
    head = 123 * SECOND
    two = plan("c" * 9, filler=(MEDIA[0].sha256, MEDIA[1].sha256))
    filler = [s for s in wanted(two, head) if s.sha256[0] in "ab"]
    cycle = 30 * SECOND
    assert len(filler) == 2
    assert any(s.begin <= head < s.end for s in filler)
    for stream in filler:
        assert stream.origin % cycle in (0, 10 * SECOND)


def stream(name, begin):
    return Stream(sha256=name * 64, samples=100, origin=begin, begin=begin, end=begin + 100)


streams = st.builds(stream, st.sampled_from("abc"), st.integers(0, 9).map(lambda k: k * 100))


@given(
    st.lists(st.none() | streams, min_size=1, max_size=4),
    st.lists(streams, max_size=6),
    st.integers(0, 1_000),
)
def test_after_the_changes_the_nearest_streams_have_a_ring_each_and_nothing_good_was_moved(held, want, head):
    unique = list({(s.sha256, s.origin): s for s in want if s.end > head}.values())
    after = list(held)
    for ring, new in assign(held, unique, head):
        assert after[ring] != new
        after[ring] = new
    placed = [s for s in after if s is not None]
    assert len(placed) == len(set(placed))
    assert set(placed) == set(unique[: len(held)])
    assert assign(after, unique, head) == []


def test_standby_covers_every_moment_before_and_after_a_plan():
    given_ = plan("ab")
    whole = covering(given_, 480 - 96_000)
    assert whole.start <= 480 - 96_000 and whole.end > given_.end
    assert all(a.end == b.start for a, b in zip(whole.takes, whole.takes[1:], strict=False))
    assert [f.take for f in falls(whole)] == [whole.takes[0].id, whole.takes[-1].id]
    assert covering(given_, 480).takes[0] == given_.takes[0]


def test_a_plan_of_ones_own_names_its_standing_approval_whatever_there_is():
    for loop, filler, approval in (
        (None, (), "tone"),
        (MEDIA[0], (), "loop"),
        (MEDIA[0], MEDIA[1:2], "filler"),
    ):
        own = loop_plan("fm1", 1_000, loop, filler)
        assert on_air(own, (), falls(own), 1_000).approval == f"standing:{approval}"
        assert ladder_media(own) == (() if loop is None else (loop.sha256,))
    quiet = quiet_plan("alerts-1", 1_000)
    assert on_air(quiet, (), falls(quiet), 1_000).approval == "standing:silence"


def test_a_stream_is_the_same_however_long_it_is_wanted():
    one = Stream(sha256="a" * 64, samples=100, origin=5, begin=5, end=105)
    assert same(one, attrs.evolve(one, end=50)) and same(one, attrs.evolve(one, begin=20))
    assert not same(one, attrs.evolve(one, origin=6)) and not same(None, one)
