"""0xFEFD frames: golden bytes, strict encoding, tolerant decoding, rubbish on the line."""

import os
import random
import struct
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.fefd import (
    NEED_DATA,
    Frame,
    Profile,
    Reader,
    Signature,
    area_target,
    checksum,
    covers,
    crc32_mpeg2,
    decode,
    encode,
    pack_bcd,
    pack_digits,
    seal,
    to_sign,
    unpack_digits,
)
from devices.fefd_bodies import Start, start_body, start_from
from devices.profile import load_profile
from station.words import Misheard

PROFILE = load_profile("gengfu-sim")
# the fields of a genuine packet, as read by hand; its signature is not ours to make
SOURCE = "05326250000000314020102"
TARGET = "05326250000000000000000"
START = Start(
    ebm_id="05326250000000000000000201903230006",
    kind=5,
    level=1,
    event="00000",
    volume=255,
    start=0x5C9991FA,
    end=0x5C9E25DA,
    auxiliaries=((0x3D, b"rtp://224.2.2.2:17036"), (0xF0, bytes.fromhex("011FFF000000000000000000"))),
)
HEAD = "FEFD0100000000060101 00C3 F0532625000000031402 0102 0001 F05326250000000000000000 01 004A"
BODY = (
    "F0532625000000000000000020190323 0006 05 01 3030303030 FF 5C9991FA 5C9E25DA 02"
    "3D 0015 7274703A2F2F3232342E322E322E323A3137303336 F0 000C 011FFF000000000000000000"
)
BLOCK = "004A 5C9991FD 000000000001"
digits = st.text("0123456789", min_size=23, max_size=23)
frames = st.builds(
    Frame,
    session=st.integers(0, 2**32 - 1),
    kind=st.sampled_from((1, 2)),
    source=digits,
    targets=st.lists(digits, min_size=1, max_size=4).map(tuple),
    business=st.integers(0, 255),
    body=st.binary(max_size=60),
    signature=st.none()
    | st.builds(
        Signature,
        at=st.integers(0, 2**32 - 1),
        certificate=st.text("0123456789", min_size=12, max_size=12),
        value=st.binary(min_size=64, max_size=64),
    ),
)
plain = frames.map(lambda frame: attrs.evolve(frame, signature=None))


def sample_frame(value=bytes(64)):
    return Frame(
        session=6,
        kind=1,
        source=SOURCE,
        targets=(TARGET,),
        business=1,
        body=start_body(START),
        signature=Signature(at=0x5C9991FD, certificate="000000000001", value=value),
    )


def test_the_fields_of_the_genuine_packet_give_its_bytes():
    assert to_sign(sample_frame()) == bytes.fromhex(HEAD + BODY)
    assert to_sign(sample_frame(), "through-serial") == bytes.fromhex(HEAD + BODY + BLOCK)


def test_the_worked_example_of_the_protocol_page_is_what_the_encoder_writes():
    page = (Path(__file__).parent.parent / "docs/protocols/fefd.md").read_text(encoding="utf-8")
    example = page.split("```hex\n")[1].split("```")[0]
    assert bytes.fromhex("".join(example.split())) == encode(sample_frame(), PROFILE)[:-68]


def test_a_profile_may_say_that_the_signature_covers_time_and_serial_too():
    frame = sample_frame()
    assert PROFILE.signs == Profile(name="p", unverified=()).signs == "before-block"
    signed = attrs.evolve(frame, signature=attrs.evolve(frame.signature, value=bytes(64)))
    for signs in ("before-block", "through-serial"):
        read = decode(encode(signed, PROFILE), attrs.evolve(PROFILE, signs=signs))
        assert read.signed == to_sign(frame, signs)


def test_the_protocol_page_names_every_business_type_and_says_of_each_unverified_one_that_it_is():
    page = (Path(__file__).parent.parent / "docs/protocols/fefd.md").read_text(encoding="utf-8")
    for name in ("start", "stop", "volume", "query", "heartbeat", "status", "task"):
        label = "heart-beat" if name == "heartbeat" else name
        lines = [
            line
            for line in page.splitlines()
            if line.startswith(f"| {getattr(PROFILE, name):02X} | {label} |")
        ]
        assert len(lines) == 1
        assert ("unverified" in lines[0]) is (f"business.{name}" in PROFILE.unverified or name == "heartbeat")


def test_the_whole_genuine_packet_is_given_except_for_its_checksum():
    samples = os.environ.get("GENGFU_SAMPLES")
    path = Path(samples or "/nowhere") / "ebd/gdj089_start_sample.hex"
    if not path.exists():
        print("GENGFU_SAMPLES does not lead to the packet; its fields stand in this file")
        genuine = bytes.fromhex(HEAD + BODY + BLOCK) + bytes(range(64)) + b"\x69\xf3\x9b\xfe"
    else:
        genuine = bytes.fromhex(path.read_text())
    made = encode(sample_frame(genuine[127:191]), PROFILE)
    assert made[:-4] == genuine[:-4]
    assert len(made) == 195
    read = decode(seal(genuine[:-4], PROFILE), PROFILE)
    assert read == sample_frame(genuine[127:191])
    assert start_from(read.body) == START


