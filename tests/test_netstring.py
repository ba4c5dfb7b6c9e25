"""Framing of the local sockets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.netstring import Unpacker, pack
from station.words import Misheard

messages = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(messages, max_size=5), st.integers(1, 9))
def test_messages_arrive_whole_however_the_bytes_are_cut(sent, step):
    data = b"".join(map(pack, sent))
    unpacker = Unpacker()
    heard = []
    for at in range(0, len(data), step):
        heard += unpacker.feed(data[at : at + step])
    assert heard == sent


@pytest.mark.parametrize(
    "rubbish", [b"GET / HTTP/1.1", b"12345678901", b"-1:x,", b"3:abc;", b"99999999:", b"1:x,", b"3:abc,"]
)
def test_rubbish_is_misheard_in_one_sentence(rubbish):
    with pytest.raises(Misheard):
        Unpacker().feed(rubbish)


def test_a_message_beyond_the_limit_is_refused_before_it_is_held():
    with pytest.raises(Misheard):
        Unpacker(limit=10).feed(b"11:")
