"""CAP: the schema's verdict, the profile, the neutral message, and whatever a stranger may send."""

from __future__ import annotations

import base64

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from wire import samples

from emergency import cap, cap_message, cap_rules, cap_writer, safe_xml
from emergency.messages import Message
from station import geocodes
from station.ground import Ground, Point
from station.words import HOUR, AreaCode, Instant, Misheard, Refused

NOW = cap.moment("2026-11-22T08:00:00+08:00")
MESSAGE = Message(
    identifier="AH-2026-0001",
    sender="qx@ah.example",
    sent=NOW,
    kind="actual",
    event="11B03",
    event_text="暴雨",
    level=1,
    headline="暴雨红色预警",
    description="预计未来三小时雨量超过一百毫米。",
    instruction="请立即转移。",
    areas=(AreaCode("340422000000"), AreaCode("340422100000")),
    effective=NOW,
    expires=Instant(NOW + HOUR),
)
XML = cap_writer.from_message(
    MESSAGE, names={AreaCode("340422000000"): "寿县"}, sender_name="气象局"
).decode()


def taken(xml: str) -> Message:
    return cap_message.to_message(cap.parse(xml.encode())).message


def swapped(*pairs: tuple[str, str]) -> str:
    xml = XML
    for old, new in pairs:
        assert old in xml, old
        xml = xml.replace(old, new, 1)
    return xml


def test_a_message_survives_cap():
    assert taken(XML) == MESSAGE
    for other in (
        attrs.evolve(MESSAGE, kind="drill"),
        attrs.evolve(MESSAGE, kind="daily", event="20000", level=0),
        attrs.evolve(MESSAGE, type="update", references=("AH-2026-0000",), instruction=""),
        attrs.evolve(MESSAGE, type="cancel", references=("AH-2026-0000", "AH-2025-1")),
        attrs.evolve(MESSAGE, language="eng", level=4),
    ):
        assert taken(cap_writer.from_message(other).decode()) == other


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<scope>Public</scope>", "", "scope"),
        ("<status>Actual", "<status>Real", "status"),
        ("<sent>2026-11-22T08:00:00+08:00", "<sent>2026-11-22T00:00:00Z", "sent"),
        ("<sent>2026-11-22T08", "<sent>2026-11-22T25", "sent"),
        ("<identifier>AH", "<identifier>A H", "identifier"),
        ("<sender>qx", "<sender>q,x", "sender"),
        ("<severity>Extreme", "<severity>Red", "severity"),
        ("<msgType>Alert", "<msgType>Update", "references"),
        ("<scope>Public</scope>", "<scope>Public</scope><references>a,b</references>", "references"),
        ("<category>Met</category>", "", "category"),
        ("</areaDesc>", "</areaDesc><polygon>1,1 2,2 3,3 4,4</polygon>", "polygon"),
        ("</areaDesc>", "</areaDesc><polygon>1,1 2,2 1,1</polygon>", "polygon"),
        ("</areaDesc>", "</areaDesc><polygon>91,1 2,2 3,3 91,1</polygon>", "polygon"),
        ("</areaDesc>", "</areaDesc><circle>1,1</circle>", "circle"),
        ("</areaDesc>", "</areaDesc><circle>1;1 4</circle>", "circle"),
        ("</areaDesc>", "</areaDesc><circle>95,1 4</circle>", "radius in kilometres"),
        ("</areaDesc>", "</areaDesc><polygon>91,1 2,2 3,3 91,1</polygon>", "end where they began"),
        ("</info>", "<surprise/></info>", "surprise"),
    ],
)
def test_an_invalid_alert_says_where(old, new, words):
    xml = swapped((old, new))
    judged = cap.judge(xml.encode())
    assert judged.alert is None or judged.breaches
    assert words in judged.reasons[0].en
    with pytest.raises(Misheard, match="CAP"):
        cap.parse(xml.encode())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<resourceDesc>x", "<size>12345678901234567890</size>", "beyond any file"),
        ("</areaDesc>", "</areaDesc>" + "<polygon>1</polygon>" * 40, "polygon"),
        (
            "<scope>Public</scope>",
            "<scope>Public</scope><references>qx@ah.example,AH-2026-0001,x</references>",
            "itself",
        ),
        ("<scope>Public</scope>", f"<scope>Public</scope><references>{'a,b,c ' * 300}</references>", "256"),
    ],
)
def test_bounds_and_riddles_are_breaches_of_a_valid_alert(old, new, words):
    if old.startswith("<resourceDesc"):
        new = f"<resource><resourceDesc>x</resourceDesc><mimeType>a/b</mimeType>{new}</resource><area><areaDesc>"
        old = "<area><areaDesc>"
    judged = cap.judge(swapped((old, new)).encode())
    assert judged.valid
    assert judged.alert is not None
    assert words in judged.breaches[0].en
    assert len(judged.breaches) <= 10


