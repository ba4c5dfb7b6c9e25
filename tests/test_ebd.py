"""EBD packets: XML, tar and signature file, good ones and everything a stranger may send instead."""

from __future__ import annotations

import io
import tarfile

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import EBM, KEY, NOW, PROVINCE, STRANGER, changed, package, packet, samples, tar

from emergency import ebd_message, ebd_reader, ebd_signature, ebd_tar, ebd_writer, sm2
from emergency.ebd import (
    Auxiliary,
    ConnectionCheck,
    EbdResponse,
    EbmStateRequest,
    EbmStateResponse,
    Other,
)
from emergency.ebd_profile import (
    EbdFault,
    generation_of_message,
    generation_of_packet,
    generation_of_resource,
    instant,
    moment,
    packet_id,
    resource_id,
)
from station.words import HOUR, Instant

VERIFIERS = [sm2.verifier(KEY.public)]


def check(held, *, now=NOW, skew_s=300):
    ebd_signature.check(
        ebd_signature.read(held.signature),
        held.body,
        held.ebd_id,
        verifiers=VERIFIERS,
        now=now,
        skew_s=skew_s,
    )


BODIES = [
    EBM,
    changed(auxiliaries=(Auxiliary(type=2, description="a.mp3", size=3, digest="00" * 20),)),
    changed(related=PROVINCE + "202611220000"),
    EbdResponse(result=1, description="好"),
    ConnectionCheck(reported=NOW),
    EbmStateRequest(ebm_id=EBM.ebm_id),
    EbmStateResponse(
        ebm_id=EBM.ebm_id, reported=NOW, state=2, description="播发中", coverage_percent=97, areas=EBM.areas
    ),
    EbmStateResponse(ebm_id=EBM.ebm_id, reported=NOW, state=0, description=""),
    Other(type="EBMStreamPortRequest"),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda b: type(b).__name__)
def test_every_packet_is_read_as_it_was_written(body):
    ebd = attrs.evolve(packet(body), related=packet_id(PROVINCE, 7), url="http://10.0.0.1/ebd")
    assert ebd_reader.read(ebd_writer.write(ebd)) == ebd


def test_ids_have_the_lengths_of_both_generations():
    assert resource_id(4, "340422000000") == "43404220000000101010101"
    assert packet_id("1" * 23, 5) == "10" + "1" * 23 + "0000000000000005"
    assert packet_id("1" * 23, 5, heartbeat=True) == "01" + "1" * 23 + "0" * 16
    for judge, new, old in (
        (generation_of_resource, 23, 18),
        (generation_of_message, 35, 30),
        (generation_of_packet, 41, 36),
    ):
        assert (judge("1" * new), judge("1" * old), judge("1" * (new - 1)), judge("x" * new)) == (
            "2018",
            "2016",
            None,
            None,
        )
        assert judge("1" * (new - 1) + "٣") is None


@given(st.integers(0, 4_000_000_000))
def test_beijing_time_survives_writing(second):
    assert instant(moment(Instant(second * 1_000_000))) == second * 1_000_000


def test_a_signed_package_holds_and_becomes_a_message():
    held = ebd_tar.unpack(tar())
    check(held)
    message = ebd_message.to_message(ebd_reader.read(held.body))
    assert (message.identifier, message.sender, message.level, message.kind) == (
        EBM.ebm_id,
        PROVINCE,
        1,
        "actual",
    )
    assert (message.event, message.areas, message.expires) == ("11B03", EBM.areas, NOW + HOUR)


