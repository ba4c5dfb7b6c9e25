"""Framing of the local sockets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.netstring import LIMIT, Unpacker, pack
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
    assert Unpacker(limit=11).feed(b'10:"12345678",11:"123456789",') == ["12345678", "123456789"]


def test_the_limit_is_four_mebibytes():
    assert LIMIT == 4_194_304
    assert Unpacker().feed(b"4194304:") == []
    with pytest.raises(Misheard):
        Unpacker().feed(b"4194305:")


def test_a_length_has_at_most_eight_digits_and_only_digits():
    assert Unpacker(limit=10**8).feed(b"12345678") == []
    assert Unpacker(limit=10**8).feed(b"12345678:") == []
    assert Unpacker(limit=10**8).feed(b"00000001:1,") == [1]
    for wrong in (b"123456789", b"123456789:", b":", b"1 :1,", b"+1:1,"):
        with pytest.raises(Misheard):
            Unpacker(limit=10**9).feed(wrong)


def test_a_message_is_not_told_before_its_comma_and_what_follows_it_waits():
    unpacker = Unpacker()
    assert unpacker.feed(b"3:[1]") == []
    assert unpacker.feed(b",3:[2") == [[1]]
    assert unpacker.feed(b"],") == [[2]]


def test_what_is_packed_is_utf8_without_blanks():
    assert pack({"a": ["寿", 1]}) == b'15:{"a":["\xe5\xaf\xbf",1]},'


def test_json_nested_beyond_reason_is_misheard():
    deep = b"[" * 200_000
    with pytest.raises(Misheard):
        Unpacker().feed(b"%d:%b," % (len(deep), deep))