def test_a_text_may_be_cut_by_a_comment_but_not_by_an_element():
    for inside, valid in (("<!-- x -->", True), ("<?x y?>", True), ("<value/>", False)):
        judged = cap.judge(swapped(("<event>暴雨", f"<event>暴{inside}雨")).encode())
        assert judged.valid is valid
        assert not valid or judged.alert.infos[0].event == "暴雨"


def test_shapes_that_are_right_are_valid():
    shapes = (
        "</areaDesc><polygon>1,1 2,2 3,3 1,1</polygon><polygon/><circle>32.5,116.7 10.5</circle><circle/>"
    )
    assert taken(swapped(("</areaDesc>", shapes))) == MESSAGE


def test_shapes_have_as_many_points_as_a_coast_and_no_more():
    def breaches(*shapes: str):
        found = cap.judge(swapped(("</areaDesc>", "</areaDesc>" + "".join(shapes))).encode())
        assert found.valid
        return [text.en for text in found.breaches]

    ring, circle = "<polygon>" + "1,1 " * 19_999 + "{}</polygon>", "<circle>1,1 1</circle>"
    assert breaches(ring.format("1,1")) == breaches(ring.format(""), circle) == []
    said = ["its shapes have more than 20000 points together"]
    assert breaches(ring.format("1,1"), circle) == breaches(ring.format("1,1 1,1")) == said
    wide = "<polygon>1,1 2,2 3,3 1,1{}</polygon>"
    assert breaches(wide.format(" " * 999_970)) == []
    assert breaches(wide.format("1" * 1_000_000)) == said


def test_a_1_1_document_is_judged_as_one():
    old = XML.replace("cap:1.2", "cap:1.1").replace("<status>", "<!-- said before --><status>")
    judged = cap.judge(old.encode())
    assert (judged.version, judged.faults, judged.alert.version) == ("1.1", (), "1.1")


def test_what_belongs_to_a_signature_is_no_part_of_the_alert():
    signed = XML.replace(
        "</alert>", '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><x/></Signature></alert>'
    )
    assert cap.parse(signed.encode()) == cap.parse(XML.encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<!DOCTYPE alert [<!ENTITY a "aa">]>' + XML.split("?>", 1)[1].encode(), "DOCTYPE"),
        (b"<!DOCTYPE alert><alert/>", "DOCTYPE"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"), "DOCTYPE"),
        (b"", "well-formed"),
        (b"\x00", "well-formed"),
        (b'<?xml version="1.0" encoding="martian"?><a/>', "well-formed"),
        (b"<alert/>", "not CAP"),
        (b'<a xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>', "not CAP"),
        (b" " * (5 * 1024 * 1024 + 1), "larger than 5 MiB"),
        (b"<a>" * 40 + b"</a>" * 40, "deeper"),
        (b"<a>" + b"<b/>" * 20_001 + b"</a>", "deeper"),
        (b"<a>" + b"<b/>" * 80_001 + b"</a>", "too many elements"),
        (b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(80_001)) + b"/>", "too many elements"),
        (b"<a " + b" ".join(b'a%d="1"' % n for n in range(33)) + b"/>", "attributes"),
    ],
)
def test_what_is_no_safe_cap_is_one_sentence(data, words):
    with pytest.raises(Misheard, match=words) as caught:
        cap.judge(data)
    assert "\n" not in caught.value.text.en


