"""What somebody types who has files of alerts and a manual: what is not done is said, what is wrong use ends with 2, nothing is passed over."""

import io
import json
import re
from types import SimpleNamespace

import attrs
import pytest
from test_cap import XML
from test_warning import EXAMPLE
from wire import EBM, KEY, NOW, PROVINCE, STRANGER, package, packet

from emergency import ebd_signature, ebd_writer, safe_xml, sm2
from station import wire
from station.clock import wall_us

HOW = ("--key", "key.pem", "--source", PROVINCE, "--ebm-id", EBM.ebm_id, "--event", "11B03", "--areas", "340422000000", "--title", "t", "--text", "x")  # fmt: skip
AT = ("--at", "2026-11-22 08:00:00")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AREAS = "code,name,level\n340000000000,安徽省,province\n340400000000,淮南市,city\n340422000000,寿县,county\n340422100000,寿春镇,township\n"


@pytest.fixture
def here(tmp_path, monkeypatch, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key.pem").write_bytes(KEY.pem())
    (tmp_path / "public.pem").write_bytes(KEY.public.pem())
    (tmp_path / "stranger.pem").write_bytes(STRANGER.public.pem())
    (tmp_path / "areas.csv").write_text(AREAS, "utf-8")

    def asked(*words):
        code, out, err = said(*words)
        return SimpleNamespace(code=code, lines=[json.loads(line) for line in out.splitlines() if line.startswith("{")], out=out, err=err)  # fmt: skip

    asked.folder = tmp_path
    return asked


# ---- EBD: a bare packet and its signature


@pytest.fixture
def pair(here):
    """A packet and its signature as two files; their names."""
    held = package()
    names = (f"EBDB_{held.ebd_id}.xml", f"EBDS_EBDB_{held.ebd_id}.xml")
    for name, data in zip(names, (held.body, held.signature), strict=True):
        (here.folder / name).write_bytes(data)
    return names


def test_the_signature_beside_a_bare_packet_is_checked(here, pair):
    body, _ = pair
    for keys, code, verified in ((("--key", "public.pem"), 0, True), ((), 0, None)):
        answer = here("ebd", "check", body, *keys)
        assert (answer.code, answer.lines[0]["signature"]["verified"]) == (code, verified)
    wrong = here("ebd", "check", body, "--key", "stranger.pem")
    assert (wrong.code, wrong.lines[0]["result"]) == (1, 4)


def test_a_signature_that_is_named_with_its_packet_is_no_packet_of_its_own(here, pair):
    body, signature = pair
    (here.folder / "apart").mkdir()
    apart = (here.folder / signature).rename(here.folder / "apart" / signature)
    answer = here("ebd", "check", body, apart, "--key", "public.pem")
    assert answer.code == 0 and [line["file"] for line in answer.lines] == [body]
    assert answer.lines[0]["signature"]["verified"] is True
    for words in ((apart,), (apart, "other.xml")):
        (here.folder / "other.xml").write_bytes(ebd_writer.write(packet(sequence=2)))
        stray = here("ebd", "check", *words)
        assert stray.code == 1 and "EBDB_" in stray.lines[-1]["reasons"][0]["en"]
        assert stray.lines[-1]["file"] == str(apart)


def test_a_bare_packet_without_its_signature_is_refused_where_a_key_is_given(here, pair):
    body, signature = pair
    (here.folder / signature).unlink()
    assert here("ebd", "check", body).code == 0
    answer = here("ebd", "check", body, "--key", "public.pem")
    assert (answer.code, answer.lines[0]["result"]) == (1, 4)
    assert "not signed" in answer.lines[0]["reasons"][0]["en"]


def test_the_second_xml_beside_a_bare_packet_is_checked_too(here, pair):
    ebd_id = packet().ebd_id
    (here.folder / f"EBDI_{ebd_id}.xml").write_bytes(b"<EBI/>")
    unsigned = here("ebd", "check", pair[0], "--key", "public.pem")
    assert unsigned.code == 1 and "information" in unsigned.lines[0]["reasons"][0]["en"]
    signed = ebd_signature.sign(b"<EBI/>", ebd_id, signer=sm2.signer(KEY), serial="0" * 12, now=NOW)
    (here.folder / f"EBDS_EBDI_{ebd_id}.xml").write_bytes(signed)
    answer = here("ebd", "check", pair[0], "--key", "public.pem")
    assert answer.code == 0 and answer.lines[0]["information"]["signature"]["verified"] is True


def test_a_packet_that_was_made_is_never_written_over(here):
    first = here("ebd", "make", *HOW, *AT)
    data = (here.folder / first.out.strip()).read_bytes()
    again = here("ebd", "make", *HOW, *AT)
    assert again.code == 1 and "--sequence" in again.err and CHINESE.search(again.err)
    assert (here.folder / first.out.strip()).read_bytes() == data
    assert here("ebd", "make", *HOW, *AT, "--sequence", "2").code == 0


@pytest.mark.parametrize(("severity", "code"), [("21", 0), ("22", 0), ("23", 0), ("10", 0), ("5", 2)])
def test_the_severities_that_can_be_made_are_those_that_are_read(here, severity, code):
    try:
        made = here("ebd", "make", *HOW, *AT, "--severity", severity).code
    except SystemExit as ended:
        made = ended.code
    assert made == code
    if code == 0:
        (path,) = here.folder.glob("*.tar")
        (line,) = here("ebd", "check", path.name).lines
        assert (line["type"], line["body"]["type"], line["body"]["severity"]) == ("EBM", "EBM", int(severity))


def test_what_is_wrong_in_a_body_is_said_in_chinese_too(here):
    for text, en, zh in (
        ('{"type": "EBDResponse", "code": 1, "nonsense": 2}', "nonsense is not known", "未知字段"),
        ('{"type": "EBM"}', "missing", "缺少"),
        ('{"type": "x"}', "type is one of", "应为"),
        ("{", "no JSON, line 1", "不是 JSON"),
    ):
        (here.folder / "b.json").write_text(text)
        answer = here("ebd", "make", *HOW[:4], *AT, "--body", "b.json")
        first, second = answer.err.splitlines()
        assert answer.code == 1 and en in first and zh in second and "expected" not in answer.err, answer.err


# ---- CAP


def test_a_script_sees_that_an_alert_would_be_refused(here):
    drawn = XML.replace("<geocode><valueName>GB/T 2260</valueName><value>340422000000</value></geocode>", "<polygon>32,116 33,116 33,117 32,116</polygon>")  # fmt: skip
    assert drawn != XML
    for text, accepted in ((XML, 0), (drawn, 1)):
        (here.folder / "a.cap").write_text(text, "utf-8")
        assert here("cap", "check", "a.cap").code == 0
        assert here("cap", "check", "a.cap", "--accept").code == accepted
    reason = here("cap", "check", "a.cap").lines[0]["reasons"][0]
    assert "--terminals" in reason["en"] and "--terminals" in reason["zh"]


def test_what_was_not_judged_is_said(here):
    (here.folder / "a.cap").write_text(XML, "utf-8")

    def left(*words):
        return [text["en"].rpartition("--")[2] for text in here("cap", "check", "a.cap", *words).lines[0]["open"]]  # fmt: skip

    at, areas = ("--at", "2026-11-22T08:00:00+08:00"), ("--areas", "areas.csv")
    assert (left(), left(*at), left(*areas), left(*at, *areas)) == (["at", "areas"], ["areas"], ["at"], [])


def test_an_area_that_the_table_does_not_have_is_refused(here):
    (here.folder / "a.cap").write_text(XML.replace("340422000000", "999999000000"), "utf-8")
    answer = here("cap", "check", "a.cap", "--areas", "areas.csv", "--accept")
    assert (answer.code, answer.lines[0]["would"]) == (1, "refuse")
    assert "999999000000" in answer.lines[0]["reasons"][0]["en"]


def test_the_input_is_a_file_too(here, monkeypatch):
    for command, text in (("cap", XML), ("warning", EXAMPLE), ("ebd", ebd_writer.write(packet()).decode())):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
        answer = here(command, "check", "-")
        assert (answer.code, answer.lines[0]["file"], answer.lines[0]["valid"]) == (0, "-", True), command


def test_how_much_too_long_a_file_may_be_is_said_in_round_figures(here):
    (here.folder / "zeros").write_bytes(b"\0" * (safe_xml.MAX_BYTES + 9))
    for command in ("cap", "warning"):
        reason = here(command, "check", "zeros").lines[0]["reasons"][0]
        assert "larger than 5 MiB" in reason["en"] and "超过 5 MiB" in reason["zh"]
    (here.folder / "deep").write_bytes(b"<a>" * 300)
    reason = here("cap", "check", "deep").lines[0]["reasons"][0]
    assert "XML_PARSE" not in reason["en"] and "bounds" in reason["en"]


# ---- SAME, sections, warnings


def test_a_header_with_too_many_places_says_that_nothing_was_written(here):
    places = "".join(f"-{place:06d}" for place in range(40))
    answer = here("same", "encode", f"ZCZC-WXR-TOR{places}+0030-3271200-KOUN/NWS-", "--out", "x.wav")
    assert answer.code == 2 and "No sound is written" in answer.err and "未写声音文件" in answer.err
    assert "taken" not in answer.err and not (here.folder / "x.wav").exists()


def test_a_section_is_signed_now_where_no_time_is_given(here):
    line = {"table": "content", "ebm_id": EBM.ebm_id, "wordings": []}
    (here.folder / "l.json").write_text(json.dumps(line))
    before = wall_us() // 1_000_000
    assert here("sections", "encode", "l.json", "--out", "f.ts", "--key", "key.pem").code == 0
    (read,) = here("sections", "decode", "f.ts", "--key", "public.pem").lines
    assert before <= read["signed"]["at"] <= wall_us() // 1_000_000 and read["signed"]["verified"] is True


def test_nothing_to_encode_is_said_and_nothing_is_written(here):
    (here.folder / "empty").write_text("\n")
    answer = here("sections", "encode", "empty", "--out", "f.ts")
    assert answer.code == 1 and "empty" in answer.err and CHINESE.search(answer.err)
    assert not (here.folder / "f.ts").exists()


@pytest.mark.parametrize(
    ("row", "en", "zh"),
    [
        ('{"table": "content", "ebm_id": "123", "wordings": []}', "not 35 digits", "不是 35 位数字"),
        ('{"table": "index", "version": 77, "entries": []}', "0 to 31", "超出 0 至 31"),
        ('{"table": "x"}', "table is one of", "table 应为"),
        ("[]", "JSON object", "JSON 对象"),
        ("{", "no JSON", "不是 JSON"),
        ('{"table": "index", "entries": [], "number": 2}', "section 2", "第 2 段"),
    ],
)
def test_a_line_that_is_no_section_is_named_and_told_in_both_languages(here, row, en, zh):
    good = json.dumps({"table": "content", "ebm_id": EBM.ebm_id, "wordings": []})
    (here.folder / "l.json").write_text(f"{good}\n\n{row}\n")
    answer = here("sections", "encode", "l.json", "--out", "f.ts")
    first, second = answer.err.splitlines()
    assert answer.code == 1 and en in first and zh in second and "·" not in answer.err
    assert "line 3" in first and "第 3 行" in second


def test_names_of_sender_and_areas_come_back_out_of_a_warning(here):
    (here.folder / "a.xml").write_text(EXAMPLE, "utf-8")
    (line,) = here("warning", "check", "a.xml").lines
    (here.folder / "a.json").write_text(json.dumps(line))
    assert here("warning", "make", "a.json", "--out", "b.xml").code == 0
    made = (here.folder / "b.xml").read_text("utf-8")
    assert line["names"] and all(f">{name}<" in made for name in line["names"].values())
    (again,) = here("warning", "check", "b.xml").lines
    assert {**again, "file": ""} == {**line, "file": ""}
    for names in ("x", {"sender_name": 5}):
        (here.folder / "a.json").write_text(json.dumps({**line, "names": names}))
        assert here("warning", "make", "a.json").code == 1


def test_a_profile_in_the_folder_one_is_in_needs_no_stroke(here):
    from emergency.warning_profile import SHIPPED

    (here.folder / "a.xml").write_text(EXAMPLE, "utf-8")
    (here.folder / "my.txt").write_text((SHIPPED / "12379.toml").read_text("utf-8"), "utf-8")
    assert here("warning", "check", "a.xml", "--profile", "my.txt").code == 0
    for data, en, zh in ((b"\xff", "no UTF-8", "不是 UTF-8"), (b"name = ", "Invalid value", "值无效")):
        (here.folder / "bad.txt").write_bytes(data)
        first, second = here("warning", "check", "a.xml", "--profile", "bad.txt").err.splitlines()
        assert en in first and zh in second and "bad.txt" in second
    (here.folder / "bad.txt").write_text("title = 'x'\n")
    answer = here("warning", "check", "a.xml", "--profile", "bad.txt")
    assert (
        answer.code == 1
        and "12379" not in answer.err
        and "name is missing" in answer.err
        and "缺少 name" in answer.err
    )
    absent = here("warning", "check", "a.xml", "--profile", "nonesuch")
    assert absent.code == 1 and absent.err.count("12379") == 2 and str(SHIPPED) not in absent.err


# ---- wrong use, and tables that are none


@pytest.mark.parametrize(
    "words",
    [("cap", "check", "a.cap", "--at", "yesterday"), ("ebd", "make", *HOW, *AT, "--source", "123"), ("ebd", "make", *HOW, "--at", "now"), ("ebd", "make", *HOW[:4], *AT), ("area", "find", "寿县"), ("same", "encode", "GARBAGE", "--out", "x.wav"), ("sections", "encode", "l.json", "--out", "f.ts", "--key", "key.pem", "--at", "now")],
)  # fmt: skip
def test_wrong_use_ends_with_two(here, words):
    (here.folder / "l.json").write_text("{}")
    answer = here(*words)
    assert answer.code == 2 and CHINESE.search(answer.err)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\0" * 200_000, b"code,name,level\n\"\n" + b"x" * 200_000], ids=["empty", "binary", "zeros", "quote"])  # fmt: skip
