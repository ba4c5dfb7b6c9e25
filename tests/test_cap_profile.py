"""Profiles: what fits, what does not and why, rule by rule; a profile that is wrong itself is refused."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from test_cap import XML
from test_cap_schema import AT, FULL, alerts
from wire import samples

from emergency import cap, cap_profile, cap_verdict, cap_writer
from emergency.cap_alert import Alert, Area, Info, Resource
from station.words import Instant, Refused

BASE, CANADA, IPAWS, WMO = cap_profile.shipped()
AREA = Area(
    description="Windsor",
    geocodes=(("profile:CAP-CP:Location:0.3", "3537001"), ("SAME", "006037")),
    polygons=("1,1 2,2 3,3 1,1",),
)
INFO = Info(
    language="en-CA",
    categories=("Met",),
    event="thunderstorm",
    urgency="Immediate",
    severity="Severe",
    certainty="Likely",
    responses=("Shelter",),
    codes=(("profile:CAP-CP:Event:0.4", "thunderstorm"), ("SAME", "SVR")),
    expires=Instant(AT + 3_600_000_000),
    effective=AT,
    sender_name="EC",
    headline="h",
    description="d",
    instruction="i",
    parameters=(("EAS-ORG", "WXR"),),
    areas=(AREA,),
)
GOOD = Alert(
    version="1.2",
    identifier="2.49.0.1.124.1",
    sender="cap@ec.gc.ca",
    sent=AT,
    status="Actual",
    type="Alert",
    scope="Public",
    codes=("profile:CAP-CP:0.4", "IPAWSv1.0"),
    infos=(INFO, attrs.evolve(INFO, language="fr-CA")),
)


def with_info(**fields) -> Alert:
    return attrs.evolve(GOOD, infos=(attrs.evolve(INFO, **fields),))


def with_area(**fields) -> Alert:
    return with_info(areas=(AREA, attrs.evolve(AREA, **fields)))


def test_one_alert_may_fit_all_profiles():
    for profile in cap_profile.shipped():
        said = cap_profile.verdict(profile, GOOD)
        assert (said.fits, said.reasons) == (True, ()), profile.name
    assert [cap_profile.verdict(p, GOOD).claimed for p in (BASE, CANADA, IPAWS, WMO)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("profile", "alert", "words"),
    [
        (BASE, attrs.evolve(GOOD, scope="Restricted"), "restriction"),
        (BASE, attrs.evolve(GOOD, scope="Private"), "addresses"),
        (BASE, with_info(expires=AT), "before it is effective"),
        (BASE, with_area(ceiling="10"), "info 1, area 2: a ceiling"),
        (BASE, with_info(resources=(Resource(description="x", mime="sound"),)), "media type"),
        (CANADA, attrs.evolve(GOOD, codes=("layer:SOREM:1.0",)), "version of the profile"),
        (CANADA, attrs.evolve(GOOD, infos=()), "needs an info"),
        (CANADA, attrs.evolve(GOOD, infos=(INFO, attrs.evolve(INFO, codes=INFO.codes[:1]))), "one event"),
        (CANADA, with_info(language=""), "language"),
        (CANADA, with_info(codes=INFO.codes[1:]), "eventCode of the profile"),
        (CANADA, with_info(areas=()), "no area"),
        (CANADA, with_area(geocodes=(("profile:CAP-CP:Location:0.3", "35370012"),)), "SGC"),
        (IPAWS, attrs.evolve(GOOD, codes=()), "IPAWSv1.0"),
        (IPAWS, attrs.evolve(GOOD, version="1.1"), "CAP 1.2"),
        (
            IPAWS,
            attrs.evolve(GOOD, infos=(INFO, attrs.evolve(INFO, categories=("Fire",)))),
            "different categories",
        ),
        (
            IPAWS,
            with_info(codes=(("SAME", "SVR"), ("SAME", "TOR"))),
            "exactly one",
        ),
        (IPAWS, with_info(codes=(("SAME", "svr"),)), "exactly one"),
        (IPAWS, with_info(expires=None), "no expires"),
        (WMO, attrs.evolve(GOOD, scope="Private"), "not Public"),
        (WMO, with_info(description=""), "no description"),
        (WMO, with_area(polygons=(), geocodes=()), "neither polygon"),
    ],
)
def test_what_a_profile_demands_is_said_in_both_languages(profile, alert, words):
    said = cap_profile.verdict(profile, alert)
    assert not said.fits
    assert any(words in text.en for text in said.reasons), said.reasons
    assert all(any("\u3400" < char < "\u9fff" for char in text.zh) for text in said.reasons)


@pytest.mark.parametrize(
    ("profile", "alert", "words"),
    [
        (BASE, with_area(polygons=(), geocodes=()), "words alone"),
        (BASE, attrs.evolve(GOOD, status="Exercise"), "which one"),
        (CANADA, with_info(sender_name=""), "senderName"),
        (CANADA, attrs.evolve(GOOD, infos=(INFO,) * 3), None),
        (IPAWS, with_info(parameters=()), "EAS-ORG"),
        (IPAWS, with_info(description="x" * 1_800), "1,800"),
        (IPAWS, with_info(effective=AT), "ignored"),
        (WMO, attrs.evolve(GOOD, sender="x", identifier="y"), "object identifier"),
    ],
)
def test_what_a_profile_only_recommends_is_a_remark(profile, alert, words):
    said = cap_profile.verdict(profile, alert)
    assert said.fits
    assert not words or any(words in text.en for text in said.remarks)


def test_a_fault_in_many_places_is_said_once():
    bare = attrs.evolve(AREA, geocodes=())
    said = cap_profile.verdict(CANADA, with_info(areas=(bare,) * 9))
    assert [text.en.split(":")[0] for text in said.reasons] == ["info 1, area 1 (and 8 more)"]
    assert "另有 8 处" in said.reasons[0].zh


@settings(max_examples=30)
@given(alerts())
def test_no_alert_is_too_odd_for_a_verdict(alert):
    for profile in cap_profile.shipped():
        said = cap_profile.verdict(profile, alert)
        assert said.fits == (not said.reasons)


def test_every_rule_has_a_name_of_its_own():
    for profile in cap_profile.shipped():
        names = [rule.id for rule in profile.rules]
        assert len(set(names)) == len(names)
        assert not BASE.rules[0].unverified


PROFILE = 'name="x"\ntitle="t"\nsource="s"\nclaims=["a.*"]\n'
RULE = '[[rules]]\nid="1"\nlevel="must"\neach="info"\ncheck="every"\nfield="event"\nlike="[a-z]*"\nen="e"\nzh="中"\n'


def test_a_station_may_have_a_profile_of_its_own(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(PROFILE + RULE)
    own = cap_profile.load(path)
    assert cap_profile.verdict(own, GOOD).fits
    assert not cap_profile.verdict(own, with_info(event="Storm")).fits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name=", "Invalid|invalid"),
        (PROFILE + RULE.replace("must", "may"), "must|level"),
        (PROFILE + RULE.replace("event", "evnt"), "evnt of info"),
        (PROFILE + RULE.replace('field="event"\n', ""), "no field"),
        (PROFILE + RULE.replace("[a-z]*", "[a-z"), "unterminated"),
        (PROFILE.replace("a.*", "(") + RULE, "unterminated|missing"),
        (PROFILE + RULE + "[rules.when]\nfield='weather'\n", "when weather"),
        (PROFILE + RULE + "more=1\n", "more|extra"),
        ("x" * 300_000, "262144"),
        ("#" + "中" * 90_000, "262144"),
    ],
)
def test_a_wrong_profile_is_refused_in_words(tmp_path, text, words):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=words):
        cap_profile.load(path)
    with pytest.raises(Refused, match="No such file"):
        cap_profile.load(tmp_path / "none")


# ---- the whole verdict ---------------------------------------------------------------------------------------------


def test_breaches_of_the_standard_count_for_the_base_profile():
    xml = XML.replace("<msgType>Alert", "<msgType>Update")
    said = cap_verdict.verdict(xml.encode(), profiles=cap_profile.shipped())
    assert (said["valid"], said["would"]) == (True, "refuse")
    assert "references" in said["profile"]["base"]["reasons"][0]["en"]
    assert said["profile"]["base"]["fits"] is False


def test_what_an_update_refers_to_is_shown():
    xml = cap_verdict.verdict(cap_writer.write(FULL))
    assert xml["profile"]["CN"]["refers"] == [
        {"sender": "qx@ah.example", "identifier": "AH-0", "sent": "2026-11-22T07:00:00+08:00"},
        {"sender": "q", "identifier": "2", "sent": "x"},
    ]


def test_times_are_judged_only_when_a_time_is_given():
    assert cap_verdict.verdict(XML.encode())["would"] == "accept, unverified: three signatures"
    late = cap_verdict.verdict(XML.encode(), now=cap.moment("2026-11-22T09:00:00+08:00"))
    early = cap_verdict.verdict(XML.encode(), now=cap.moment("2026-11-22T07:00:00+08:00"))
    assert "expired" in late["reasons"][0]["en"]
    assert "clocks" in early["reasons"][0]["en"]
    assert cap_verdict.verdict(XML.encode(), now=AT)["would"].startswith("accept")


FITS = {  # of the shared samples: which profiles they claim, which they fit
    "43b080713727.cap": ("", "base"),
    "KAR0-0306112239-SW.cap": ("", "base"),
    "canada.cap": ("CAP-CP", "base CAP-CP WMO"),
    "earthquake.cap": ("IPAWS", "base WMO"),
    "invalid.cap": ("", ""),
    "no_optional_fields.cap": ("", "base"),
    "weather.cap": ("", "base WMO"),
}


def test_foreign_samples_fit_the_profiles_they_should():
    for name, (claims, fits) in FITS.items():
        said = cap_verdict.verdict((samples("cap") / name).read_bytes(), profiles=cap_profile.shipped())
        held = {key: one for key, one in said["profile"].items() if key not in ("CN",)}
        claimed = [key for key, one in held.items() if one["claimed"] and key != "base"]
        assert " ".join(claimed) == claims, name
        assert " ".join(key for key, one in held.items() if one["fits"]) == fits, name
        assert said["would"] == "refuse"
        assert said["reasons"]
