"""The words of the pages, and the files that ship with them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import station.building  # noqa: F401 - registers every kind of event
from schedules.plan import RUNGS
from station.words import EVENTS
from web.catalogue import LANGUAGES, words_of
from web.site import STATIC

WEB = STATIC.parent
SOURCES = [*sorted((STATIC / "js").glob("*.js")), *sorted((WEB / "templates").glob("*.html"))]
FAMILIES = {
    "page": ["login", "sorry", "onair", "alerts", "compose", "alert", "terminals", "safety", "journal"],
    "kind": ["actual", "drill", "daily"],
    "level": ["0", "1", "2", "3", "4"],
    "state": ["PLANNED", "FOREIGN", "WRONG", "OUTAGE", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL"],
    "ready": ["ready", "missing", "unreviewed"],
    "rung": list(RUNGS),
    "category": [
        "news",
        "relay",
        "music",
        "talk",
        "advert",
        "filler",
        "ident",
        "feature",
        "public",
        "notice",
    ],
    "role": ["reviewer", "approver", "dispatcher"],
    "ended": ["expired", "finished", "cancelled", "superseded", "refused", "lapsed"],
    "terminal": ["online", "offline", "playing", "heard", "silent"],
    "compose.confirm": ["actual", "drill"],
    "compose": ["where", "what", "who"],
    "safety": ["today", "yesterday", "week"],
    "alarm.phase": ["standing", "acknowledged", "returned", "shelved", "resting", "cleared"],
    "severity": ["critical", "major", "minor"],
    "plant.carrier": ["on", "off", "unclear", "unknown", "none"],
    "plant.phase": ["ordered", "sent", "confirmed", "unconfirmed"],
    "plant": ["above", "below"],
    "plant.crossed": ["above", "below", "is"],
    "safety.sign": ["operator", "engineer", "leader", "date"],
    "lost.why": ["asking", "station", "panel", "network", "stream"],
    "lost.do": ["asking", "station", "panel", "network", "stream"],
    "count": ["ordered", "acknowledged", "playing", "heard", "offline"],
}


def used_keys() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    keys = set(re.findall(r"\bt\('([\w.]+)'", text))
    keys |= set(re.findall(r"words\['([\w.]+)'\]", text))
    keys |= set(re.findall(r"figure\('([\w.]+)'", text))
    return {key for key in keys if not key.endswith(".")} - {"page."}


def test_every_key_a_page_uses_is_in_the_table() -> None:
    used = used_keys()
    assert len(used) > 150, "the search for keys finds too few to mean anything"
    assert used <= set(words_of("zh"))


def test_every_family_of_words_is_whole() -> None:
    wanted = {f"{family}.{name}" for family, names in FAMILIES.items() for name in names}
    assert wanted <= set(words_of("en"))


def test_both_languages_say_something_everywhere() -> None:
    for language in LANGUAGES:
        assert all(value.strip() for value in words_of(language).values())


def test_chinese_is_chinese_and_english_is_english() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    same = {"stop.word", "alerts.signed"}
    spoken = {"compose.drillwords"}
    zh, en = words_of("zh"), words_of("en")
    assert [key for key, value in zh.items() if not han.search(value) and key not in same] == []
    assert [key for key, value in en.items() if han.search(value) and key not in spoken] == []


def test_blanks_are_the_same_in_both_languages() -> None:
    blank = re.compile(r"\{\w+\}")
    zh, en = words_of("zh"), words_of("en")
    assert [key for key in zh if sorted(blank.findall(zh[key])) != sorted(blank.findall(en[key]))] == []


def test_no_page_holds_script_or_style_of_its_own() -> None:
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|style=|\son\w+=", text), path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or 'type="application/json"' in tag, tag


def test_nothing_is_fetched_from_elsewhere() -> None:
    for path in [*SOURCES, STATIC / "app.css"]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org", "")
        assert not re.search(r"https?://", text), path


def test_vendored_files_are_those_of_the_manifest() -> None:
    vendor = STATIC / "vendor"
    manifest = json.loads((vendor / "MANIFEST.json").read_text(encoding="utf-8"))
    for entry in manifest:
        body = (vendor / entry["file"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == entry["sha256"], entry["file"]
        assert (vendor / entry["license_file"]).is_file()
    listed = {entry["file"] for entry in manifest} | {entry["license_file"] for entry in manifest}
    found = {str(path.relative_to(vendor)) for path in vendor.rglob("*") if path.is_file()}
    assert found - {"MANIFEST.json"} == listed


def test_leaflet_needs_no_picture() -> None:
    assert not list(Path(STATIC / "vendor").rglob("*.png"))


def test_every_kind_of_record_has_a_word_in_the_journal():
    listed = re.search(
        r"const GROUPS = \[(.*?)\];", (STATIC / "js" / "journal.js").read_text(encoding="utf-8")
    )
    assert listed
    groups = [one for one in re.findall(r"'([^']*)'", listed[1]) if one]
    kinds = [kind for kind, cls in EVENTS.items() if not cls.__module__.startswith(("test_", "tests"))]
    assert kinds and [kind for kind in kinds if not kind.startswith(tuple(groups))] == []
    for language in LANGUAGES:
        assert {f"journal.group.{one.replace('.', '')}" for one in groups} <= set(words_of(language))


def test_no_page_keeps_to_itself_that_the_station_refused_what_a_key_asked_for():
    bare = re.compile(r"async function [^{]*{\s*await command\(")
    sent = {path.name: path.read_text(encoding="utf-8") for path in (STATIC / "js").glob("*.js")}
    sent = {name: text for name, text in sent.items() if "await command(" in text}
    assert len(sent) > 10
    kept = [
        name for name, text in sent.items() if bare.search(text) or not re.search(r"action\(|catch", text)
    ]
    assert kept == []
