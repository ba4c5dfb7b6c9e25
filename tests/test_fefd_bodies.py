"""What 0xFEFD frames carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import fefd_bodies as bodies
from station.words import Misheard

EBM = st.text("0123456789", min_size=35, max_size=35)
BYTE = st.integers(0, 255)
U32 = st.integers(0, 2**32 - 1)
SHORT = st.text(max_size=20)
ONE_EBM = "1" * 35


def start(**change):
    fields = {"ebm_id": ONE_EBM, "kind": 4, "level": 1, "event": "11B03", "start": 1, "end": 2} | change
    return bodies.Start(**fields)


@pytest.mark.parametrize(
    ("write", "read", "values"),
    [
        (
            bodies.start_body,
            bodies.start_from,
            st.builds(
                bodies.Start,
                ebm_id=EBM,
                kind=BYTE,
                level=BYTE,
                event=st.text("AB019", min_size=5, max_size=5),
                volume=st.just(255) | st.integers(0, 100),
                start=U32,
                end=U32,
                auxiliaries=st.lists(st.tuples(BYTE, st.binary(max_size=40)), max_size=4).map(tuple),
            ),
        ),
        (
            bodies.heartbeat_body,
            bodies.heartbeat_from,
            st.builds(
                bodies.Heartbeat,
                first=st.booleans(),
                state=BYTE,
                volume=BYTE,
                physical=st.text("0123456789", min_size=10, max_size=10),
            ),
        ),
        (bodies.answer_body, bodies.answer_from, st.builds(bodies.Answer, result=BYTE, text=SHORT)),
        (
            bodies.status_body,
            bodies.status_from,
            st.builds(
                bodies.Status,
                result=BYTE,
                text=SHORT,
                values=st.lists(st.tuples(BYTE, st.binary(max_size=20)), max_size=5).map(tuple),
            ),
        ),
        (bodies.task_body, bodies.task_from, st.builds(bodies.Task, ebm_id=EBM, state=BYTE, at=U32)),
    ],
)
def test_every_body_is_read_as_it_was_written(write, read, values):
    @given(values)
    def check(value):
        assert read(write(value)) == value

    check()


@pytest.mark.parametrize(
    "read",
    [
        bodies.start_from,
        bodies.heartbeat_from,
        bodies.answer_from,
        bodies.status_from,
        bodies.task_from,
    ],
)
def test_a_body_of_any_bytes_is_read_or_misheard_and_nothing_else(read):
    @given(st.binary(max_size=60))
    def check(data):
        try:
            read(data)
        except Misheard as wrong:
            assert wrong.text.zh

    check()
    with pytest.raises(Misheard):
        read(b"")


def test_a_list_cut_short_is_misheard():
    whole = bodies.start_body(start(auxiliaries=((61, b"abc"),)))
    for end in (len(whole) - 1, len(whole) - 4):
        with pytest.raises(Misheard):
            bodies.start_from(whole[:end])


@pytest.mark.parametrize(
    "change", [{"event": "11"}, {"event": "暴雨红色警"}, {"volume": 101}, {"ebm_id": "1"}]
)
def test_a_start_that_the_format_cannot_hold_is_not_written(change):
    with pytest.raises(ValueError):
        bodies.start_body(start(**change))


def test_a_heartbeat_has_its_reserved_byte_at_zero():
    beat = bodies.Heartbeat(first=True, state=2, volume=70, physical="0123456789")
    assert bodies.heartbeat_body(beat).hex() == "0102" + "46" + "00" + "0123456789"


def test_short_orders_are_as_the_page_of_the_protocol_says():
    assert bodies.stop_body(ONE_EBM).hex() == "f" + ONE_EBM
    assert bodies.volume_body(80) == b"\x50"
    assert bodies.volume_body(0) + bodies.volume_body(100) == b"\0d"
    assert bodies.query_body(1, 6) == b"\x02\x01\x06"
    with pytest.raises(ValueError, match="101"):
        bodies.volume_body(101)
