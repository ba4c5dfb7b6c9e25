"""Signatures of CAP alerts: what holds, and every known way to make a false one look true."""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from emergency import sim_platform, sim_signing
from emergency.cap_signature import DSIG, ECDSA_SHA256, INCLUSIVE, check, load_key
from station.words import Refused

WISH = sim_platform.Wish(now=1_795_305_600, number=1, areas=("340422000000",), text="大雨")


def pem(key) -> bytes:
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())


def public(key, path):
    path.write_bytes(key.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo))
    return load_key(path)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("k")
    secrets = {"ed": ed25519.Ed25519PrivateKey.generate(), "rsa": rsa.generate_private_key(65_537, 2048)}
    secrets["ec"] = ec.generate_private_key(ec.SECP256R1())
    return secrets, {name: public(key, folder / name) for name, key in secrets.items()}


def signed(key) -> bytes:
    return sim_platform.cap_alert(WISH, sim_signing.CapKey(pem(key)))[1]


@pytest.mark.parametrize(("name", "words"), [("ed", "Ed25519"), ("rsa", "RSA-SHA256")])
def test_a_pinned_key_holds_among_others_and_alone(keys, name, words):
    secrets, pinned = keys
    document = signed(secrets[name])
    for held in ((pinned[name],), tuple(pinned.values())):
        checked = check(document, held)
        assert (checked.verified, checked.signed) == (True, True)
        assert checked.words.en == f"{words} by pinned key {pinned[name].mark}"
    others = tuple(key for other, key in pinned.items() if other != name)
    assert check(document, others).verified is False
    assert check(document, ()).verified is False


class EcKey:
    """P-256 in the form of XML signatures: r ‖ s."""

    method = ECDSA_SHA256

    def __init__(self, key) -> None:
        self._key = key

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_p256_holds_too(keys):
    secrets, pinned = keys
    document = sim_platform.cap_alert(WISH, EcKey(secrets["ec"]))[1]
    assert check(document, (pinned["ec"],)).words.en.startswith("ECDSA-SHA256")
    assert not check(document, (pinned["ed"],)).verified


def test_an_unsigned_alert_is_neither_signed_nor_verified(keys):
    _, pinned = keys
    checked = check(b"<alert/>", tuple(pinned.values()))
    assert (checked.verified, checked.signed, checked.words.zh) == (False, False, "未签名")


def test_no_xml_at_all_is_not_verified(keys):
    assert check(b"<", ()).verified is False
    assert check(b"<!DOCTYPE a><a/>", ()).words.en.startswith("the XML has a DOCTYPE")


def resigned(key, change) -> bytes:
    """The document with its SignedInfo changed and signed anew by the right key: only policy can refuse it."""
    document = signed(key).decode()
    info = change(re.search(r"<SignedInfo>(.*)</SignedInfo>", document)[1])
    canonical = etree.tostring(
        etree.fromstring(f'<SignedInfo xmlns="{DSIG}">{info}</SignedInfo>'), method="c14n", exclusive=True
    )
    value = base64.b64encode(key.sign(canonical)).decode()
    made = re.sub(r"<SignedInfo>.*</SignedInfo>", lambda _: f"<SignedInfo>{info}</SignedInfo>", document)
    return re.sub(
        r"<SignatureValue>.*</SignatureValue>", lambda _: f"<SignatureValue>{value}</SignatureValue>", made
    ).encode()


