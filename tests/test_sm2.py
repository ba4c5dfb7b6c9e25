"""SM2 by OpenSSL and by gmssl, each against the published vectors and against the other."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emergency import sm2
from emergency.sm2_keys import (
    PrivateKey,
    PublicKey,
    der_from_raw,
    private_from_pem,
    public_from_pem,
    raw_from_der,
)
from station.words import Misheard, Refused

KEY = sm2.generate()
OTHER = sm2.generate()


def test_both_engines_pass_the_published_vectors():
    sm2.self_test(sm2.OpensslEngine())
    sm2.self_test(sm2.GmsslEngine())


def test_an_engine_that_accepts_anything_fails_the_self_test():
    class Yes:
        def verify(self, data, signature):
            return True

        def sign(self, data):
            return bytes(64)

    class Careless(sm2.OpensslEngine):
        name = "careless"

        def verifier(self, key):
            return Yes()

    with pytest.raises(Refused, match="careless fails the vectors"):
        sm2.self_test(Careless())


def test_what_openssl_signs_gmssl_verifies_and_the_other_way_round():
    ours, theirs = sm2.OpensslEngine(), sm2.GmsslEngine()
    for signs, reads in ((ours, theirs), (theirs, ours)):
        signature = signs.signer(KEY).sign(b"flood" * 300)
        assert len(signature) == 64
        assert reads.verifier(KEY.public).verify(b"flood" * 300, signature)
        assert not reads.verifier(KEY.public).verify(b"flooe" * 300, signature)
        assert not reads.verifier(OTHER.public).verify(b"flood" * 300, signature)


def test_a_key_made_by_gmssl_signs_with_openssl():
    key = sm2.GmsslEngine().generate()
    assert sm2.verifier(key.public).verify(b"x", sm2.signer(key).sign(b"x"))


def test_both_engines_give_the_same_sm3():
    for data in (b"", b"abc", b"abcd" * 16):
        assert sm2.OpensslEngine().sm3(data) == sm2.GmsslEngine().sm3(data) == sm2.sm3(data)


SIGNATURE = sm2.signer(KEY).sign(b"rain")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 64 * 8 - 1))
def test_no_flipped_bit_of_a_signature_is_accepted(bit):
    forged = (int.from_bytes(SIGNATURE, "big") ^ (1 << bit)).to_bytes(64, "big")
    assert not sm2.verifier(KEY.public).verify(b"rain", forged)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_no_rubbish_is_a_signature_and_none_raises(signature):
    assert not sm2.verifier(KEY.public).verify(b"rain", signature)


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, b"", bytes(63)])
def test_numbers_out_of_range_are_no_signature_for_either_engine(signature):
    assert not sm2.OpensslEngine().verifier(KEY.public).verify(b"", signature)
    assert not sm2.GmsslEngine().verifier(KEY.public).verify(b"", signature)


@given(st.binary(min_size=64, max_size=64))
def test_r_and_s_survive_der(raw):
    assert raw_from_der(der_from_raw(raw)) == raw


def test_keys_survive_pem_and_their_files_are_private(tmp_path):
    secret, public = tmp_path / "sm2.key", tmp_path / "sm2.pub"
    sm2.save_private(secret, KEY)
    sm2.save_public(public, KEY.public)
    assert sm2.load_private(secret) == KEY
    assert sm2.load_public(public) == KEY.public == sm2.load_public(secret)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        sm2.save_private(secret, OTHER)
    assert sm2.load_private(secret) == KEY


def test_a_sec1_file_with_parameters_is_read_as_openssl_writes_it():
    import base64

    text = b"-----BEGIN EC PARAMETERS-----\nBggqgRzPVQGCLQ==\n-----END EC PARAMETERS-----\n"
    text += (
        b"-----BEGIN EC PRIVATE KEY-----\n"
        + base64.encodebytes(KEY.sec1())
        + b"-----END EC PRIVATE KEY-----\n"
    )
    assert private_from_pem(text) == KEY


def test_the_secret_is_not_in_the_repr():
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)


def test_a_missing_key_file_is_one_sentence(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        sm2.load_public(tmp_path / "none.pem")


def test_a_point_off_the_curve_is_refused():
    with pytest.raises(Refused, match="not a point"):
        sm2.verifier(PublicKey(bytes(63) + b"\x01"))


def test_a_key_of_another_curve_is_refused():
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    sec1 = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.TraditionalOpenSSL, ser.NoEncryption())
    public = key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
    for text, read in ((pem, private_from_pem), (sec1, private_from_pem), (public, public_from_pem)):
        with pytest.raises(Misheard, match="SM2 key"):
            read(text)


@settings(max_examples=300)
@given(st.sampled_from(["PUBLIC KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OTHER"]), st.data())
def test_a_damaged_key_file_says_so_and_nothing_else_escapes(label, data):
    der = bytearray(
        data.draw(st.sampled_from([KEY.sec1(), KEY.public.der(), b"", b"\x30\x82", b"\x30\x81\x05\x02"]))
    )
    for at in data.draw(st.lists(st.integers(0, max(0, len(der) - 1)), min_size=1, max_size=4)):
        if der:
            der[at] = data.draw(st.integers(0, 255))
    import base64

    text = f"-----BEGIN {label}-----\n{base64.b64encode(bytes(der)).decode()}\n-----END {label}-----".encode()
    for read in (public_from_pem, private_from_pem):
        try:
            assert isinstance(read(text), (PublicKey, PrivateKey))
        except Misheard as error:
            assert error.text.zh.startswith("SM2")


@pytest.mark.parametrize("text", [b"", b"hello", b"-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----"])
def test_what_is_no_pem_is_refused(text):
    with pytest.raises(Misheard):
        public_from_pem(text)
    with pytest.raises(Misheard):
        private_from_pem(text)


@pytest.mark.parametrize(
    "der", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x80", b"\x30\x06\x02\x01\x01\x02\x01\x80", b"\x31\x00"]
)
def test_der_that_is_no_signature_is_refused(der):
    with pytest.raises(Misheard):
        raw_from_der(der)


def test_a_private_key_without_its_point_is_not_taken():
    import base64

    der = b"\x30\x31\x02\x01\x01\x04\x20" + KEY.secret + b"\xa0\x0a" + bytes.fromhex("06082a811ccf5501822d")
    text = b"-----BEGIN EC PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END EC PRIVATE KEY-----\n"
    with pytest.raises(Misheard):
        private_from_pem(text)


def test_a_library_that_is_no_libcrypto_3_is_said_to_be_none():
    import ctypes.util

    with pytest.raises(OSError, match="OpenSSL 3 is needed"):
        sm2.OpensslEngine(ctypes.util.find_library("c"))
    with pytest.raises(OSError):
        sm2.OpensslEngine("libnothing.so.9")


def test_a_disk_that_is_full_leaves_no_half_key(tmp_path):
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        with pytest.raises(OSError):
            sm2.save_private(tmp_path / "k", KEY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert not (tmp_path / "k").exists()


def test_the_fallback_is_taken_where_openssl_is_missing():
    def missing():
        raise OSError("none")

    def no_package():
        raise ImportError("none")

    assert sm2.choose(missing, sm2.GmsslEngine).name == "gmssl"
    with pytest.raises(Refused, match="neither is here"):
        sm2.choose(missing, no_package)


def test_a_compressed_point_is_not_taken():
    import base64

    der = KEY.public.der().replace(b"\x00\x04" + KEY.public.point, b"\x00\x02" + KEY.public.point)
    text = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(der) + b"-----END PUBLIC KEY-----\n"
    with pytest.raises(Misheard, match="65 uncompressed"):
        public_from_pem(text)