def test_a_comment_or_instruction_inside_cuts_nothing_off():
    xml = swapped(("预计未来", "预计<!-- x --><?y z?>未来"), ("<info>", "<!-- a --><info>"))
    assert taken(xml) == MESSAGE


def test_the_embedded_sound_comes_along():
    held = (
        "<resource><resourceDesc>map</resourceDesc><mimeType>image/png</mimeType><uri>http://x/y</uri></resource>"
        "<resource><resourceDesc>voice</resourceDesc><mimeType>audio/mpeg</mimeType><derefUri>\nYWJj\n</derefUri></resource>"
    )
    made = cap_message.to_message(cap.parse(swapped(("<area>", held + "<area>")).encode()))
    assert made.sound == ("audio/mpeg", b"abc")
    for bad, words in (("!", "base64"), ("A" * 4 * (1024 * 1024 + 1), "bytes")):
        xml = swapped(("<area>", held.replace("YWJj", bad) + "<area>"))
        assert words in cap.judge(xml.encode()).reasons[0].en


def test_too_many_infos_are_refused():
    one = info(XML)
    assert "32 infos" in cap.judge(XML.replace(one, one * 33).encode()).reasons[0].en


def test_nothing_has_no_text():
    assert safe_xml.text(None) == ""
    assert safe_xml.text(etree.fromstring("<a>x<b>y</b><!-- z -->w</a>")) == "xyw"


# ---- profile -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("<status>Actual", "<status>Test")], "disregard"),
        ([("<status>Actual", "<status>Draft")], "disregard"),
        (
            [
                ("<msgType>Alert", "<msgType>Ack"),
                ("Public</scope>", "Public</scope><references>a,b,c</references>"),
            ],
            "answer",
        ),
        ([("<scope>Public", "<scope>Private")], "not for broadcast"),
        ([("<valueName>GB/T 2260", "<valueName>FIPS6")], "12-digit"),
        ([("<value>340422000000", "<value>34042200000x")], "12 digits"),
        ([("<expires>2026-11-22T09", "<expires>2026-11-22T07")], "expires before"),
    ],
)
def test_what_may_not_be_aired_is_refused(pairs, words):
    with pytest.raises(Refused, match=words):
        taken(swapped(*pairs))


def info(xml: str) -> str:
    return xml[xml.index("<info>") : xml.index("</info>") + len("</info>")]


def test_chinese_is_taken_before_other_languages():
    english = info(XML).replace("zh-CN", "en-US").replace("暴雨红色预警", "Red rainstorm warning")
    assert taken(swapped(("<info>", english + "<info>"))) == MESSAGE
    assert taken(XML.replace(info(XML), english)).language == "eng"


def test_without_a_language_the_writing_tells():
    assert taken(swapped(("<language>zh-CN</language>", ""))).language == "zho"
    plain = swapped(
        ("<language>zh-CN</language>", ""), ("暴雨红色预警", "Rain"), (MESSAGE.description, "Rain")
    )
    assert taken(plain).language == "eng"
    assert taken(swapped(("zh-CN", "ug-CN"))).language == "ug"


def test_two_infos_of_one_language_give_their_areas_or_are_refused():
    second = info(XML).replace("340422100000", "340422101000")
    assert taken(swapped(("</info>", "</info>" + second))).areas == (*MESSAGE.areas, "340422101000")
    with pytest.raises(Refused, match="different things"):
        taken(swapped(("</info>", "</info>" + second.replace("请立即转移", "请勿转移"))))


