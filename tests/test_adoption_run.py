"""Adopted settings under a real `gengfu run`: panel and witness are renewed, players play on; settings that keep the station from starting are put back by themselves, and said."""

import pytest
from rig import HttpRefused, Rig
from test_supervised import Run

pytestmark = pytest.mark.slow


def settings_of(rig):
    """The Settings page; nothing while panel or station are on their way."""
    try:
        return rig.http("/settings", by="qian")
    except HttpRefused:
        return {"sha256": "", "text": ""}


def adopt(rig, more):
    """Propose and approve the running text with `more` at its end."""
    before = rig.wait(lambda: (found := settings_of(rig))["sha256"] and found, "the settings are shown", 20)
    body = {"text": before["text"] + more, "base": before["sha256"], "note": "试验"}
    rig.command("settings.propose", body, by="qian")
    waiting = rig.http("/settings", by="wu")["proposal"]
    rig.command("settings.approve", {"sha256": waiting["sha256"]}, by="wu")
    return before, waiting


def pids(run):
    return {what: run.pid(f"cli {what}") for what in ("station", "panel", "witness fm1", "player radio")}


def test_adopted_settings_renew_what_reads_them_and_what_does_not_start_is_put_back(tmp_path):
    made = Rig(tmp_path / "station", spliceable=False)
    run = Run(made)
    try:
        run.start()
        made.wait(lambda: settings_of(made)["sha256"], "the panel answers", 30)
        first = pids(run)
        assert None not in first.values()
        mark = made.radio.mark()
        _, good = adopt(made, "\n[people]\nwatch_h = 10\n")
        made.wait(lambda: settings_of(made)["sha256"] == good["sha256"], "the new settings run", 40)
        made.wait(
            lambda: pids(run)["witness fm1"] not in (first["witness fm1"], None), "the witness is renewed", 20
        )
        second = pids(run)
        assert second["player radio"] == first["player radio"], "players play on"
        assert all(second[one] not in (first[one], None) for one in ("station", "panel", "witness fm1"))
        made.wait(lambda: not (made.home / "station.toml.trial").exists(), "the trial is over", 20)

        before, bad = adopt(made, '\n[networks]\nupstream = "192.0.2.77"\n')
        assert before["sha256"] == good["sha256"]
        found = made.wait(
            lambda: (seen := settings_of(made)).get("rolled_back") and seen, "the old settings are back", 60
        )
        assert found["sha256"] == good["sha256"]
        assert "192.0.2.77" in found["rolled_back"]["en"] and "192.0.2.77" in found["rolled_back"]["zh"]
        assert "192.0.2.77" not in (made.home / "station.toml").read_text()
        assert "192.0.2.77" in (made.home / "station.toml.failed").read_text()
        (told,) = made.journal("settings.rolledback/1")
        assert (told["sha256"], told["before"], told["starts"]) == (bad["sha256"], good["sha256"], 3)
        made.wait(
            lambda: any(
                one["key"] == "settings/rolled-back" for one in made.http("/alarms", by="zhao")["active"]
            ),
            "it is an alarm",
            10,
        )
        assert pids(run)["player radio"] == first["player radio"]
        assert made.radio.missing(mark) == 0, "and nobody heard any of it"
        assert not (made.home / "station.toml.rolledback").exists()
    finally:
        run.end()
        made.stop()
