"""EBD: all sixteen types both ways, as XML and as JSON; the strict form; what a stranger may send instead."""

import json
import random

import attrs
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st
from wire import EBM, KEY, NOW, PROVINCE, STRANGER, changed, package, packet

from emergency import ebd_json, ebd_reader, ebd_reports, ebd_signature, ebd_tar, ebd_tool, ebd_writer, sm2
from emergency.ebd import (
    Auxiliary,
    Broadcast,
    Broadcaster,
    ConnectionCheck,
    Dispatch,
    EbdResponse,
    EbmStateRequest,
    EbmStateResponse,
    Other,
    Report,
)
from emergency.ebd_profile import EbdFault, resource_id
from emergency.ebd_reports import (
    BroadcastLog,
    Hours,
    LogItem,
    OmdRequest,
    RadioParams,
    Resource,
    ResourceInfo,
    ResourceState,
    ResourceStates,
    Span,
    TvParams,
    Unit,
)
from station.words import HOUR, Instant, Refused

COUNTY = resource_id(4, "340422000000")
SPAN = Span(start=NOW, end=Instant(NOW + HOUR), how="Full")
PLAYED = (
    Broadcaster(kind="EBRAS", code=COUNTY, broadcasts=(Broadcast(reported=NOW, system="(1,1,FM)", start=NOW, end=NOW, url="http://x", state=2, description="播发中"), Broadcast())),
    Broadcaster(broadcasts=(Broadcast(state=3),)),
)  # fmt: skip
RESOURCE = Resource(
    reported=NOW, deed="Sync", code=COUNTY, name="寿县调频台", platform=PROVINCE, station=COUNTY, adapter=COUNTY, address="寿春镇", contact="张三",
    phone="0554-1", longitude="116.78", latitude="32.57", url="http://10.0.0.1", parameters="p", square="2986.00", areas=EBM.areas, population="1390000",
    language="zho", room="1", radio=RadioParams(channel="综合", frequency="98.5", power="1000", backup="1", auto_switch="1", remote_control="1", experiment="0"),
    tv=TvParams(channel="1", frequency="482", program="1", number="22"), hours=(Hours(weekday="1", start="06:00:00", end="22:00:00"),),
)  # fmt: skip
BARE = Resource(reported=NOW, deed="Delete", code=COUNTY)
BODIES = [
    changed(program="1", information="EBI1", related=EBM.ebm_id, dispatches=(Dispatch(kind="EBRPS", language="zho", code=COUNTY), Dispatch(kind="EBRBS", system="FM", parameters="(1,3,98.5MHz)"))),
    EbdResponse(result=1, description="好"), ConnectionCheck(reported=NOW), EbmStateRequest(ebm_id=EBM.ebm_id),
    EbmStateResponse(ebm_id=EBM.ebm_id, reported=NOW, state=2, description="", coverage_rate="0.97", coverage_percent=97, areas=EBM.areas, resources=(5, 10, 10, 1000), broadcasters=PLAYED),
    OmdRequest(asked="EBRDTInfo"), OmdRequest(asked="EBMBrdLog", span=SPAN),
    *(ResourceInfo(kind=kind, resources=(RESOURCE, BARE), span=SPAN) for kind in ebd_reports.KINDS), ResourceInfo(kind="EBRDT"),
    *(ResourceStates(kind=kind, states=(ResourceState(reported=NOW, code=COUNTY, state=3, description="故障"),)) for kind in ("EBRPS", "EBRAS", "EBRBS", "EBRDT")),
    BroadcastLog(span=attrs.evolve(SPAN, how=""), items=(LogItem(ebm_id=EBM.ebm_id, ebm=EBM, units=(Unit(platform=PROVINCE, unit="1", unit_name="台", person="7", person_name="李"), Unit()), state=3, description="成功", coverage_rate="1", coverage_percent=100, areas=EBM.areas, resources=(1, 2, 3, 4), broadcasters=PLAYED), LogItem(ebm_id=EBM.ebm_id))),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=ebd_json.type_of)
def test_every_type_is_read_as_it_was_written(body):
    ebd = packet(body, heartbeat=isinstance(body, ConnectionCheck))
    assert ebd_reader.read(ebd_writer.write(ebd)) == ebd
    assert ebd_json.body_from_plain(json.loads(json.dumps(ebd_json.body_to_plain(body)))) == body


def test_these_are_all_sixteen():
    assert {ebd_json.type_of(body) for body in BODIES} == set(ebd_json.TYPES) and len(ebd_json.TYPES) == 16


def names(xml, under):
    element = next(node for node in ebd_reader.safe_xml.parse(xml).iter() if node.tag == under)
    return [child.tag for child in element]