SECOND = re.compile(r"<Reference.*</Reference>")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda i: i.replace('URI=""', 'URI="#part"'), "whole document"),
        (lambda i: i.replace('URI=""', ""), "whole document"),
        (lambda i: SECOND.sub(lambda m: m[0] * 2, i), "2 Reference"),
        (lambda i: SECOND.sub("", i), "0 Reference"),
        (lambda i: i.replace("xmlenc#sha256", "xmlenc#sha1"), "SHA-1"),
        (lambda i: i.replace("xmlenc#sha256", "xmldsig-more#md5"), "MD5"),
        (
            lambda i: i.replace("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", DSIG + "rsa-sha1"),
            "SHA-1",
        ),
        (
            lambda i: i.replace("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", DSIG + "dsa-sha1"),
            "SHA-1",
        ),
        (lambda i: i.replace("xmlenc#sha256", "xmlenc#sha512"), "DigestMethod"),
        (
            lambda i: i.replace(DSIG + "enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
            "transforms",
        ),
        (lambda i: re.sub(r"<Transform Algorithm=[^>]*enveloped[^>]*></Transform>", "", i), "transforms"),
        (lambda i: i.replace("</Transform>", "<XPath>1</XPath></Transform>", 1), "parameters"),
        (
            lambda i: re.sub(
                r"<CanonicalizationMethod [^>]*>", '<CanonicalizationMethod Algorithm="urn:other">', i
            ),
            "CanonicalizationMethod",
        ),
        (lambda i: i.replace("eddsa-ed25519", "hmac-sha256"), "HMAC"),
        (lambda i: re.sub(r"<DigestValue>[^<]*", "<DigestValue>!", i), "base64"),
        (lambda i: re.sub(r"<DigestValue>[^<]*", "<DigestValue>AAAA", i), "changed after"),
        (lambda i: i.replace("Transforms>", "Transform>"), "0 Transforms"),
    ],
)
def test_what_the_policy_does_not_allow_is_refused_though_rightly_signed(keys, change, words):
    secrets, pinned = keys
    checked = check(resigned(secrets["ed"], change), (pinned["ed"],))
    assert checked.verified is False
    assert words in checked.words.en


def test_a_signature_that_only_kept_its_policy_is_good_again(keys):
    secrets, pinned = keys
    assert check(resigned(secrets["ed"], lambda i: i), (pinned["ed"],)).verified


def test_inclusive_form_and_none_named_are_taken_for_the_document(keys):
    secrets, pinned = keys
    exclusive = '<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform>'
    for other in ("", f'<Transform Algorithm="{INCLUSIVE}"></Transform>'):
        assert check(
            resigned(secrets["ed"], lambda i, o=other: i.replace(exclusive, o)), (pinned["ed"],)
        ).verified


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("大雨", "小雨", "changed"),
        ("<info>", "<info> ", "changed"),
        ("</alert>", "x</alert>", "changed"),
        ("</alert>", "<info/></alert>", "changed"),
        ("<SignatureValue>", "<SignatureValue>!", "base64"),
        ("<SignatureValue>", "<SignatureValue>AAAA", "pinned"),
        ("</SignatureValue>", "</SignatureValue><SignatureValue/>", "2 SignatureValue"),
        (
            "<Signature xmlns",
            '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"></Signature><Signature xmlns',
            "changed",
        ),
    ],
)
def test_any_change_breaks_it(keys, old, new, words):
    secrets, pinned = keys
    document = signed(secrets["ed"]).decode()
    assert old in document
    checked = check(document.replace(old, new, 1).encode(), (pinned["ed"],))
    assert checked.verified is False
    assert words in checked.words.en


def test_a_signed_alert_wrapped_into_a_forged_one_is_refused(keys):
    secrets, pinned = keys
    inner = signed(secrets["ed"]).decode().split("\n", 1)[1]
    forged = f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><note>{inner}</note></alert>'
    assert "directly in the alert" in check(forged.encode(), (pinned["ed"],)).words.en
    moved = re.search(r"<Signature .*</Signature>", inner)[0]
    hidden = inner.replace(moved, moved.replace("</Signature>", f"<Object>{inner}</Object></Signature>"))
    assert check(hidden.replace("大雨", "小雨", 1).encode(), (pinned["ed"],)).verified is False


# ---- wrapping ------------------------------------------------------------------------------------------------------

ALERT = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'


def parts(key) -> tuple[str, str]:
    """The signed document without its signature, and the signature."""
    inner = signed(key).decode().split("\n", 1)[1]
    signature = re.search(r"<Signature .*</Signature>", inner)[0]
    return inner.replace(signature, ""), signature


def test_no_way_of_wrapping_makes_a_false_alert_true(keys):
    secrets, pinned = keys
    plain, signature = parts(secrets["ed"])
    forged = plain.replace("大雨", "小雨")
    body, false = (text.split(">", 1)[1].rsplit("</alert>", 1)[0] for text in (plain, forged))
    moved = signature.replace("</Signature>", f"<Object>{plain}</Object></Signature>")
    for document in (
        f"{ALERT}{false}{moved}</alert>",  # the true one hidden in the signature
        f"{ALERT}{false}{signature}<x>{plain}</x></alert>",
        f"{ALERT}{false}<note>{plain.replace('</alert>', signature + '</alert>')}</note></alert>",
        f"{ALERT}{false}{body}{signature}</alert>",  # both, the false one first
        f"{ALERT}{body}{false}{signature}</alert>",
        f"{ALERT}{false}{signature}{signature}</alert>",
        f'<x xmlns="urn:x">{forged}{signature}</x>',
        f'{ALERT}{false}<ds:Signature xmlns:ds="{DSIG}">{signature}</ds:Signature></alert>',
        f"{ALERT}{false}{signature.replace('Reference URI=', 'Reference Id=')}</alert>",
    ):
        assert not check(document.encode(), (pinned["ed"],)).verified, document[:200]
    assert check(f"{ALERT}{body}{signature}</alert>\n".encode(), (pinned["ed"],)).verified


