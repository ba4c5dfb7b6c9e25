"""From CAP to EAS SAME by the rules of the makers of encoders (ECIG), and the worked example of docs/protocols/same.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import numpy as np
import pytest

from emergency import same, same_audio, same_cap
from emergency.cap_alert import Alert, Area, Info
from emergency.same_words import ORIGINATORS
from station.words import HOUR, MINUTE, SECOND, Instant, Refused

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "same.md").read_text("utf-8")
SENT = Instant(1_794_752_580_000_000 + 59 * SECOND)  # 2026-11-15 14:23:59 UTC
INFO = Info(
    language="en-US",
    categories=("Met",),
    event="Tornado Warning",
    urgency="Immediate",
    severity="Extreme",
    certainty="Observed",
    codes=(("OTHER", "X"), ("SAME", "TOR")),
    expires=Instant(SENT + 20 * MINUTE + SECOND),
    parameters=(("EAS-ORG", "WXR"),),
    areas=(
        Area(description="one", geocodes=(("UGC", "MDC031"), ("SAME", "024031"))),
        Area(description="other", geocodes=(("SAME", "024031"), ("SAME", "024005"))),
    ),
)
ALERT = Alert(
    version="1.2",
    identifier="x",
    sender="x@example.org",
    sent=SENT,
    status="Actual",
    type="Alert",
    scope="Public",
    infos=(INFO,),
)


def made(**changes: object) -> same.Header:
    return same_cap.header_of(attrs.evolve(ALERT, infos=(attrs.evolve(INFO, **changes),)), "KGNF/NWS", SENT)


def test_who_what_where_when_come_from_their_elements() -> None:
    assert same.write(made()) == "ZCZC-WXR-TOR-024031-024005+0030-3191423-KGNF/NWS-"


def test_the_valid_time_is_from_sent_to_expires_rounded_up() -> None:
    def valid(span: int) -> int:
        return made(expires=Instant(SENT + span)).valid_minutes

    assert [valid(span) for span in (SECOND, 15 * MINUTE, 15 * MINUTE + 1, HOUR, HOUR + 1)] == [
        15,
        15,
        30,
        60,
        90,
    ]
    assert valid(200 * HOUR) == same.LONGEST_VALID
    assert made(effective=Instant(SENT - HOUR)).valid_minutes == 30


def test_without_an_originator_it_is_the_civil_authorities() -> None:
    assert made(parameters=()).originator == "CIV"


def test_only_the_first_31_locations_are_sent_in_their_order() -> None:
    many = tuple(("SAME", f"{n:06d}") for n in range(40, 0, -1))
    header = made(areas=(Area(description="many", geocodes=many),))
    assert header.locations == tuple(f"{n:06d}" for n in range(40, 9, -1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "Cancel"}, "Cancel is never sounded"),
        ({"type": "Ack"}, "Ack is never sounded"),
        ({"status": "Test"}, "status Test"),
        ({"status": "Exercise"}, "status Exercise"),
        ({"infos": ()}, "no info"),
        ({"infos": (attrs.evolve(INFO, expires=None),)}, "when it expires"),
        ({"infos": (attrs.evolve(INFO, expires=SENT),)}, "has expired"),
        ({"infos": (attrs.evolve(INFO, codes=()),)}, "no eventCode"),
        ({"infos": (attrs.evolve(INFO, areas=()),)}, "no geocode"),
        ({"infos": (attrs.evolve(INFO, codes=(("SAME", "tor"),)),)}, "three capitals"),
    ],
)
def test_what_may_not_be_sounded_is_refused_with_its_reason(change: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        same_cap.header_of(attrs.evolve(ALERT, **change), "KGNF/NWS", SENT)
    assert refused.value.text.zh


def test_an_update_is_sounded_like_an_alert() -> None:
    assert same_cap.header_of(attrs.evolve(ALERT, type="Update"), "KGNF/NWS", SENT) == made()


def test_what_must_be_carried_passes_any_filter() -> None:
    header = made()
    must = attrs.evolve(INFO, parameters=(("EAS-Must-Carry", "True"),))
    assert same_cap.carried(header, INFO, frozenset({"TOR"}))
    assert not same_cap.carried(header, INFO, frozenset({"SVR"}))
    assert same_cap.carried(header, must, frozenset())
    assert same_cap.carried(attrs.evolve(header, event="EAN"), INFO, frozenset())


# --- the page --------------------------------------------------------------------------------------------------------


def block(kind: str) -> str:
    return re.search(rf"^```{kind}\n(.*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)[1]


def test_the_worked_example_holds() -> None:
    said = json.loads(block("json"))
    text = said.pop("header")
    header = same.Header(**{**said, "locations": tuple(said["locations"])})
    assert same.write(header) == text and same.read(text).header == header
    assert same.issued_at(header, SENT) == SENT - 59 * SECOND
    assert same.expires_at(header, SENT) == SENT - 59 * SECOND + 30 * MINUTE
    bits = "".join(block("bits").split())
    sent = np.unpackbits(np.frombuffer(same_audio.PREAMBLE + text[:2].encode(), np.uint8), bitorder="little")
    assert bits == "".join(map(str, sent))
    sound = same_audio.burst(text, 48_000)
    assert f"0.9984 s, {len(sound):,} samples" in PAGE
    assert " ".join(map(str, sound[:8])) in PAGE


def test_the_example_can_be_typed_as_it_stands() -> None:
    header = re.search(r"gengfu same encode (\S+) --out", PAGE)[1]
    assert same.read(header).strict


def test_the_page_names_originators_and_limits_as_the_code_has_them() -> None:
    assert all(f"`{code}`" in PAGE for code in ORIGINATORS) and set(ORIGINATORS) == set(same.ORIGINATORS)
    assert "1 to 31 times" in PAGE and same.LOCATIONS_AT_MOST == 31