def test_elements_stand_in_the_order_of_the_standard():
    xml = ebd_writer.write(packet(ResourceInfo(kind="EBRBS", resources=(RESOURCE,), span=SPAN)))
    assert names(xml, "EBRBSInfo") == ["Params", "EBRBS"] and names(xml, "Params") == [
        "RptStartTime",
        "RptEndTime",
        "RptType",
    ]
    assert names(xml, "EBRBS") == [
        "RptTime", "RptType", "RelatedEBRPS", "RelatedEBRST", "RelatedEBRAS", "EBRID", "EBRName", "Address", "Contact", "PhoneNumber", "Longitude",
        "Latitude", "URL", "Params", "Square", "AreaCode", "Population", "LanguageCode", "EquipRoom", "RadioParams", "TVParams", "Schedule",
    ]  # fmt: skip
    xml = ebd_writer.write(packet(BODIES[-1]))
    assert names(xml, "EBMBrdItem") == [
        "EBM",
        "UnitInfo",
        "BrdStateCode",
        "BrdStateDesc",
        "Coverage",
        "ResBrdInfo",
    ]
    assert names(xml, "Coverage") == ["CoverageRate", "AreaCode", "CoveragePercent", "ResBrdStat"]
    assert names(xml, "EBRBS") == [
        "RptTime",
        "BrdSysInfo",
        "StartTime",
        "EndTime",
        "FileURL",
        "BrdStateCode",
        "BrdStateDesc",
    ]
    assert names(ebd_writer.write(packet(BODIES[0])), "EBM") == [
        "EBMVersion",
        "EBMID",
        "RelatedInfo",
        "MsgBasicInfo",
        "MsgContent",
        "Dispatch",
        "Dispatch",
    ]


def test_a_report_without_its_base_class_word_is_no_report():
    with pytest.raises(NotImplementedError):
        _ = Report().type


@pytest.mark.parametrize(
    ("body", "old", "new", "result"),
    [
        (5, "<OMDType>EBRDTInfo</OMDType>", "", 3), (6, "<RptStartTime>2026", "<RptStartTime>20a6", 2), (6, "RptEndTime>", "RptEnd>", 3),
        (7, f"</RelatedEBRAS><EBRID>{COUNTY}", "</RelatedEBRAS><EBRID>1", 2), (7, "<RptType>Sync", "<RptType> ", 3), (7, "<AreaCode>3404", "<AreaCode>34x4", 2),
        (7, "<Weekday>1", "<Weekday> ", 3), (-3, "<StateCode>3", "<StateCode>drei", 2), (-3, "<RptTime>", "<RptTime>x", 2),
        (-1, "<EBM><EBMID>", "<EBM><EBMID>1", 2), (-1, "<MsgType>1", "<MsgType>x", 2), (-1, "<EBMBrdItem><EBM>", "<EBMBrdItem><EBX/><EBM>", 0),
        (4, "<CoveragePercent>97", "<CoveragePercent>viel", 2), (4, "5,10,10,1000", "5,10,10", 2), (4, "5,10,10,1000", "5,10,10,x", 2),
        (4, "<CoveragePercent>97", "<CoveragePercent>97.5%", 0), (4, "<CoveragePercent>97", "<CoveragePercent>100", 0), (4, "<CoveragePercent>97", "<CoveragePercent>1000", 2), (4, "<BrdStateCode>2</BrdStateCode><BrdStateDesc>播发中", "<BrdStateCode>x</BrdStateCode><BrdStateDesc>播发中", 2),
        (4, "<ResBrdStat>5,10,10,1000</ResBrdStat>", "", 0), (4, "<Coverage>", "<Cover>", 2), (0, "<EBRPS>", "<EBRQQ>", 2), (0, "EBRPS>", "EBRQQ>", 0),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_report_has_its_result_code(body, old, new, result):
    xml = ebd_writer.write(packet(BODIES[body])).decode()
    assert old in xml
    if not result:
        ebd_reader.read(xml.replace(old, new).encode())
        return
    with pytest.raises(EbdFault) as caught:
        ebd_reader.read(xml.replace(old, new).encode())
    assert caught.value.result == result and caught.value.text.zh


def test_what_is_not_there_is_empty():
    xml = ebd_writer.write(packet(BODIES[4])).decode()
    cut = xml[: xml.index("<Coverage>")] + xml[xml.index("</ResBrdInfo>") + len("</ResBrdInfo>") :]
    assert ebd_reader.read(cut.encode()).body == EbmStateResponse(
        ebm_id=EBM.ebm_id, reported=NOW, state=2, description=""
    )
    nameless = xml.replace(f"<EBRAS><EBRID>{COUNTY}</EBRID></EBRAS>", "<EBRAS/>")
    assert ebd_reader.read(nameless.encode()).body.broadcasters[0].code == ""


def test_the_misspelt_reference_and_a_wrong_namespace_are_read():
    ebd = attrs.evolve(packet(BODIES[7]), related=packet(sequence=3).ebd_id)
    xml = (
        ebd_writer.write(ebd)
        .decode()
        .replace("RelatedEBD>", "RealtedEBD>")
        .replace("<EBD ", '<EBD xmlns="http://www.w3.org/2001/XMLSchema" ')
    )
    assert ebd_reader.read(xml.encode()) == ebd


def test_what_is_no_packet_at_all_is_said():
    with pytest.raises(EbdFault, match="root element"):
        ebd_reader.read(b"<EBX/>")


def test_lists_have_an_end():
    many = changed(dispatches=(Dispatch(kind="EBRPS", code=COUNTY),) * 1_001)
    with pytest.raises(EbdFault, match="Dispatch"):
        ebd_reader.read(ebd_writer.write(packet(many)))
    rows = ResourceStates(kind="EBRDT", states=(ResourceState(reported=NOW, code=COUNTY, state=1),) * 4_100)
    with pytest.raises(EbdFault, match="elements"):
        ebd_reader.read(ebd_writer.write(packet(rows)))
    xml = (
        ebd_writer.write(packet(ResourceStates(kind="EBRDT")))
        .decode()
        .replace("<EBRDTState/>", "<EBRDTState>" + "<EBRDT/>" * 5_001 + "</EBRDTState>")
    )
    with pytest.raises(EbdFault, match="5000"):
        ebd_reader.read(xml.encode())


texts = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x9FFF, exclude_characters="\x7f"), max_size=8
).map(str.strip)


