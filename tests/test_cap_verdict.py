"""All that is said of a CAP document: each figure and word of the verdict, and what ingest would do."""

from __future__ import annotations

import attrs
import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ed25519
from test_cap import XML
from test_cap_profile import GOOD
from test_cap_schema import FULL

from emergency import cap, cap_profile, cap_verdict, cap_writer, sim_platform, sim_signing
from emergency.cap_signature import load_key
from emergency.cap_xsd import xsd
from station.areas import AreaTree
from station.ground import Ground, Point
from station.words import AreaCode, Instant

SENT = cap.judge(XML.encode()).alert.sent
BLANK = {"version": None, "valid": False, "profile": {}, "signature": None}


def test_of_what_cannot_be_read_nothing_is_said_but_why():
    said = cap_verdict.verdict(b"no xml")
    assert (
        said == BLANK | {"reasons": said["reasons"], "would": "refuse", "open": []}
        and said["reasons"][0]["zh"]
    )


def test_the_national_profile_is_never_claimed_and_fits_what_people_can_sign():
    assert cap_verdict.verdict(XML.encode())["profile"] == {
        "CN": {"claimed": False, "fits": True, "reasons": [], "remarks": [], "refers": []}
    }
    foreign = cap_verdict.verdict(cap_writer.write(GOOD))["profile"]["CN"]
    assert (foreign["claimed"], foreign["fits"], len(foreign["reasons"])) == (False, False, 1)


def test_the_base_profile_keeps_the_rules_that_no_receiver_can_do_without():
    base = cap_profile.shipped()[0]
    document = cap_writer.write(attrs.evolve(GOOD, version="1.2"))
    held = cap_verdict.verdict(document, profiles=[base])["profile"]["base"]
    assert (held["claimed"], held["fits"], held["reasons"]) == (True, True, [])
    broken = document.replace(b"<msgType>Alert<", b"<msgType>Update<")
    assert broken != document
    said = cap_verdict.verdict(broken, profiles=cap_profile.shipped())
    assert said["would"] == "refuse" and said["valid"]
    assert (said["profile"]["base"]["claimed"], said["profile"]["base"]["fits"]) == (True, False)
    assert said["reasons"] == said["profile"]["base"]["reasons"][: len(said["reasons"])] != []


def test_an_area_that_is_drawn_is_what_stands_in_it():
    drawn = XML.replace(
        "<geocode><valueName>GB/T 2260</valueName><value>340422000000</value></geocode>",
        "<circle>32.5,116.5 5</circle>",
    )
    assert drawn != XML
    alone = cap_verdict.verdict(drawn.encode())
    assert (alone["would"], alone["profile"]["CN"]["fits"]) == ("refuse", False)
    place = Point(area=AreaCode("340422100001"), longitude=116_510_000, latitude=32_500_000)
    met = cap_verdict.verdict(drawn.encode(), ground=Ground(points={"t1": place}))
    assert (met["would"], met["profile"]["CN"]["fits"]) == ("accept, unverified: three signatures", True)
    missed = cap_verdict.verdict(drawn.encode(), ground=Ground(points={}))
    assert missed["would"] == "refuse" and "no terminal and no site" in missed["reasons"][0]["en"]


def test_what_stands_between_the_verdict_and_the_ports_is_said_and_an_unknown_area_is_refused():
    known = AreaTree(["3404220000002寿县", "3404221000003寿春镇"])
    open_of = {
        (at is not None, tree is not None): [
            one["en"].split(":")[0] for one in cap_verdict.verdict(XML.encode(), now=at, tree=tree)["open"]
        ]
        for at in (None, SENT)
        for tree in (None, known)
    }
    assert open_of == {
        (False, False): ["its times were not judged", "its areas were not looked up"],
        (False, True): ["its times were not judged"],
        (True, False): ["its areas were not looked up"],
        (True, True): [],
    }
    elsewhere = AreaTree(["1100000000000北京"])
    said = cap_verdict.verdict(XML.encode(), tree=elsewhere)
    assert said["would"] == "refuse"
    assert said["reasons"][0]["en"].startswith("the area table does not have 340422")


def test_references_are_shown_as_far_as_a_line_can_bear():
    long = ("s" * 201, "i" * 201, "t" * 41)
    shown = cap_verdict._refers(attrs.evolve(FULL, references=(long,) * 33))
    assert shown == [{"sender": "s" * 200, "identifier": "i" * 200, "sent": "t" * 40}] * 32


@pytest.mark.parametrize(("ahead", "would"), [(300, "accept, unverified: three signatures"), (301, "refuse")])
def test_a_sender_may_be_five_minutes_ahead(ahead, would):
    assert cap_verdict.verdict(XML.encode(), now=Instant(SENT - ahead * 1_000_000))["would"] == would


def test_a_signature_that_should_hold_and_does_not_is_refused(tmp_path):
    secret, keys = ed25519.Ed25519PrivateKey.generate(), []
    for number, one in enumerate((secret, ed25519.Ed25519PrivateKey.generate())):
        path = tmp_path / str(number)
        path.write_bytes(
            one.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo)
        )
        keys.append(load_key(path))
    pem = secret.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    wish = sim_platform.Wish(now=1_795_305_600, number=1, areas=("340422000000",), text="大雨")
    document = sim_platform.cap_alert(wish, sim_signing.CapKey(pem))[1]
    told = {
        pinned: cap_verdict.verdict(document, keys=held)
        for pinned, held in (("its", (keys[0],)), ("another", (keys[1],)), ("none", ()))
    }
    assert [one["would"] for one in told.values()] == ["accept, verified", "refuse", "accept, unverified: three signatures"]  # fmt: skip
    assert [one["signature"]["verified"] for one in told.values()] == [True, False, False]
    assert cap_verdict.verdict(XML.encode(), keys=(keys[0],))["would"].startswith("accept, unverified")


def test_the_schema_of_each_version_has_what_that_version_has():
    texts = {version: xsd(version) for version in ("1.0", "1.1", "1.2")}
    assert ['namespace="http://www.w3.org/2000/09/xmldsig#"' in text for text in texts.values()] == [False, True, True]  # fmt: skip
    assert ["xs:pattern" in text for text in texts.values()] == [False, False, True]
    assert all(text.count("<xs:any ") <= 1 for text in texts.values())