def test_a_packet_of_2016_is_read():
    xml = ebd_writer.write(packet(ConnectionCheck(reported=NOW), heartbeat=True)).decode()
    old = xml.replace(PROVINCE, "010333112400000001")
    read = ebd_reader.read(old.replace("<EBD ", '<EBD xmlns="urn:x" ').encode())
    assert (read.generation, read.source) == ("2016", "010333112400000001")


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ("<EBD ", "<!DOCTYPE EBD []><EBD ", 2),
        ("</EBD>", "", 2),
        ("EBD>", "EBX>", 2),
        ("<EBMID>", "<EBMID>9", 2),
        ("<EBDID>10", "<EBDID>1", 2),
        ("<SendTime>2026", "<SendTime>2O26", 2),
        ("<SendTime>2026-11-22 08:00:00", "<SendTime>2026-11-22", 2),
        ("<MsgType>1", "<MsgType>one", 2),
        ("<MsgType>1", "<MsgType>١", 2),
        ("<EventType>11B03", "<EventType>rain", 2),
        ("<AreaCode>340422000000", "<AreaCode>3404220000", 2),
        ("<AreaCode>340422000000", "<AreaCode>,", 2),
        ("<MsgTitle>暴雨红色预警</MsgTitle>", "", 3),
        ("<MsgDesc>请立即转移到高处。</MsgDesc>", "", 3),
        ("<SenderName>安徽省应急广播平台</SenderName>", "<SenderName> </SenderName>", 3),
        ("<EBDType>EBM</EBDType>", "", 3),
        ("<EBDType>EBM</EBDType>", "<EBDType>EBM</EBDType><EBDType>EBM</EBDType>", 2),
        ("<MsgBasicInfo>", "<MsgBasicInfo/><MsgBasicInfo>", 2),
        ("MsgBasicInfo>", "MsgBasic>", 3),
        (f"<EBRID>{PROVINCE}", f"<EBRID>3{PROVINCE[1:]}", 2),
        ("<EBDID>10", "<EBDID>01", 2),
        ("<MsgTitle>", "<MsgTitle>" + "x" * 20_001, 2),
    ],
)
def test_a_wrong_packet_gets_its_result_code(old, new, result):
    xml = ebd_writer.write(packet()).decode()
    assert old in xml
    with pytest.raises(EbdFault) as caught:
        ebd_reader.read(xml.replace(old, new).encode())
    assert caught.value.result == result
    assert caught.value.text.en.startswith("EBD: ")
    assert caught.value.text.zh.startswith("EBD:")


def test_too_many_areas_or_auxiliaries_are_refused():
    many = ",".join(f"3404221{n:05d}" for n in range(5_001))
    xml = ebd_writer.write(packet()).decode()
    with pytest.raises(EbdFault, match="5000"):
        ebd_reader.read(xml.replace("340422000000</AreaCode>", many + "</AreaCode>").encode())
    for count, said in ((100_000, "3404,*"), (100_001, "longer than 100000")):
        with pytest.raises(EbdFault, match=said):
            ebd_reader.read(
                xml.replace(
                    "340422000000</AreaCode>", "3404," * (count // 5) + "," * (count % 5) + "</AreaCode>"
                ).encode()
            )
    held = tuple(Auxiliary(type=2, description=f"{n}.mp3") for n in range(33))
    with pytest.raises(EbdFault, match="Auxiliary"):
        ebd_reader.read(ebd_writer.write(packet(changed(auxiliaries=held))))


def test_a_comment_cuts_no_text_off():
    xml = ebd_writer.write(packet()).decode().replace("红色", "<!-- -->红色")
    assert ebd_reader.read(xml.encode()).body.title == "暴雨红色预警"


# ---- messages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kind", "level"),
    [
        ({"msg_type": 3}, "drill", 1),
        ({"msg_type": 5, "severity": 0}, "drill", 4),
        ({"severity": 10}, "daily", 0),
        ({"severity": 15}, "drill", 4),
        ({"event": "20000", "severity": 4}, "daily", 4),
        ({"event": "00000"}, "drill", 1),
        ({"severity": 3}, "actual", 3),
    ],
)
def test_type_and_severity_follow_the_profile(fields, kind, level):
    message = ebd_message.to_message(packet(changed(**fields)))
    assert (message.kind, message.level, message.type) == (kind, level, "alert")


def test_a_cancel_names_what_it_ends():
    cancel = changed(msg_type=2, related=PROVINCE + "202611220009")
    named = ebd_message.to_message(ebd_reader.read(ebd_writer.write(packet(cancel))))
    assert (named.type, named.references, named.identifier) == ("cancel", (cancel.related,), EBM.ebm_id)
    own = ebd_message.to_message(packet(changed(msg_type=2)))
    assert (own.references, own.identifier) == ((EBM.ebm_id,), EBM.ebm_id + ".cancel")


