"""What an EBM says in words of the station's own, and back: texts, cancels, kinds of message and of sound."""

import hashlib

import pytest
from test_ebd import ebd_message
from wire import EBM, NOW, PROVINCE, changed, packet

from emergency import ebd_nodes, ebd_reader, ebd_writer
from emergency.ebd import Auxiliary
from emergency.ebd_nodes import MAX_AREAS, MAX_ROWS, MAX_TEXT, Node, areas_of
from emergency.ebd_profile import EbdFault, packet_id
from emergency.safe_xml import parse
from station.words import HOUR


def test_a_message_says_its_text_or_else_its_title():
    assert ebd_message.to_message(packet(EBM)).description == EBM.text != EBM.title
    assert ebd_message.to_message(packet(changed(text=""))).description == EBM.title


def test_a_cancel_has_no_level_and_lasts_an_hour():
    message = ebd_message.to_message(packet(changed(msg_type=2)))
    assert (message.level, message.effective, message.expires) == (0, NOW, NOW + HOUR)
    assert message.headline == "解除" and message.areas == ()


@pytest.mark.parametrize(("msg_type", "kind"), [(1, "actual"), (2, "actual"), (3, "drill")])
def test_what_is_passed_on_is_of_its_own_kind(msg_type, kind):
    message = ebd_message.to_message(packet(changed(msg_type=msg_type)))
    onward = ebd_message.from_message(message, ebd_id=packet_id(PROVINCE, 3), source=PROVINCE, ebm_id=EBM.ebm_id, now=NOW)  # fmt: skip
    assert (message.kind, onward.body.msg_type) == (kind, msg_type)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 21])
def test_sounds_are_mpeg_audio(kind):
    digest = hashlib.sha1(b"x").hexdigest()
    ebm = changed(auxiliaries=(Auxiliary(type=kind, description="a", digest=digest),))
    assert ebd_message.audio_of(ebm, (("a", b"x"),)) == (b"x" if kind in (1, 2) else None)


# ---- elements and their bounds ------------------------------------------------------------------------------------


def node(inner):
    return Node(parse(f"<a>{inner}</a>".encode()), "a")


def test_a_text_a_number_and_a_list_have_bounds_of_their_own():
    assert (MAX_AREAS, MAX_TEXT, MAX_ROWS) == (5_000, 20_000, 5_000)
    assert len(node(f"<t>{'x' * MAX_TEXT}</t>").text("t")) == MAX_TEXT
    with pytest.raises(EbdFault, match="longer"):
        node(f"<t>{'x' * (MAX_TEXT + 1)}</t>").text("t")
    assert node("<n>123456789</n>").number("n") == 123_456_789
    with pytest.raises(EbdFault, match="not a number"):
        node("<n>1234567890</n>").number("n")
    assert node("").number("n", 7) == 7
    with pytest.raises(EbdFault, match="missing"):
        node("").number("n")
    assert len(node("<r/>" * MAX_ROWS).rows("r")) == MAX_ROWS
    with pytest.raises(EbdFault, match="more than"):
        node("<r/>" * (MAX_ROWS + 1)).rows("r")
    codes = [f"{n:012d}" for n in range(340_422_000_000, 340_422_000_001 + MAX_AREAS)]
    assert len(areas_of(",".join(codes[:MAX_AREAS]))) == MAX_AREAS
    with pytest.raises(EbdFault, match="list of up to"):
        ebd_nodes.areas_of(",".join(codes))


def test_a_size_that_is_not_said_is_none():
    ebm = changed(auxiliaries=(Auxiliary(type=61, description="rtp://x"),))
    text = ebd_writer.write(packet(ebm))
    read = ebd_reader.read(text.replace(b"<Size>0</Size>", b""))
    assert read.body.auxiliaries == ebm.auxiliaries
