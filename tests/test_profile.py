"""Terminal profiles."""

import random

import pytest
from fuzz_kit import damaged

from devices.fefd import OTHERS
from devices.profile import SHIPPED, load_profile, parse_profile
from station.words import Refused

TEXT = (SHIPPED / "gengfu-sim.toml").read_text(encoding="utf-8")


def test_the_shipped_profile_says_what_nobody_confirmed():
    profile = load_profile("gengfu-sim")
    assert profile.name == "gengfu-sim"
    assert (profile.start, profile.heartbeat, profile.stream) == (0x01, 0x10, 0x3D)
    assert set(profile.unverified) == {
        "packet.answer",
        "business.stop",
        "business.volume",
        "business.query",
        "business.task",
        "tag.task",
    } | {f"business.{name}" for name in OTHERS}
    assert (profile.number("clock"), profile.number("record")) == (0x05, 0x15)


def test_a_model_may_lack_what_only_some_have():
    text = TEXT.replace("clock = {", "watch = {").replace(
        'rds = { value = 0x0E, status = "unverified"', 'rds = { value = 0x0E, status = "code"'
    )
    profile = parse_profile(text, "x")
    assert "clock" not in profile.others and profile.others["rds"] == 0x0E
    assert not {"business.clock", "business.rds"} & set(profile.unverified)


def test_a_profile_of_ones_own_is_read_from_a_file(tmp_path):
    own = TEXT.replace(
        'value = "before-block", status = "confirmed"', 'value = "through-serial", status = "unverified"'
    )
    (tmp_path / "own.toml").write_text(own.replace('"mpeg2"', '"zlib"'), encoding="utf-8")
    profile = load_profile("own.toml", base=tmp_path)
    assert (profile.crc, profile.signs) == ("zlib", "through-serial")
    assert "signature.preimage" in profile.unverified
    silent = parse_profile(own.partition("[signature]")[0], "x")
    assert (silent.signs, silent.unverified) == ("before-block", load_profile("gengfu-sim").unverified)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("value = 0x02,", "value = 256,", "business.stop: 256 cannot be"),
        ("value = 12,", "value = 11,", "header.request: 11 cannot be"),
        ('value = "before-block"', 'value = "nothing"', "signature.preimage: 'nothing' cannot be"),
        ('value = "mpeg2",', "", "crc.kind needs value and status"),
        ("stop = {", "halt = {", "business.stop needs"),
        ("max_frame = 4096", "max_frame = 199", "max_frame: 199 cannot be"),
        ("max_frame = 4096", 'max_frame = "x"', "max_frame: 'x' cannot be"),
        ("max_frame = 4096", "max_frame = 65536", "max_frame: 65536 cannot be"),
        ("[auxiliary]", "[[auxiliary]]", "auxiliary must be a table"),
        ("preimage = {", "preimage = 3 # {", "signature.preimage needs value and status"),
        ("[signature]", "[signed]\n[[signature]]", "signature must be a table"),
        ("value = 0x05,", "value = 300,", "business.clock: .*300.* cannot be"),
        ("clock = {", "clock = 5 # {", "business.clock: 5 cannot be"),
        ("value = 0x05, status", "value = 0x05, state", "business.clock: .* cannot be"),
        ("value = 0x05,", "value = 0x02,", "two types have one number"),
        ("value = 0x15,", "value = 0x14,", "two types have one number"),
        ("[crc]", "[crc", "terminal profile x: "),
    ],
)
def test_a_wrong_entry_is_named(before, after, said):
    with pytest.raises(Refused, match=said):
        parse_profile(TEXT.replace(before, after, 1), "x")


def test_whatever_stands_in_a_profile_it_is_one_or_refused():
    chance, good = random.Random(5), 0
    for _ in range(200):
        try:
            parse_profile(
                damaged(chance, TEXT.encode(), [b"= 3 # ", b"[[", b'"']).decode("utf-8", "replace"), "x"
            )
            good += 1
        except Refused as refused:
            assert refused.text.zh
    assert 0 < good < 200


def test_the_shortest_and_the_longest_frame_may_be_meant():
    for most in (200, 65_535):
        assert parse_profile(TEXT.replace("max_frame = 4096", f"max_frame = {most}"), "x").max_frame == most
    assert parse_profile(TEXT.replace("max_frame = 4096", ""), "x").max_frame == 4096


def test_a_profile_that_is_not_there_is_refused_in_words(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match=r"no terminal profile bytes.toml"):
        load_profile("bytes.toml", base=tmp_path)
    with pytest.raises(Refused, match="no terminal profile nowhere"):
        load_profile("nowhere")