def test_an_update_names_what_it_replaces():
    message = ebd_message.to_message(packet(changed(related=PROVINCE + "202611220009")))
    assert (message.type, message.references) == ("update", (PROVINCE + "202611220009",))


@pytest.mark.parametrize("fields", [{"msg_type": 9}, {"severity": 7}, {"end": NOW}])
def test_a_message_outside_the_profile_is_refused(fields):
    with pytest.raises(EbdFault):
        ebd_message.to_message(packet(changed(**fields)))


def test_a_heartbeat_is_no_message():
    with pytest.raises(EbdFault, match="no EBM"):
        ebd_message.to_message(packet(ConnectionCheck(reported=NOW)))


@pytest.mark.parametrize(
    "fields", [{}, {"msg_type": 3}, {"related": PROVINCE + "202611220009"}, {"severity": 10}]
)
def test_a_message_passed_on_says_the_same(fields):
    message = ebd_message.to_message(packet(changed(**fields)))
    onward = ebd_message.from_message(
        message, ebd_id=packet_id(PROVINCE, 3), source=PROVINCE, ebm_id=EBM.ebm_id, now=NOW
    )
    again = ebd_message.to_message(ebd_reader.read(ebd_writer.write(onward)))
    assert attrs.evolve(again, event_text=message.event_text) == message


def test_a_cancel_can_be_passed_on():
    message = ebd_message.to_message(packet(changed(msg_type=2, related=PROVINCE + "202611220009")))
    onward = ebd_message.from_message(
        message, ebd_id=packet_id(PROVINCE, 3), source=PROVINCE, ebm_id=EBM.ebm_id, now=NOW
    )
    assert ebd_message.to_message(ebd_reader.read(ebd_writer.write(onward))).references == message.references


def test_sound_is_taken_only_when_its_signed_digest_holds():
    import hashlib

    digest = hashlib.sha1(b"mp3").hexdigest()
    held = (Auxiliary(type=61, description="rtp://x"), Auxiliary(type=2, description="a.mp3", digest=digest))
    ebm = changed(auxiliaries=held)
    assert ebd_message.audio_of(ebm, (("a.mp3", b"mp3"),)) == b"mp3"
    assert ebd_message.audio_of(EBM, (("a.mp3", b"mp3"),)) is None
    with pytest.raises(EbdFault, match="signed"):
        ebd_message.audio_of(ebm, (("a.mp3", b"mpX"),))
    with pytest.raises(EbdFault, match="lacks"):
        ebd_message.audio_of(ebm, ())


# ---- signature -----------------------------------------------------------------------------------------------------


def test_another_key_another_time_another_packet_are_signature_failures():
    held = package()
    for bad, how, words in (
        (package(key=STRANGER), {}, "none of the source's keys"),
        (held, {"now": NOW + 301 * 1_000_000}, "away from our time"),
        (held, {"now": NOW - 301 * 1_000_000}, "away from our time"),
        (attrs.evolve(held, ebd_id=packet_id(PROVINCE, 2)), {}, "another packet"),
        (attrs.evolve(held, body=held.body + b"\n"), {}, "none of the source's keys"),
    ):
        with pytest.raises(EbdFault, match=words) as caught:
            check(bad, **how)
        assert caught.value.result == 4
    check(held, now=NOW + 300 * 1_000_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"SM3", b"MD5"),
        (b"<SignatureValue>", b"<SignatureValue>!"),
        (b"<SignatureValue>", b"<SignatureValue>AAAA"),
        (b"<SignatureTime>", b"<SignatureTime>0"),
        (b"<CertSN>000000000042", b"<CertSN>000000000043"),
        (b"<CertSN>000000000042", b"<CertSN>42"),
        (b"<Signature>", b"<Signature"),
    ],
)
def test_a_damaged_signature_file_is_a_signature_failure(old, new):
    held = package()
    assert old in held.signature
    with pytest.raises(EbdFault) as caught:
        check(attrs.evolve(held, signature=held.signature.replace(old, new)))
    assert caught.value.result == 4


