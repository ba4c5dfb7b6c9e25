"""Strict writing: no packet leaves that would be read otherwise, or not at all."""

from __future__ import annotations

import attrs
import pytest
from wire import EBM, NOW, changed, package, packet

from emergency import ebd_reader, ebd_strict, ebd_tar
from emergency.ebd import ConnectionCheck
from station.words import Instant, Refused


def test_what_is_written_is_what_was_meant():
    ebd = packet()
    assert ebd_reader.read(ebd_strict.written(ebd)) == ebd
    answer = attrs.evolve(ebd, related=ebd.ebd_id)
    assert ebd_reader.read(ebd_strict.written(answer)) == answer
    made = package(media=(("a.mp3", b"x"),))
    assert ebd_tar.unpack(ebd_strict.packed(made)) == made


@pytest.mark.parametrize(
    ("ebd", "said"),
    [
        (attrs.evolve(packet(), dest=("3404",)), "receiver"),
        (attrs.evolve(packet(), related="12"), "receiver"),
        (packet(changed(title="a\0b")), "cannot be written"),
        (packet(changed(title="a\ud800b")), "cannot be written"),
        (packet(changed(end=Instant(10**18))), "cannot be written"),
        (packet(changed(title=" a")), "otherwise: title"),
        (packet(changed(areas=EBM.areas * 2)), "otherwise: areas"),
        (packet(changed(ebm_id="1")), "EBMID"),
        (packet(changed(text="长" * 20_001)), "longer than 20000"),
        (packet(ConnectionCheck(reported=Instant(NOW + 1)), heartbeat=True), "otherwise: reported"),
        (packet(time=Instant(NOW + 1)), "otherwise: time"),
    ],
)
def test_what_would_be_read_otherwise_is_not_written(ebd, said):
    with pytest.raises(Refused, match=said) as caught:
        ebd_strict.written(ebd)
    assert caught.value.text.zh.startswith("不生成数据包")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"media": (("a" * 101, b""),)}, "may be called"),
        ({"media": (("a/b", b""),)}, "plain file name"),
        ({"media": (("EBDB_1.xml", b""),)}, "one is due"),
        ({"media": (("EBDI_x", b""),)}, "may be called"),
        ({"media": (("a", b"x"), ("a", b"y"))}, "twice"),
        ({"information": b"no xml", "information_signature": b"x"}, "well-formed"),
    ],
)
def test_a_tar_that_could_not_be_taken_apart_is_not_made(how, said):
    with pytest.raises(Refused, match=said):
        ebd_strict.packed(attrs.evolve(package(), **how))
