"""The first start of another program, over real processes: what the one before did not sound is held, said in the first line, and let go by a dispatcher."""

import json
import signal

import pytest
from alert_kit import Endless, channel, sound, verified

pytestmark = pytest.mark.slow


def test_what_the_old_version_did_not_sound_waits_for_a_dispatcher(tmp_path):
    made = Endless(tmp_path / "station", spliceable=False)
    made.start()
    try:
        made.ready()
        ident = sound(made, "升级前后的预警", minutes=20)
        made.kill("station", signal.SIGTERM)
        record = made.places.state / "sounded.json"
        said = json.loads(record.read_text())
        assert [one["alert"] for one in said["soundings"]] == [ident]
        record.write_text(
            json.dumps({**said, "soundings": [], "version": "0.0.9"})
        )  # it had not sounded there

        made.start("station")
        made.wait(lambda: made.health()["ok"], "the station is back", 30)
        made.seats.clear()
        made.wait(lambda: channel(made)["overlay"] == "", "what is held is not over the programme", 20)
        overview = made.http("/overview", by="zhou")
        assert overview["tone"] == "bad" and "0.0.9" in overview["sentence"]["en"]
        held = made.journal("upgrade.held/1")
        assert [clip["alert"] for clip in held[0]["clips"]] == [ident]
        second = sound(made, "升级后的新预警", minutes=20)  # what comes now is nobody's to hold
        assert second != ident

        made.command("upgrade.release", {"reason": "looked at"}, by="zhao")
        made.wait(lambda: made.http("/overview", by="zhou")["tone"] != "bad", "nothing is held any more", 10)
        made.wait(lambda: len(made.http("/overview", by="zhou")["sounding"]) == 2, "both are on air", 10)
        assert made.journal("upgrade.released/1") == [{"reason": "looked at"}]
        verified(made)
    finally:
        made.stop()