def test_an_alert_without_info_or_area_is_refused_but_a_cancel_needs_neither():
    bare = XML.replace(info(XML), "")
    with pytest.raises(Refused, match="no info"):
        taken(bare)
    references = "Public</scope><references>qx@ah.example,AH-1,2026-11-22T07:00:00+08:00</references>"
    cancel = taken(bare.replace("Public</scope>", references).replace("<msgType>Alert", "<msgType>Cancel"))
    assert (cancel.type, cancel.references, cancel.areas) == ("cancel", ("AH-1",), ())
    assert cancel.expires - cancel.sent == HOUR
    with pytest.raises(Refused, match="names no area"):
        taken(XML[: XML.index("<area>")] + "</info></alert>")


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ("90,180 -90,-180 0,0 90,180", True),
        ("90.01,0 1,1 2,2 90.01,0", False),
        ("-90.01,0 1,1 2,2 -90.01,0", False),
        ("0,180.01 1,1 2,2 0,180.01", False),
        ("0,-180.01 1,1 2,2 0,-180.01", False),
    ],
)
def test_the_edges_of_the_earth_are_on_it(said, good):
    assert cap_rules.is_polygon(said) is good


def test_breaches_are_counted_to_ten():
    many = swapped(("</areaDesc>", "</areaDesc>" + "<polygon>1</polygon>" * 40))
    assert len(cap.judge(many.encode()).breaches) == 10


def test_an_update_may_name_another_senders_alert_of_the_same_identifier():
    for sender, own in (("other@ah.example", False), ("qx@ah.example", True)):
        said = (
            f"<scope>Public</scope><references>{sender},AH-2026-0001,2026-11-22T07:00:00+08:00</references>"
        )
        judged = cap.judge(
            swapped(("<msgType>Alert", "<msgType>Update"), ("<scope>Public</scope>", said)).encode()
        )
        assert bool(judged.breaches) is own


GROUND = Ground(
    points={"t": Point(area=AreaCode("340422100001"), longitude=116_500_000, latitude=32_500_000)},
    geocodes=geocodes.load(["scheme,code,area", "SAME,006037,340422101000"]),
)


def drawn(inside: str) -> str:
    """The alert with one area that has no national code."""
    at = XML.index("<area>")
    return f"{XML[:at]}<area><areaDesc>here</areaDesc>{inside}</area></info></alert>"


@pytest.mark.parametrize(
    ("inside", "areas"),
    [
        ("<polygon>32,116 32,117 33,117 33,116 32,116</polygon>", ("340422100001",)),
        ("<circle>32.5,116.5 1</circle>", ("340422100001",)),
        ("<geocode><valueName>SAME</valueName><value>006037</value></geocode>", ("340422101000",)),
        (
            "<circle>32.5,116.5 1</circle><geocode><valueName>SAME</valueName><value>006037</value></geocode>",
            ("340422100001", "340422101000"),
        ),
    ],
)
def test_an_area_that_is_drawn_means_the_areas_of_the_terminals_in_it(inside, areas):
    alert = cap.parse(drawn(inside).encode())
    assert cap_message.to_message(alert, ground=GROUND).message.areas == areas
    with pytest.raises(Refused, match="shapes alone"):
        cap_message.to_message(alert)


def test_an_area_that_holds_nothing_of_the_station_says_so():
    for inside, words in (
        ("<circle>1,1 1</circle>", "no terminal and no site of this station lies in the circle"),
        ("<geocode><valueName>UGC</valueName><value>MTZ014</value></geocode>", "no table of UGC codes"),
        ("<geocode><valueName>EMMA_ID</valueName><value>x</value></geocode>", "not known here"),
        ("", "shapes alone"),
    ):
        with pytest.raises(Refused, match=words) as caught:
            cap_message.to_message(cap.parse(drawn(inside).encode()), ground=GROUND)
        assert "区域" in caught.value.text.zh
    assert cap_message.to_message(cap.parse(XML.encode()), ground=GROUND).message == MESSAGE


def test_codes_and_times_have_defaults():
    six = taken(swapped(("<value>340422000000", "<value>340422")))
    assert six.areas[0] == "340422000000"
    start = XML.index("<effective>")
    end = XML.index("<senderName>")
    free = taken(XML[:start] + XML[end:])
    assert (free.effective, free.expires) == (NOW, NOW + HOUR)
    assert taken(swapped(("GB/T 35561", "SAME"))).event == "11B99"
    assert taken(swapped(("GB/T 35561", "SAME"), ("<category>Met", "<category>Infra"))).event == "19999"
    assert taken(swapped(("<severity>Extreme", "<severity>Unknown"))).level == 4


