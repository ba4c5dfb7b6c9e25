"""What the doctor says of further outputs, and what it sees of what they need."""

import shutil

import pytest
from test_pairs import section, settings

from station import examine_outputs
from station.outputs import OutputSection
from station.settings import Places
from station.symptoms_outputs import Outlet, outputs

SRT = OutputSection(id="srt", kind="srt", to="srt://10.3.0.9:9000")
WEB = OutputSection(id="web", kind="icecast", to="http://10.3.0.9/a", secret_file="web.pw")
FILE = OutputSection(id="file", kind="file", to="f/g")


@pytest.mark.parametrize(
    ("state", "grade", "said"),
    [
        ("no secret", "bad", "/s/pw is not there"),
        ("open secret", "bad", "chmod 600"),
        ("no certificate", "bad", "who vouches for the server"),
        ("no program", "bad", "none of /s/pw is installed (packages srt-tools"),
        ("no directory", "warn", "cannot be written"),
    ],
)
def test_each_thing_that_lacks_is_named_with_what_to_do(state, grade, said):
    found = list(outputs([Outlet(channel="fm1", id="a", state=state, what="/s/pw")]))
    assert [one.grade for one in found] == [grade]
    assert said in found[0].text.en and found[0].text.zh.startswith("fm1/a:")


def test_what_is_well_is_said_once_and_nothing_where_there_is_none():
    two = [Outlet(channel="fm1", id=name, state="ready") for name in "ab"]
    assert [one.grade for one in outputs(two)] == ["ok"] and not list(outputs([]))


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
    assert seen() == ["ready"]
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "srt-live-transmit" else None)
    assert examine_outputs.outlets(made, places)[0].what == "ffmpeg", "the other would show the passphrase"
