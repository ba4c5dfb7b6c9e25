"""`gengfu cap` and `gengfu ebd`: verdicts a script can read, exit codes that tell."""

from __future__ import annotations

import hashlib
import json

import attrs
import pytest
from test_cap import XML
from wire import EBM, KEY, PROVINCE, STRANGER, package, packet, samples, tar

from emergency import cap_tool, ebd_tar, ebd_tool, ebd_writer, sim_platform, sim_signing, sm2
from emergency.ebd import Auxiliary
from station.words import Refused


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_file_gets_its_line_and_one_bad_one_is_exit_one(tmp_path, capsys):
    good, bad, foreign = tmp_path / "good.cap", tmp_path / "bad.cap", tmp_path / "foreign.cap"
    good.write_text(XML)
    bad.write_text(XML.replace("<scope>Public</scope>", ""))
    foreign.write_text(XML.replace("GB/T 2260", "FIPS6"))
    assert cap_tool.main(["check", str(good)]) == 0
    assert cap_tool.main(["check", str(good), str(bad), str(foreign), str(tmp_path / "none")]) == 1
    _, first, second, third, fourth = lines(capsys)
    assert (first["valid"], first["version"], first["profile"]["CN"]["fits"]) == (True, "1.2", True)
    assert list(first) == ["file", "version", "valid", "profile", "signature", "reasons", "would", "open"]
    assert list(first["profile"]) == ["CN", "base", "CAP-CP", "IPAWS", "WMO"]
    assert first["signature"] == {"signed": False, "verified": False, "en": "not signed", "zh": "未签名"}
    assert first["would"] == "accept, unverified: three signatures"
    assert (second["valid"], second["would"]) == (False, "refuse")
    assert "scope" in second["reasons"][0]["en"]
    assert (third["valid"], third["would"], third["profile"]["CN"]["fits"]) == (True, "refuse", False)
    assert "cannot be read" in fourth["reasons"][0]["en"]


def test_a_signed_alert_is_said_to_be_one(tmp_path, capsys):
    sim_signing.init(tmp_path)
    wish = sim_platform.Wish(now=1_795_305_600, number=1, areas=("340422000000",), text="大雨")
    file = tmp_path / "a.cap"
    file.write_bytes(sim_platform.cap_alert(wish, sim_signing.CapKey((tmp_path / "cap.key").read_bytes()))[1])
    assert cap_tool.main(["check", "--key", str(tmp_path / "cap.pem"), str(file)]) == 0
    assert lines(capsys)[0]["would"] == "accept, verified"
    sim_signing.init(tmp_path / "other")
    assert cap_tool.main(["check", "--key", str(tmp_path / "other" / "cap.pem"), str(file)]) == 0
    (stranger,) = lines(capsys)
    assert (stranger["signature"]["verified"], stranger["would"]) == (False, "refuse")
    assert "pinned keys" in stranger["reasons"][0]["en"]


def test_a_pipe_a_folder_and_an_odd_name_are_no_files(tmp_path, capsys):
    import os

    os.mkfifo(tmp_path / "pipe")
    assert cap_tool.main(["check", str(tmp_path / "pipe"), str(tmp_path), "/dev/zero", "a\x00b"]) == 1
    assert all("cannot be read" in said["reasons"][0]["en"] for said in lines(capsys))


def test_a_profile_of_ones_own_and_a_time_may_be_given(tmp_path, capsys):
    from test_cap_profile import PROFILE, RULE

    (tmp_path / "x.toml").write_text(PROFILE + RULE)
    (tmp_path / "a.cap").write_text(XML)
    words = ["check", str(tmp_path / "a.cap"), "--profile", str(tmp_path / "x.toml")]
    assert cap_tool.main([*words, "--at", "2026-11-23T08:00:00+08:00"]) == 0
    (said,) = lines(capsys)
    assert said["profile"]["x"]["fits"] is False
    assert "expired" in said["reasons"][0]["en"]
    with pytest.raises(Refused, match="not a time"):
        cap_tool.main([*words, "--at", "noon"])


def test_a_station_s_terminals_and_codes_say_what_an_area_is_here(tmp_path, capsys):
    code = "<valueName>GB/T 2260</valueName><value>340422000000</value>"
    (tmp_path / "a.cap").write_text(XML.replace(code, "<valueName>SAME</valueName><value>006037</value>"))
    (tmp_path / "t.csv").write_text("code,area,longitude,latitude\nt,340422100001,116.5,32.5\n")
    (tmp_path / "g.csv").write_text("scheme,code,area\nSAME,006037,340422100001\n")
    words = ["check", str(tmp_path / "a.cap"), "--terminals", str(tmp_path / "t.csv")]
    assert cap_tool.main(words) == cap_tool.main([*words, "--geocodes", str(tmp_path / "g.csv")]) == 0
    without, known = lines(capsys)
    assert without["would"] == "refuse" and "no table of SAME codes" in without["reasons"][0]["en"]
    assert known["would"] == "accept, unverified: three signatures"


def test_the_schema_can_be_had(capsys):
    assert cap_tool.main(["schema", "1.1"]) == 0
    assert "urn:oasis:names:tc:emergency:cap:1.1" in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"", b"<a/>", b"\x00\xff", b"<!DOCTYPE a><a/>", b"<" * 5000])
def test_nothing_a_file_holds_escapes(tmp_path, capsys, data):
    file = tmp_path / "x"
    file.write_bytes(data)
    assert cap_tool.main(["check", str(file)]) == 1
    assert ebd_tool.main(["check", str(file)]) == 1
    assert all(said["reasons"][0]["zh"] for said in lines(capsys))


