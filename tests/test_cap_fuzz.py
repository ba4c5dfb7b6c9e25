"""Fuzz of CAP, its profiles and signatures, and of area tables. A thousand inputs here, FUZZ=1000000 by `make fuzz`; nothing escapes, bounded CPU and memory."""

from __future__ import annotations

import io
import json
import random
import time
from pathlib import Path

import pytest
from fuzz_kit import COUNT, SLOWEST_S, campaign
from test_cap import XML
from test_cap_profile import GOOD
from test_cap_schema import of

from emergency import cap_profile, cap_signature, cap_verdict, cap_writer, safe_xml
from emergency.cap_dictionary import VERSIONS
from station import area_table, geocodes
from station.ground import Ground, Point
from station.words import AreaCode, Misheard

DATA = Path(__file__).parent / "data"
SEEDS = [
    XML.encode(),
    cap_writer.write(GOOD),
    *(cap_writer.write(of(version)) for version in VERSIONS),
    *(path.read_bytes() for path in sorted(DATA.glob("cap-*.xml"))),
]
KEYS = tuple(cap_signature.load_key(DATA / f"cap-{name}.pem") for name in ("rsa", "ec"))
PROFILES = cap_profile.shipped()
PIECES = [
    b"<", b">", b"/>", b"</alert>", b"<info>", b"</info>", b"&amp;", b"&#0;", b"&#x10FFFF;", b"&x;", b"<![CDATA[", b"]]>",
    b"<!--", b"-->", b"<?x ?>", b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY x "xx">]>', b"\x00", b"\xff", b"\xf0\x9f\x98\x80",
    b"<area>" * 50, b"<info/>" * 40, b"<a>" * 40, b'xmlns:q="urn:q" ', b"9" * 400, b"1e999", b"NaN", b"-0", b"2026-11-22T24:00:00+08:00",
    b"1,1 2,2 3,3 1,1", b"0,0 1", b"a,b,c " * 300, b"=" * 50, b"%", b"zh-CN", b"A" * 5_000, b"<Signature/>", b'Algorithm=""',
    b"<value/>", b"<polygon>", b"</polygon>", b"\r\n", b"\xef\xbb\xbf", b"<derefUri>", b"</derefUri>",
]  # fmt: skip


def damaged(chance: random.Random, seed: bytes) -> bytes:
    """A document with a few bytes changed, cut out, doubled, or replaced by hostile pieces."""
    data = seed
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((0, 1, 1, 4, 30, 400)))
        put = chance.choice(
            (
                b"",
                chance.choice(PIECES),
                chance.randbytes(chance.randrange(4)),
                data[at:end] * 2,
                data[end : end + 200],
            )
        )
        data = data[:at] + put + data[end:]
    return data


def test_fuzz_documents() -> None:
    valid = 0

    def ask(chance: random.Random) -> None:
        nonlocal valid
        data = damaged(chance, chance.choice(SEEDS))
        said = cap_verdict.verdict(data, keys=KEYS, profiles=PROFILES)
        valid += said["valid"]
        assert json.loads(json.dumps(said)) == said
        assert said["would"] == "refuse" or not said["reasons"]
        assert said["reasons"] or said["would"] != "refuse"
        assert all(text["en"] and text["zh"] for text in said["reasons"])
        assert len(json.dumps(said)) < 60_000

    campaign("documents", ask)
    assert 0 < valid < COUNT  # some are still CAP, most are not


def test_fuzz_signatures_never_hold_for_another_text() -> None:
    """Whatever is done to a signed document: if a pinned key still holds, it says what it said."""
    signed = [path.read_bytes() for path in sorted(DATA.glob("cap-*.xml"))]
    told = {cap_verdict.verdict(data)["valid"] for data in signed}
    assert told == {True}

    def ask(chance: random.Random) -> None:
        seed = chance.choice(signed)
        data = damaged(chance, seed)
        if cap_signature.check(data, KEYS).verified:
            assert words(data) == words(seed)

    campaign("signatures", ask)


def words(data: bytes) -> list[str]:
    """All that a document says but its signature."""
    root = safe_xml.parse(data)
    return [
        f"{node.tag} {(node.text or '').strip()}"
        for node in root.iter("*")
        if "xmldsig" not in str(node.tag) and not len(node)
    ]


def test_fuzz_shapes_and_codes() -> None:
    here = AreaCode("340422100001")
    ground = Ground(
        points={str(n): Point(area=here, longitude=n * 10_000, latitude=n * 10_000) for n in range(300)},
        geocodes=geocodes.load(["scheme,code,area", f"SAME,006037,{here}", f"UGC,MTZ014,{here}"]),
    )
    parts = [
        "1,1",
        "2,2",
        "3,3",
        "-91,0",
        "0,181",
        "1e5,0",
        "x",
        ",",
        "1,",
        "999999,1",
        " ",
        "\n",
        "6",
        "٣,٣",
        "nan,nan",
    ]

    def ask(chance: random.Random) -> None:
        shape = " ".join(chance.choices(parts, k=chance.randrange(9)))
        code = "".join(chance.choices("0123456789AZ*.[(", k=chance.randrange(8)))
        name = chance.choice(("SAME", "UGC", "CAP-CP", "profile:CAP-CP:Location:1", "x"))
        met = ground.meet(polygons=[shape], circles=[shape], geocodes=[(name, code)])
        assert met.areas in ((), (here,))

    campaign("shapes", ask)


LONG = {  # what is in the place of what
    "web": ("<area>", "<web>http://" + "a%20" * 1_200_000 + "</web><area>"),
    "language": ("zh-CN", "a-" * 2_400_000),
    "points": ("<geocode>", "<polygon>" + "32.5,116.5 " * 430_000 + "</polygon><geocode>"),
    "words": ("<geocode>", "<polygon>" + "a " * 2_400_000 + "</polygon><geocode>"),
}


@pytest.mark.parametrize("what", LONG)
def test_long_texts_take_no_time(what: str) -> None:
    """Hostile: as long as a document may be. Measured against reading one as long that says nothing: machines differ."""
    document = XML.replace(*LONG[what], 1).encode()
    plain = XML.replace("<area>", "<!--" + "a" * (len(document) - len(XML)) + "--><area>", 1).encode()
    took = []
    for one in (plain, document):
        begun = time.thread_time()
        said = cap_verdict.verdict(one, profiles=PROFILES)
        took.append(time.thread_time() - begun)
    assert took[1] < max(SLOWEST_S, 12 * took[0])
    assert said["version"] == "1.2" and (said["would"] == "refuse") == (what != "web")


def test_fuzz_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_table, "PLAIN_FROM", 1)
    monkeypatch.setattr(area_table, "_BLOCK", 64)
    codes = b"scheme,code,area\nSAME,006037,340422000000\nUGC,MTZ014,340422100001\n"
    seed = "code,name,level\n340000000000,安徽省,province\n340422000000,寿县,county\n340422100001,双井村,village\n".encode()

    # the alphabet of pinyin is made once a process, by the first search
    assert [area.name for area in area_table.read(io.BytesIO(seed)).find("寿", 1)] == ["寿县"]

    def ask(chance: random.Random) -> None:
        try:
            if chance.random() < 0.3:
                geocodes.load(damaged(chance, codes).decode("utf-8", "replace").splitlines(keepends=True))
            tree = area_table.read(io.BytesIO(damaged(chance, seed)))
        except Misheard as error:
            assert error.text.zh
        else:
            if chance.random() < 0.1:  # the index costs more than the table
                assert len(tree.find("寿", 3)) <= 3

    campaign("tables", ask)