HELD = package()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(HELD.body) * 8 - 1))
def test_no_flipped_bit_of_a_packet_is_accepted(bit):
    forged = bytearray(HELD.body)
    forged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EbdFault):
        check(attrs.evolve(HELD, body=bytes(forged)))


# ---- tar -----------------------------------------------------------------------------------------------------------


def archive(*members, style=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=style) as made:
        for name, body, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(body), kind
            info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            made.addfile(info, io.BytesIO(body))
    return out.getvalue()


PLAIN = tarfile.REGTYPE
GOOD_NAME = f"EBDB_{HELD.ebd_id}.xml"


def test_a_tar_by_any_writer_is_read():
    for style in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        held = ebd_tar.unpack(
            archive((GOOD_NAME, b"x", PLAIN), ("预警.mp3", b"y", tarfile.AREGTYPE), style=style)
        )
        assert (held.body, held.signature, held.media[-1][1]) == (b"x", None, b"y")


def test_a_pax_header_with_a_time_is_harmless():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        info = tarfile.TarInfo(GOOD_NAME)
        info.size, info.mtime = 1, 1.5
        made.addfile(info, io.BytesIO(b"x"))
    assert ebd_tar.unpack(out.getvalue()).body == b"x"


def test_an_extended_header_is_read_up_to_its_bound():
    for size, whole in ((65_536, True), (65_537, False)):
        data = archive(("a", b"\n" * size, tarfile.XHDTYPE), (GOOD_NAME, b"x", PLAIN))
        if whole:
            assert ebd_tar.unpack(data).body == b"x"
            continue
        with pytest.raises(EbdFault, match="more than 65536 bytes"):
            ebd_tar.unpack(data)


@pytest.mark.parametrize(
    "data",
    [
        archive(("../" + GOOD_NAME, b"x", PLAIN)),
        archive(("/" + GOOD_NAME, b"x", PLAIN)),
        archive(("a/b", b"x", PLAIN), (GOOD_NAME, b"x", PLAIN)),
        archive(("..", b"x", PLAIN), (GOOD_NAME, b"x", PLAIN)),
        archive(("a\\b", b"x", PLAIN), (GOOD_NAME, b"x", PLAIN)),
        archive(("a\nb", b"x", PLAIN), (GOOD_NAME, b"x", PLAIN)),
        archive((GOOD_NAME, b"x", PLAIN), (GOOD_NAME, b"y", PLAIN)),
        archive((GOOD_NAME, b"", tarfile.SYMTYPE)),
        archive((GOOD_NAME, b"", tarfile.LNKTYPE)),
        archive((GOOD_NAME, b"", tarfile.CHRTYPE)),
        archive((GOOD_NAME, b"", tarfile.FIFOTYPE)),
        archive((GOOD_NAME, b"", tarfile.DIRTYPE)),
        archive((GOOD_NAME, b"", tarfile.GNUTYPE_SPARSE)),
        archive(("x" * 200, b"x", PLAIN), (GOOD_NAME, b"x", PLAIN)),
        archive(("x" * 200, b"x", PLAIN), (GOOD_NAME, b"x", PLAIN), style=tarfile.PAX_FORMAT),
        archive(("x" * 60 + "/" + "y" * 60, b"x", PLAIN), style=tarfile.USTAR_FORMAT),
        archive(*[(f"{n}", b"", PLAIN) for n in range(65)]),
        archive(("other.xml", b"x", PLAIN)),
        archive((GOOD_NAME, b"x", PLAIN), (GOOD_NAME.replace("EBDB_1", "EBDB_0"), b"x", PLAIN)),
        archive(("EBDB_123.xml", b"x", PLAIN)),
        archive((GOOD_NAME, b"x", PLAIN), ("EBDS_EBDB_1.xml", b"x", PLAIN)),
        archive((GOOD_NAME, b"x" * 600, PLAIN))[:900],
        b"",
        b"hello" * 200,
        b"\xff" * 1024,
        bytes(10_240),
    ],
)
def test_a_hostile_tar_is_one_sentence(data):
    with pytest.raises(EbdFault) as caught:
        ebd_tar.unpack(data)
    assert caught.value.result == 2
    assert "\n" not in caught.value.text.en


