"""Tables FA to FE: golden bytes, every table read as it was written, what cannot be is said."""

import random
import re
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from fuzz_kit import campaign, damaged
from hypothesis import given
from hypothesis import strategies as st

from emergency import section_codec, section_daily, section_json, section_orders, section_profile, sections
from emergency.section_codec import moment, moment_bytes, read, write
from emergency.section_profile import SectionProfile
from emergency.section_tables import (
    Certificates,
    Configure,
    Content,
    Daily,
    Descriptor,
    DetailsChannel,
    Index,
    IndexEntry,
    Order,
    ProgramStream,
)
from emergency.sections import Place, Section
from station.worded import Auxiliary, Wording, wording, words
from station.words import Instant, Misheard, Refused

PAGE = (Path(__file__).parent.parent / "docs" / "protocols" / "sections.md").read_text("utf-8")
PROFILE = SectionProfile()
EBM = "43404220000000314010101202611220001"
CODE = "63404221000000314000000"
ENTRY = IndexEntry(
    ebm_id=EBM,
    network=1,
    start=Instant(1_795_305_600_000_000),
    end=None,
    event="11B03",
    kind=4,
    level=1,
    resources=(CODE,),
)
CHANNEL = DetailsChannel(
    network=2,
    transport_stream=3,
    program=4,
    pcr_pid=0x1000,
    descriptors=(Descriptor(tag=0x44, data=b"\x01\x02"),),
    streams=(ProgramStream(type=3, pid=0x1001, descriptors=(Descriptor(tag=10, data=b"zho\0"),)), ProgramStream(type=4, pid=1)),
)  # fmt: skip


def again(table, profile=PROFILE):
    return read(write(table, profile), profile)


def test_the_worked_example_of_the_page_is_read_and_written():
    data = bytes.fromhex(re.search(r"```hex\n(.*?)```", PAGE, re.DOTALL)[1])
    section = sections.decode(data + sections.crc32_mpeg2(data).to_bytes(4, "big"))
    assert (section.version, read(section, PROFILE)) == (1, Index(entries=(ENTRY,)))
    assert sections.encode(write(Index(entries=(ENTRY,)), PROFILE, Place(version=1)))[:-4] == data


def test_a_details_channel_has_the_bytes_of_the_page():
    body = write(Index(entries=(attrs.evolve(ENTRY, channel=CHANNEL),)), PROFILE).body
    wanted = "ff 0002 0003 0004 f000 f004 44020102 0010 03 f001 f006 0a047a686f00 04 e001 f000"
    assert body[3:][49:-2] == bytes.fromhex(wanted.replace(" ", ""))


def test_a_content_has_the_bytes_of_the_page():
    made = Content(
        ebm_id=EBM,
        wordings=(attrs.evolve(wording("zho", "雨", "县"), auxiliaries=(Auxiliary(type=61, data=b"rtp"),)),),
    )
    wanted = "f" + EBM + "f1 00000013 7a686f f9 0002 d3ea 02 cfd8 f1 3d 000003 727470 0000"
    assert write(made, PROFILE).body == bytes.fromhex(wanted.replace(" ", ""))
    wide = section_profile.SectionProfile(auxiliary_length=4)
    assert write(made, wide).body == bytes.fromhex(
        wanted.replace(" ", "").replace("00000013", "00000014").replace("000003727470", "00000003727470")
    )
    with pytest.raises(Misheard):
        read(write(made, wide), PROFILE)


def test_certificates_and_commands_have_the_bytes_of_the_page():
    held = Certificates(authorisations=(b"ab",), certificates=(b"c", b""), signature=b"s")
    assert write(held, PROFILE).body == bytes.fromhex("01 0002 6162 02 01 63 00 0001 73".replace(" ", ""))
    orders = (Order(tag=6, data=b"P\x00"), Order(tag=9, data=b""))
    assert write(Configure(orders=orders), PROFILE).body == bytes.fromhex("02060002500009000000" + "00")
    assert write(Daily(orders=orders), PROFILE) == attrs.evolve(
        write(Configure(orders=orders), PROFILE), table_id=0xFA
    )


