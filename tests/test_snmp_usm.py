"""SNMPv3: what is signed holds, what is hidden is read, and what is old, altered or a stranger's is not believed."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import snmp, snmp_usm
from devices.snmp import Binding, Get, Pdu
from devices.snmp_access import User
from devices.snmp_usm import Engine
from station.words import Misheard

ENGINE = Engine(bytes.fromhex("80001f8880442bde0c44f5026b00000000"), 3, 1000, 5_000_000)
NOW = 7_900_000
WANG = User(name="wang", auth="sha256", auth_key="authpass2", priv="aes128", priv_key="privpass2")
LIN = User(name="lin", auth="md5", auth_key="authpass1", priv="des", priv_key="privpass1")
USERS = [
    WANG, LIN, User(name="zhao", auth="sha512", auth_key="authpass3"), User(name="open"),
    User(name="qian", auth="sha", auth_key="x" * 70), User(name="sun", auth="sha224", auth_key="12345678"),
    User(name="li", auth="sha384", auth_key="密码密码密码密码", priv="aes128", priv_key="12345678"),
]  # fmt: skip
# answers of net-snmp 5.9.3 to a question about these two objects
HEARD = {
    "wang": "3081a1020103300e020109020300ffe304010302010304453043041180001f8880442bde0c44f5026b00000000020101020102040477616e670418a1eb6cc3b63ecfae39150eedad040c9d0de9fd709491b0180408c744031e7bd606da0445d43c7d95047041a3216a8cde7441538846c1b366ca99da30044a1e18c7c59444c33f325fad7ac5cd2059518c4d83fc6301ea9079aa8cb1b8c73204e066b4386266421da998",
    "lin": "308197020103300e020109020300ffe304010302010304383036041180001f8880442bde0c44f5026b0000000002010102010204036c696e040cda3b184e72112480a2b1913e04080000000114fd63fa04488512f854bd031e47ef04120136c29c31d2a6c140456c47151b802892b6db4c74f95f6d3f8c6a3e4f794cd6617bb4f8f0e209606e9a5ad84841bd08f75c55e72d6a1e7ef248d2b39f",
}
ROWS = (Binding("1.3.6.1.2.1.1.6.0", "octets", b"hill"), Binding("1.3.6.1.2.1.2.1.0", "integer", 4))


def said(rows=ROWS, number=9):
    return snmp.response(Pdu(said="inform", number=number, bindings=rows))


def message(user, **how):
    return snmp_usm.sealed(user, ENGINE, 9, said(), NOW, **how)


@pytest.mark.parametrize(
    ("auth", "key"),
    [("md5", "526f5eed9fcce26f8964c2930787d82b"), ("sha", "6695febc9288e36282235fc7151f128497b38f3f")],
)
def test_a_passphrase_becomes_the_key_of_an_engine_as_rfc_3414_a_3_has_it(auth, key):
    engine = bytes.fromhex("000000000000000000000002")
    assert bytes(snmp_usm._key(auth, "maplesyrup", engine)).hex() == key


@pytest.mark.parametrize("user", [WANG, LIN], ids=lambda user: user.name)
def test_what_net_snmp_signed_and_hid_is_read(user):
    sealed = snmp_usm.read(bytes.fromhex(HEARD[user.name]))
    assert (sealed.number, sealed.flags, sealed.user) == (9, 3, user.name.encode())
    assert (sealed.engine.id, sealed.engine.boots, sealed.engine.time) == (ENGINE.id, 1, 2)
    assert snmp_usm.opened(sealed, user) == Pdu(said="response", number=9, bindings=ROWS)


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.name)
@pytest.mark.parametrize("asks", [True, False])
def test_what_is_sealed_is_opened_and_tells_the_engines_time(user, asks):
    sealed = snmp_usm.read(message(user, asks=asks))
    assert sealed.flags == snmp_usm.flags_of(user) | (4 if asks else 0)
    assert (sealed.engine.boots, sealed.engine.time) == (3, 1002)
    assert snmp_usm.opened(sealed, user).bindings == ROWS
    assert user.name == "open" or b"hill" not in sealed.whole or not user.priv


def test_discovery_asks_nobody_for_nothing():
    sealed = snmp_usm.read(snmp_usm.discovery(7, snmp.pdu(Get(("1.3.6.1",)), 7)))
    assert (sealed.flags, sealed.engine.id, sealed.user, sealed.number) == (4, b"", b"", 7)


@pytest.mark.parametrize(
    "wrong",
    [
        attrs.evolve(WANG, auth_key="authpass3"), attrs.evolve(WANG, auth="sha"), attrs.evolve(WANG, auth="", priv=""),
        attrs.evolve(WANG, priv=""), attrs.evolve(WANG, priv="des"),
    ],
)  # fmt: skip
def test_whoever_has_another_key_reads_nothing(wrong):
    with pytest.raises(Misheard) as misheard:
        snmp_usm.opened(snmp_usm.read(message(WANG)), wrong)
    assert misheard.value.code in ("secret", "snmp") and misheard.value.text.zh


def test_a_wrong_key_of_hiding_gives_no_value():
    with pytest.raises(Misheard):
        snmp_usm.opened(snmp_usm.read(message(WANG)), attrs.evolve(WANG, priv_key="privpass3"))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([WANG, LIN, USERS[2]]), st.integers(0, 400), st.integers(1, 255))
def test_no_altered_message_is_believed(user, at, by):
    data = bytearray(message(user))
    data[at % len(data)] ^= by
    try:
        sealed = snmp_usm.read(bytes(data))
        if sealed.flags & 3 != snmp_usm.flags_of(user):
            return  # who believes it compares the flags
        pdu = snmp_usm.opened(sealed, user)
    except Misheard:
        return
    assert bytes(data) == message(user), pdu  # the digest covers every byte


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=120))
def test_nothing_that_comes_escapes(data):
    try:
        snmp_usm.opened(snmp_usm.read(data), WANG)
    except Misheard:
        return
    raise AssertionError(data)


def patched(user, old, new):
    data = message(user)
    assert data.count(old) == 1
    return data.replace(old, new)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (patched(USERS[3], b"\x04\x01\x04\x02\x01\x03", b"\x04\x01\x04\x02\x01\x02"), "security model"),
        (
            patched(USERS[3], b"\x04\x01\x04\x02\x01\x03", b"\x04\x01\x06\x02\x01\x03"),
            "hidden but not signed",
        ),
        (patched(USERS[3], b"\x02\x01\x09\x02\x02\x08\x00", b"\x02\x01\xf7\x02\x02\x08\x00"), "cannot be"),
    ],
)
def test_what_no_message_says_is_not_read(data, why):
    with pytest.raises(Misheard, match=why):
        snmp_usm.opened(snmp_usm.read(data), USERS[3])


def test_a_plain_message_has_nothing_behind_it():
    data = bytearray(snmp_usm.sealed(USERS[3], ENGINE, 9, said(ROWS[:1]), NOW))
    data += b"\x05\x00"
    data[1] += 2
    with pytest.raises(Misheard, match="behind its end"):
        snmp_usm.read(bytes(data))


def test_padding_is_of_des_alone():
    assert snmp_usm.opened(snmp_usm.read(message(LIN)), LIN).bindings == ROWS
    sealed = snmp_usm.read(message(USERS[3]))
    with pytest.raises(Misheard, match="behind its end"):
        snmp_usm.opened(attrs.evolve(sealed, body=sealed.body + b"\0"), USERS[3])


def test_a_hidden_part_of_a_wrong_size_or_kind_is_not_read():
    plain = snmp_usm.read(message(USERS[2]))
    both = attrs.evolve(USERS[2], priv="des", priv_key="privpass1")
    with pytest.raises(Misheard) as misheard:
        snmp_usm.opened(attrs.evolve(plain, flags=3), both)
    assert misheard.value.code == "secret"
    hidden = attrs.evolve(plain, flags=3, body=b"\x04\x03abc", salt=bytes(8))
    with pytest.raises(Misheard) as misheard:
        snmp_usm.opened(hidden, both)
    assert misheard.value.code == "secret"


@pytest.mark.parametrize(
    ("boots", "time", "holds"),
    [
        (3, 1000, True),
        (3, 850, True),
        (3, 849, False),
        (2, 9999, False),
        (4, 0, True),
        (0x7FFFFFFF, 5, False),
    ],
)
def test_an_old_message_is_not_timely(boots, time, holds):
    assert snmp_usm.timely(ENGINE, Engine(ENGINE.id, boots, time)) is holds


def test_time_goes_on_and_never_back():
    later = Engine(ENGINE.id, 3, 1001)
    assert snmp_usm.newer(ENGINE, later, NOW) == attrs.evolve(later, at=NOW)
    assert snmp_usm.newer(ENGINE, Engine(ENGINE.id, 3, 999), NOW) is ENGINE
    assert ENGINE.time_at(0) == 1000 and ENGINE.time_at(6_999_999) == 1001


@pytest.mark.parametrize(("auth", "size"), [("md5", 12), ("sha", 12), ("sha224", 16), ("sha256", 24), ("sha384", 32), ("sha512", 48)])  # fmt: skip
def test_a_digest_is_as_long_as_its_standard_says(auth, size):
    made = snmp_usm.read(message(User(name="x", auth=auth, auth_key="12345678")))
    assert made.digest.stop - made.digest.start == size
    assert len(snmp_usm.digest(User(name="x", auth=auth, auth_key="12345678"), ENGINE.id, b"")) == size


def test_discovery_tells_no_time():
    engine = snmp_usm.read(snmp_usm.discovery(7, snmp.pdu(Get(("1.3.6.1",)), 7))).engine
    assert (engine.boots, engine.time) == (0, 0)


def test_a_header_that_reaches_beyond_itself_is_not_read():
    data = bytearray(message(USERS[3]))
    at = data.index(b"\x04\x01\x04\x02\x01\x03")
    data[at + 4] = 3
    with pytest.raises(Misheard, match="cannot be read"):
        snmp_usm.read(bytes(data))


def test_a_clock_that_stands_still_for_ever_ends_at_the_last_second():
    assert Engine(b"", 1, 0x7FFFFFFE, 0).time_at(9_000_000) == 0x7FFFFFFF
