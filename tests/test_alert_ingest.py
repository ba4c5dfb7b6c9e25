"""The ingest port over a transport in memory: answers, bounds, time, and what each source may do."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import attrs
import pytest
from emergency_help import Bench
from test_cap import XML
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.python.failure import Failure
from wire import EBM, KEY, NOW, PROVINCE, STRANGER, changed, packet, tar

from emergency import (
    ebd_reader,
    ebd_signature,
    ebd_tar,
    http_door,
    ingest,
    intake,
    multipart,
    sim_platform,
    sim_signing,
    sm2,
    sources,
)
from emergency.cap_signature import PinnedKey
from emergency.ebd import Auxiliary, ConnectionCheck, EbmStateRequest, EbmStateResponse, Other
from emergency.ebd_profile import EbdFault, resource_id
from emergency.sources import KnownSource, Sources
from station.settings import SourceSection
from station.words import HOUR, SECOND, AreaCode, Misheard, Operator, Position, Refused

OWN = sm2.generate()
EBD_TOKEN, CAP_TOKEN = b"e" * 32, b"c" * 32
HERE = resource_id(4, "340422000000")
AREA = AreaCode("340422000000")
CAP_KEY = sim_signing.CapKey(None)
PINNED = PinnedKey(CAP_KEY._key.public_key(), "0123456789abcdef")
GONE = Failure(ConnectionDone())


class Station:
    """Records what the desk was asked; answers as told."""

    def __init__(self, **how) -> None:
        self.commands: list = []
        self.heard: list[str] = []
        self.outcome = lambda: succeed(Position(len(self.commands)))
        self.clock, self.now = Clock(), NOW
        section = SourceSection(
            id="prov", kind="ebd", authority="province", token_file="", preauthorised=True
        )
        self.ebd_source = KnownSource(section=section, token=EBD_TOKEN, verifiers=(sm2.verifier(KEY.public),))
        section = SourceSection(id="met", kind="cap", authority="county", token_file="")
        self.cap_source = KnownSource(section=section, token=CAP_TOKEN, keys=(PINNED,))
        self.desk = ingest.Desk(
            submit=self.submit,
            now=lambda: self.now,
            sources=Sources((self.ebd_source, self.cap_source)),
            identity=intake.Identity(ebr_code=HERE, signer=sm2.signer(OWN)),
            heard_from=self.heard.append,
            **how,
        )
        self.factory = ingest.make_factory(ingest.make_site(self.desk), self.desk, self.clock)

    def submit(self, command, request):
        self.commands.append((command, request))
        return self.outcome()

    def connect(self) -> tuple:
        protocol, transport = self.factory.buildProtocol(None), StringTransport()
        transport.aborted = False
        transport.abortConnection = lambda: setattr(transport, "aborted", True)
        if protocol is not None:
            protocol.makeConnection(transport)
        return protocol, transport

    def post(self, path: str, body: bytes, *headers: str, token: bytes | None = None) -> bytes:
        protocol, transport = self.connect()
        lines = [f"POST {path} HTTP/1.0", f"Content-Length: {len(body)}", *headers]
        if token is not None:
            lines.append(f"Authorization: Bearer {token.decode()}")
        protocol.dataReceived("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        if transport.value():
            protocol.connectionLost(GONE)
        return transport.value()

    def cap(self, body: bytes, token: bytes | None = CAP_TOKEN) -> tuple[int, dict]:
        return in_json(self.post("/ingest/cap", body, token=token))

    def ebd(self, held: bytes, token: bytes | None = EBD_TOKEN):
        form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + held + b"\r\n--b--\r\n"
        raw = self.post("/ingest/ebd", form, "Content-Type: multipart/form-data; boundary=b", token=token)
        head, _, body = raw.partition(b"\r\n\r\n")
        if b"application/x-tar" not in head:
            return in_json(raw)
        package = ebd_tar.unpack(body)
        file = ebd_signature.read(package.signature)
        mine = [sm2.verifier(OWN.public)]
        ebd_signature.check(file, package.body, package.ebd_id, verifiers=mine, now=self.now, skew_s=1)
        return ebd_reader.read(package.body)


def in_json(raw: bytes) -> tuple[int, dict]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def signed_cap(key=CAP_KEY, **wish) -> bytes:
    made = sim_platform.Wish(now=NOW // 1_000_000, number=1, areas=("340422000000",), text="大雨", **wish)
    return sim_platform.cap_alert(made, key)[1]


# ---- CAP -----------------------------------------------------------------------------------------------------------


def test_a_signed_cap_is_submitted_as_verified_but_not_as_preauthorised():
    station = Station()
    status, said = station.cap(signed_cap())
    [(command, request)] = station.commands
    assert (status, said["alert"], said["position"], said["verified"]) == (202, command.alert, 1, True)
    assert (command.source.id, command.source.verified, command.source.preauthorised) == ("met", True, False)
    assert command.alert.startswith("met-")
    assert (request[14], station.heard) == ("7", ["met"])


def test_the_same_alert_again_is_the_same_request_and_other_content_is_not():
    station = Station()
    assert station.cap(signed_cap())[1]["alert"] == station.cap(signed_cap())[1]["alert"]
    station.cap(signed_cap(level=2))
    (first, once), (_, twice), (third, other) = station.commands
    assert once == twice != other
    assert first.alert == third.alert


def test_an_unsigned_cap_or_one_without_pinned_keys_is_never_verified():
    station = Station()
    assert station.cap(XML.encode())[1]["verified"] is False
    bare = attrs.evolve(station.cap_source, keys=())
    assert intake.take_cap(signed_cap(), bare, NOW, here=AREA).submit.source.verified is False


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "well-formed"),
        (b"<!DOCTYPE a><a/>", 400, "DOCTYPE"),
        (b"<a/>", 400, "not CAP"),
        (XML.replace("<scope>Public</scope>", "").encode(), 400, "scope"),
        (XML.replace("Actual", "Test").encode(), 422, "disregard"),
        (signed_cap(sim_signing.CapKey(None)), 422, "pinned"),
        (signed_cap().replace("大雨".encode(), "小雨".encode()), 422, "changed"),
        (signed_cap(fault="expired"), 422, "expired"),
    ],
)
def test_a_bad_cap_gets_one_sentence_in_both_languages(body, status, words):
    station = Station()
    left, said = station.cap(body)
    assert (left, station.commands) == (status, [])
    assert words in said["text"]["en"]
    assert said["text"]["zh"]


def test_an_alert_from_the_future_is_refused():
    station = Station()
    station.now = NOW - HOUR
    assert station.cap(signed_cap())[1]["code"] == "early"


def test_a_source_may_not_use_anothers_name():
    station = Station()
    limited = attrs.evolve(
        station.cap_source, section=attrs.evolve(station.cap_source.section, senders=["x"])
    )
    with pytest.raises(Refused, match="may not send as") as caught:
        intake.take_cap(signed_cap(), limited, NOW, here=AREA)
    assert caught.value.code == "forbidden"
    limited = attrs.evolve(
        station.ebd_source, section=attrs.evolve(station.ebd_source.section, senders=["x"])
    )
    with pytest.raises(EbdFault, match="may not send as"):
        intake.read_packet(ebd_tar.unpack(tar()), limited, NOW, intake.Seen())


def test_only_the_right_token_opens_the_right_door():
    station = Station()
    for token in (None, b"", b"wrong", EBD_TOKEN):
        assert station.cap(signed_cap(), token=token)[0] == 401
    assert station.ebd(tar(), token=CAP_TOKEN)[0] == 401
    basic = base64.b64encode(b"any:" + CAP_TOKEN).decode()
    assert in_json(station.post("/ingest/cap", signed_cap(), f"Authorization: Basic {basic}"))[0] == 202
    assert in_json(station.post("/ingest/cap", b"", "Authorization: Basic !"))[0] == 401


def test_the_desks_refusal_is_passed_on_and_a_crash_is_503_and_logged():
    station = Station()
    station.outcome = lambda: fail(Refused("no such area", "没有该区域", code="area"))
    assert station.cap(signed_cap()) == (
        422,
        {"code": "area", "text": {"en": "no such area", "zh": "没有该区域"}},
    )
    answer = station.ebd(tar()).body
    assert (answer.result, answer.description) == (5, "没有该区域")
    station.outcome = lambda: fail(OSError("disk"))
    for send in (lambda: station.cap(signed_cap()), lambda: station.ebd(tar())):
        with capturedLogs() as logged:
            assert send()[0] == 503
        assert [str(entry["log_failure"].value) for entry in logged if "log_failure" in entry] == ["disk"]


def test_a_desk_that_does_not_answer_bounds_the_queue():
    station = Station()
    station.outcome = Deferred
    for _ in range(ingest.WAITING):
        assert station.post("/ingest/cap", signed_cap(), token=CAP_TOKEN) == b""
    assert station.cap(signed_cap())[0] == 429


def test_a_client_that_left_does_not_hurt():
    station = Station()
    waiting: Deferred = Deferred()
    station.outcome = lambda: waiting
    protocol, transport = station.connect()
    body = signed_cap()
    head = f"POST /ingest/cap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CAP_TOKEN.decode()}\r\n"
    protocol.dataReceived(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    protocol.connectionLost(GONE)
    waiting.callback(Position(1))
    assert (len(station.commands), transport.value()) == (1, b"")


def test_a_recording_is_kept_before_the_alert_is_submitted():
    order: list = []
    station = Station(keep=lambda *what: order.append((*what, len(station.commands))) or succeed(None))
    sound = "<resource><resourceDesc>v</resourceDesc><mimeType>audio/mpeg</mimeType><derefUri>YWJj</derefUri></resource>"
    assert station.cap(XML.replace("<area>", sound + "<area>", 1).encode())[0] == 202
    held = Auxiliary(type=2, description="a.mp3", size=3, digest=hashlib.sha1(b"mp3").hexdigest())
    station.ebd(tar(packet(changed(auxiliaries=(held,))), media=(("a.mp3", b"mp3"),)))
    assert [what[1:] for what in order] == [("audio/mpeg", b"abc", 0), ("audio/mpeg", b"mp3", 1)]
    assert [command.message.audio for command, _ in station.commands] == [what[0] for what in order]


# ---- EBD -----------------------------------------------------------------------------------------------------------


def test_a_signed_ebm_is_submitted_and_answered_in_its_own_terms():
    station = Station()
    answer = station.ebd(tar())
    [(command, _)] = station.commands
    assert (answer.body.result, answer.related, answer.source, answer.dest) == (
        1,
        packet().ebd_id,
        HERE,
        (PROVINCE,),
    )
    assert command.alert in answer.body.description
    assert (command.source.verified, command.source.preauthorised) == (True, True)
    assert (command.source.ebm_id, command.source.ebd_id) == (EBM.ebm_id, packet().ebd_id)


def test_answers_never_share_an_id():
    station = Station()
    assert len({station.ebd(tar()).ebd_id for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("held", "result", "words"),
    [
        (tar(signed=False), 4, "未签名"),
        (tar(key=STRANGER), 4, "不符"),
        (tar(at=NOW - 2 * HOUR), 4, "重放"),
        (tar(packet(changed(end=NOW - HOUR, start=NOW - 2 * HOUR))), 5, "过期"),
        (tar(packet(changed(sent=NOW + HOUR))), 5, "时钟"),
        (tar(packet(Other(type="EBMStreamPortRequest"))), 5, "不处理"),
        (tar(packet(EbmStateRequest(ebm_id=EBM.ebm_id))), 5, "没有消息"),
        (tar(media=(("../x", b""),)), 2, "文件名"),
        (ebd_tar.pack(ebd_tar.Package(ebd_id=packet().ebd_id, body=b"<EBD/>")), 3, "缺少"),
        (
            ebd_tar.pack(ebd_tar.Package(ebd_id=packet(sequence=9).ebd_id, body=ebd_tar.unpack(tar()).body)),
            5,
            "不一致",
        ),
    ],
)
def test_a_bad_packet_gets_the_right_result_code(held, result, words):
    station = Station()
    answer = station.ebd(held).body
    assert (station.commands, answer.result) == ([], result)
    assert words in answer.description


def test_a_cancel_without_areas_means_what_its_source_may_ask_for():
    cancel = tar(packet(changed(msg_type=2, related=PROVINCE + "202611220000")))
    station = Station()
    assert station.ebd(cancel).body.result == 1
    assert station.commands[0][0].message.areas == (AREA,)
    package = ebd_tar.unpack(cancel)
    village = AreaCode("340422100200")
    limited = attrs.evolve(
        station.ebd_source, section=attrs.evolve(station.ebd_source.section, areas=[village])
    )
    taken = intake.take_ebm(ebd_reader.read(package.body), package, limited, NOW, here=AREA)
    assert taken.submit.message.areas == (village,)


def test_an_alert_and_its_cancel_from_the_wire_are_decided_as_such():
    bench, station = Bench(), Station()
    bench.now = station.now
    by = Operator(id="source:province", roles=frozenset({"source"}))
    source = attrs.evolve(station.ebd_source, section=attrs.evolve(station.ebd_source.section, id="province"))
    for sequence, ebm in enumerate((changed(event="11A51"), changed(msg_type=2, sent=NOW + SECOND)), 1):
        package = ebd_tar.unpack(tar(packet(ebm, sequence=sequence)))
        ebd = intake.read_packet(package, source, NOW, intake.Seen())
        command = intake.take_ebm(ebd, package, source, NOW, here=AREA).submit
        assert bench.do(command, by)
        if sequence == 1:
            alert = command.alert
            bench.speak(alert)
            assert bench.phase(alert) == "sounding"
    record = bench.state.alerts[alert]
    assert (record.phase, record.how) == ("owing", "cancelled")  # the reviewer of the red one is still owed


def test_an_id_used_for_other_content_is_refused_and_the_same_packet_is_not():
    station = Station()
    assert [station.ebd(tar()).body.result for _ in range(2)] == [1, 1]
    assert station.commands[0][1] == station.commands[1][1]
    answer = station.ebd(tar(packet(changed(title="别的")))).body
    assert answer.result == 5
    assert "曾用于其他内容" in answer.description


def test_only_so_many_packets_are_remembered():
    seen = intake.Seen(bound=2)
    for n in range(4):
        seen.check("s", str(n), b"x")
    seen.check("s", "0", b"y")
    with pytest.raises(EbdFault):
        seen.check("s", "3", b"y")


def test_a_heartbeat_needs_no_signature_but_a_false_one_is_refused():
    beat = packet(ConnectionCheck(reported=NOW), heartbeat=True)
    station = Station()
    held = [tar(beat, signed=False), tar(beat), tar(beat, key=STRANGER)]
    assert [station.ebd(data).body.result for data in held] == [1, 1, 4]
    assert station.heard == ["prov", "prov"]


def test_a_known_message_has_a_state():
    state = EbmStateResponse(
        ebm_id=EBM.ebm_id, reported=NOW, state=2, description="播发中", coverage_percent=98
    )
    station = Station(state_of={EBM.ebm_id: state}.get)
    assert station.ebd(tar(packet(EbmStateRequest(ebm_id=EBM.ebm_id)))).body == state


def test_what_is_no_ebd_at_all_is_400():
    station = Station()
    for held in (b"", b"hello", bytes(2048)):
        assert station.ebd(held)[0] == 400
    assert in_json(station.post("/ingest/ebd", b"hello", token=EBD_TOKEN))[0] == 400


# ---- bounds --------------------------------------------------------------------------------------------------------


def test_a_body_too_large_is_413_and_far_too_large_is_cut():
    station = Station()
    assert station.cap(b" " * (ingest.CAP_BYTES + 1))[0] == 413
    assert station.cap(b" " * (http_door.STRANGER_BYTES + 1), token=b"stranger")[0] == 401
    protocol, transport = station.connect()
    protocol.dataReceived(b"POST /ingest/cap HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
    assert transport.value().startswith(b"HTTP/1.1 413")
    assert transport.disconnecting


def test_a_chunked_body_is_counted_as_it_comes():
    protocol, transport = Station().connect()
    protocol.dataReceived(b"POST /ingest/cap HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(6):
        protocol.dataReceived(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
    assert transport.value().startswith(b"HTTP/1.1 413")
    assert transport.disconnecting


def test_a_connection_that_trickles_is_ended_and_a_finished_one_leaves_no_timer():
    station = Station()
    protocol, transport = station.connect()
    for _ in range(http_door.LIFE_S):
        protocol.dataReceived(b"X")
        assert not transport.aborted
        station.clock.advance(1)
    assert transport.aborted
    protocol.connectionLost(GONE)
    station.cap(signed_cap())
    assert station.clock.getDelayedCalls() == []


def test_an_access_line_has_no_time_of_its_own_and_no_foreign_line_breaks():
    class Asked:
        uri, method, code, sentLength = "/a\nb语?token=x".encode(), b"GET", 404, 5  # noqa: N815

        def getClientAddress(self):
            return None

    line = http_door._line("1970", Asked())
    assert "1970" not in line
    assert "\n" not in line
    assert "token" not in line
    assert line.endswith(" 404 5")


def test_no_more_than_so_many_connections_at_once():
    station = Station()
    held = [station.connect() for _ in range(http_door.CONNECTIONS)]
    assert station.connect()[0] is None
    held[0][0].connectionLost(GONE)
    assert station.connect()[0] is not None


# ---- multipart and sources -----------------------------------------------------------------------------------------

HEAD = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b\r\ncontent-disposition: form-data; name=file\r\n\r\n'
FORM = HEAD + b"\x00\r\n--c\r\n--b--"


def test_the_named_part_is_found_among_others():
    assert multipart.file_in(b'Multipart/Form-Data; boundary="b"', FORM) == b"\x00\r\n--c"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"", FORM),
        (b"text/plain; boundary=b", FORM),
        (b"multipart/form-data", FORM),
        (b"multipart/form-data; boundary=z", FORM),
        (b"multipart/form-data; boundary=b", FORM[:-2]),
        (b"multipart/form-data; boundary=b", b"--b\r\n--b--"),
        (b"multipart/form-data; boundary=b", FORM.replace(b"file", b"fill")),
        (b"multipart/form-data; boundary=b", FORM.replace(b'"x"', b'"file"')),
        (b"multipart/form-data; boundary=b", b"--b\r\na: b\r\n\r\n1\r\n" * 17 + b"--b--"),
    ],
)
def test_a_damaged_form_is_one_sentence(kind, body):
    with pytest.raises(Misheard, match="upload"):
        multipart.file_in(kind, body)


def section(**fields) -> SourceSection:
    return attrs.evolve(SourceSection(id="s", kind="ebd", authority="province", token_file="t"), **fields)


def test_sources_are_loaded_with_their_keys(tmp_path: Path):
    sim_signing.init(tmp_path)
    both = [
        section(certificates=["ebd.pem"], token_file="ebd.token"),
        section(id="c", kind="cap", certificates=["cap.pem"], token_file="cap.token"),
    ]
    held = sources.load(both, tmp_path)
    assert [len(s.verifiers) + len(s.keys) for s in held.known] == [1, 1]
    token = (tmp_path / "cap.token").read_bytes().strip()
    assert held.by_token(token) is held.known[1]
    assert held.by_token(b"") is None
    assert token.decode() not in repr(held)


def test_a_missing_or_short_token_and_a_wrong_key_are_refused(tmp_path: Path):
    (tmp_path / "short").write_text("abc")
    (tmp_path / "t").write_text("x" * 32)
    (tmp_path / "bad.pem").write_text("hello")
    for wrong in (
        section(token_file="none"),
        section(token_file="short"),
        section(kind="cap", certificates=["bad.pem"]),
        section(kind="cap", certificates=["none.pem"]),
        section(certificates=["none.pem"]),
    ):
        with pytest.raises(Refused):
            sources.load([wrong], tmp_path)
    with pytest.raises(Misheard):
        sources.load([section(certificates=["bad.pem"])], tmp_path)
