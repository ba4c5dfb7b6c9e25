"""Rundowns from CSV: the whole of it, or every wrong line with its number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.plan import UNITY
from schedules.rundown import AUTO, MAX_ITEMS, content_of, parse
from schedules.table import COLUMNS, MAX_BYTES, BadRundown, decode
from station.words import ChannelId, Sha256

FM = ChannelId("fm1")
DAY = "2026-11-22"
HEAD = "start,mode,title,media\n"


def wrong(text: str) -> list[tuple[int, str]]:
    with pytest.raises(BadRundown) as bad:
        parse(text, FM, DAY)
    assert all(complaint.text.zh for complaint in bad.value.complaints)
    return [(complaint.line, complaint.text.en) for complaint in bad.value.complaints]


def undecodable(data: bytes) -> list[tuple[int, str]]:
    with pytest.raises(BadRundown) as bad:
        decode(data)
    return [(complaint.line, complaint.text.en) for complaint in bad.value.complaints]


def test_a_line_becomes_an_item() -> None:
    text = (
        "start,mode,title,media,duration,class,cut,cue_in,cue_out,fade_in,fade_out,gain,id,note\n"
        "06:30:00,hard,新闻,news/a.flac,00:10:00,新闻,yes,1.5,0:15:00,20,40 ms,-6 dB,n1,重要\n"
    )
    (item,) = parse(text, FM, DAY).items
    assert (item.id, item.line, item.start, item.mode) == ("2026-11-22/n1", 2, "06:30:00", "hard")
    assert (item.title, item.media, item.category, item.cut, item.note) == (
        "新闻",
        "news/a.flac",
        "news",
        True,
        "重要",
    )
    assert (item.duration, item.cue_in, item.cue_out) == (600 * 48_000, 72_000, 900 * 48_000)
    assert (item.fade_in, item.fade_out) == (960, 1920)
    assert item.gain == round(10 ** (-6 / 20) * UNITY)


def test_points_may_be_left_to_what_was_measured() -> None:
    text = "title,media,cue_in,cue_out,segue,curve\n新闻,a,auto,自动,AUTO,等功率\n歌,b,1,auto,2.5,\n曲,c,,,,线性\n"
    news, song, tune = parse(text, FM, DAY).items
    assert (news.cue_in, news.cue_out, news.segue, news.curve) == (AUTO, AUTO, AUTO, "power")
    assert (song.cue_in, song.cue_out, song.segue, song.curve) == (48_000, AUTO, 120_000, "linear")
    assert (tune.cue_in, tune.cue_out, tune.segue, tune.curve) == (0, None, 0, "linear")


def test_what_is_left_out_has_a_meaning() -> None:
    first, second, quiet = (
        parse(HEAD + "06:00,,A,a.flac\n,,B,b.flac\n", FM, DAY).items
        + parse("title,media,duration\n默哀,静音,180\n", FM, DAY).items
    )
    assert (first.mode, second.mode, quiet.mode) == ("soft", "follow", "follow")
    assert (first.cut, first.gain, first.duration, first.category) == (False, UNITY, None, "")
    assert (quiet.media, quiet.duration) == ("", 180 * 48_000)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_marks_of_spreadsheets_are_read(
    mark: str, end: str, start: str
) -> None:
    lines = ["开始,方式,标题,素材", "06:00:00,定时,甲,a.flac", "# 注释,,,", ",,,", ",跟随,乙,b.flac"]
    text = start + end.join(lines).replace(",", mark) + end
    items = parse(decode(text.encode()), FM, DAY).items
    assert [(item.line, item.title, item.mode) for item in items] == [(2, "甲", "hard"), (5, "乙", "follow")]
    marked = f"sep={mark}{end}" + text.removeprefix("\ufeff")
    assert [item.line for item in parse(marked, FM, DAY).items] == [3, 6]


def test_full_width_digits_and_quoted_commas_are_read() -> None:
    (item,) = parse(HEAD + '06:30:00,hard,"甲,乙",a.flac\n', FM, DAY).items
    assert (item.start, item.title) == ("06:30:00", "甲,乙")


def test_every_wrong_line_is_told_with_its_number_and_nothing_is_taken() -> None:
    text = HEAD + "25:61,hard,A,a\n06:00:00,hard,B,b\n,hard,C,c\n06:10:00,follow,D,d\n,,,e\n,sometimes,F,f\n"
    assert [line for line, _ in wrong(text)] == [2, 4, 5, 6, 7]
    with pytest.raises(BadRundown) as bad:
        parse(text, FM, DAY)
    assert "line 2:" in bad.value.text.en and "第7行" in bad.value.text.zh


@pytest.mark.parametrize(
    ("columns", "line", "said"),
    [
        ("title,media", "A,", "names no media"),
        ("title,media", "A,/etc/passwd", "must be a path below"),
        ("title,media", "A,../x.flac", "must be a path below"),
        ("title,media", "A,a/../../x.flac", "must be a path below"),
        ("title,media", "A,~/x", "must be a path below"),
        ("title,media", "A,c:\\x", "must be a path below"),
        ("title,media", "A,http://x/y", "must be a path below"),
        ("title,media", "A,silence", "needs a duration"),
        ("title,media", "A\x1b[2J,a", "title has control characters"),
        ("title,media", "A\u202e,a", "title has control characters"),
        ("title,media", f"{'x' * 501},a", "title is longer than 500"),
        ("title,media", "A,a,b", "3 cells, but the header has 2"),
        ("title,media,duration", "A,a,0", "no time at all"),
        ("title,media,duration", "A,a,1:60", "no length of time"),
        ("title,media,duration", "A,a,1:60:00", "no length of time"),
        ("title,media,duration", "A,a,49:00:00", "longer than two days"),
        ("title,media,duration", "A,a,1e3", "no length of time"),
        ("title,media,duration", "A,a,-5", "no length of time"),
        ("title,media,cue_in,cue_out", "A,a,10,10", "no time at all"),
        ("title,media,curve", "A,a,round", "neither linear nor power"),
        ("title,media,replacement", "A,a,/etc/b", "must be a path below"),
        ("title,media,replacement", "A,a,静音", "silence neither has nor is"),
        ("title,media,duration,replacement", "A,silence,9,b", "silence neither has nor is"),
        ("title,media,segue", "A,a,soon", "no length of time"),
        ("title,media,fade_in", "A,a,30001", "not 0 to 30000 ms"),
        ("title,media,fade_out", "A,a,1.5", "not 0 to 30000 ms"),
        ("title,media,gain", "A,a,13", "not −60 to +12 dB"),
        ("title,media,gain", "A,a,nan", "not −60 to +12 dB"),
        ("title,media,class", "A,a,two words", "not one short word"),
        ("title,media,class", f"A,a,{'x' * 21}", "not one short word"),
        ("title,media,extend", "A,a,60", "only a relay at its time can be extended"),
        ("title,media,duration,extend", "A,relay:x,60,soon", "no length of time"),
        ("title,mode,media,duration,extend", "A,key,relay:x,60,60", "only a relay at its time"),
        ("title,media,cut", "A,a,perhaps", "neither yes nor no"),
        ("title,media,id", "A,a,a b", "is not letters"),
        ("title,media,mode", "A,a,hard", "needs its time"),
    ],
)
def test_each_mistake_has_its_sentence(columns: str, line: str, said: str) -> None:
    ((number, sentence),) = wrong(f"{columns}\n{line}\n")
    assert number == 2 and said in sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("\n\n# nothing\n", "the file is empty"),
        (HEAD, "there is no item"),
        ("title,media,colour\nA,a,b\n", "there is no column 'colour'"),
        (
            "title,media,colour,file,when\nA,a,b,c,d\n",
            "there is no column 'colour', 'file', 'when'; there are",
        ),
        ("colour,file\nA,a\n", "the column media is missing"),
        ("title,media," + ",".join(f"x{n}" for n in range(13)) + "\n", "'x11', …; there are"),
        ("title,media," + ",".join(f"x{n}" for n in range(12)) + "\n", "'x11'; there are"),
        ("title,media,title\nA,a,b\n", "the column title is there twice"),
        ("start,title\n", "the column media is missing"),
        (HEAD + '06:00,hard,"A,a.flac\n', "cannot be read as CSV"),
        ("x" * (MAX_BYTES + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_rundown_is_refused_as_a_whole(text: str, said: str) -> None:
    assert any(said in sentence for _, sentence in wrong(text))


def test_a_binary_file_is_refused_in_a_sentence_and_not_repeated() -> None:
    ((_, sentence), *_) = wrong("../evil.xml" + "\0" * 10_000)
    assert "there is no column '../evil.xml" in sentence and len(sentence) < 500


def test_too_many_items_and_too_many_mistakes_stay_bounded() -> None:
    many = "title,media\n" + "A,a\n" * (MAX_ITEMS + 1)
    assert wrong(many) == [(0, f"more than {MAX_ITEMS} items")]
    with pytest.raises(BadRundown) as bad:
        parse("title,media\n" + ",a\n" * 300, FM, DAY)
    assert len(bad.value.complaints) == 300 and "and 200 more" in bad.value.text.en


def test_other_encodings_are_refused_with_a_sentence() -> None:
    good = (HEAD + "06:00:00,hard,a,a.flac\n").encode()
    assert undecodable(good + "06:10:00,hard,新闻,b.flac\n".encode("gbk"))[0] == (
        3,
        "not UTF-8 (GBK?); save it as “CSV UTF-8”",
    )
    assert "UTF-16" in undecodable("标题,素材\n".encode("utf-16"))[0][1]
    assert "larger" in undecodable(b"x" * (MAX_BYTES + 1))[0][1]


def test_an_item_keeps_its_id_when_lines_are_put_in_above_it() -> None:
    old = parse(HEAD + ",,A,a\n,,A,a\n,,B,b\n", FM, DAY).items
    new = parse(HEAD + ",,X,x\n,,A,a\n,,A,a\n,,B,b\n", FM, DAY).items
    assert [item.id for item in new[1:]] == [item.id for item in old]
    assert len({item.id for item in new}) == 4
    assert wrong("title,media,id\nA,a,x\nB,b,x\n") == [(3, "the id x is taken by line 2")]


def test_media_may_be_named_by_checksum() -> None:
    sha = "ab" * 32
    first, second = parse(f"title,media\nA,{sha.upper()}\nB,sha256:{sha}\n", FM, DAY).items
    assert first.media == second.media == sha


def test_what_is_signed_changes_with_channel_day_text_and_media() -> None:
    pair = (("a", Sha256("a" * 64)),)
    contents = {
        content_of(FM, DAY, "x"), content_of(ChannelId("fm2"), DAY, "x"), content_of(FM, "2026-11-23", "x"),
        content_of(FM, DAY, "y"), content_of(FM, DAY, "x", pair),
    }  # fmt: skip
    assert len(contents) == 5


@given(st.text(max_size=300))
def test_any_text_is_a_rundown_or_refused(text: str) -> None:
    try:
        parse(text, FM, DAY)
    except BadRundown as bad:
        assert bad.complaints


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except BadRundown as bad:
        assert bad.complaints


@given(st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=14), max_size=5))
def test_any_cells_under_a_good_header_are_items_or_refused(rows: list[list[str]]) -> None:
    text = ",".join(COLUMNS) + "\n" + "\n".join(",".join(row) for row in rows)
    try:
        made = parse(text, FM, DAY)
    except BadRundown as bad:
        assert bad.complaints
    else:
        assert len({item.id for item in made.items}) == len(made.items)


def test_a_heading_may_end_in_empty_columns_as_spreadsheets_leave_them() -> None:
    (item,) = parse("title,media,,\nA,a.flac,,\n", FM, DAY).items
    assert item.title == "A"


def test_all_mistakes_of_a_line_are_said_at_once():
    text = "title,media,duration,cut,gain,id\nA,a,1:60,perhaps,13,a b\nB,b,10,,,\n"
    with pytest.raises(BadRundown) as bad:
        parse(text, "fm1", "2026-11-18")
    assert [complaint.line for complaint in bad.value.complaints] == [2] * 4
    said = " / ".join(complaint.text.en for complaint in bad.value.complaints)
    for part in ("not letters", "no length of time", "neither yes nor no", "not −60 to +12 dB"):
        assert part in said


def test_the_longest_and_the_fullest_are_still_taken():
    rows = "\n".join(f"T{n},a,1:59" for n in range(MAX_ITEMS))
    made = parse(f"title,media,duration\n{rows}\n", "fm1", "2026-11-18")
    assert len(made.items) == MAX_ITEMS and made.items[0].duration == 119 * 48_000
    whole = parse("title,media,duration\nA,a,48:00:00\n", "fm1", "2026-11-18")
    assert whole.items[0].duration == 48 * 3600 * 48_000
    assert (
        parse("title,media,duration\nA,a,1:59:59\n", "fm1", "2026-11-18").items[0].duration == 7199 * 48_000
    )


@pytest.mark.parametrize(("said", "right"), [("-60", True), ("-60.5", False), ("12", True), ("12.5", False)])
def test_the_gain_is_read_up_to_its_ends_and_not_beyond(said: str, right: bool) -> None:
    text = f"title,media,gain\nA,a,{said}\n"
    if right:
        assert parse(text, FM, DAY).items[0].gain == round(10 ** (float(said) / 20) * UNITY)
    else:
        assert "not −60 to +12 dB" in wrong(text)[0][1]


def test_titles_and_names_of_files_stay_as_they_are_typed_and_codes_become_plain() -> None:
    (item,) = parse("title,media,duration,cut\nA,ａ.flac,１０,ｙｅｓ\n", FM, DAY).items
    assert (item.title, item.media, item.duration, item.cut) == ("A", "ａ.flac", 10 * 48_000, True)
    (item,) = parse("title,media\n第①集,a.flac\n", FM, DAY).items
    assert item.title == "第①集"
