"""The timeline: one thing on air at any instant, and what gives way to what."""

import attrs
import pytest

from playout.gain import q31
from playout.levels import handlings
from schedules.calendar import instant_of_local
from schedules.handling import MOST_GAIN, Measured
from schedules.plan import UNITY, Medium, Plan, Replacement, Take
from schedules.plan_check import mistakes
from schedules.remarks import Unplannable
from schedules.render import replaced_from
from schedules.replacing import CONFORMED, standing_in
from schedules.rundown import parse
from schedules.segue import CUT_FADE
from schedules.timeline import Frame, bounds, resolve
from station.words import SAMPLE_RATE, ChannelId, SampleIndex, Sha256, sample_at

FM = ChannelId("fm1")
DAY = "2026-11-22"
HEAD = "start,mode,title,media,duration,class,cut,cue_in,cue_out,fade_in,fade_out,gain,id,note\n"


def medium(name: str, seconds: int) -> Medium:
    return Medium(sha256=Sha256(name * 64), samples=seconds * SAMPLE_RATE, path=f"{name}.flac", title=name)


LIBRARY = {f"{m.sha256[0]}.flac": m for m in (medium("a", 600), medium("b", 60), medium("c", 5))}
FRAME = Frame(
    channel=FM,
    tz="Asia/Shanghai",
    day_start="05:00",
    filler=(medium("e", 70), medium("f", 45)),
    loop=medium("d", 61),
)


def at(clock: str, day: str = DAY, frame: Frame = FRAME) -> SampleIndex:
    return sample_at(instant_of_local(day, clock, frame.tz, frame.day_start))


def plan(*lines: str, approved: bool = True, frame: Frame = FRAME, day: str = DAY) -> Plan:
    rundown = parse(HEAD + "\n".join(lines), FM, day)
    begins, ends = bounds(day, frame)
    approvals = {day: "rundown:x"} if approved else {}
    return resolve([rundown], LIBRARY, approvals, frame, start=begins, end=ends, revision=7)


def programme(made: Plan) -> list[Take]:
    return [take for take in made.takes if take.kind != "filler"]


def complaint(*lines: str, frame: Frame = FRAME) -> str:
    with pytest.raises(Unplannable) as refused:
        plan(*lines, frame=frame)
    assert all(text.en and text.zh for text in refused.value.complaints)
    assert refused.value.refusal().code == "unplannable"
    return str(refused.value)


def tiles(made: Plan) -> bool:
    edges = [made.start, *(take.end for take in made.takes)]
    return edges[-1] == made.end and all(
        take.start == edge and take.end > take.start and take.approval
        for take, edge in zip(made.takes, edges, strict=False)
    )


def test_a_day_is_tiled_from_its_start_to_its_end() -> None:
    made = plan("06:00:00,hard,News,a.flac", ",,Music,b.flac")
    assert tiles(made)
    assert (made.start, made.end) == bounds(DAY, FRAME)
    news, music = programme(made)
    assert (news.start, news.end, news.hard) == (at("06:00:00"), at("06:10:00"), True)
    assert (music.start, music.end, music.hard) == (at("06:10:00"), at("06:11:00"), False)
    assert made.warnings == ()
    assert {m.sha256[0] for m in made.media} == set("abdef")


MEASURED = {
    medium("a", 600).sha256: Measured(
        loudness=-1_700, peak=-100, cue_in=SAMPLE_RATE, cue_out=500 * SAMPLE_RATE, segue=496 * SAMPLE_RATE
    ),
    medium("e", 70).sha256: Measured(
        loudness=-2_600, peak=-900, cue_in=0, cue_out=70 * SAMPLE_RATE, segue=70 * SAMPLE_RATE
    ),
}
LEVEL = attrs.evolve(FRAME, handlings=handlings(MEASURED, -23))
WIDE = "start,mode,title,media,duration,cut,cue_in,cue_out,gain,segue,curve"