codes = st.text("0123456789", min_size=23, max_size=23)
ids = st.text("0123456789", min_size=35, max_size=35)
ascii5 = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=5, max_size=5)
short = st.integers(0, 0xFFFF)
byte = st.integers(0, 255)
pid = st.integers(0, 0x1FFF)
descriptors = st.lists(st.builds(Descriptor, tag=byte, data=st.binary(max_size=9)), max_size=3).map(tuple)
moments = st.none() | st.integers(-3_506_000_000, 2_155_000_000).map(lambda s: Instant(s * 1_000_000))
channels = st.builds(
    DetailsChannel, network=short, transport_stream=short, program=short, pcr_pid=pid, descriptors=descriptors,
    streams=st.lists(st.builds(ProgramStream, type=byte, pid=pid, descriptors=descriptors), max_size=3).map(tuple),
)  # fmt: skip
nibble = st.integers(0, 15)
entries = st.builds(
    IndexEntry, ebm_id=ids, network=short, start=moments, end=moments, event=ascii5, kind=nibble, level=nibble,
    resources=st.lists(codes, max_size=3).map(tuple), channel=st.none() | channels,
)  # fmt: skip
auxiliaries = st.lists(st.builds(Auxiliary, type=byte, data=st.binary(max_size=9)), max_size=3).map(tuple)
texts = st.builds(
    Wording, language=ascii5.map(lambda t: t[:3]), charset=st.integers(0, 7), text=st.binary(max_size=40),
    agency=st.binary(max_size=9), auxiliaries=auxiliaries,
)  # fmt: skip
signatures = st.sampled_from((b"", bytes(range(74))))
orders = st.lists(st.builds(Order, tag=byte, data=st.binary(max_size=9)), max_size=3).map(tuple)
blobs = st.lists(st.binary(max_size=9), max_size=3).map(tuple)
tables = st.one_of(
    st.builds(Index, entries=st.lists(entries, max_size=3).map(tuple), signature=signatures),
    st.builds(Content, ebm_id=ids, wordings=st.lists(texts, max_size=3).map(tuple), signature=signatures),
    st.builds(Certificates, authorisations=blobs, certificates=blobs, signature=signatures),
    st.builds(Configure, orders=orders, signature=signatures),
    st.builds(Daily, orders=orders, signature=signatures),
)


@given(tables, st.sampled_from((3, 4)))
def test_every_table_is_read_as_it_was_written(table, length):
    profile = SectionProfile(auxiliary_length=length, zone_hours=length)
    assert again(table, profile) == table
    assert read(sections.decode(sections.encode(write(table, profile))), profile) == table


