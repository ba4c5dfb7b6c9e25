"""Terminal profiles."""

import pytest

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
    }


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
        ("[crc]", "[crc", "terminal profile x: "),
    ],
)
def test_a_wrong_entry_is_named(before, after, said):
    with pytest.raises(Refused, match=said):
        parse_profile(TEXT.replace(before, after, 1), "x")


def test_a_profile_that_is_not_there_is_refused_in_words():
    with pytest.raises(Refused, match="no terminal profile nowhere"):
        load_profile("nowhere")