@given(st.lists(st.builds(Resource, reported=st.just(NOW), deed=st.sampled_from(("Sync", "Delete")), code=st.just(COUNTY), name=texts, address=texts, square=texts, room=texts), max_size=3))  # fmt: skip
def test_whatever_an_owner_writes_comes_back(resources):
    ebd = packet(ResourceInfo(kind="EBRST", resources=tuple(resources)))
    assert ebd_reader.read(ebd_writer.write(ebd)) == ebd


@pytest.mark.parametrize("said", [{}, {"type": "none"}, {"type": "OMDRequest"}, {"type": "EBRDTInfo", "resources": [{}]}, {"type": "EBMStateRequest", "ebm_id": 1}, {"type": "EBRDTState", "more": 1}])  # fmt: skip
def test_json_that_is_no_body_is_refused_in_words(said):
    with pytest.raises(Refused) as wrong:
        ebd_json.body_from_plain(said)
    assert wrong.value.text.zh


def test_a_type_nobody_knows_keeps_its_name():
    ebd = ebd_reader.read(ebd_writer.write(packet(Other(type="EBMStreamPortRequest"))))
    assert ebd_json.body_to_plain(ebd.body) == {"type": "EBMStreamPortRequest"}


# ---- the strict form: two XMLs, two signatures --------------------------------------------------------------------

INFORMATION = "<EBI>洪水</EBI>".encode()


def strict(information=INFORMATION, *, key=KEY, signed=True):
    held = package()
    signature = ebd_signature.sign(
        information, held.ebd_id, signer=sm2.signer(key), serial="000000000042", now=NOW
    )
    return attrs.evolve(held, information=information, information_signature=signature if signed else None)


def test_the_strict_form_is_packed_and_unpacked():
    for held in (strict(), attrs.evolve(strict(), information_signature=None)):
        assert ebd_tar.unpack(ebd_tar.pack(held)) == held
    other = ebd_tar.pack(strict()).replace(
        b"EBDI_" + packet().ebd_id.encode(), b"EBDI_" + packet(sequence=2).ebd_id.encode()
    )
    with pytest.raises(EbdFault):
        ebd_tar.unpack(other)


def known(verifiers):
    from emergency.sources import KnownSource
    from station.settings import SourceSection

    return KnownSource(
        section=SourceSection(id="province", kind="ebd", authority="province", token_file="t"),
        token="x",
        verifiers=verifiers,
    )


@pytest.mark.parametrize(
    ("how", "fault"),
    [({}, ""), ({"signed": False}, "not signed"), ({"key": STRANGER}, "none of the source"), ({"information": b"<EBI/>", "signed": True}, "")],
)  # fmt: skip
def test_both_signatures_must_hold(how, fault):
    from emergency import intake

    source, held = known((sm2.verifier(KEY.public),)), strict(**how)
    if not fault:
        assert intake.read_packet(held, source, NOW, intake.Seen()).ebd_id == held.ebd_id
        return
    with pytest.raises(EbdFault, match=fault) as caught:
        intake.read_packet(held, source, NOW, intake.Seen())
    assert caught.value.result == 4


