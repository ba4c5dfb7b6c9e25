"""The dictionaries of CAP 1.0, 1.1 and 1.2: two judges that share no code agree, and what is written is read again."""

from __future__ import annotations

import copy
from functools import cache

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from wire import samples

from emergency import cap, cap_check, cap_writer
from emergency.cap_alert import Alert, Area, Info, Resource
from emergency.cap_dictionary import DSIG, NAMESPACES, VERSIONS, differences, segment
from emergency.cap_xsd import xsd
from station.words import Instant, Misheard, Refused

AT = cap.moment("2026-11-22T08:00:00+08:00")
FULL = Alert(
    version="1.2",
    identifier="AH-1",
    sender="qx@ah.example",
    sent=AT,
    status="Actual",
    type="Update",
    source="desk",
    scope="Restricted",
    restriction="staff",
    addresses="a b",
    codes=("x", "profile:CAP-CP:0.4"),
    note="n",
    references=(("qx@ah.example", "AH-0", "2026-11-22T07:00:00+08:00"), ("q", "2", "x")),
    incidents="flood",
    infos=(
        Info(
            language="zh-CN",
            categories=("Met", "Safety"),
            event="暴雨",
            urgency="Immediate",
            severity="Extreme",
            certainty="Likely",
            responses=("Shelter", "None"),
            audience="all",
            codes=(("SAME", "FFW"), ("GB/T 35561", "11B03")),
            effective=AT,
            onset=AT,
            expires=Instant(AT + 3_600_000_000),
            sender_name="气象局",
            headline="暴雨红色预警",
            description="大雨",
            instruction="转移",
            web="http://example.org/a?b=c&d",
            contact="110",
            parameters=(("k", "v"),),
            resources=(
                Resource(description="map", mime="image/png", size=3, uri="http://x/y", digest="ab"),
                Resource(description="voice", mime="audio/mpeg", data=b"\x00\xff" * 9),
            ),
            areas=(
                Area(
                    description="寿县",
                    geocodes=(("GB/T 2260", "340422000000"),),
                    polygons=("1,1 2,2 3,3 1,1",),
                    circles=("32.5,116.7 10.5", "1,1 0"),
                    altitude="10.5",
                    ceiling="20",
                ),
                Area(description=""),
            ),
        ),
        Info(
            language="",
            categories=("Met",),
            event="Rain",
            urgency="Past",
            severity="Minor",
            certainty="Likely",
        ),
    ),
)


def of(version: str) -> Alert:
    """The full alert as a version can say it."""
    said = cap_writer.in_version(FULL, version)
    if version == "1.0":
        files = (attrs.evolve(FULL.infos[0].resources[0]),)
        said = attrs.evolve(said, infos=(attrs.evolve(said.infos[0], resources=files), *said.infos[1:]))
    return said


@pytest.mark.parametrize("version", VERSIONS)
def test_an_alert_that_says_all_there_is_survives_writing(version):
    data = cap_writer.write(of(version))
    judged = cap.judge(data)
    assert (judged.version, judged.valid, judged.reasons) == (version, True, ())
    assert judged.alert == of(version)
    assert schema(version).validate(etree.fromstring(data))


@cache
def schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(xsd(version).encode()))


# ---- round trip ----------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(lambda said: said.strip())
names = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=8)
times = st.integers(-62_000_000_000, 253_000_000_000).map(lambda s: Instant(s * 1_000_000))
keys = words.map(lambda said: said.replace("=", "").strip())
pairs = st.lists(st.tuples(keys, words), max_size=2).map(tuple)
numbers = st.decimals(-90, 90, places=3).map(str)


def choice(version: str, name: str, part: str = "info"):
    return st.sampled_from(next(f.values for f in segment(part, version).fields if f.name == name))