@given(moments)
def test_a_moment_survives_and_stands_as_the_standard_has_it(at):
    data = moment_bytes(at, PROFILE)
    assert moment(data, PROFILE) == at
    if at is not None and at >= 0:
        local = datetime.fromtimestamp(at // 1_000_000 + 8 * 3600, tz=UTC)
        assert data[2:].hex() == f"{local:%H%M%S}"
        assert int.from_bytes(data[:2], "big") == (local.date() - date(1858, 11, 17)).days


def test_the_standards_own_moment():
    at = moment(bytes.fromhex("c079124500"), SectionProfile(zone_hours=0))
    assert at == datetime.fromisoformat("1993-10-13T12:45:00+00:00").timestamp() * 1_000_000


@pytest.mark.parametrize("clock", ["240000", "006000", "000060", "0a0000"])
def test_what_is_no_time_of_day_is_misheard(clock):
    with pytest.raises(Misheard, match="time of day"):
        moment(bytes.fromhex("efb6" + clock), PROFILE)


@pytest.mark.parametrize("at", [1, -(10**16), 10**16])
def test_what_a_moment_cannot_say_is_not_written(at):
    with pytest.raises(ValueError, match="no whole second"):
        moment_bytes(Instant(at), PROFILE)


def index(**fields):
    return Index(entries=(attrs.evolve(ENTRY, **fields),))


def content(**fields):
    return Content(ebm_id=EBM, wordings=(attrs.evolve(wording("zho", "雨"), **fields),))


@pytest.mark.parametrize(
    "table",
    [
        index(ebm_id="1"), index(network=65_536), index(network=-1), index(event="暴雨红色预"), index(event="1"), index(kind=16),
        index(level=-1), index(resources=("1",)), index(resources=(CODE,) * 256), Index(entries=(ENTRY,) * 256),
        index(channel=attrs.evolve(CHANNEL, pcr_pid=0x2000)), index(channel=attrs.evolve(CHANNEL, program=-1)),
        index(channel=attrs.evolve(CHANNEL, descriptors=(Descriptor(tag=1, data=bytes(255)),) * 4)),
        index(channel=attrs.evolve(CHANNEL, descriptors=(Descriptor(tag=256, data=b""),))),
        content(language="zh"), content(charset=8), content(text=bytes(65_536)), content(agency=bytes(256)),
        content(auxiliaries=(Auxiliary(type=1, data=b""),) * 16), content(auxiliaries=(Auxiliary(type=-1, data=b""),)),
        Content(ebm_id=EBM, wordings=(wording("zho", "雨"),) * 16), Certificates(certificates=(bytes(256),)),
        Configure(orders=(Order(tag=256, data=b""),)), Daily(orders=(Order(tag=1, data=b""),) * 256),
    ],
)  # fmt: skip
def test_what_a_table_cannot_hold_is_not_written(table):
    with pytest.raises(ValueError, match=r"."):
        write(table, PROFILE)


@pytest.mark.parametrize(
    "table",
    [
        Configure(orders=(Order(tag=255, data=b""),) * 255), Certificates(certificates=(b"",) * 255), Certificates(authorisations=(b"",) * 255),
        Content(ebm_id=EBM, wordings=(wording("zho", "雨"),) * 15), content(auxiliaries=(Auxiliary(type=255, data=b""),) * 15),
    ],
)  # fmt: skip
def test_as_many_as_a_table_can_hold_are_written(table):
    assert again(table) == table


BODY = write(Index(entries=(attrs.evolve(ENTRY, channel=CHANNEL),), signature=bytes(74)), PROFILE).body


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "are due"), (BODY[:-1], "are due"), (BODY + b"\0", "left over"), (BODY.replace(b"11B03", b"11B\x003"), "ASCII"),
        (BODY.replace(b"11B03", b"11B\xff3"), "ASCII"), (BODY.replace(b"\xf4\x34", b"\xf4\x3a"), "digits"),
        (b"\x01\x00\x33" + write(index(), PROFILE).body[3:-2] + b"\0\0\0", "left over"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_misheard(body, said):
    with pytest.raises(Misheard, match=said):
        read(Section(table_id=0xFD, body=body), PROFILE)


def test_a_table_of_somebody_else_is_misheard():
    with pytest.raises(Misheard, match="42"):
        read(Section(table_id=0x42, body=BODY), PROFILE)
    with pytest.raises(Misheard, match="left over"):
        read(
            Section(
                table_id=0xFE,
                body=write(content(), PROFILE).body.replace(b"\xf1\0\0\0\x0a", b"\xf1\0\0\0\x0b") + b"\0",
            ),
            PROFILE,
        )


def test_texts_are_said_in_their_character_set():
    for charset in (0, 1, 2):
        made = wording("zho", "暴雨", "寿县", charset=charset)
        assert (words(made.text, charset), words(made.agency, charset)) == ("暴雨", "寿县")
    assert words(b"\x81", 0) is None and words("雨".encode(), 3) is None
    with pytest.raises(ValueError, match="character set 3"):
        wording("zho", "雨", charset=3)
    with pytest.raises(ValueError, match="gb2312"):
        wording("zho", "龘", charset=0)


# ---- what the signature covers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signs", "front", "more"), [("table", 8, 0), ("before-block", 0, 0), ("before-value", 0, 12)]
)
def test_a_signature_covers_what_the_profile_says(signs, front, more):
    profile, head = SectionProfile(signs=signs), bytes(range(10))
    covered = section_codec.to_sign(index(), profile, head, Place(version=2))
    table = attrs.evolve(index(), signature=head + bytes(64))
    data = sections.encode(write(table, profile, Place(version=2)))
    assert covered == data[front : -4 - 74 - 2 + more]
    assert section_codec.signed(sections.decode(data), 74, profile) == covered


def test_the_content_of_a_message_has_an_extension_of_its_own():
    assert f"`{section_codec.content_extension(EBM):04X}`" in PAGE
    assert section_codec.content_extension(EBM) == mcrf4xx(bytes.fromhex("f" + EBM))
    said = {"table": "content", "ebm_id": EBM, "wordings": []}
    assert section_json.from_plain(said, PROFILE)[1].extension == section_codec.content_extension(EBM)
    assert section_json.from_plain({**said, "extension": 5}, PROFILE)[1].extension == 5