def joined_plan(*lines: str, frame: Frame = LEVEL) -> Plan:
    begins, ends = bounds(DAY, frame)
    rundown = parse("\n".join((WIDE, *lines)), FM, DAY)
    return resolve([rundown], LIBRARY, {DAY: "x"}, frame, start=begins, end=ends, revision=1)


def test_every_item_is_brought_to_the_loudness_of_the_channel_and_what_it_asks_comes_on_top() -> None:
    made = joined_plan("06:00:00,,A,a.flac", ",,A again,a.flac,,,,,-6 dB", ",,B,b.flac")
    down = q31(-600)
    first, second, unknown = programme(made)
    assert first.gain == down
    assert abs(second.gain - q31(-1_200)) < 1 << 4
    assert unknown.gain == UNITY, "nobody measured it"
    filler = {take.media[0]: take.gain for take in made.takes if take.kind == "filler" and take.media}
    assert filler == {"e": q31(300), "f": UNITY}
    as_it_is = attrs.evolve(FRAME, handlings=handlings(MEASURED, 0))
    assert {take.gain for take in joined_plan("06:00:00,,A,a.flac", frame=as_it_is).takes} == {UNITY}
    loudest = joined_plan(
        "06:00:00,,A,a.flac,,,,,12 dB", frame=attrs.evolve(FRAME, handlings=handlings(MEASURED, -5))
    )
    assert programme(loudest)[0].gain <= MOST_GAIN


def test_auto_points_are_those_that_were_measured() -> None:
    made = joined_plan(
        "06:00:00,,A,a.flac,,,auto,自动,,auto,power", ",,B,b.flac,,,auto,auto,,3", ",,C,c.flac"
    )
    first, second, third = programme(made)
    assert (first.offset, first.curve) == (SAMPLE_RATE, "power")
    assert (first.end - first.start, first.tail) == (495 * SAMPLE_RATE, 4 * SAMPLE_RATE)
    assert second.start == first.end, "the next begins at the segue point"
    assert (second.offset, second.end - second.start) == (0, 57_500 * 48), "never measured: all of it"
    assert second.tail == 120_000 == (third.end - third.start) // 2, "half of the next at most"
    assert tiles(made) and mistakes(made) == []


def test_nothing_begins_early_but_what_follows_an_item_of_the_programme() -> None:
    for line in ("06:20:00,soft,B,b.flac", "06:09:59,hard,B,b.flac", ",,Quiet,silence,10"):
        made = joined_plan("06:00:00,,A,a.flac,,yes,,,,2", line)
        assert [take.tail for take in made.takes if take.tail] == []
    cut = joined_plan("06:00:00,,A,a.flac,,yes,,,,2", "06:05:00,hard,B,b.flac", ",,C,c.flac")
    assert [take.tail for take in programme(cut)] == [0, 0, 0], "what is cut short has no end to lie under"
    missing = joined_plan("06:00:00,,A,a.flac,,,,,,2", ",,Gone,gone.flac", ",,C,c.flac")
    assert [take.tail for take in programme(missing)] == [2 * SAMPLE_RATE, 0]
    short = joined_plan("06:00:00,,C,c.flac,,,,,,9", ",,C,c.flac,,,,,,9", ",,A,a.flac")
    assert [take.tail for take in programme(short)] == [120_000, 120_000, 0], "half of either at most"
    grid = joined_plan("06:00:00,,A,a.flac,,,,,,1.01", ",,B,b.flac", frame=attrs.evolve(LEVEL, grid=1_920))
    assert programme(grid)[0].tail == 25 * 1_920 and all(take.end % 1_920 == 0 for take in grid.takes)