# ---- damage --------------------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(XML.encode()) - 1), st.binary(max_size=3)), max_size=5))
def test_only_named_errors_escape_from_a_damaged_alert(changes):
    data = XML.encode()
    for at, put in changes:
        data = data[:at] + put + data[at + len(put) + (1 if len(put) < 2 else 0) :]
    try:
        cap_message.to_message(cap.parse(data))
    except (Misheard, Refused) as error:
        assert error.text.en
        assert error.text.zh


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_any_text_as_a_time_is_a_time_or_misheard(said):
    try:
        assert isinstance(cap.moment(said), int)
    except Misheard as error:
        assert "is not a time" in error.text.en


VERDICTS = {
    "43b080713727.cap": ("1.2", True),
    "KAR0-0306112239-SW.cap": ("1.1", True),
    "canada.cap": ("1.2", True),
    "earthquake.cap": ("1.1", True),
    "invalid.cap": ("1.2", False),
    "no_optional_fields.cap": ("1.1", True),
    "weather.cap": ("1.1", True),
}


def test_foreign_samples_get_the_verdict_of_the_standards_schema():
    folder = samples("cap")
    assert {p.name for p in folder.glob("*.cap")} == set(VERDICTS)
    for name, (version, valid) in VERDICTS.items():
        judged = cap.judge((folder / name).read_bytes())
        assert (judged.version, judged.valid, judged.breaches) == (version, valid, ()), name


def test_as_much_as_is_allowed_is_allowed():
    one = info(XML)
    assert len(cap.parse(XML.replace(one, one * 32).encode()).infos) == 32
    many = "<scope>Public</scope><references>" + "a,b,c " * 256 + "</references>"
    assert len(cap.judge(swapped(("<scope>Public</scope>", many)).encode()).alert.references) == 256


def test_a_size_of_19_digits_is_one_and_three_mebibytes_of_sound_are_taken():
    sound = base64.b64encode(bytes(3 << 20)).decode()
    for size, data, good in (
        ("9" * 19, sound, True),
        ("9" * 20, "", False),
        ("9", sound[:-4] + "AAAAAAAA", False),
    ):
        new = (
            f"<resource><resourceDesc>x</resourceDesc><mimeType>audio/x</mimeType><size>{size}</size>"
            f"<derefUri>{data}</derefUri></resource><area><areaDesc>"
        )
        judged = cap.judge(swapped(("<area><areaDesc>", new)).encode())
        (resource,) = judged.alert.infos[0].resources
        assert bool(judged.breaches) != good
        assert not good or (resource.size, len(resource.data)) == (10**19 - 1, 3 << 20)


def test_a_reference_is_said_to_want_what_its_own_version_wants():
    old = XML.replace("cap:1.2", "cap:1.1")
    assert "instead of sender,identifier,sent" in _said_of_a_reference(old, "a,b")
    assert "instead of sender,identifier,sent" in _said_of_a_reference(old, "a,,c")


def _said_of_a_reference(xml, words):
    new = f"<scope>Public</scope><references>{words}</references>"
    return cap.judge(xml.replace("<scope>Public</scope>", new).encode()).reasons[0].en


@pytest.mark.parametrize(
    ("month", "last"), list(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1))
)
def test_a_month_has_its_days_and_no_more(month, last):
    for day, valid in ((last, True), (last + 1, False)):
        new = f"<sent>2028-{month:02d}-{day:02d}T08"
        assert cap.judge(swapped(("<sent>2026-11-22T08", new)).encode()).valid is valid


def test_a_comment_inside_a_time_is_no_part_of_it():
    for inside in ("<!-- x -->", "<?x y?>"):
        judged = cap.judge(swapped(("<sent>2026-11", f"<sent>2026{inside}-11")).encode())
        assert judged.valid and judged.alert.sent == NOW