def mcrf4xx(data):
    """CRC-16 with 1021 reflected, begun with ones, bit by bit from the top of mirrored bytes."""
    value = 0xFFFF
    for octet in data:
        for bit in range(8):
            high = value >> 15 ^ octet >> bit & 1
            value = (value << 1 & 0xFFFF) ^ (0x1021 if high else 0)
    return int(f"{value:016b}"[::-1], 2)


def test_that_checksum_is_the_catalogues():
    assert mcrf4xx(b"123456789") == 0x6F91


# ---- commands of the daily programme ------------------------------------------------------------------------------

PROGRAMME = section_daily.Programme(network=1, transport_stream=2, service=3, pcr_pid=4, pid=5)
HERE = section_daily.Terminals(codes=(CODE,))


@pytest.mark.parametrize(
    ("meaning", "wanted"),
    [
        (section_daily.ChangeProgram(programme=PROGRAMME, priority=6, volume=80, end=(2026, 11, 22, 9, 0, 1), terminals=HERE), f"0001 0002 0003 0004 0005 06 50 07ea 0b16090001 01 f{CODE}"),
        (section_daily.StopProgram(programme=PROGRAMME, terminals=section_daily.Terminals(kind=2)), "0001 0002 0003 0004 0005 02"),
        (section_daily.PlayControl(volume=255, terminals=HERE), f"ff 01 f{CODE}"), (section_daily.SwitchOutput(status=2, terminals=HERE), f"02 01 f{CODE}"),
        (section_daily.TransferRds(kind=4, rds=b"ab", terminals=HERE), f"04 0002 6162 01 f{CODE}"),
    ],
)  # fmt: skip
def test_daily_commands_have_the_bytes_of_the_page(meaning, wanted):
    order = section_daily.write(meaning)
    assert order.data == bytes.fromhex(wanted.replace(" ", "")) and section_daily.read(order) == meaning
    table = Daily(orders=(order,))
    said = section_json.to_plain(write(table, PROFILE), table, PROFILE)
    assert said["orders"][0]["means"] == type(meaning).__name__
    assert section_json.from_plain(said, PROFILE)[0] == table
    (row,) = said["orders"]
    assert (
        section_json.from_plain({**said, "orders": [{k: v for k, v in row.items() if k != "data"}]}, PROFILE)[
            0
        ]
        == table
    )


def test_a_daily_command_nobody_knows_means_nothing():
    assert section_daily.read(Order(tag=6, data=b"x")) is None


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        (1, "00" * 12 + "07ea021e000000" + "01"),
        (3, "50"),
        (3, "5001" + "fa" * 12),
        (3, "5001f123"),
        (5, "040005"),
    ],
)
def test_a_daily_command_that_is_none_is_misheard(tag, data):
    with pytest.raises(Misheard):
        section_daily.read(Order(tag=tag, data=bytes.fromhex(data)))


@pytest.mark.parametrize("meaning", [section_daily.PlayControl(volume=101, terminals=HERE), section_daily.SwitchOutput(status=256, terminals=HERE), section_daily.ChangeProgram(programme=PROGRAMME, end=(2026, 2, 30, 0, 0, 0), terminals=HERE), section_daily.StopProgram(programme=attrs.evolve(PROGRAMME, pid=65_536), terminals=HERE)])  # fmt: skip
def test_what_a_daily_command_cannot_say_is_not_written(meaning):
    with pytest.raises(ValueError, match=r"."):
        section_daily.write(meaning)


# ---- commands of the configuration --------------------------------------------------------------------------------

terminals = st.lists(codes, max_size=3).map(tuple)
u32 = st.integers(0, 0xFFFFFFFF)
meanings = st.one_of(
    st.builds(
        lambda at: section_orders.SetClock(year=at.year, month=at.month, day=at.day, hour=at.hour, minute=at.minute, second=at.second),
        st.datetimes(),
    ),
    st.builds(section_orders.SetCode, physical=st.binary(max_size=9), resource=codes),
    st.builds(section_orders.LockFrequency, khz=u32, symbols=u32, constellation=byte, terminals=terminals),
    st.builds(section_orders.SetReturn, type=byte, address=st.binary(max_size=9), terminals=terminals),
    st.builds(section_orders.SetReturnPeriod, seconds=u32, terminals=terminals),
    st.builds(section_orders.SetVolume, percent=st.integers(0, 100), terminals=terminals),
    st.builds(section_orders.Ask, tags=st.binary(max_size=9), terminals=terminals),
)  # fmt: skip


