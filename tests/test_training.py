"""A shadow station: nothing of it reaches a real line, and its debrief says what the journal says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import attrs
import pytest

from station import call_rules, settings_file, settings_training, train
from station.live_sources import LiveSection
from station.relay_sources import RelaySection
from station.scenarios import BY_ID, SCENARIOS, Record, begins, debrief
from station.settings import DeviceSection, Places
from station.toml_text import toml
from station.words import SECOND, Instant, Refused, Text
from web import training as glass

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "shouxian" / "station.toml"
REAL = settings_file.load(EXAMPLE)
T0 = Instant(1_795_233_600_000_000)


def shadow(**changes):
    made = train.derived(REAL, 9600, Path("/nowhere/state"))
    return attrs.evolve(made, **changes)


def said(settings):
    return {path for path, _ in settings_training.rules(settings)}


# --- the shadow has no route to a real line


def test_the_shadow_of_the_example_breaks_no_rule_and_the_real_one_neither():
    assert said(shadow()) == set() and said(REAL) == set()


def test_every_destination_that_is_no_loopback_refuses_the_shadow():
    channels = [attrs.evolve(shadow().channels[0], ts=["10.0.0.1:5000"], l16=["127.0.0.1:6000", "[::1]:7"])]
    assert said(shadow(channels=channels)) == {"channels[0].ts"}
    device = DeviceSection(id="x", kind="ups", profile="p", host="192.168.1.5", name_zh="一", name_en="x")
    assert said(shadow(devices=[device])) == {"devices[0].host"}
    for link in ("rtu:/dev/ttyS0:9600:8N1", "rtu-tcp:192.168.1.5:4001"):
        lined = attrs.evolve(device, host="127.0.0.1", link=link)
        assert said(shadow(devices=[lined])) == {"devices[0].link"}
    assert (
        said(shadow(devices=[attrs.evolve(device, host="127.0.0.1", link="rtu-tcp:127.0.0.1:4001")])) == set()
    )
    assert said(shadow(panel=attrs.evolve(REAL.panel, host="0.0.0.0"))) == {"panel.host"}
    assert said(shadow(networks=attrs.evolve(REAL.networks, terminals="10.1.1.1"))) == {"networks.terminals"}
    calls = attrs.evolve(REAL.alarms, call_hook="http://sms.example.org/call")
    assert said(shadow(alarms=calls)) == {"alarms.call_hook"}
    station = attrs.evolve(shadow().station, journal="postgresql://db/real")
    assert said(shadow(station=station)) == {"station.journal"}


def test_a_shadow_takes_no_relay_and_no_studio_from_the_real_one():
    given = {"chain": "radio", "name_zh": "一", "name_en": "One"}
    relay = RelaySection(
        id="cnr", members=["udp://239.1.1.1:5000", "https://u:p@relay.example/x?key=1"], **given
    )
    desk = LiveSection(id="desk", members=["alsa:hw:1"], **given)
    real = attrs.evolve(REAL, relays=[relay], live=[desk])
    assert train.derived(real, 9600, Path("/nowhere/state")).received() == []
    assert said(shadow(relays=[relay])) == {"relays[0].members"}
    assert said(shadow(live=[desk])) == {"live[0].members"}
    own = attrs.evolve(relay, members=["l24://127.0.0.1:5004", "srt://[::1]:9000", "no way"])
    assert said(shadow(relays=[own])) == set()
    (_, text), *_ = settings_training.rules(shadow(relays=[attrs.evolve(relay, members=relay.members[1:])]))
    assert "relay.example" in text.en and "key" not in text.en and "u:p" not in text.zh


def test_a_shadow_keeps_no_second_copy_of_media_in_the_real_ones_place():
    real = attrs.evolve(REAL, station=attrs.evolve(REAL.station, media_copy="/nas/media"))
    made = train.derived(real, 9600, Path("/nowhere/state"))
    assert made.station.media_copy == ""
    assert said(attrs.evolve(made, station=attrs.evolve(made.station, media_copy="x"))) == {
        "station.media_copy"
    }


def test_the_shadow_of_a_station_with_a_gateway_has_neither_it_nor_its_token():
    alarms = attrs.evolve(REAL.alarms, call_hook="http://127.0.0.1:9000/call", call_token_file="call.token")
    made = train.derived(attrs.evolve(REAL, alarms=alarms), 9600, Path("/nowhere/state"))
    assert (made.alarms.call_hook, made.alarms.call_token_file) == ("", "")
    assert list(call_rules.rules(made)) == []


def test_loopback_with_its_net_is_loopback():
    office = attrs.evolve(REAL.networks, office="127.0.0.1/8", terminals="192.168.1.5/24")
    assert said(shadow(networks=office)) == {"networks.terminals"}


def test_a_network_is_a_name_and_not_only_an_address():
    assert {path for path, _ in settings_training.destinations(REAL) if path.startswith("networks.")} >= {
        "networks.office", "networks.terminals"
    }  # fmt: skip


def test_a_shadow_carries_its_mark_into_every_record_and_no_real_station_does():
    assert said(shadow(station=attrs.evolve(shadow().station, id="shouxian"))) == {"station.id"}
    assert said(attrs.evolve(REAL, station=attrs.evolve(REAL.station, id="x-training"))) == {"station.id"}


def test_no_source_of_a_shadow_airs_anything_without_people():
    sources = [attrs.evolve(one, preauthorised=True) for one in shadow().sources]
    assert said(shadow(sources=sources)) == {"sources[0].preauthorised", "sources[1].preauthorised"}


@pytest.mark.parametrize(("host", "is_one"), [
    ("127.0.0.1", True), ("127.8.8.8:99", True), ("localhost:1", True), ("::1", True), ("[::1]", True),
    ("0.0.0.0", False), ("10.0.0.1:80", False), ("example.org", False), ("239.192.1.1:5004", False),
    ("[::1]:5004", True), ("[::1].example.org", False), ("[::1", False), ("localhost.example.org:1", False), ("", False),
])  # fmt: skip
def test_loopback_is_told_from_what_is_not(host, is_one):
    assert settings_training.is_loopback(host) is is_one


def test_the_shadow_shares_files_but_neither_state_nor_keys(tmp_path):
    home = tmp_path / "station"
    home.mkdir()
    for one in EXAMPLE.parent.iterdir():
        if one.name not in ("media", "state"):
            (home / one.name).symlink_to(one)
    real = Places(home / "state")
    real.secrets.mkdir(parents=True)
    (real.secrets / "province.token").write_text("the real one")
    made = train.prepare(home / "station.toml", real, tmp_path / "shadow", 9600)
    settings = settings_file.load(made)
    assert settings.station.training and settings.station.port == 9600
    assert settings_file.places(made, settings, None).state == tmp_path / "shadow" / "state"
    links = {one.name for one in made.parent.iterdir() if one.is_symlink()}
    assert {"areas.csv", "terminals.csv", "rundowns", "templates.toml"} <= links
    assert not links & {"state", "station.toml"}
    assert not any("the real one" in one.read_text() for one in (tmp_path / "shadow").rglob("*.token"))


def test_a_shadow_in_the_real_state_directory_is_refused(tmp_path):
    with pytest.raises(Refused):
        train.prepare(EXAMPLE, Places(tmp_path / "state"), tmp_path, 9600)


def test_a_shadow_of_a_shadow_is_refused(tmp_path):
    made = train.prepare(EXAMPLE, Places(tmp_path / "real"), tmp_path / "shadow", 9600)
    with pytest.raises(Refused):
        train.main([str(made)])


# --- TOML


def test_what_is_written_as_toml_is_read_back():
    plain = {
        "title": '汉字 "quoted" \\ back\nline\t\x1f',
        "n": -5, "f": 0.25, "yes": True, "no": False, "list": ["a", 1, [2, 3]], "empty": [],
        "table": {"a": 1, "none": None, "by": {"level-4": 20, "x y": {}}}, "rows": [{"x": 1}, {"x": 2, "l": ["y"]}], "left": None,
    }  # fmt: skip
    back = tomllib.loads(toml(plain))
    assert back.pop("table") == {"a": 1, "by": {"level-4": 20, "x y": {}}}
    assert back == {k: v for k, v in plain.items() if k not in ("table", "left")}


def test_what_toml_cannot_hold_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError):
        toml({"a": {"b": object()}})


# --- the debrief


def record(after, kind, by="zhao", **body):
    return Record(
        at=Instant(T0 + round(after * SECOND)), kind=kind, by=by, body=body, sentence=Text("did", "做了")
    )


def result(name, records, after, over=False):
    found = debrief(BY_ID[name], records, T0, Instant(T0 + after * SECOND), over=over)
    return found, {goal.goal: (goal.good, goal.took) for goal in found.goals}


def test_whoever_signs_in_time_has_met_his_goal():
    rows = [
        record(4, "alert.submitted/1", by="source:training-province"),
        record(12, "alert.signed/1", by="wang"),
        record(40, "alert.signed/1"),
        record(63, "alert.aired/1", by="chen"),
        record(70, "terminals.answered/1", by="system", heard=0),
        record(75, "terminals.answered/1", by="system", heard=9),
        record(76, "rundown.signed/1"),
        record(77, "person.loggedin/1"),
    ]
    found, goals = result("flood", rows, 80)
    assert goals["signed"] == (True, 40 * SECOND), "the colleague's signature is not the trainee's"
    assert goals["aired"] == (True, 63 * SECOND) and goals["heard"] == (True, 75 * SECOND)
    assert goals["kept"] == (None, None) and not found.done
    assert [act.kind for act in found.acts] == ["alert.signed/1"]
    assert result("flood", rows, 301, over=True)[1]["kept"] == (True, None)


def test_late_and_never_are_told_apart():
    assert result("flood", [record(90, "alert.signed/1")], 100)[1]["signed"] == (False, 90 * SECOND)
    assert result("flood", [], 100)[1]["signed"] == (False, None)
    assert result("flood", [], 10)[1]["signed"] == (None, None)
    assert result("flood", [record(20, "alert.rejected/1")], 30)[1]["kept"] == (False, 20 * SECOND)


def test_the_time_of_a_false_alert_runs_from_when_it_sounds():
    aired = record(30, "alert.aired/1", by="chen")
    rows = [aired, record(45, "alert.muted/1"), record(80, "alert.muteexplained/1")]
    rows += [record(90, "alert.ended/1", how="finished"), record(120, "alert.ended/1", how="cancelled")]
    found, goals = result("false", rows, 130)
    assert goals["muted"] == (True, 9 * SECOND) and goals["cancelled"] == (True, 84 * SECOND)
    assert found.done
    early = result("false", [aired, record(31, "alert.muted/1")], 40)[1]
    assert early["muted"] == (True, 0), "before the telephone rang"
    assert "aired" not in goals, "that it sounds is no merit of the trainee"
    assert result("false", [], 200)[1]["muted"] == (None, None), "nothing sounds, so nothing is late"
    assert result("false", [], 301, over=True)[1]["muted"] == (False, None)


def test_a_step_that_waits_for_something_waits():
    flood = BY_ID["flood"]
    assert begins(flood, "", [], T0) == T0 and begins(flood, "signed", [], T0) is None
    assert begins(flood, "signed", [record(9, "alert.signed/1")], T0) == T0 + 9 * SECOND


def test_every_step_and_goal_names_one_that_there_is():
    for scenario in SCENARIOS:
        names = {goal.id for goal in scenario.goals}
        assert {step.once for step in scenario.steps} <= {"", *names}
        assert {goal.since for goal in scenario.goals} <= {"", *names}
        for text in (scenario.title, scenario.task, *(goal.text for goal in scenario.goals)):
            assert text.en and text.zh
        for step in scenario.steps:
            assert bool(step.text.zh) == (step.act == "say") and bool(step.who) == (step.act == "sign")


# --- what the panel passes on


def test_the_panel_passes_on_known_wishes_alone(tmp_path):
    places = Places(tmp_path)
    places.run.mkdir()
    assert glass.told(places) == glass.IDLE
    with pytest.raises(Refused):
        glass.wish(places, "flood")
    (places.run / glass.TOLD).write_text(json.dumps({"scenarios": [{"id": "flood"}], "running": None}))
    for start in ("flood", "stop"):
        glass.wish(places, start)
        assert json.loads((places.run / glass.WISH).read_text()) == {"start": start}
    with pytest.raises(Refused):
        glass.wish(places, "../../etc/passwd")
    (places.run / glass.TOLD).write_text("[")
    assert glass.told(places) == glass.IDLE