def test_a_tar_is_named_by_the_first_real_id_in_it():
    odd = archive(("EBDB_" + "1" * 37 + ".xml", b"x", PLAIN), (GOOD_NAME, b"x", PLAIN))
    assert ebd_tar.named_in(odd) == HELD.ebd_id
    with pytest.raises(EbdFault):
        ebd_tar.named_in(archive(("other", b"x", PLAIN)))


def test_a_global_header_and_an_unreadable_name_are_refused_and_gb18030_is_read():
    one = archive((GOOD_NAME, b"x", PLAIN))
    name = "预警.mp3".encode("gb18030")
    with pytest.raises(EbdFault, match="more than a name"):
        ebd_tar.unpack(archive(("x", b"", tarfile.XGLTYPE), (GOOD_NAME, b"x", PLAIN)))

    def renamed(raw: bytes) -> bytes:
        head = bytearray(one[:512])
        head[:100] = raw.ljust(100, b"\0")
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % sum(head)
        return one[:1024] + bytes(head) + one[512:]

    assert [n for n, _ in ebd_tar.unpack(renamed(name)).media] == ["预警.mp3"]
    with pytest.raises(EbdFault, match="plain file name"):
        ebd_tar.unpack(renamed(b"\xff\xff"))


def test_a_tar_holds_64_members_each_with_a_header_that_names_it():
    names = [f"预警{number}.mp3" for number in range(63)]
    members = [(GOOD_NAME, b"x", PLAIN), *((name, b"y", PLAIN) for name in names)]
    first = ("警.mp3", b"y", PLAIN)
    held = ebd_tar.read_members(archive(*members[1:], first, style=tarfile.PAX_FORMAT))
    assert list(held) == [*names, "警.mp3"]
    with pytest.raises(EbdFault, match="over 64 members"):
        ebd_tar.read_members(archive(*members, first, style=tarfile.GNU_FORMAT))


def test_a_name_has_100_bytes_at_most_and_no_folder_however_short():
    assert list(ebd_tar.read_members(archive(("y" * 100, b"x", PLAIN), style=tarfile.USTAR_FORMAT)))
    for name, style in (("y" * 101, tarfile.PAX_FORMAT), ("a/" + "y" * 100, tarfile.USTAR_FORMAT)):
        with pytest.raises(EbdFault, match="not a plain file name") as wrong:
            ebd_tar.read_members(archive((name, b"x", PLAIN), style=style))
        assert name[:99] in wrong.value.text.en and len(wrong.value.text.en) < 180


def test_a_tar_too_large_is_refused_unread():
    with pytest.raises(EbdFault, match="larger"):
        ebd_tar.unpack(bytes(ebd_tar.MAX_BYTES + 1))


GOOD_TAR = tar(media=(("a.mp3", b"z" * 700),))


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD_TAR) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 9)
)
def test_only_named_faults_escape_from_a_damaged_packet(changes, cut):
    data = bytearray(GOOD_TAR)
    for at, value in changes:
        data[at] = value
    try:
        held = ebd_tar.unpack(bytes(data[: len(data) - cut * 700]))
        ebd = ebd_reader.read(held.body)
        if held.signature is not None:
            check(held)
            assert held.body == HELD.body
        ebd_message.to_message(ebd)
    except EbdFault as fault:
        assert 2 <= fault.result <= 5


def test_the_genuine_heartbeat_is_read_and_its_parts_agree():
    folder = samples("ebd")
    ebd = ebd_reader.read(next(folder.glob("EBDB_*")).read_bytes())
    file = ebd_signature.read(next(folder.glob("EBDS_*")).read_bytes())
    assert isinstance(ebd.body, ConnectionCheck)
    assert (ebd.generation, file.serial, file.ebd_id) == ("2016", "000000003363", ebd.ebd_id)
    assert file.at_s * 1_000_000 == ebd.time
