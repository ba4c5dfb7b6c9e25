"""What the doctor says of further outputs, and what it sees of what they need."""

import os
import shutil

import attrs
import pytest
from test_pairs import section, settings

from station import examine_outputs
from station.live_sources import LiveSection
from station.outputs import OutputSection
from station.relay_sources import RelaySection
from station.settings import Places
from station.symptoms_outputs import Outlet, outputs, relays

SRT = OutputSection(id="srt", kind="srt", to="srt://10.3.0.9:9000")
WEB = OutputSection(id="web", kind="icecast", to="http://10.3.0.9/a", secret_file="web.pw")
FILE = OutputSection(id="file", kind="file", to="f/g")


@pytest.mark.parametrize(
    ("state", "grade", "said"),
    [
        ("no secret", "bad", "/s/pw is not there"),
        ("open secret", "bad", "chmod 600"),
        ("foreign secret", "bad", "/s/pw belongs to another account"),
        ("wrong secret", "bad", "for SRT 10 to 79 characters"),
        ("no certificate", "bad", "who vouches for the server"),
        ("no program", "bad", "none of /s/pw is installed (packages srt-tools"),
        ("no directory", "warn", "cannot be written"),
    ],
)
def test_each_thing_that_lacks_is_named_with_what_to_do(state, grade, said):
    found = list(outputs([Outlet(who="fm1/a", state=state, what="/s/pw")]))
    assert [one.grade for one in found] == [grade]
    assert said in found[0].text.en and found[0].text.zh.startswith("fm1/a:")


def test_what_is_well_is_said_once_and_nothing_where_there_is_none():
    two = [Outlet(who=f"fm1/{name}", state="ready") for name in "ab"]
    assert [one.grade for one in outputs(two)] == ["ok"] and not list(outputs([]))
    (said,) = relays(two)
    assert (said.what, said.text.en) == ("relays", "2 relay(s) and live source(s) have what they need")


def test_what_outputs_need_is_looked_for(tmp_path, monkeypatch):
    made, places = settings(section("fm1", outputs=[SRT, WEB, FILE])), Places(tmp_path)
    places.secrets.mkdir()

    def seen():
        return [one.state for one in examine_outputs.outlets(made, places)]

    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert seen() == ["no program", "no secret", "ready"]
    secret = places.secrets / "web.pw"
    secret.write_text("x")
    secret.chmod(0o644)
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "ffmpeg" else None)
    monkeypatch.setattr(examine_outputs.os, "access", lambda path, how: False)
    assert seen() == ["ready", "open secret", "no directory"]
    secret.chmod(0o600)
    assert seen()[1] == "ready"
    safe = OutputSection(id="s", kind="icecast", to="https://h/a", secret_file="web.pw", ca_file="ca.pem")
    made = settings(section("fm1", outputs=[safe]))
    assert seen() == ["no certificate"]
    (places.secrets / "ca.pem").touch()
    assert seen() == ["ready"]
    made = settings(
        section("fm1", outputs=[OutputSection(id="s", kind="srt", to=SRT.to, secret_file="web.pw")])
    )
    secret.write_text("long enough")
    assert seen() == ["ready"]
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "srt-live-transmit" else None)
    assert examine_outputs.outlets(made, places)[0].what == "ffmpeg", "the other would show the passphrase"


def test_what_relays_and_live_sources_need_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "ffmpeg" else None)
    names = {"chain": "radio", "name_zh": "播", "name_en": "R"}
    cnr = RelaySection(id="cnr", members=["srt://h:9"], secret_file="srt.pw", **names)
    desk = LiveSection(id="desk", members=["srt://h:10"], secret_file="desk.pw", **names)
    card = LiveSection(id="card", members=["alsa:hw:1"], **names)
    made, places = attrs.evolve(settings(), relays=[cnr], live=[desk, card]), Places(tmp_path)
    places.secrets.mkdir()

    def seen():
        return [(one.who, one.state) for one in examine_outputs.relays(made, places)]

    assert seen() == [("relay/cnr", "no secret"), ("live/desk", "no secret"), ("live/card", "ready")]
    one, other = places.secrets / "srt.pw", places.secrets / "desk.pw"
    for path, text in ((one, "much too "), (other, "one that will do\n")):
        path.write_text(text)
        path.chmod(0o600)
    assert [state for _, state in seen()] == ["wrong secret", "ready", "ready"]
    one.write_bytes(b"\xff" * 20)
    other.chmod(0o640)
    assert [state for _, state in seen()] == ["wrong secret", "open secret", "ready"]
    other.chmod(0o600)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "ffmpeg" else name)
    found = examine_outputs.relays(made, places)[1]
    assert (found.state, found.what) == ("no program", "ffmpeg"), "the other would show the passphrase"


def test_a_secret_of_another_account_is_none_the_player_can_read(tmp_path):
    made, places = settings(section("fm1", outputs=[WEB])), Places(tmp_path / "state")
    places.secrets.mkdir(parents=True)
    path = places.secrets / "web.pw"
    path.write_text("x")
    path.chmod(0o600)
    real = type(path).stat

    def as_root(self, **words):
        kept = real(self, **words)
        owner = kept.st_uid + (self == path)
        return os.stat_result((*kept[:4], owner, *kept[5:]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(path), "stat", as_root)
        assert examine_outputs.outlets(made, places)[0].state == "foreign secret"
    assert examine_outputs.outlets(made, places)[0].state == "ready"

    def refused(self, **words):
        raise PermissionError

    with pytest.MonkeyPatch.context() as patch:  # who asks is neither root nor its owner
        patch.setattr(type(path), "read_text", refused)
        assert examine_outputs.outlets(made, places)[0].state == "ready"