def test_the_checksum_is_crc_32_mpeg_2_by_its_published_check_value():
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7
    assert checksum(b"123456789", attrs.evolve(PROFILE, crc="zlib")) == bytes.fromhex("CBF43926")


@given(st.binary(max_size=80))
def test_the_checksum_is_the_one_made_bit_by_bit(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    assert crc32_mpeg2(data) == value


@given(frames)
def test_what_was_encoded_is_decoded_as_it_was(frame):
    read = decode(encode(frame, PROFILE), PROFILE)
    assert read == frame
    if frame.signature is not None:
        assert read.signed == to_sign(frame)


@given(plain)
def test_the_short_header_carries_the_same(frame):
    assert decode(encode(frame, PROFILE, header=11), PROFILE, header=11) == frame


@pytest.mark.parametrize(
    "change",
    [
        {"source": "1234"},
        {"source": "٣" * 23},
        {"targets": ()},
        {"targets": ("x" * 23,)},
        {"body": bytes(70_000)},
        {"signature": Signature(at=1, certificate="12", value=bytes(64))},
        {"signature": Signature(at=1, certificate="1" * 12, value=bytes(63))},
        {"session": 2**32},
    ],
)
def test_what_the_format_cannot_hold_is_not_encoded(change):
    with pytest.raises((ValueError, struct.error)):
        encode(attrs.evolve(sample_frame(), **change), PROFILE)


def test_a_body_that_fits_its_field_but_not_the_frame_is_not_encoded():
    with pytest.raises(ValueError, match="more than a frame"):
        encode(attrs.evolve(sample_frame(), body=bytes(65_500)), PROFILE)


def test_the_return_path_cannot_be_signed_and_nothing_is_signed_without_a_time():
    with pytest.raises(ValueError, match="short header"):
        encode(sample_frame(), PROFILE, header=11)
    with pytest.raises(ValueError, match="time and certificate"):
        to_sign(attrs.evolve(sample_frame(), signature=None))


def test_digits_are_packed_behind_an_f_and_nothing_else_is_taken():
    assert pack_digits("123", 3) == b"\xf1\x23"
    assert unpack_digits(b"\xf1\x23") == "123"
    assert pack_bcd("1234", 4) == b"\x124"
    for packed in (b"\x01\x23", b"\xf1\x2a"):
        with pytest.raises(Misheard):
            unpack_digits(packed)
    with pytest.raises(ValueError, match="not 3 digits"):
        pack_digits("12a", 3)


@pytest.mark.parametrize(
    ("target", "code", "meant"),
    [
        (area_target("340422000000"), "63404221002010314010401", True),
        (area_target("340422100000"), "63404221002010314010401", True),
        (area_target("340422100000"), "63404221012010314010401", False),
        (area_target("340000000000"), "63404221002010314010401", True),
        ("63404221002010314010401", "63404221002010314010401", True),
        ("63404221002010314010401", "63404221002010314010402", False),
        ("53404220000000000000000", "63404221002010314010401", False),
        ("63404220000000000000000", "63404221002010314010401", True),
        ("0" * 23, "63404221002010314010401", False),
    ],
)
def test_zeros_behind_are_a_wildcard_but_zeros_alone_mean_nobody(target, code, meant):
    assert covers(target, code) is meant


@given(st.lists(plain, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_frames_are_found_however_the_stream_is_cut(sent, cuts):
    stream = b"".join(encode(frame, PROFILE, header=11) for frame in sent)
    reader, found, at = Reader(PROFILE, header=11), [], 0
    for k in range(len(stream)):
        step = cuts[k % len(cuts)]
        found += reader.feed(stream[at : at + step])
        at += step
        if at >= len(stream):
            break
    assert found == sent
    assert reader.rubbish == reader.garbled == 0


@given(plain, st.binary(max_size=30).filter(lambda data: b"\xfe" not in data))
def test_a_frame_behind_rubbish_is_found_and_the_rubbish_counted(frame, rubbish):
    reader = Reader(PROFILE, header=11)
    assert reader.feed(rubbish + encode(frame, PROFILE, header=11)) == [frame]
    assert reader.rubbish == len(rubbish)


def test_the_reader_says_that_it_needs_data_by_a_value():
    reader = Reader(PROFILE, header=12)
    assert reader._next(b"\xfe\xfd\x01", 0) is NEED_DATA
    assert reader._next(b"\xfe", 0) is NEED_DATA
    assert reader.feed(b"abc\xfe") == []
    assert reader.rubbish == 3


def test_a_damaged_frame_is_skipped_and_the_next_one_read():
    good = encode(sample_frame(), PROFILE)
    damaged = bytearray(good)
    damaged[60] ^= 1
    reader = Reader(PROFILE, header=12)
    assert reader.feed(bytes(damaged) + good) == [sample_frame()]
    assert reader.garbled == 1


def test_a_frame_that_claims_too_much_or_too_little_is_rubbish():
    good = encode(sample_frame(), PROFILE)
    for length in (5, 4097, 65_535):
        reader = Reader(PROFILE, header=12)
        claims = good[:10] + length.to_bytes(2, "big") + good[12:]
        assert reader.feed(claims + good) == [sample_frame()]
        assert reader.rubbish == len(good)


def test_a_sound_checksum_over_unsound_fields_costs_that_frame_only():
    good = encode(sample_frame(), PROFILE)
    reader = Reader(PROFILE, header=12)
    unsound = [
        good[:24] + b"\xff\xff" + good[26:-4],  # more targets than there is room for
        good[:39] + b"\xff\xff" + good[41:-4],  # a body longer than the frame
        good[:115] + b"\x00\x49" + good[117:-4],  # a signature block of 73
        good[:12] + b"\x00" + good[13:-4],  # a source without its F
        good[:39] + b"\x00\x40" + good[41:-4],  # a body that ends before the signature block
    ]
    assert reader.feed(b"".join(seal(data, PROFILE) for data in unsound) + good) == [sample_frame()]
    assert reader.garbled == len(unsound)


def test_a_frame_too_short_to_be_one_is_refused():
    with pytest.raises(Misheard):
        decode(b"\xfe\xfd", PROFILE)


def test_a_thousand_damaged_streams_never_break_the_reader_nor_fill_it():
    dice = random.Random(7)
    good = encode(sample_frame(), PROFILE)
    for _ in range(1_000):
        reader, stream = Reader(PROFILE, header=12), bytearray(good * 3)
        for _ in range(dice.randrange(1, 12)):
            stream[dice.randrange(len(stream))] = dice.randrange(256)
        del stream[dice.randrange(len(stream)) :]
        for frame in reader.feed(bytes(stream)):
            assert frame.source.isdigit()
        assert len(reader._held) < PROFILE.max_frame
        reader.feed(bytes(PROFILE.max_frame))  # whatever was claimed is over by now
        assert reader.feed(good) == [sample_frame()]


def test_a_profile_that_says_nothing_else_has_the_numbers_of_the_standard():
    """Request header 12 bytes, answer 11; data types 1 and 2; start 0x01, stop 0x02 (GY/T 384-2023 as far as documents showed it)."""
    plain = Profile(name="p", unverified=())
    assert (plain.request_header, plain.answer_header, plain.crc) == (12, 11, "mpeg2")
    assert (plain.request, plain.answer, plain.start, plain.stop) == (1, 2, 1, 2)
    assert (plain.volume, plain.query, plain.heartbeat, plain.status, plain.task) == (3, 4, 0x10, 0x11, 0x12)
    assert (plain.stream, plain.tag_volume, plain.tag_code, plain.tag_state, plain.tag_task) == (
        0x3D,
        1,
        4,
        6,
        0x60,
    )
    assert plain.answer_heartbeats and plain.max_frame == 4_096


def test_zeros_behind_a_code_mean_wild_only_where_a_group_of_digits_ends():
    for digits in (2, 4, 6, 9, 12, 16, 18, 20, 22):
        code = "4" + "3" * digits + "0" * (22 - digits)
        assert covers(code, "4" + "3" * digits + "7" * (22 - digits)), digits
        if digits > 2:
            assert not covers(code, "4" + "3" * (digits - 1) + "5" + "7" * (22 - digits)), digits
    assert not covers("4333" + "0" * 19, "4333" + "7" * 19), (
        "the third digit ends no group: its zero is meant"
    )


def test_a_frame_with_a_broken_checksum_costs_its_tag_alone_and_one_inside_it_is_found():
    inner = encode(sample_frame(), PROFILE)
    outer = bytearray(encode(attrs.evolve(sample_frame(), body=b"\0" * len(inner)), PROFILE))
    at = bytes(outer).index(b"\0" * len(inner))
    outer[at : at + len(inner)] = inner
    reader = Reader(PROFILE, header=12)
    assert reader.feed(bytes(outer)) == [sample_frame()]


def test_the_station_signs_what_the_terminals_profile_says():
    import numpy as np

    from devices.fleet import Order
    from devices.fleet_book import Book
    from devices.fleet_pen import Pen

    order = Order(verb="volume", what=50, terminals=np.zeros(1, dtype=np.intp))
    for signs in ("before-block", "through-serial"):
        asked = []
        profile = attrs.evolve(PROFILE, signs=signs)
        pen = Pen(
            profile=profile,
            source="0" * 23,
            certificate="000000000001",
            signer=lambda data, asked=asked: asked.append(data) or bytes(64),
        )
        frame = decode(pen.signed(order, Book(1), ("340422000000",), 7, 1_795_305_600_000_000), profile)
        assert asked == [frame.signed] and frame.signature.at == 1_795_305_600