def test_a_key_that_the_alert_brings_along_is_not_looked_at(keys):
    secrets, pinned = keys
    strange = ed25519.Ed25519PrivateKey.generate()
    raw = strange.public_key().public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)
    told = f"<KeyInfo><KeyValue>{base64.b64encode(raw).decode()}</KeyValue></KeyInfo>"
    for key, holds in ((strange, False), (secrets["ed"], True)):
        document = signed(key).decode().replace("</SignatureValue>", "</SignatureValue>" + told)
        assert check(document.encode(), tuple(pinned.values())).verified is holds


def test_a_relay_may_add_its_own_signature(keys):
    secrets, pinned = keys
    plain, first = parts(secrets["rsa"])
    once = plain.replace("</alert>", first + "</alert>")
    twice = again(once, secrets["ed"])
    assert check(twice, (pinned["ed"],)).verified
    assert not check(twice, (pinned["rsa"],)).verified  # it speaks of a document without the relay's
    assert not check(twice, (pinned["ec"],)).verified
    assert not check(twice.replace(b"</info>", b"<web>x</web></info>"), tuple(pinned.values())).verified
    many = once.replace(first, first * 5)
    assert "4 at most" in check(many.encode(), tuple(pinned.values())).words.en


def again(document: str, key) -> bytes:
    """A document with one more signature at its end, over all that was there."""
    root = etree.fromstring(document)
    digest = hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
    _, pattern = parts(key)
    made = re.sub(
        "<DigestValue>[^<]*", lambda _: f"<DigestValue>{base64.b64encode(digest).decode()}", pattern
    )
    info = re.search(r"<SignedInfo>.*</SignedInfo>", made)[0]
    canonical = etree.tostring(
        etree.fromstring(info.replace("<SignedInfo>", f'<SignedInfo xmlns="{DSIG}">')),
        method="c14n",
        exclusive=True,
    )
    value = base64.b64encode(key.sign(canonical)).decode()
    made = re.sub("<SignatureValue>[^<]*", lambda _: f"<SignatureValue>{value}", made)
    return document.replace("</alert>", made + "</alert>").encode()


DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    "name", ["exclusive-rsa", "inclusive-rsa", "exclusive-ec", "inclusive-ec", "prefixed-rsa"]
)
def test_what_another_program_signed_holds(name):
    """Made by libxmlsec; the prefix of CAP and an instruction before the alert are part of what is signed."""
    document = (DATA / f"cap-{name}.xml").read_bytes()
    pinned = load_key(DATA / f"cap-{name[-3:].strip('-')}.pem")
    assert check(document, (pinned,)).verified, check(document, (pinned,)).words.en
    changed = document.replace(b"Storm", b"Sturm")
    assert changed != document
    assert not check(changed, (pinned,)).verified


def test_xml_attributes_from_above_are_refused_in_inclusive_form():
    document = (
        (DATA / "cap-inclusive-rsa.xml").read_bytes().replace(b"<Signature ", b'<Signature xml:lang="zh" ')
    )
    assert "xml: attributes" in check(document, (load_key(DATA / "cap-rsa.pem"),)).words.en


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("prefixed-rsa", b'xmlns:o="urn:other"', b'xmlns:o="other"'),  # a namespace that is no address
        ("inclusive-rsa", b"<Reference URI", "<Reference U\ufeffRI".encode()),
    ],
)
def test_what_has_no_canonical_form_is_not_verified(name, old, new):
    document = (DATA / f"cap-{name}.xml").read_bytes()
    assert old in document
    checked = check(document.replace(old, new), (load_key(DATA / "cap-rsa.pem"),))
    assert (checked.verified, checked.words.en) == (False, "signature: what is signed has no canonical form")


