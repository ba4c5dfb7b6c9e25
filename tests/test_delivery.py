"""What a stream of constant rate can still send in time, and which groups of pictures may follow each other."""

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.delivery import Delivery, Rates, fits
from playout.tv_encoder import FAST, RATES

SD = RATES[576]
EACH = SD.frame // 8  # bytes that go in the time of a picture


def test_what_is_left_for_pictures_is_less_than_the_stream_and_more_than_they_need():
    for rates in (*RATES.values(), *FAST.values()):
        assert rates.video < rates.fps * rates.frame < rates.mux
        assert 0 < rates.spare < rates.most < rates.mux * 3 // 10
    assert Rates(video=2_500_000, mux=3_200_000) == SD


def test_what_the_stream_takes_is_counted_packet_by_packet():
    """3.2 Mb/s without four packets of sound every 24 ms and, a second, 42 of clocks, 26 of tables and 15 before a group; 184 bytes of each of the rest, without 120 a picture."""
    packets = (3_200_000 - 4 * 188 * 8 / 0.024 - 83 * 188 * 8) / (188 * 8)
    each = (packets * 184 * 8 - 25 * 120 * 8) / 25
    assert SD.frame == int(each) == 109_616
    assert SD.most == int(SD.frame * 25 * 0.3) and SD.spare == SD.most - 2_500_000 * 3 // 10
    assert (Rates(video=2_500_000, mux=3_200_000, fps=50).frame + 960) // 10 == (SD.frame + 960) // 20


def test_a_picture_comes_in_time_where_it_and_all_before_it_go_in_three_tenths_of_a_second():
    now = Delivery(SD)
    assert now.comes(SD.most // 8) and not now.comes(SD.most // 8 + 1)
    after = now.after(SD.most // 8)
    assert after.left == SD.most // 8 * 8 - SD.frame and not after.open
    assert after.comes((SD.most - after.left) // 8) and not after.comes((SD.most - after.left) // 8 + 1)
    assert after.after(0).left == after.left - SD.frame and after.after(1).left == after.left - SD.frame + 8
    assert now.after(EACH).left == 0


def test_a_group_may_begin_where_its_first_picture_comes_in_time_however_large():
    now = Delivery(SD, SD.spare)
    assert now.open and now.comes(SD.video * 3 // 80) and now.first == 0.3
    late = attrs.evolve(now, left=SD.spare + 1)
    assert not late.open and 0.29 < late.first < 0.3
    assert Delivery(SD, 10 * SD.most).first == SD.frame / SD.video, "the least that is ever asked for"


def test_a_group_fits_where_all_comes_in_time_and_it_leaves_no_more_than_it_found():
    assert fits([EACH] * 25, SD) and not fits([EACH + 1] * 25, SD)
    assert fits([EACH + 1] * 24, SD), "the last of a film may be shorter"
    fast = FAST[720]
    one = fast.frame // 8 + 1
    assert fits([one] * 49, fast) and not fits([one] * 50, fast)
    large = (SD.most - SD.spare) // 8
    assert fits([large, *[EACH // 2] * 24], SD)
    assert not fits([large + 1, *[1] * 24], SD) and not fits([*[1] * 24, large], SD)


GROUPS = st.lists(
    st.tuples(st.integers(1, 110_000), st.integers(1, 25), st.randoms(use_true_random=False)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(GROUPS)
def test_groups_that_fit_may_follow_each_other_cut_short_or_not_as_long_as_each_begins_open(groups):
    """Counted by the clock of the stream instead: when the last bit of each picture has gone."""
    now, gone, turn = Delivery(SD), 0, 0
    for first, cut, mix in groups:
        sizes = [first, *(mix.randint(1, 2 * EACH) for _ in range(24))]
        if not now.open or not fits(sizes, SD):
            sizes, cut = [1] * 25, 25
        for size in sizes[:cut]:
            gone = max(gone, turn * SD.frame) + 8 * size
            assert now.comes(size) and gone <= turn * SD.frame + SD.most
            now, turn = now.after(size), turn + 1
            assert now.left == max(0, gone - turn * SD.frame)
