"""0xFEFD over UDP and multicast: one frame a datagram, answers believed by session and sender, a terminal with a codec of its own on a real socket and in a real group."""

import asyncio
import contextlib
import random
import threading

import attrs
import pytest
from fuzz_kit import campaign, damaged
from studio_kit import wired
from wire import KEY

from devices import fefd
from devices.datagram_port import UdpLink, udp_of
from devices.fefd import Frame, datagram, decode, encode
from devices.fefd_bodies import (
    Answer,
    Heartbeat,
    Status,
    answer_body,
    heartbeat_body,
    status_body,
    volume_body,
)
from devices.fefd_face import FACE
from devices.fefd_face import decode as explained
from devices.fefd_wire import MOST, FefdWire, Say, Word
from devices.profile import load_profile
from devices.sim_loudspeaker import Loudspeaker, listening
from devices.sim_sm2 import PublicKey
from devices.turns import Answered, Declined, Stray, Told
from devices.wire_face import Listen
from devices.wire_tool import _parser
from station import wire_entry
from station.words import Misheard, Refused

PROFILE = load_profile("gengfu-sim")
STATION, TERMINAL, OTHER = "43404220000000314010101", "63404221000000314010401", "63404221000000314010402"
EBM = "43404220000000314010101202611220001"
VOLUME = Say(session=7, targets=(TERMINAL,), business=PROFILE.volume, body=volume_body(60))
QUERY = attrs.evolve(VOLUME, session=0, business=PROFILE.query, body=b"\0")
AREA = attrs.evolve(VOLUME, targets=(fefd.area_target("340422000000"),))


def said(business, body, *, kind=1, source=TERMINAL, session=7):
    frame = Frame(session=session, kind=kind, source=source, targets=(STATION,), business=business, body=body)
    return encode(frame, PROFILE, header=11)


YES, NO = (answer_body(Answer(result=one, text=text)) for one, text in ((0, ""), (3, "忙")))
STATUS = Status(result=0, text="", values=((1, b"\x3c"),))


def test_an_order_is_answered_by_its_terminal_and_its_session():
    wire = FefdWire(PROFILE, STATION)
    assert wire.numbered  # a late answer is known to be one: nobody has to wait for it
    order = decode(wire.asked(VOLUME), PROFILE)
    assert (order.session, order.source, order.targets, order.body, order.signature) == (7, STATION, (TERMINAL,), b"\x3c", None)  # fmt: skip
    others = (
        said(PROFILE.volume, YES, kind=2, session=6), said(PROFILE.stop, YES, kind=2), said(PROFILE.volume, YES, kind=2, source=OTHER),
        said(PROFILE.heartbeat, heartbeat_body(Heartbeat(first=True, state=1, volume=9, physical="0000000001"))),
    )  # fmt: skip
    for other in others:
        assert isinstance(wire.feed(other)[0], Told) and wire.waiting
    answer = said(PROFILE.volume, YES, kind=2)
    assert wire.feed(answer) == [Answered(Word(code=TERMINAL, session=7, body=Answer(result=0)))]
    assert isinstance(wire.feed(answer)[0], Told) and not wire.holding
    wire.asked(VOLUME)
    assert wire.feed(said(PROFILE.volume, NO, kind=2)) == [Declined("3", "忙")]


def test_a_question_is_answered_by_a_status():
    wire = FefdWire(PROFILE, STATION)
    wire.asked(QUERY)
    assert isinstance(wire.feed(said(PROFILE.volume, YES, kind=2))[0], Told)
    status = said(PROFILE.status, status_body(STATUS), session=99)
    assert wire.feed(status) == [Answered(Word(code=TERMINAL, session=99, body=STATUS))]


def test_nobody_answers_for_an_area():
    wire = FefdWire(PROFILE, STATION)
    assert decode(wire.asked(AREA), PROFILE).targets == AREA.targets and not wire.waiting
    assert isinstance(wire.feed(said(PROFILE.volume, YES, kind=2))[0], Told)
    for targets in ((TERMINAL, OTHER), (TERMINAL[:-2] + "00",), (TERMINAL[:-4] + "0001",)):
        assert not attrs.evolve(VOLUME, targets=targets).single