def test_a_certificate_pins_its_key(keys, tmp_path):
    secrets, pinned = keys
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "province")])
    day = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder(name, name, secrets["ed"].public_key(), 7, day, day.replace(year=2021))
    (tmp_path / "c.pem").write_bytes(made.sign(secrets["ed"], None).public_bytes(ser.Encoding.PEM))
    assert load_key(tmp_path / "c.pem").mark == pinned["ed"].mark
    (tmp_path / "c.pem").write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    with pytest.raises(Refused, match="no public key"):
        load_key(tmp_path / "c.pem")


def test_a_comment_may_come_but_changes_no_word(keys):
    from emergency.cap import parse

    secrets, pinned = keys
    document = signed(secrets["ed"]).decode().replace("大雨", "大<!-- 小 -->雨").encode()
    assert check(document, (pinned["ed"],)).verified
    assert parse(document).infos[0].description == "大雨"


def test_namespaces_and_parts_are_bounded_since_their_form_takes_time_with_the_square(keys):
    secrets, pinned = keys
    document = signed(secrets["ed"]).decode()

    def checked(spaces: int, comments: int):
        """Exclusive form says nothing of namespaces that are not used, nor of comments: the signature holds."""
        more = " ".join(f'xmlns:n{at}="u:{at}"' for at in range(spaces))
        changed = document.replace("<alert ", f"<alert {more} ").replace("</SignedInfo>", "<!-- -->" * comments + "</SignedInfo>")  # fmt: skip
        return check(changed.encode(), (pinned["ed"],))

    assert checked(30, 55).verified  # the alert's own and the signature's; nine elements
    assert "more than 32 namespaces" in checked(31, 0).words.en
    assert "more than 64 parts" in checked(0, 56).words.en
    aside = document.replace(
        "<info>", '<info xmlns:a="u:a" xmlns:b="u:b">'
    )  # over before the signature begins
    assert check(aside.encode(), (pinned["ed"],)).verified


@pytest.mark.parametrize("form", [INCLUSIVE, "http://www.w3.org/2001/10/xml-exc-c14n#"])
def test_hostile_namespaces_take_no_time(keys, form):
    """As they stood here once: 46 s for 99 kB."""
    secrets, pinned = keys
    document = signed(secrets["ed"]).decode().replace("http://www.w3.org/2001/10/xml-exc-c14n#", form)
    many = " ".join(f'xmlns:n{at}="u:{at}"' for at in range(1_000))
    for place in ("<alert ", "<Signature ", "<SignedInfo"):
        hostile = document.replace(place, f"{place} {many} ").replace(
            "</SignedInfo>", "<a/>" * 4_900 + "</SignedInfo>"
        )
        begun = time.thread_time()
        assert not check(hostile.encode(), tuple(pinned.values())).verified
        assert time.thread_time() - begun < 0.1


def test_a_signature_first_in_the_alert_is_taken_out_with_its_text_left(keys):
    secrets, pinned = keys
    document = signed(secrets["ed"]).decode()
    signature = re.search(r"<Signature .*</Signature>", document)[0]
    opening = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
    early = document.replace(signature, "").replace(opening, opening + signature)
    assert check(early.encode(), (pinned["ed"],)).verified


def test_weak_and_foreign_keys_are_not_pinned(tmp_path):
    for key in (rsa.generate_private_key(65_537, 1024), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(Refused, match="only RSA"):
            public(key, tmp_path / "k")


def test_a_marks_beginning_is_the_keys_own(keys):
    secrets, pinned = keys
    der = secrets["ed"].public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)
    assert pinned["ed"].mark == hashlib.sha256(der).hexdigest()[:16]


KEY = ed25519.Ed25519PrivateKey.generate()
DOCUMENT = signed(KEY)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(DOCUMENT) * 8 - 1))
def test_no_flipped_bit_changes_what_is_verified(tmp_path_factory, bit):
    from emergency.cap import judge
    from station.words import Misheard

    path = tmp_path_factory.getbasetemp() / "flip.pem"
    pinned = public(KEY, path)
    forged = bytearray(DOCUMENT)
    forged[bit // 8] ^= 1 << bit % 8
    if check(bytes(forged), (pinned,)).verified:  # a bit of the declaration or of base64 padding says nothing
        try:
            read = judge(bytes(forged)).alert
        except Misheard:
            return
        assert read == judge(DOCUMENT).alert