def infos(version: str):
    old = version == "1.0"
    some = lambda one: st.lists(one, max_size=2).map(tuple)  # noqa: E731
    point = st.tuples(numbers, numbers).map(",".join)
    return st.builds(
        Info,
        language=st.sampled_from(["", "zh-CN", "en", "ug"]),
        categories=st.lists(choice(version, "category"), min_size=0 if old else 1, max_size=2).map(tuple),
        event=words,
        urgency=choice(version, "urgency"),
        severity=choice(version, "severity"),
        certainty=choice(version, "certainty"),
        responses=st.just(()) if old else some(choice(version, "responseType")),
        codes=pairs,
        effective=st.none() | times,
        expires=st.none() | times,
        headline=words,
        description=words,
        web=st.sampled_from(["", "http://example.org/", "../x?y#z"]),
        parameters=pairs,
        resources=some(
            st.builds(
                Resource,
                description=words,
                mime=words.map(lambda said: said.lower().strip()).filter(lambda s: s == s.lower()),
                size=st.none() | st.integers(-(10**18), 10**18),
                data=st.none() if old else st.none() | st.binary(min_size=1, max_size=9),
            )
        ),
        areas=some(
            st.builds(
                Area,
                description=words,
                geocodes=pairs,
                polygons=some(st.tuples(point, point, point).map(lambda p: " ".join((*p, p[0])))),
                altitude=st.just("") | numbers,
            )
        ),
    )


@st.composite
def alerts(draw) -> Alert:
    version = draw(st.sampled_from(VERSIONS))
    kind = draw(st.sampled_from(["Alert", "Update", "Cancel"]))
    sent = st.just("") if version == "1.0" else names
    refer = st.tuples(names.map(lambda n: "s" + n), names.map(lambda n: "i" + n), sent)
    return Alert(
        version=version,
        identifier=draw(names),
        sender=draw(names),
        sent=draw(times),
        status=draw(choice(version, "status", "alert")),
        type=kind,
        scope=draw(choice(version, "scope", "alert")),
        codes=tuple(draw(st.lists(words, max_size=2))),
        note=draw(words),
        references=tuple(draw(st.lists(refer, min_size=kind != "Alert", max_size=2))),
        infos=tuple(draw(st.lists(infos(version), max_size=3))),
    )


@settings(max_examples=60)
@given(alerts())
def test_what_is_written_is_read_again(alert):
    if any((s, i) == (alert.sender, alert.identifier) for s, i, _ in alert.references):
        return
    data = cap_writer.write(alert)
    assert cap.parse(data) == alert
    assert schema(alert.version).validate(etree.fromstring(data))


def test_what_a_version_cannot_say_is_refused_in_words():
    for wrong, words in (
        (attrs.evolve(FULL, version="1.0"), "certainty|no place|references"),
        (attrs.evolve(FULL, note="\x00"), "character"),
        (attrs.evolve(FULL, references=()), "needs references"),
        (attrs.evolve(FULL, note=" blank "), "no place"),
        (attrs.evolve(FULL, sent=Instant(-(10**20))), "year"),
        (attrs.evolve(FULL, sent=Instant(253_402_300_799_000_000)), "9999"),
        (cap_writer.in_version(attrs.evolve(of("1.0")), "1.2"), "references"),
    ):
        with pytest.raises(Refused, match=words):
            cap_writer.write(wrong)


def test_newer_words_become_older_ones():
    new = attrs.evolve(
        FULL.infos[1], categories=("CBRNE", "Other"), responses=("AllClear", "Shelter"), certainty="Observed"
    )
    old = cap_writer.in_version(attrs.evolve(FULL, infos=(new,)), "1.0").infos[0]
    assert (old.categories, old.responses, old.certainty) == (("Other",), (), "Very Likely")
    again = cap_writer.in_version(attrs.evolve(FULL, infos=(old,)), "1.1").infos[0]
    assert again.certainty == "Likely"


def test_before_1_2_a_time_may_have_parts_of_a_second():
    fine = attrs.evolve(of("1.1"), sent=Instant(AT + 250_000))
    assert cap.parse(cap_writer.write(fine)) == fine
    with pytest.raises(Refused, match="no place"):
        cap_writer.write(attrs.evolve(fine, version="1.2"))


def test_the_differences_of_the_versions_are_a_list():
    told = differences()
    assert "alert/scope: 1.0 ? choice; 1.1 1 choice; 1.2 1 choice" in told
    assert "resource/derefUri: 1.0 none; 1.1 ? text; 1.2 ? text" in told
    assert len(told) == 13


