"""What the tests of killed processes share: a rig whose alerts last, and what was heard and written, counted from outside."""

import itertools
import time

from rig import Rig

from station import cli

COUNTY = "340422000000"


class Endless(Rig):
    """Its alerts are repeated as often as settings allow, so that one alert outlasts many kills."""

    def _make(self, villages):
        super()._make(villages)
        path = self.home / "station.toml"
        path.write_text(path.read_text("utf-8").replace("repeats = 2", "repeats = 20"), "utf-8")


def left(rig, ident):
    """Seconds until the last repeat was heard."""
    aired = next(one for one in rig.journal("alert.aired/1") if one["alert"] == ident)
    return aired["since"] / 1e6 + 20 * period(rig, ident) / 48_000 - time.time()


def sound(rig, text, *, minutes, areas=COUNTY):
    """A red alert of the province, on the air and acknowledged by all; its id."""
    said = rig.source(
        "--kind", "ebd", "--areas", areas, "--event", "11A51", "--level", "1", "--text", text, "--minutes", str(minutes)
    )  # fmt: skip
    assert said["exit"] == 0 and said["code"] == "1", said

    def listed():
        return next(
            (one["id"] for one in rig.http("/alerts?open=true", by="zhou") if text in one["text"]), None
        )

    ident = rig.wait(listed, "the alert is listed")
    rig.wait(lambda: all_sound(rig, ident), "all terminals sound", 20)
    rig.wait(lambda: channel(rig)["overlay"] == ident, "it lies over the channel")
    return ident


def channel(rig):
    return rig.http("/overview", by="zhou")["channels"][0]


def all_sound(rig, ident):
    counts = rig.http(f"/alerts/{ident}", by="zhou")["counts"]
    numbers = {counts[name] for name in ("addressed", "acknowledged", "playing", "heard")}
    return numbers != {0} and len(numbers) == 1


def period(rig, ident):
    """Samples from one repeat of the alert to the next."""
    spoken = next(one for one in rig.journal("alert.spoken/1") if one["alert"] == ident)
    return spoken["samples"] + 48 * rig.settings.alerts.gap_ms


def repeats_itself(rig, ident, pcm):
    """Which of the received samples are those of one repeat before; those not received (zeros here) are left out."""
    step = period(rig, ident)
    before, after = pcm[:-step], pcm[step:]
    both = (before != 0).any(axis=1) & (after != 0).any(axis=1)
    return float((before == after).all(axis=1)[both].mean()), int(both.sum())


def settle(rig, ident, since):
    """Until one whole repeat was heard after `since`."""
    need = period(rig, ident) / 48_000 + 2.5
    time.sleep(max(0.0, need - (time.monotonic() - since)))


def written_once(rig):
    entries = [entry for event in rig.journal("asrun.entries/1") for entry in event["entries"]]
    keys = [(entry["run"], entry["seq"]) for entry in entries]
    assert len(keys) == len(set(keys))
    return entries


def gap(listener, mark):
    """The longest silence on the wire since a mark, s."""
    times = [row[2] for row in listener.packets[mark:]]
    return max(b - a for a, b in itertools.pairwise(times))


def verified(rig):
    assert cli.main(["journal", "verify", "--state", str(rig.places.state)]) == 0
