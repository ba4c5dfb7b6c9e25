"""Canonical JSON carries what a stranger can check, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.wire import canonical, event_from_plain
from station.words import Misheard

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_canonical_json_is_json_and_one_text_for_one_value(value):
    text = canonical(value)
    assert json.loads(text) == value and canonical(json.loads(text)) == text


def test_keys_are_sorted_by_utf_16_code_units_as_rfc_8785_says():
    assert canonical({"\ue000": 1, "\U00010000": 2, "a": 3}) == '{"a":3,"\U00010000":2,"\ue000":1}'


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, {1: 2}, 2**53, -(2**53), b"x", {"a": object()}])
def test_what_canonical_json_cannot_carry_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


def test_a_kind_nobody_registered_is_misheard():
    with pytest.raises(Misheard, match=r"no event is registered as nothing\.known/1"):
        event_from_plain("nothing.known/1", {})