def test_languages_are_told_apart():
    assert {name: len(held) for name, held in FULL.languages().items()} == {"zh-CN": 1, "en-US": 1}
    assert attrs.evolve(FULL, infos=FULL.infos * 2).languages()["zh-CN"] == (FULL.infos[0],) * 2


# ---- two judges ----------------------------------------------------------------------------------------------------

TEXTS = (
    "", " ", "x", "Actual", " Actual", "Draft", "CBRNE", "Very Likely", "Observed", "AllClear", "1", "+1.5", ".5", "1.",
    "-", "1e3", "zh-CN", "zh_CN", " zh ", "abcdefghi", "2026-11-22T08:00:00+08:00", "2026-11-22T08:00:00Z",
    "2026-11-22T08:00:00.5-00:00", "2026-02-29T08:00:00+08:00", "2028-02-29T08:00:00+08:00", "2026-11-22T24:00:00+00:00",
    "2026-11-22T24:00:01+00:00", "2026-11-22T08:00:00", "12026-11-22T08:00:00Z", "2026-11-22T08:00:00+14:00",
    "2026-11-22T08:00:00+14:01", "2026-13-22T08:00:00+08:00", "2026-11-31T08:00:00+08:00", "2026-11-22T08:60:00+08:00",
    "2026-11-22T08:00:60+08:00", "2026-11-22T08:00:00+08:60", "2100-02-29T08:00:00+08:00", "2000-02-29T00:00:00-14:00",
    "http://a b/c?d#e", "a:b", "1:b", "./1:b", "http://a:80/", "http://a:b/", "//h", "%41", "%4", "http://[::1]/", "http://a[/",
    "?q?[", "#a#b", "http://寿县/", "http://u@h", "http://u@v@h", "mailto:a@b", "a//b:c", "/a:b", ":", "http://a/%zz", "#[]",
    "2026-11-22T25:00:00+08:00", "2026-00-22T08:00:00+08:00", "2026-11-00T08:00:00+08:00",
)  # fmt: skip
DEEDS = ("drop", "double", "swap", "text", "rename", "attribute", "child", "tail", "comment", "hint", "sign")


def change(root: etree._Element, deed: str, at: int, said: str) -> None:
    """One damage to a tree."""
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node = nodes[at % len(nodes)]
    space = NAMESPACES[cap.VERSIONS[etree.QName(root).namespace]]
    parent = node.getparent()
    if deed == "text":
        leaves = [leaf for leaf in nodes if not len(leaf)]
        leaves[at % len(leaves)].text = said
    elif deed == "attribute":
        node.set("id", "x")
    elif deed == "hint":
        node.set("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "a b")
    elif deed == "child":
        etree.SubElement(node, f"{{{space}}}value").text = said
    elif deed == "tail":
        nodes[1 + at % (len(nodes) - 1)].tail = said
    elif deed == "comment":
        node.append(etree.Comment("x"))
    elif deed == "sign":
        etree.SubElement(node, f"{{{DSIG}}}Signature").text = said
    elif parent is not None:
        if deed == "drop":
            parent.remove(node)
        elif deed == "double":
            node.addnext(copy.deepcopy(node))
        elif deed == "swap" and node.getnext() is not None:
            node.addprevious(node.getnext())
        elif deed == "rename":
            node.tag = f"{{{space}}}{etree.QName(nodes[(at * 7) % len(nodes)]).localname}"


damages = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, 200), st.sampled_from(TEXTS)), min_size=1, max_size=3
)


def damaged(version: str, some) -> bytes:
    root = etree.fromstring(cap_writer.write(of(version)))
    for deed, at, said in some:
        change(root, deed, at, said)
    return etree.tostring(root)


@settings(max_examples=400)
@given(st.sampled_from(VERSIONS), damages)
def test_our_judge_and_the_schema_file_agree_on_any_damage(version, some):
    data = damaged(version, some)
    theirs = schema(version).validate(etree.fromstring(data))
    judged = cap.judge(data)
    assert judged.valid == theirs, (judged.faults, schema(version).error_log.last_error)
    assert len(judged.reasons) <= 20
    assert all(text.en and text.zh for text in judged.reasons)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["sent", "language", "size", "altitude", "web", "status", "category"])