def test_an_interrupt_begins_at_its_sample_and_what_lies_beneath_is_joined_in_progress() -> None:
    made = plan("06:00:00,hard,Film,a.flac", "06:04:59.500,interrupt,Pips,c.flac", "06:10:00,,Song,b.flac")
    film, pips, rest, song = programme(made)
    assert (pips.start, pips.end, pips.hard) == (at("06:04:59.5"), at("06:05:04.5"), True)
    assert (film.end, film.tail, film.fade_out) == (pips.start, 0, SAMPLE_RATE // 50)
    assert (rest.start, rest.end, rest.media) == (pips.end, at("06:10:00"), film.media)
    assert rest.offset == pips.end - film.start, "as if it had run on"
    assert song.start == at("06:10:00") and tiles(made) and mistakes(made) == []


def test_an_interrupt_may_lie_over_filler_over_several_items_and_never_over_a_hard_start() -> None:
    made = plan(
        "06:00:00,hard,One,c.flac", ",,Two,c.flac", ",,Three,c.flac", "06:00:04,interrupt,Over,b.flac,8"
    )
    assert [(take.title, take.end - take.start) for take in programme(made)] == [
        ("One", 4 * SAMPLE_RATE), ("Over", 8 * SAMPLE_RATE), ("Three", 3 * SAMPLE_RATE),
    ]  # fmt: skip
    assert tiles(made)
    alone = plan("07:00:00,interrupt,Over,b.flac")
    assert [take.title for take in programme(alone)] == ["Over"] and tiles(alone)
    missing = plan("07:00:00,interrupt,Gone,gone.flac")
    assert programme(missing) == [] and any("gone.flac" in said for said in missing.warnings)
    said = complaint("06:59:50,interrupt,Over,b.flac", "07:00:00,hard,News,b.flac")
    assert "50.000 s past the hard start of line 3" in said
    cut = plan("06:59:50,interrupt,Over,b.flac,,,yes", "07:00:00,hard,News,b.flac")
    over, news = programme(cut)
    assert (over.end, over.trimmed, news.start, news.hard) == (at("07:00:00"), True, at("07:00:00"), True)
    dropped = plan("07:00:00,interrupt,Over,b.flac,,,yes", "07:00:00,hard,News,b.flac")
    assert [take.title for take in programme(dropped)] == ["News"]
    edge = plan("06:00:00,,One,c.flac", "06:00:05,interrupt,Over,c.flac")
    assert [take.end - take.start for take in programme(edge)] == [5 * SAMPLE_RATE] * 2 and tiles(edge)


def covered(*lines: str, frame: Frame = FRAME) -> Plan:
    begins, ends = bounds(DAY, frame)
    head = "start,mode,title,media,duration,cut,cue_in,替播\n"
    rundown = parse(head + "\n".join(lines), FM, DAY)
    return resolve([rundown], LIBRARY, {DAY: "x"}, frame, start=begins, end=ends, revision=1)


def test_what_stands_in_for_an_item_is_as_long_to_the_sample_and_moves_with_its_parts() -> None:
    made = covered(
        "06:00:00,hard,A,a.flac,60,,10,b.flac", "06:00:20,interrupt,Pips,c.flac,,,,c.flac", ",,A,a.flac,,,,"
    )
    assert made.warnings == ()
    first, pips, rest, bare = programme(made)
    assert pips.replacement == Replacement(media=pips.media) and bare.replacement is None
    assert (
        first.replacement
        == rest.replacement
        == Replacement(media=medium("b", 60).sha256, shift=-10 * SAMPLE_RATE)
    )
    assert (replaced_from(first), replaced_from(rest)) == (0, 25 * SAMPLE_RATE)
    assert {m.sha256[0] for m in made.media} == set("abcdef") and mistakes(made) == []
    louder = attrs.evolve(FRAME, handlings=handlings(MEASURED, -23))
    assert programme(covered("06:00,,B,b.flac,,,,b.flac", frame=louder))[0].replacement is not None
    (loud,) = programme(covered("06:00,,A,a.flac,,,,a.flac", frame=louder))
    assert loud.replacement is not None and loud.replacement.gain == q31(-600)


def test_what_is_shorter_longer_or_not_there_stands_in_for_nothing_and_is_said() -> None:
    assert CONFORMED == 1_920, "a picture"
    cut = covered("06:00:00,,A,a.flac,59.961,,,b.flac")
    assert cut.warnings == () and programme(cut)[0].replacement is not None
    for length, name, said in (
        ("61", "b.flac", "lasts 60.000 s, not 61.000 s"),
        ("59.9", "b.flac", "not 59.900 s"),
        ("9", "zz.flac", "missing or not approved"),
    ):
        made = covered(f"06:00:00,,A,a.flac,{length},,,{name}")
        assert programme(made)[0].replacement is None
        assert said in made.warnings[0] and "替播素材" in made.warnings[0]


def test_a_sample_too_short_is_too_short() -> None:
    item = parse(HEAD + "06:00,,A,a.flac,,news\n", FM, DAY).items[0]
    own, instead = LIBRARY["a.flac"], LIBRARY["b.flac"]
    fits = standing_in(item, own, None, instead.samples, [instead], {})
    assert isinstance(fits, Replacement)
    for more in (1, -CONFORMED):
        assert not isinstance(
            standing_in(item, own, None, instead.samples + more, [instead], {}), Replacement
        )


def test_what_names_nothing_has_what_its_class_has_of_its_length() -> None:
    film = attrs.evolve(medium("a", 5), frames=125)
    listed = {"news": (film, medium("b", 60), medium("c", 5)), "music": (medium("c", 5),)}
    frame = attrs.evolve(FRAME, replacements=listed)
    made = plan(
        "06:00:00,hard,A,a.flac,5,news", ",,B,c.flac,,news", ",,C,b.flac,,news", ",,D,a.flac,60,music,,10",
        ",,E,a.flac,,ident", ",,F,silence,5,news", frame=frame,
    )  # fmt: skip
    found = {take.title: take.replacement for take in programme(made)}
    assert found["A"] == Replacement(media=medium("c", 5).sha256, approval="standing:replacement:news")
    assert found["B"] is None, "not itself"
    assert found["C"] is None and found["D"] is None and found["E"] is None and found["F"] is None
    assert [said[said.index(":") :] for said in made.warnings] == [
        ": no replacement of class news lasts 5.000 s · 2026-11-22 第3行:没有时长 5.000 秒的“news”类替播素材",
        ": no replacement of class news lasts 60.000 s · 2026-11-22 第4行:没有时长 60.000 秒的“news”类替播素材",
        ": no replacement of class music lasts 60.000 s · 2026-11-22 第5行:没有时长 60.000 秒的“music”类替播素材",
    ]
    cued = plan("06:00:00,,D,a.flac,60,news,,10", frame=frame)
    (take,) = programme(cued)
    assert take.replacement is not None and take.replacement.shift == -10 * SAMPLE_RATE
    assert medium("b", 60) in cued.media and mistakes(cued) == []


def test_a_soft_start_waits_for_the_item_before() -> None:
    late, early = programme(
        plan("06:00:00,hard,News,a.flac", "06:05:00,soft,Music,b.flac", "06:30:00,soft,More,b.flac")
    )[1:]
    assert late.start == at("06:10:00")
    assert early.start == at("06:30:00")


def test_a_cuttable_item_is_trimmed_for_a_hard_start_with_a_warning() -> None:
    made = plan("06:00:00,hard,Film,a.flac,,,yes", "06:05:00,hard,News,b.flac")
    film, news = programme(made)
    assert (film.end, film.trimmed, film.fade_out) == (at("06:05:00"), True, CUT_FADE)
    assert (news.start, news.hard) == (at("06:05:00"), True)
    assert "line 2: 300.000 s cut off for the hard start of line 3 at 06:05:00" in made.warnings[0]
    assert tiles(made)


def test_a_cuttable_item_without_room_is_dropped_with_a_warning() -> None:
    made = plan("06:00:00,hard,Film,a.flac,,,yes", ",,Song,b.flac,,,yes", "06:05:00,hard,News,b.flac")
    assert [take.title for take in programme(made)] == ["Film", "News"]
    assert any("line 3: dropped" in warning for warning in made.warnings)


def test_an_uncuttable_item_over_a_hard_start_is_an_error() -> None:
    said = complaint("06:00:00,hard,Film,a.flac", "06:05:00,hard,News,b.flac")
    assert (
        said
        == f"{DAY} line 2: it runs 300.000 s past the hard start of line 3 at 06:05:00 and may not be cut"
    )


def test_an_uncuttable_item_may_run_over_by_the_tolerance() -> None:
    made = plan("06:00:00,hard,Jingle,a.flac,00:00:11.5", "06:00:10,hard,News,b.flac")
    jingle, news = programme(made)
    assert jingle.end == news.start == at("06:00:11.5")
    assert not news.hard
    assert "line 3: it starts 1500 ms late" in made.warnings[0]
    assert tiles(made)


def test_two_hard_starts_at_one_instant_are_an_error() -> None:
    said = complaint("06:00:00,hard,News,b.flac,,,yes", "06:00:00,hard,Film,b.flac,,,yes")
    assert said == f"{DAY} line 3: two hard starts at 06:00:00: this one and line 2"


def test_starts_out_of_order_are_an_error() -> None:
    assert "line 3: its start 05:59:00 is before that of line 2" in complaint(
        "06:00:00,hard,News,b.flac", "05:59:00,soft,Film,b.flac"
    )


def test_every_conflict_is_named_at_once() -> None:
    said = complaint(
        "06:00:00,hard,A,a.flac", "06:05:00,hard,B,a.flac", "06:06:00,hard,C,b.flac", "29:00:00,hard,D,b.flac"
    )
    assert [f"line {n}:" in said for n in (2, 3, 4, 5)] == [True, True, False, True]


def test_an_item_over_the_end_of_the_day_is_trimmed_or_an_error() -> None:
    made = plan("28:55:00,hard,Film,a.flac,,,yes")
    assert programme(made)[0].end == bounds(DAY, FRAME)[1]
    assert "for the end of the day at 05:00:00" in made.warnings[0]
    assert "past the end of the day" in complaint("28:55:00,hard,Film,a.flac")


def test_no_day_reaches_into_the_next_not_even_by_the_tolerance() -> None:
    made = plan("28:59:00,hard,Late,b.flac,00:00:30", ",,Last,b.flac,00:00:31")
    _, last = programme(made)
    assert (last.end, last.trimmed) == (bounds(DAY, FRAME)[1], True)
    assert "1.000 s cut off for the end of the day" in made.warnings[0]
    made = plan("28:59:00,hard,Late,b.flac", ",,Ident,c.flac,2")
    assert [take.title for take in programme(made)] == ["Late"]
    assert "dropped: no room before the end of the day" in made.warnings[0]


def test_missing_material_becomes_filler_for_its_planned_length() -> None:
    made = plan("06:00:00,hard,Gone,x.flac,00:10:00", ",,Song,b.flac", ",,Away,y.flac", ",,Last,c.flac")
    song, last = programme(made)
    assert song.start == at("06:10:00")
    assert last.start == song.end
    assert "line 2: x.flac is missing or not approved; filler instead" in made.warnings[0]
    assert tiles(made)


def test_an_unapproved_rundown_is_filler_with_a_warning() -> None:
    made = plan("06:00:00,hard,News,a.flac", approved=False)
    assert programme(made) == []
    assert {take.approval for take in made.takes} == {"standing:filler"}
    assert "not approved" in made.warnings[0]
    assert tiles(made)


def test_cues_choose_a_part_of_the_medium() -> None:
    made = plan("06:00:00,hard,Part,a.flac,,,,00:01:00,00:02:30,20,40,-6")
    (part,) = programme(made)
    assert (part.offset, part.end - part.start) == (60 * SAMPLE_RATE, 90 * SAMPLE_RATE)
    assert (part.fade_in, part.fade_out) == (960, 1920)
    assert 0.5 < part.gain / 2**31 < 0.502


def test_a_medium_shorter_than_planned_is_said() -> None:
    made = plan("06:00:00,hard,Part,b.flac,00:02:00", "06:10:00,soft,Part,b.flac,,,,,00:02:00")
    assert [take.end - take.start for take in programme(made)] == [60 * SAMPLE_RATE] * 2
    assert sum("shorter than planned" in warning for warning in made.warnings) == 2
    made = plan("06:00:00,hard,Part,b.flac,,,,00:02:00")
    assert programme(made) == []
    assert "ends before its cue-in" in made.warnings[0]


def test_planned_silence_is_silence() -> None:
    (quiet,) = programme(plan("14:28:00,hard,默哀,silence,00:03:00"))
    assert (quiet.kind, quiet.media, quiet.approval) == ("silence", None, "rundown:x")


def test_without_filler_a_gap_is_an_error() -> None:
    bare = attrs.evolve(FRAME, filler=(), loop=None)
    assert complaint("06:00:00,hard,News,a.flac", frame=bare) == "channel fm1 has no filler"


def test_filler_is_cut_with_a_fade_and_does_not_always_begin_with_the_same_piece() -> None:
    made = plan(*(f"{hour:02d}:00:07,hard,Song,b.flac" for hour in range(6, 24)))
    gaps = [take for take, before in zip(made.takes[1:], made.takes, strict=False) if before.kind != "filler"]
    assert len({take.media for take in gaps}) == 2
    cut = [take for take in made.takes if take.kind == "filler" and take.trimmed]
    assert cut and all(take.fade_out == min(CUT_FADE, take.end - take.start) for take in cut)


def test_the_plan_of_a_part_of_the_day_is_that_part_of_the_days_plan() -> None:
    lines = ("06:00:00,hard,News,a.flac", "12:00:00,soft,Song,b.flac")
    whole = plan(*lines)
    rundown = parse(HEAD + "\n".join(lines), FM, DAY)
    begin, end = at("11:59:00"), at("12:30:00")
    part = resolve([rundown], LIBRARY, {DAY: "rundown:x"}, FRAME, start=begin, end=end, revision=7)
    assert part.start <= begin and part.end >= end
    assert part.takes == tuple(take for take in whole.takes if part.start <= take.start < part.end)


def test_clock_changes_are_said() -> None:
    berlin = attrs.evolve(FRAME, tz="Europe/Berlin", day_start="00:00")
    made = plan("02:30:00,hard,News,b.flac", frame=berlin, day="2026-03-29")
    assert "the clocks skip 02:30:00; it starts at 03:30:00" in made.warnings[0]
    made = plan("02:30:00,hard,News,b.flac", "02:30:00B,hard,News,b.flac", frame=berlin, day="2026-10-25")
    first, second = programme(made)
    assert second.start - first.start == 3600 * SAMPLE_RATE
    assert sum("comes twice" in warning for warning in made.warnings) == 1


def test_a_day_without_a_rundown_is_filler() -> None:
    begins, ends = bounds(DAY, FRAME)
    made = resolve(
        [], LIBRARY, {}, FRAME, start=SampleIndex(begins + 5), end=SampleIndex(ends + 5), revision=1
    )
    assert tiles(made) and programme(made) == [] and made.warnings == ()


def test_on_television_every_take_begins_and_ends_with_a_frame() -> None:
    tv = attrs.evolve(
        FRAME, grid=1_920, filler=(attrs.evolve(medium("e", 70), samples=70 * SAMPLE_RATE + 7),)
    )
    made = plan(
        "06:00:00.013,hard,News,a.flac,00:00:07.001,,,00:00:01.003",
        "06:00:10,soft,Silence,silence,00:00:05.017",
        "06:00:20,hard,Gone,none.flac,00:00:09.011",
        frame=tv,
    )
    assert tiles(made)
    assert all(take.start % 1_920 == take.end % 1_920 == take.offset % 1_920 == 0 for take in made.takes)
    assert [take.title for take in programme(made)] == ["News", "Silence"]


def test_a_fade_is_no_longer_than_its_item_and_the_whole_of_a_short_one() -> None:
    (item,) = programme(plan("06:00:00,hard,Short,c.flac,,,,,,30000,30000,,,"))
    assert item.end - item.start == 5 * SAMPLE_RATE
    assert item.fade_in == item.fade_out == 5 * SAMPLE_RATE