def test_a_table_that_is_none_is_named(here, data):
    (here.folder / "station.toml").write_bytes(data)
    settings = here("area", "find", "寿县", "--settings", "station.toml")
    assert settings.code == 1 and "station.toml" in settings.err and "codec" not in settings.err
    (here.folder / "t.csv").write_bytes(data)
    (here.folder / "a.cap").write_text(XML, "utf-8")
    answers = [
        here("area", "find", "寿县", "--areas", "t.csv"),
        here("area", "resolve", "340422", "--areas", "areas.csv", "--geocodes", "t.csv"),
    ]
    if data not in (b"", b'code,name,level\n"\n' + b"x" * 200_000):
        answers.append(here("cap", "check", "a.cap", "--terminals", "t.csv"))
    for answer in answers:
        first, second = answer.err.splitlines()
        assert answer.code == 1 and "t.csv" in first and "t.csv" in second
        assert "codec" not in answer.err and "field larger" not in answer.err


@pytest.mark.parametrize("row", ["a,340422000000,x,32", "a,340422000000,116,99", "a,3404,116,32", "a,340422000000"])  # fmt: skip
def test_a_line_of_the_terminal_registry_that_is_wrong_is_said_in_both_languages(here, row):
    (here.folder / "t.csv").write_text(f"code,area,longitude,latitude\n{row}\n")
    answer = here("area", "resolve", "340422", "--areas", "areas.csv", "--terminals", "t.csv")
    first, second = answer.err.splitlines()
    assert answer.code == 1 and "line 2" in first and CHINESE.search(second.partition("第 2 行")[2])


@attrs.frozen(kw_only=True)
class Row:
    """Something with two fields."""

    count: int
    name: str


def test_what_does_not_fit_is_worded_in_both_languages():
    for said, en, zh in (
        ({"count": 1}, "name is missing", "缺少 name"),
        ({"count": 1, "name": "x", "more": 2}, "more is not known", "未知字段:more"),
    ):
        with pytest.raises(Exception) as wrong:
            wire.from_plain(said, Row)
        assert (wire.worded(wrong.value).en, wire.worded(wrong.value).zh) == (en, zh)
    told = wire.worded(ValueError("no · 否"))
    assert (told.en, told.zh) == ("no", "否")
    plain = wire.worded(ValueError("no"))
    assert plain.en == plain.zh == "no"