def test_a_package_made_is_a_package_that_checks(tmp_path, capsys):
    sm2.save_private(tmp_path / "k", KEY)
    sm2.save_public(tmp_path / "p", KEY.public)
    sm2.save_public(tmp_path / "s", STRANGER.public)
    words = [
        "make",
        "--key",
        str(tmp_path / "k"),
        "--source",
        PROVINCE,
        "--ebm-id",
        EBM.ebm_id,
        "--folder",
        str(tmp_path),
    ]
    words += [
        "--at",
        "2026-11-22 08:00:00",
        "--event",
        "11B03",
        "--areas",
        "340422000000",
        "--title",
        "t",
        "--text",
        "x",
    ]
    assert ebd_tool.main(words) == 0
    made = capsys.readouterr().out.strip()
    assert ebd_tool.main(["check", "--key", str(tmp_path / "p"), made]) == 0
    assert ebd_tool.main(["check", made]) == 0
    assert ebd_tool.main(["check", "--key", str(tmp_path / "s"), made]) == 1
    held, unchecked, wrong = lines(capsys)
    assert (held["type"], held["kind"], held["signature"]["verified"]) == ("EBM", "actual", True)
    assert unchecked["signature"]["verified"] is None
    assert (wrong["valid"], wrong["result"]) == (False, 4)
    for old, new in (
        ("2026-11-22 08:00:00", "now"),
        ("11B03", "rain"),
        ("340422000000", "3404"),
        (PROVINCE, "23"),
    ):
        with pytest.raises(Refused):
            ebd_tool.main([new if word == old else word for word in words])
    for option, value in (("--minutes", "0"), ("--minutes", "527041"), ("--sequence", "-1"), ("--sequence", "1" + "0" * 16), ("--at", "0001-01-01 00:00:00"), ("--at", "9999-12-31 23:59:59"), ("--title", "a\0b"), ("--audio", str(tmp_path))):  # fmt: skip
        with pytest.raises(Refused):
            ebd_tool.main([*words, option, value])
    with pytest.raises(Refused, match="cannot be written"):
        ebd_tool.main([str(tmp_path / "none") if word == str(tmp_path) else word for word in words])


def test_a_signature_over_the_xml_alone_is_made_checked_and_told_from_the_other(tmp_path, capsys):
    sm2.save_private(tmp_path / "k", KEY)
    sm2.save_public(tmp_path / "p", KEY.public)
    beat = '{"type": "ConnectionCheck", "reported": 1795305600000000}'
    (tmp_path / "b").write_text(beat)
    words = ["--key", str(tmp_path / "k"), "--source", PROVINCE, "--at", "2026-11-22 08:00:00"]
    words += ["--body", str(tmp_path / "b"), "--folder", str(tmp_path)]
    check = ["check", "--key", str(tmp_path / "p")]
    for made, other in (("body", "through-serial"), ("through-serial", "body")):
        assert (
            ebd_tool.main(["make", *words, "--preimage", made]) == 0
        )  # a heart-beat's number is always the same
        tar_file = capsys.readouterr().out.strip()
        assert ebd_tool.main([*check, "--preimage", made, tar_file]) == 0
        assert ebd_tool.main([*check, "--preimage", other, tar_file]) == 1
        held, wrong = lines(capsys)
        assert held["signature"]["verified"] is True and wrong["result"] == 4
        assert f"--preimage {made}" in wrong["reasons"][0]["en"]


def test_what_ingest_would_not_take_of_a_tar_is_not_valid(tmp_path, capsys):
    sm2.save_public(tmp_path / "p", KEY.public)
    sound = Auxiliary(type=2, description="a.mp3", digest=hashlib.sha1(b"sound").hexdigest())
    told = packet(attrs.evolve(EBM, auxiliaries=(sound,)))
    whole = package(told, media=(("a.mp3", b"sound"),))
    other = ebd_writer.write(packet(sequence=2))
    cases = {
        "whole": (whole, 1),
        "unsigned": (attrs.evolve(whole, signature=None), 4),
        "another's": (attrs.evolve(whole, signature=package(packet(sequence=2)).signature), 4),
        "renamed": (attrs.evolve(package(), body=other), 5),
        "no sound": (attrs.evolve(whole, media=()), 3),
        "other sound": (attrs.evolve(whole, media=(("a.mp3", b"noise"),)), 5),
        "half strict": (attrs.evolve(whole, information=b"<x/>"), 4),
    }
    for name, (held, result) in cases.items():
        (tmp_path / name).write_bytes(ebd_tar.pack(held))
        assert ebd_tool.main(["check", "--key", str(tmp_path / "p"), str(tmp_path / name)]) == (result != 1)
        (said,) = lines(capsys)
        assert (said["valid"], said["result"]) == (result == 1, result), name
    assert said["media"] == [{"name": "a.mp3", "bytes": 5}]
    (tmp_path / "bare").write_bytes(whole.body)
    assert ebd_tool.main(["check", str(tmp_path / "bare")]) == 0
    for name in ("another's", "half strict"):  # without a key too
        assert ebd_tool.main(["check", str(tmp_path / name)]) == 1


def test_an_unsigned_package_and_a_missing_file_say_so(tmp_path, capsys):
    file = tmp_path / "x.tar"
    file.write_bytes(tar(signed=False))
    assert ebd_tool.main(["check", str(file), str(tmp_path / "none")]) == 1
    unsigned, missing = lines(capsys)
    assert (unsigned["valid"], unsigned["signature"]) == (True, None)
    assert "cannot be read" in missing["reasons"][0]["en"]


def test_the_genuine_packet_is_valid(capsys):
    assert ebd_tool.main(["check", str(next(samples("ebd").glob("EBDB_*")))]) == 0
    assert lines(capsys)[0]["generation"] == "2016"