@given(meanings)
def test_every_command_is_read_as_it_was_written(meaning):
    assert section_orders.read(section_orders.write(meaning, PROFILE), PROFILE) == meaning


def test_commands_have_the_bytes_of_the_page():
    wish = section_orders.SetReturn(type=2, address=bytes([192, 168, 1, 2, 0x1F, 0x90]), terminals=(CODE,))
    assert section_orders.write(wish, PROFILE) == Order(
        tag=4, data=bytes.fromhex("0206c0a801021f9001f" + CODE)
    )
    bare = SectionProfile(return_has_terminals=False)
    short = attrs.evolve(wish, terminals=())
    assert section_orders.write(short, bare).data == bytes.fromhex("0206c0a801021f90")
    assert section_orders.read(section_orders.write(short, bare), bare) == short
    with pytest.raises(ValueError, match="no terminals"):
        section_orders.write(wish, bare)


@pytest.mark.parametrize(
    "meaning",
    [
        section_orders.SetClock(year=2026, month=2, day=30, hour=0, minute=0, second=0), section_orders.SetVolume(percent=101),
        section_orders.SetVolume(percent=-1), section_orders.SetReturnPeriod(seconds=1 << 32), section_orders.SetCode(physical=b"", resource="1"),
        section_orders.Ask(tags=b"", terminals=(CODE,) * 256),
    ],
)  # fmt: skip
def test_what_a_command_cannot_say_is_not_written(meaning):
    with pytest.raises(ValueError, match=r"."):
        section_orders.write(meaning, PROFILE)


@pytest.mark.parametrize("data", ["07ea021e000000", "07ea02", "07ea02010000000000"])
def test_a_clock_that_is_none_is_misheard(data):
    with pytest.raises(Misheard):
        section_orders.read(Order(tag=1, data=bytes.fromhex(data)), PROFILE)


def test_a_command_nobody_knows_means_nothing():
    assert section_orders.read(Order(tag=99, data=b"x"), PROFILE) is None


# ---- profiles -----------------------------------------------------------------------------------------------------


def test_the_shipped_profile_is_the_default_and_says_what_nobody_confirmed():
    assert section_profile.load("gdj-086-2018") == SectionProfile()


def test_a_profile_of_ones_own_is_read_and_its_mistakes_are_said(tmp_path, monkeypatch):
    text = (section_profile.SHIPPED / "gdj-086-2018.toml").read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        text.replace("value = 3", "value = 4")
        .replace('value = "table"', 'value = "before-value"')
        .replace('"unverified"', '"confirmed"')
    )
    made = section_profile.load(str(own))
    assert (made.auxiliary_length, made.signs, made.unverified) == (4, "before-value", ())
    own.write_text(
        text.replace("value = 3", "value = true")
        .replace("value = 8, status", "value = 8, statu")
        .replace("[signature]", "[sig]")
    )
    with pytest.raises(Refused) as wrong:
        section_profile.load(str(own))
    for said in ("length_bytes: True cannot be", "time.zone_hours needs", "signature.covers needs"):
        assert said in wrong.value.text.en
    for bad in ("no-such", str(tmp_path / "no.toml")):
        with pytest.raises(Refused):
            section_profile.load(bad)
    for hours, held in ((-12, True), (14, True), (-13, False), (15, False), ("8.0", False)):
        own.write_text(text.replace("value = 8", f"value = {hours}"))
        if held:
            assert section_profile.load(str(own)).zone_hours == hours
            continue
        with pytest.raises(Refused, match="cannot be"):
            section_profile.load(str(own))
    for value, held in (("false", True), ("1", False)):
        own.write_text(text.replace("value = true", f"value = {value}"))
        if held:
            assert section_profile.load(str(own)).return_has_terminals is False
            continue
        with pytest.raises(Refused, match="return_has_terminals: 1 cannot be"):
            section_profile.load(str(own))
    own.write_text(text)
    monkeypatch.chdir(tmp_path)
    assert section_profile.load("own.toml") == SectionProfile()
    own.write_text("auxiliary = 3")
    with pytest.raises(Refused, match="length_bytes needs"):
        section_profile.load(str(own))
    own.write_text("a = " + "[" * 9_000)
    with pytest.raises(Refused, match="nested too deeply"):
        section_profile.load(str(own))


# ---- JSON ---------------------------------------------------------------------------------------------------------