def test_both_judges_say_the_same_of_every_odd_text(version, name):
    root = etree.fromstring(cap_writer.write(of(version)))
    node = next(root.iter(f"{{{NAMESPACES[version]}}}{name}"))
    for said in TEXTS:
        node.text = said
        data = etree.tostring(root)
        assert cap.judge(data).valid == schema(version).validate(etree.fromstring(data)), said


@cache
def published() -> etree.XMLSchema:
    """The schema of CAP 1.2 as OASIS published it."""
    return etree.XMLSchema(etree.parse(samples("cap") / "cap12.xsd"))


@settings(max_examples=150)
@given(damages)
def test_our_judge_and_the_standards_own_schema_agree(some):
    theirs = published()
    root = etree.fromstring(damaged("1.2", [one for one in some if one[0] != "sign"]))
    assert cap.judge(etree.tostring(root)).valid == theirs.validate(root)


def test_a_pair_the_wrong_way_round_is_a_breach():
    root = etree.fromstring(cap_writer.write(of("1.2")))
    name = next(root.iter(f"{{{NAMESPACES['1.2']}}}valueName"))
    name.addprevious(name.getnext())
    judged = cap.judge(etree.tostring(root))
    assert not judged.valid and any("valueName" in text.en for text in judged.faults)


def test_of_many_breaches_the_first_are_told():
    root = etree.fromstring(cap_writer.write(of("1.2")))
    for node in root.iter():
        node.set("id", "x")
    faults = cap.judge(etree.tostring(root)).faults
    assert len(faults) == cap_check.MOST_FAULTS and faults[0].en.startswith("line 1:")


@pytest.mark.parametrize("said", ["0000-11-22T08:00:00+08:00", "2026-11-22", ""])
def test_what_is_no_time_is_none(said):
    assert not cap_check.is_moment(said, "1.1")
    assert cap_check.time_of(said) is None or "T" not in said


@pytest.mark.parametrize("version", VERSIONS)
def test_blanks_around_a_time_say_nothing(version):
    xml = cap_writer.write(of(version)).replace(b"<sent>", b"<sent> ").replace(b"</sent>", b"\n</sent>")
    assert cap.parse(xml) == of(version)


def test_a_local_time_is_valid_before_1_2_but_no_moment():
    assert cap_check.is_moment("2026-11-22T08:00:00", "1.0")
    assert cap_check.time_of("2026-11-22T08:00:00") is None


def test_times_beyond_what_can_be_counted_are_breaches():
    for said, words in (
        ("2026-11-22T08:00:00", "time zone"),
        ("12026-11-22T08:00:00Z", "9999"),
        ("9999-12-31T24:00:00Z", "9999"),
    ):
        xml = cap_writer.write(of("1.1")).replace(
            b"<sent>2026-11-22T08:00:00+08:00", b"<sent>" + said.encode()
        )
        judged = cap.judge(xml)
        assert (judged.valid, judged.alert) == (True, None)
        assert words in judged.breaches[0].en
        with pytest.raises(Misheard, match="CAP"):
            cap.parse(xml)
    midnight = xml.replace(b"9999-12-31T24", b"2026-11-21T24")
    assert cap.parse(midnight).sent == cap.moment("2026-11-22T00:00:00+00:00")


def test_a_password_of_1_0_is_valid_and_forgotten():
    xml = cap_writer.write(of("1.0")).replace(b"<source>", b"<password>secret</password><source>")
    assert cap.judge(xml).valid
    assert b"secret" not in cap_writer.write(cap.parse(xml))


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("http://x/a%20b?c=%4a#d", True), ("http://u:p@[::1]:80/", True), ("a/b:c", True), ("//x", True), ("", True),
        ("http://x/%2", False), ("http://x/%zz", False), ("%", False), ("http://[::1%1]/", False), ("a:b#c#d", False),
        ("http://x/[", False), (":a", False),
    ],
)  # fmt: skip
def test_references_are_delimited_and_escaped_as_rfc_3986_has_it(said: str, is_one: bool):
    assert cap_check.is_uri(said) is is_one
