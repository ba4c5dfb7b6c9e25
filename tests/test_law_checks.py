"""The checks of station.laws: each passes what is right, and each finds what it is for."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from emergency.sounding import Mute, Sounding
from safety.messages import SLOT, SlotRun
from schedules.plan import Medium, Overlay, Plan, Take
from schedules.render import Heard
from station import laws
from station.laws import Broken
from station.rules import TerminalGroup
from station.story import Story
from station.words import AreaCode, ChannelId, Instant, SampleIndex, Sha256, instant_of, sample_at

FM = ChannelId("fm1")
SONG, VOICE = Sha256("a" * 64), Sha256("b" * 64)
NOW = Instant(1_795_233_600_000_000)
N = sample_at(NOW)
VILLAGE, TOWN = AreaCode("340422100001"), AreaCode("340422100000")


def take(start, end, item="x", **said):
    said = {"kind": "programme", "media": SONG, "approval": "rundown:fm1:d:1", **said}
    return Take(item=item, start=SampleIndex(start), end=SampleIndex(end), title="t", **said)


def plan(*takes, start=None, end=None):
    takes = takes or (take(N - 10_000, N), take(N, N + 90_000, "y"))
    return Plan(
        channel=FM,
        revision=1,
        start=SampleIndex(takes[0].start if start is None else start),
        end=SampleIndex(takes[-1].end if end is None else end),
        takes=takes,
        media=(Medium(sha256=SONG, samples=1 << 40),),
    )


def overlay(start=N + 1_000, end=N + 9_000, **said):
    said = {"id": "a1/fm1", "mode": "replace", "priority": 1, "approval": "alert:a1", "sequence": (VOICE,), **said}  # fmt: skip
    return Overlay(start=SampleIndex(start), end=SampleIndex(end), **said)


def sounding(alert="a1", **said):
    fields = {
        "incident": alert, "kind": "actual", "level": 1, "authority": "county", "event": "11A51", "headline": "",
        "text": "", "ebm_id": alert, "since": NOW, "until": Instant(NOW + 60_000_000), "areas": (VILLAGE,),
        "audio": VOICE, "samples": 48_000, "repeats": 1, "channels": (FM,), "duck": False, **said,
    }  # fmt: skip
    return Sounding(alert=alert, **fields)


def group(*alerts, areas=(VILLAGE,), until=NOW + 60_000_000):
    return TerminalGroup(
        alerts=alerts, ebm_id=alerts[0], kind="actual", level=1, event="11A51", since=NOW, until=Instant(until),
        stream=ChannelId("alerts-1"), address=("239.0.0.1", 1), areas=frozenset(areas),
    )  # fmt: skip


def submitted(level=1, kind="actual", authority="county", event="11A51", sure=True):
    return {
        "message": {"kind": kind, "level": level, "event": event},
        "source": {"authority": authority, "verified": sure, "preauthorised": sure},
    }


class Ramp:
    """Every sample its own value."""

    def pcm(self, sha256, start, count):
        one = (np.arange(start, start + count, dtype=np.int64) * 4_099 % (1 << 20)).astype(np.int32)
        return np.repeat(one[:, None], 2, axis=1)

    def length(self, sha256):
        return 48_000


def broken(law, call, *args, **said):
    with pytest.raises(Broken) as found:
        call(*args, **said)
    assert found.value.law == law and found.value.what


# --- L1


def test_a_plan_that_tiles_passes():
    laws.tiled(plan())
    laws.one_thing(plan(), SampleIndex(N))


def test_gaps_overlaps_and_nothing_at_all_are_found():
    gap = plan(take(N - 10, N), take(N + 1, N + 10, "y"))
    over = plan(take(N - 10, N + 1), take(N, N + 10, "y"))
    broken("L1", laws.tiled, gap)
    broken("L1", laws.tiled, over)
    broken("L1", laws.tiled, plan(take(N, N)))
    broken("L1", laws.tiled, plan(take(N, N + 5), end=N + 6))
    broken("L1", laws.one_thing, gap, SampleIndex(N))
    broken("L1", laws.one_thing, over, SampleIndex(N))


# --- L2


def heard(approval="rundown:fm1:d:1", media=(SONG,), lies=None):
    return Heard(take=take(N, N + 5), overlay=lies, rung="file", approval=approval, media=media)


def test_what_was_approved_passes():
    laws.approved(heard(), {"rundown:fm1:d:1"}, {SONG}, {})
    laws.approved(heard("standing:filler"), set(), {SONG}, {})
    laws.approved(heard("alert:a1", (VOICE,), overlay()), {"alert:a1"}, {SONG}, {"a1": {VOICE}})
    laws.approved(heard("mute:m", (), overlay(mode="silence", approval="mute:m")), {"mute:m"}, {SONG}, {})


def test_what_nobody_approved_is_found():
    broken("L2", laws.approved, heard(), set(), {SONG}, {})
    broken("L2", laws.approved, heard(media=(VOICE,)), {"rundown:fm1:d:1"}, {SONG}, {})
    others = {"a1": set(), "a2": {VOICE}}
    broken("L2", laws.approved, heard("alert:a1", (VOICE,), overlay()), {"alert:a1"}, {SONG}, others)


def test_a_sample_without_any_approval_is_found():
    laws.spot(plan(), [], [], SampleIndex(N), lambda _: None)
    broken("L2", laws.spot, plan(take(N, N + 9, approval="")), [], [], SampleIndex(N), lambda _: None)


# --- L6


def test_an_overlay_is_exact():
    lies = overlay()
    laws.exact(plan(), lies, [lies], [], Ramp())
    laws.blocks(plan(), [lies], [], Ramp(), lies.start)
    at_the_end = overlay(N + 80_000, N + 90_000)
    laws.exact(plan(), at_the_end, [at_the_end], [], Ramp())  # nothing is planned behind it
    beyond = overlay(N + 80_000, N + 90_001)
    laws.exact(plan(), beyond, [beyond], [], Ramp())


def test_what_is_heard_outside_or_not_where_it_lies_is_found():
    said = overlay(id="a1/fm1")
    same_id_longer = overlay(end=N + 9_050, id="a1/fm1")  # as a render that goes on too long would give
    broken("L6", laws.exact, plan(), said, [same_id_longer], [], Ramp())
    broken("L6", laws.exact, plan(), overlay(), [], [], Ramp())


def test_samples_that_depend_on_the_cut_are_found():
    class Counting(Ramp):
        asked = 0

        def pcm(self, sha256, start, count):
            self.asked += 1
            return super().pcm(sha256, start, count) + self.asked * 4_096

    broken("L6", laws.blocks, plan(), [], [], Counting(), SampleIndex(N + 100))


# --- L3, L4


def test_equal_is_equal():
    laws.same("L3", "state", {"a": 1}, {"a": 1})
    broken("L3", laws.same, "L3", "state", 1, 2)


# --- L5


def test_everything_ends_in_time():
    expires = {"a1": Instant(NOW + 60_000_000)}
    laws.over_in_time([sounding()], [overlay(), overlay(mode="silence", end=1 << 50)], [group("a1")], expires, NOW)  # fmt: skip
    late = Instant(NOW + 61_000_000)
    broken("L5", laws.over_in_time, [sounding(until=late)], [], [], expires, NOW)
    broken("L5", laws.over_in_time, [sounding(until=NOW)], [], [], expires, NOW)
    broken("L5", laws.over_in_time, [], [overlay(end=N + 10_000_000)], [], expires, NOW)
    broken("L5", laws.over_in_time, [], [], [group("a1", until=late)], expires, NOW)


# --- L7, L8


def test_the_highest_sounds():
    two = [sounding("a1"), sounding("a2", level=3)]
    told = {"a1": submitted(), "a2": submitted(3)}
    laws.first_goes_first(two, [], [group("a1")], [VILLAGE, AreaCode("340422100009")], told, 4)
    broken("L7", laws.first_goes_first, two, [], [group("a2")], [VILLAGE], told, 4)
    broken("L7", laws.first_goes_first, two[::-1], [], [group("a1")], [VILLAGE], told, 4)
    broken("L7", laws.first_goes_first, two, [], [], [VILLAGE], told, 4)
    laws.first_goes_first(two, [], [], [VILLAGE], told, 0)  # no stream is left


def test_two_may_alternate():
    wide = sounding("a2", areas=(TOWN,))
    told = {"a1": submitted(), "a2": submitted()}
    laws.first_goes_first([sounding("a1"), wide], [], [group("a1", "a2")], [VILLAGE], told, 4)


def test_what_is_muted_is_silent():
    told = {"a1": submitted(), "a2": submitted(3)}
    two = [sounding("a1"), sounding("a2", level=3)]
    all_of_it = [Mute(mute="m", by="wang")]
    laws.first_goes_first(two, all_of_it, [], [VILLAGE], told, 4)
    broken("L8", laws.first_goes_first, two, all_of_it, [group("a1")], [VILLAGE], told, 4)
    first = [Mute(mute="m", by="wang", alert="a1")]
    laws.first_goes_first(two, first, [group("a2")], [VILLAGE], told, 4)
    broken("L8", laws.first_goes_first, two, first, [group("a2", "a1")], [VILLAGE], told, 4)


@pytest.mark.parametrize(("higher", "lower"), [
    (submitted(4), submitted(1, kind="drill")),
    (submitted(3, event="11C02"), submitted(1)),
    (submitted(1), submitted(2)),
    (submitted(4), submitted(0)),
    (submitted(1, authority="province"), submitted(1)),
    (submitted(1), submitted(3, event="11C02", sure=False)),
    (submitted(4, kind="drill"), submitted(0, kind="daily")),
])  # fmt: skip
def test_the_order_is_that_of_the_law(higher, lower):
    assert laws.rank(higher, "x") < laws.rank(lower, "y")


def test_on_a_channel_the_highest_lies_on_top():
    two = [sounding("a1"), sounding("a2", level=3)]
    told = {"a1": submitted(), "a2": submitted(3)}
    high, low = overlay(N, id="a1/fm1", priority=2), overlay(N, id="a2/fm1", priority=1)
    laws.highest_on_channel(FM, [high, low], two, [], told, N)
    laws.highest_on_channel(FM, [], two, [], told, N)
    wrong = attrs.evolve(low, priority=3)
    broken("L7", laws.highest_on_channel, FM, [high, wrong], two, [], told, N)
    muted = [Mute(mute="m", by="wang", channels=(FM,))]
    silent = overlay(0, 1 << 50, id="mute-m", mode="silence", priority=99)
    laws.highest_on_channel(FM, [high, silent], two, muted, told, N)
    broken("L8", laws.highest_on_channel, FM, [high], two, muted, told, N)
    broken("L8", laws.highest_on_channel, FM, [], two, muted, told, N)


def test_a_story_with_a_complaint_breaks_its_law():
    laws.told(Story())
    broken("L10", laws.told, Story(complaints=[("L10", "x")]))


# --- L12


def test_seconds_add_up_and_silence_of_the_witness_makes_nothing_better(monkeypatch):
    first = N // SLOT
    runs = [
        SlotRun(first=first + 9 * k, last=first + 9 * k + 9, state=state)
        for k, state in enumerate(("NORMAL", "OUTAGE", "DEGRADED", "UNKNOWN", "NORMAL"))
    ]
    a, c = instant_of(SampleIndex(first * SLOT)), instant_of(SampleIndex((first + 40) * SLOT))
    laws.sums(runs, a, Instant((a + c) // 2), c)
    laws.sums([], a, a, c)
    monkeypatch.setattr(laws.figures, "rates", _kind_rates)
    broken("L12", laws.sums, runs, a, a, c)
    counted = iter(range(100))
    monkeypatch.setattr(laws.figures, "seconds_of", lambda *_: {"NORMAL": next(counted)})
    broken("L12", laws.sums, runs, a, a, c)


def _kind_rates(tenths):
    """As a program would count that takes what nobody measured for good."""

    class Rates:
        outage_milli = tenths["OUTAGE"] * 360_000_000 // max(1, sum(tenths.values()))

    return Rates
