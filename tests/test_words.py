"""The words everybody shares: instants and indices, forms, and a registry that refuses what would be misread for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.words import (
    SAMPLE_RATE,
    Command,
    Event,
    Instant,
    SampleIndex,
    command,
    event,
    frame_start,
    instant_of,
    is_area,
    is_sha256,
    sample_at,
    samples_in,
)


@given(st.integers(0, 1 << 52))
def test_a_sample_s_instant_leads_back_to_it(n):
    assert sample_at(instant_of(SampleIndex(n))) == n


@given(st.integers(0, 1 << 56))
def test_an_instant_lies_in_its_sample_and_no_earlier_one_is_it(us):
    n = sample_at(Instant(us))
    assert n * 1_000_000 <= us * SAMPLE_RATE < (n + 1) * 1_000_000


@given(st.integers(0, 10**9))
def test_a_span_is_filled_and_not_by_one_sample_too_many(us):
    n = samples_in(us)
    assert n * 1_000_000 >= us * SAMPLE_RATE > (n - 1) * 1_000_000


def test_frames_begin_at_whole_samples_at_or_after_their_time():
    assert [frame_start(k, 25, 1) for k in (0, 1, 2)] == [0, 1920, 3840]
    assert [frame_start(k, 30_000, 1_001) for k in (0, 1, 2, 5)] == [0, 1602, 3204, 8008]


def test_codes_have_their_form_and_nothing_after_it():
    assert is_area("340422100000") and not is_area("34042210000") and not is_area("340422100000\n")
    assert is_sha256("0f" * 32) and not is_sha256("0F" * 32) and not is_sha256("0f" * 32 + "\n")


@pytest.mark.parametrize(
    "kind", ["Alert.signed/1", "alert/1", "alert.signed", "alert.signed/0", "alert.signed/1 "]
)
def test_a_kind_has_the_form_noun_verb_version(kind):
    with pytest.raises(ValueError, match="not of the form"):
        event(kind)


@pytest.mark.parametrize("name", ["alert", "Alert.sign", "alert.sign/1", ""])
def test_a_command_s_name_has_the_form_noun_verb(name):
    with pytest.raises(ValueError, match="not of the form"):
        command(name, right="view")


def test_a_kind_or_name_is_registered_once():
    @event("words.tested/1")
    class First(Event):
        pass

    with pytest.raises(ValueError, match="registered twice"):
        event("words.tested/1")(First)

    @command("words.test", right="view")
    class Wish(Command):
        pass

    with pytest.raises(ValueError, match="registered twice"):
        command("words.test", right="view")(Wish)