def test_what_is_no_word_of_a_terminal_is_a_stray():
    wire, good = FefdWire(PROFILE, STATION), said(PROFILE.volume, YES, kind=2)
    wire.asked(VOLUME)
    wrong = [
        b"", b"\xfe\xfd", good * 2, good[:-1], good + b"x", good[:-1] + b"x", b"x" + good[1:], wire.frame(VOLUME), said(0x77, b""), said(0x77, b"", kind=9),
        said(PROFILE.volume, b"", kind=2), said(PROFILE.status, b"\0"),
    ]  # fmt: skip
    assert [type(wire.feed(data)[0]) for data in wrong] == [Stray] * len(wrong) and wire.waiting


def test_a_datagram_is_one_frame_whole_and_alone():
    good = said(PROFILE.volume, YES, kind=2)
    assert datagram(good, PROFILE, header=11) == decode(good, PROFILE, header=11)
    assert datagram(good, attrs.evolve(PROFILE, max_frame=len(good)), header=11).session == 7
    with pytest.raises(Misheard, match="one terminal frame"):
        datagram(good, attrs.evolve(PROFILE, max_frame=len(good) - 1), header=11)


def test_a_datagram_is_never_cut_in_two():
    wire = FefdWire(PROFILE, STATION)
    spare = MOST - len(wire.frame(AREA)) + 1
    assert len(wire.frame(attrs.evolve(AREA, body=bytes(spare)))) == MOST
    with pytest.raises(ValueError, match="fewer targets"):
        wire.asked(attrs.evolve(VOLUME, body=bytes(spare + 1)))
    assert not wire.waiting


def test_fuzz_datagrams():
    seeds = [said(PROFILE.volume, YES, kind=2), said(PROFILE.status, status_body(STATUS))]
    answered = 0

    def ask(chance: random.Random):
        nonlocal answered
        wire = FefdWire(PROFILE, STATION)
        wire.asked(chance.choice((VOLUME, QUERY)))
        for one in wire.feed(damaged(chance, chance.choice(seeds), seeds)):
            assert isinstance(one, (Answered, Declined, Stray, Told))
            answered += isinstance(one, Answered)
        assert not wire.holding

    campaign("terminal datagrams", ask)
    assert answered