@given(tables)
def test_a_table_comes_back_from_its_json(table):
    profile = SectionProfile(auxiliary_length=4)
    section = write(table, profile, Place(extension=7, version=3, number=1, last=2))
    try:
        said = section_json.to_plain(section, table, profile)
    except Misheard:
        return  # random bytes under the tag of a command that is known
    assert section_json.from_plain(said, profile) == (table, Place(extension=7, version=3, number=1, last=2))


def test_texts_and_commands_may_be_said_in_words():
    said = {
        "table": "content",
        "ebm_id": EBM,
        "wordings": [{"language": "zho", "words": "雨", "agency_words": "县"}],
    }
    assert section_json.from_plain(said, PROFILE)[0] == Content(
        ebm_id=EBM, wordings=(wording("zho", "雨", "县"),)
    )
    said["wordings"][0] |= {"text": "6869", "agency": "", "agency_words": "县"}
    (one,) = section_json.from_plain(said | {"wordings": [{**said["wordings"][0], "charset": 0}]}, PROFILE)[
        0
    ].wordings
    assert (one.text, one.agency, one.charset) == (b"hi", b"", 0)  # bytes go before words
    said = {
        "table": "configure",
        "orders": [{"tag": 6, "percent": 80, "terminals": [CODE]}, {"tag": 9, "data": "01"}],
    }
    table, place = section_json.from_plain(said, PROFILE)
    assert table.orders == (
        section_orders.write(section_orders.SetVolume(percent=80, terminals=(CODE,)), PROFILE),
        Order(tag=9, data=b"\1"),
    )
    assert place == Place()
    told = section_json.to_plain(write(table, PROFILE), table, PROFILE)["orders"]
    assert (told[0]["means"], told[0]["percent"], told[1]["means"]) == ("SetVolume", 80, None)


@pytest.mark.parametrize(
    "said",
    [
        {}, {"table": "none"}, {"table": "index"}, {"table": "index", "entries": [], "version": "1"}, {"table": "index", "entries": [{}]},
        {"table": "index", "entries": [], "more": 1}, {"table": "content", "ebm_id": EBM, "wordings": [{"words": "雨", "language": "zho", "charset": 9}]},
        {"table": "content", "ebm_id": EBM, "wordings": ["雨"]}, {"table": "content", "ebm_id": EBM, "wordings": 5},
        {"table": "configure", "orders": [{"tag": 99}]}, {"table": "configure", "orders": [{"tag": 6, "percent": 101, "terminals": []}]},
        {"table": "configure", "orders": [{"tag": [], "percent": 1}]}, {"table": "content", "ebm_id": EBM, "wordings": [{"words": 5, "language": "zho"}]},
    ],
)  # fmt: skip
def test_json_that_is_no_section_is_refused(said):
    with pytest.raises(Refused) as wrong:
        section_json.from_plain(said, PROFILE)
    assert wrong.value.text.zh


def test_what_is_wrong_is_said_in_no_more_than_400_characters():
    for rows in ({f"x{n}": 1 for n in range(200)}, {"orders": [{"percent": 1}]}):
        with pytest.raises(Refused) as wrong:
            section_json.from_plain({"table": "configure", **rows}, PROFILE)
        assert len(wrong.value.text.en) <= len("this is no section: ") + 400
    assert "tag is not known" in wrong.value.text.en


def test_fuzz_tables():
    seeds = [
        write(index(channel=CHANNEL), PROFILE), write(content(auxiliaries=(Auxiliary(type=61, data=b"rtp"),)), PROFILE),
        write(Certificates(authorisations=(b"ab",), certificates=(b"c",)), PROFILE),
        write(Configure(orders=tuple(section_orders.write(one, PROFILE) for one in (section_orders.SetVolume(percent=1), section_orders.Ask(tags=b"\1", terminals=(CODE,))))), PROFILE),
    ]  # fmt: skip
    held = 0

    def ask(chance: random.Random):
        nonlocal held
        seed = chance.choice(seeds)
        section = attrs.evolve(seed, body=damaged(chance, seed.body))
        try:
            table = read(section, PROFILE)
            if write(table, PROFILE).body == section.body:
                held += 1
            said = section_json.to_plain(section, table, PROFILE)
            assert section_json.from_plain(said, PROFILE)[0] == table
        except Misheard as misheard:
            assert misheard.text.zh

    campaign("tables", ask)
    assert held > 10
