"""The worked examples of docs/protocols (EBD, CAP, areas) hold, and the tables there name what the code has."""

from __future__ import annotations

import re
from pathlib import Path

from emergency import cap, cap_message, cap_signature, ebd_message, ebd_reader, ebd_signature, sm2
from emergency.ebd_profile import MSG_TYPES, SEVERITIES
from emergency.sm2_keys import public_from_pem
from station import geocodes
from station.words import Instant

DOCS = Path(__file__).parent.parent / "docs" / "protocols"


def block(page: str, kind: str) -> str:
    text = (DOCS / page).read_text("utf-8")
    return re.search(rf"^```{kind}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)[1]


def test_the_worked_ebd_holds_and_becomes_an_alert():
    body = block("ebd.md", "xml ebdb").encode()
    file = ebd_signature.read(block("ebd.md", "xml ebds").encode())
    key = sm2.verifier(public_from_pem(block("ebd.md", "pem").encode()))
    at = Instant(file.at_s * 1_000_000)
    ebd_signature.check(file, body, file.ebd_id, verifiers=[key], now=at, skew_s=0)
    message = ebd_message.to_message(ebd_reader.read(body))
    assert (message.level, message.event, message.kind) == (1, "11B03", "actual")
    assert file.ebd_id in (DOCS / "ebd.md").read_text("utf-8")


def test_the_worked_cap_is_valid_and_its_signature_holds(tmp_path):
    document = block("cap.md", "xml cap").encode()
    (tmp_path / "key").write_text(block("cap.md", "pem") + "\n")
    assert cap_signature.check(document, (cap_signature.load_key(tmp_path / "key"),)).verified
    message = cap_message.to_message(cap.parse(document)).message
    assert (message.level, message.headline, message.areas) == (1, "暴雨红色预警", ("340422000000",))


def test_the_worked_geocodes_mean_what_the_page_says():
    table = geocodes.load(block("areas.md", "csv geocodes").splitlines())
    assert table.areas(geocodes.SCHEMES["SAME"], "006000") == ("340422100001", "340422100002")
    page = (DOCS / "areas.md").read_text("utf-8")
    assert all(f"| {name} |" in page for name in geocodes.SCHEMES)


def test_the_tables_name_every_code_that_the_profile_has():
    page = (DOCS / "ebd.md").read_text("utf-8")
    for code in (*MSG_TYPES, *SEVERITIES):
        assert re.search(rf"[|,] {code}\b", page), code
    page = (DOCS / "cap.md").read_text("utf-8").casefold()
    for name in (*cap_message.AREA_NAMES, *cap_message.EVENT_NAMES):
        assert f"`{name}`" in page
    for code in (*cap_message.CATEGORIES.values(), cap_message.NO_CODE):
        assert code.casefold() in page