# ---- over a socket ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def on_air(*speakers, group=""):
    """They hear a port of this machine, of a group where one is named; gives the port."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    port, close = asyncio.run_coroutine_threadsafe(listening(speakers, group), loop).result(5)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(close)
        loop.call_soon_threadsafe(loop.stop)


def test_a_terminal_is_ordered_over_udp_and_read_back(capsys, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(KEY.pem())
    key.chmod(0o600)
    speaker = Loudspeaker(TERMINAL, PublicKey(KEY.public.pem()))
    with on_air(speaker) as port:
        how = ["--link", f"udp:127.0.0.1:{port}", "--timeout", "5"]
        signed = [*how, "--key", str(key), "--certificate", "000000000042"]
        volume = ["fefd", "volume", TERMINAL, "60", "--session", "5"]
        assert wire_entry.main([*volume, *how[:-1], "0.2"]) == 1 and speaker.written == []
        assert wire_entry.main([*volume, *signed]) == 0 and speaker.volume == 60
        volume[3] = "50"
        assert (
            wire_entry.main([*volume, *signed]) == 1 and speaker.volume == 60
        )  # it knows that session already
        assert '"holds":false' in capsys.readouterr().out.splitlines()[-1]
        assert wired(capsys, "fefd", "query", TERMINAL, *how)[0] == 0
        assert wire_entry.main([*volume, *signed[:-2]]) == 2
    capsys.readouterr()


def test_an_area_is_told_by_multicast_and_obeys_once(capsys, monkeypatch):
    monkeypatch.setattr("devices.fefd_face._GATHER_US", 600_000)
    speakers = Loudspeaker(TERMINAL), Loudspeaker(OTHER), Loudspeaker("63404230000000314010401")
    with on_air(*speakers, group="239.255.77.3") as port:
        how = ("--link", f"udp:239.255.77.3:{port}", "--interface", "127.0.0.1")
        start = ("start", "340422000000", EBM, "--stream", "rtp://239.1.1.1:5004", "--session", 5)
        code, lines = wired(capsys, "fefd", *start, *how)
        assert code == 0 and lines[-1]["answered"] == 2
        assert [len(one.written) for one in speakers] == [1, 1, 0] and speakers[0].ebm == speakers[
            1
        ].ebm == EBM
        assert wired(capsys, "fefd", "query", "340422000000", *how)[1][-1]["answered"] == 2
        speakers[1].answers_with = 1
        code, lines = wired(capsys, "fefd", "stop", "340422000000", EBM, "--session", 6, *how)
        assert code == 1 and lines[-1]["refused"] == [OTHER]


def test_what_a_terminal_shows_decides():
    def shown(words, **values):
        asked = _parser({"fefd": FACE}).parse_args(["fefd", *words, "--session", "5", "--link", "udp:a:1"])
        made = next(one for one in FACE.verbs if one.name == asked.verb).script(asked)
        assert next(made).single and isinstance(made.send(None), Listen)
        assert made.send(()).business == PROFILE.query
        with pytest.raises(StopIteration) as done:
            made.send(Word(code=TERMINAL, session=9, body=attrs.evolve(STATUS, **values)))
        return done.value.value["holds"]

    start, stop = ("start", TERMINAL, EBM, "--stream", "rtp://1"), ("stop", TERMINAL, EBM)
    other = EBM[:-1] + "2"
    for ebm, state, plays in ((EBM, 1, True), (EBM, 3, True), (EBM, 0, False), (other, 1, False)):
        task = ((PROFILE.tag_task, fefd.pack_digits(ebm, 35) + bytes([state])),)
        assert shown(start, values=task) is plays and shown(stop, values=task) is not plays
    assert shown(stop) and not shown(start)


@pytest.mark.parametrize(
    "words",
    [
        ("query", "12"), ("volume", "34042200000x", 5, "--session", 1), ("start", TERMINAL, EBM, "--stream", "流", "--session", 1), ("start", TERMINAL, EBM, "--stream", "r", "--session", 1, "--event", "1"),
        ("query", TERMINAL, "--profile", "none"), ("query", TERMINAL, "--link", "tcp:a:1"), ("query", TERMINAL, "--link", "udp:a:0"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(capsys, words):
    link = () if "--link" in words else ("--link", "udp:127.0.0.1:9")
    assert wired(capsys, "fefd", *words, *link)[0] == 2


def test_frames_are_explained_and_links_read(capsys):
    data = FefdWire(PROFILE, STATION).frame(VOLUME)
    assert wired(capsys, "fefd", "decode", data.hex())[1][0]["told"]["business"] == PROFILE.volume
    assert explained(said(PROFILE.volume, YES, kind=2))[0].kind == 2
    assert isinstance(explained(b"x")[0], Misheard)
    assert udp_of("udp:hall-1.local:9200") == UdpLink("hall-1.local", 9200)
    assert UdpLink("239.1.1.1", 1).group and not UdpLink("10.1.1.1", 1).group and not UdpLink("a", 1).group
    with pytest.raises(Refused):
        udp_of("udp:[::1]:1")
    code, lines = wired(capsys, "fefd", "query", TERMINAL, "--link", "udp:239.1.1.1:9", "--interface", "x")
    assert code == 1 and lines[-1]["error"] == "link"


def test_a_frame_whose_checksum_alone_is_wrong_is_shown_and_not_believed(capsys):
    good = FefdWire(PROFILE, "43404220000000314010101").asked(VOLUME)
    code, lines = wired(capsys, "fefd", "decode", (good[:-1] + bytes([good[-1] ^ 1])).hex())
    assert code == 1 and lines[0]["error"] == "crc"
    shown = lines[1]["told"]
    assert shown["is"] == "Unbelieved" and shown["parts"][0]["business"] == PROFILE.volume
    for broken in ("", "FEFD", (good[:20] + good[21:]).hex(), (good[:-9] + bytes(9)).hex()[:-2]):
        assert len(wired(capsys, "fefd", "decode", broken)[1]) == 1