def test_information_of_another_is_not_believed_under_a_good_signature():
    from emergency import intake

    held = attrs.evolve(strict(), information=b"<EBI>x</EBI>")
    with pytest.raises(EbdFault, match="none of the source"):
        intake.read_packet(held, known((sm2.verifier(KEY.public),)), NOW, intake.Seen())


# ---- by hand ------------------------------------------------------------------------------------------------------


@pytest.fixture
def tool(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.pem").write_bytes(KEY.pem())
    (tmp_path / "public.pem").write_bytes(KEY.public.pem())

    def run(*words):
        code = ebd_tool.main([str(word) for word in words])
        return code, capsys.readouterr().out.splitlines()

    return run


HOW = ("make", "--key", "key.pem", "--source", PROVINCE, "--at", "2026-11-22 08:00:00")


@pytest.mark.parametrize("body", BODIES[1:], ids=ebd_json.type_of)
def test_every_type_is_made_and_checked_by_hand(tool, tmp_path, body):
    (tmp_path / "body.json").write_text(json.dumps(ebd_json.body_to_plain(body)), "utf-8")
    code, (path,) = tool(*HOW, "--body", "body.json", "--dest", COUNTY, "--related", packet().ebd_id)
    assert code == 0
    code, (line,) = tool("check", "--key", "public.pem", path)
    said = json.loads(line)
    assert (
        code == 0
        and said["signature"]["verified"] is True
        and said["dest"] == [COUNTY]
        and said["related"] == packet().ebd_id
    )
    assert ebd_json.body_from_plain(said["body"]) == body
    (tmp_path / "again.json").write_text(line, "utf-8")
    assert tool(*HOW, "--body", "again.json", "--sequence", "2")[0] == 0


MESSAGE = (
    "--ebm-id",
    EBM.ebm_id,
    "--event",
    "11B03",
    "--areas",
    "340422000000",
    "--title",
    "暴雨",
    "--text",
    "转移",
)


def test_a_message_with_its_sound_and_its_information(tool, tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"sound")
    (tmp_path / "i.xml").write_bytes(INFORMATION)
    _, (path,) = tool(*HOW, *MESSAGE, "--audio", "a.mp3", "--information", "i.xml")
    held = ebd_tar.unpack((tmp_path / path).read_bytes())
    assert held.media == (("a.mp3", b"sound"),) and held.information == INFORMATION
    (sound,) = ebd_reader.read(held.body).body.auxiliaries
    assert sound == Auxiliary(
        type=2, description="a.mp3", size=5, digest="5e2e97c3c7ba3035c6e6fc3a17e1bc22029c0c3e"
    )
    _, (line,) = tool("check", "--key", "public.pem", path)
    assert json.loads(line)["information"]["signature"]["verified"] is True
    forged = ebd_tar.pack(attrs.evolve(held, information=b"<x/>"))
    (tmp_path / "forged.tar").write_bytes(forged)
    code, (line,) = tool("check", "--key", "public.pem", "forged.tar")
    assert code == 1 and json.loads(line)["result"] == 4


@pytest.mark.parametrize(
    "words",
    [(), ("--event", "11B03"), (*MESSAGE, "--serial", "1"), (*MESSAGE, "--source", "1"), (*MESSAGE, "--audio", "none"), (*MESSAGE, "--folder", "none"), ("--body", "none"), ("--body", "bad"), ("--body", "list"), (*MESSAGE, "--event", "x"), (*MESSAGE, "--at", "today")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_in_words(tool, tmp_path, words):
    (tmp_path / "bad").write_text("{")
    (tmp_path / "list").write_text("[]")
    with pytest.raises(Refused) as wrong:
        tool(*HOW, *words)
    assert wrong.value.text.zh


def test_fuzz_ebd_packets():
    seeds = [ebd_writer.write(packet(body)) for body in BODIES]
    tars = [ebd_tar.pack(strict()), ebd_tar.pack(package())]
    signature = package().signature
    read = 0

    def ask(chance: random.Random):
        nonlocal read
        xml = damaged(chance, chance.choice(seeds))
        try:
            if chance.random() < 0.3:
                xml = ebd_tar.unpack(damaged(chance, chance.choice(tars))).body
            elif chance.random() < 0.2:
                ebd_signature.read(damaged(chance, signature))
            ebd = ebd_reader.read(xml)
            read += 1
            assert ebd_json.body_to_plain(ebd.body)["type"]
        except EbdFault as fault:
            assert fault.text.zh and 2 <= fault.result <= 5

    campaign("ebd packets", ask)
    assert read
