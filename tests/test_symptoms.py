"""What the doctor says: each thing that may be wrong is found, named, and nothing is found where all is well."""

import attrs
import pytest

from station import symptoms as told
from station import symptoms_kept as kept
from station.settings import DeviceSection, Networks, Settings, StationSection
from station.symptoms import Finding, Port
from station.symptoms_kept import File, Key, Person
from station.words import Instant, Text

DAY = kept.DAY_US
STATION = StationSection(id="s", name_zh="台", name_en="S", area="340422000000", areas="areas.csv")
OFFICE = "192.168.1.5/24"


def settings(devices=(), **nets):
    return Settings(station=STATION, channels=[], networks=Networks(**nets), devices=list(devices))


def device(host):
    return DeviceSection(id="tx1", kind="transmitter", profile="p", host=host, name_zh="机", name_en="TX")


def grades(found):
    return [one.grade for one in found]


def token(name, content, mode=0o600):
    return File(name=name, mode=mode, size=len(content), content=content)


LONG = "x7Kq-0123456789-abcdef"


def test_good_secrets_are_one_line():
    (line,) = kept.secrets([token("a.token", LONG), File(name="sm2.pub.pem", mode=0o644, size=9)])
    assert line.grade == "ok"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (token("a.token", LONG, 0o640), "0640"),
        (token("a.token", "", 0o600), "empty"),
        (token("a.token", "changeme"), "guessed"),
        (token("a.token", "short-but-own"), "guessed"),
        (File(name="sm2.key", mode=0o604, size=9), "sm2.key"),
    ],
)
def test_a_secret_that_is_none_is_found(file, said):
    (line,) = kept.secrets([file])
    assert line.grade == "bad" and said in line.text.en and line.text.zh


def test_two_senders_with_one_token_are_found():
    found = list(kept.secrets([token("a.token", LONG), token("b.token", LONG)]))
    assert grades(found) == ["bad"] and "each sender needs its own" in found[0].text.en


@pytest.mark.parametrize(
    ("name", "mode", "grade"),
    [("run", 0o777, "bad"), ("people.db", 0o640, "bad"), ("people.db", 0o600, "ok"), ("run", 0o755, "ok")],
)
def test_files_that_others_may_use_are_found(name, mode, grade):
    assert kept.modes([File(name=name, mode=mode, size=1)]).grade == grade


def person(ident, *roles, pin=True, active=True, demo=False):
    return Person(id=ident, roles=frozenset(roles), pin=pin, active=active, demo=demo)


def test_demo_people_belong_to_a_demo_alone():
    zhao = [person("zhao", "dispatcher", demo=True)]
    assert kept.demo(settings(), zhao, upstream_keys=True).grade == "ok"
    assert kept.demo(settings(), [], upstream_keys=False).grade == "ok"
    assert "zhao" in kept.demo(settings(office=OFFICE), zhao, upstream_keys=True).text.en
    assert "private keys" in kept.demo(settings(office=OFFICE), [], upstream_keys=True).text.en
    closed = [attrs.evolve(zhao[0], active=False)]
    assert kept.demo(settings(office=OFFICE), closed, upstream_keys=False).grade == "ok"


CREW = [person("a", "admin"), person("b", "admin"), *(person(c, "dispatcher") for c in "cde")]


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (CREW, ["ok"]),
        ([*CREW[1:]], ["warn"]),
        ([*CREW[2:]], ["bad"]),
        (CREW[:4], ["bad"]),
        ([], ["bad"]),
        (None, ["bad"]),
        ([*CREW, person("f", "reviewer", pin=False)], ["warn"]),
        ([*CREW, person("f", "viewer", pin=False)], ["ok"]),
        ([*CREW, person("f", "reviewer", pin=False, active=False)], ["ok"]),
    ],
)
def test_too_few_people_and_people_who_cannot_sign_are_found(people, expected):
    assert grades(kept.people(people)) == expected


@pytest.mark.parametrize(
    ("age", "ends", "grade"),
    [
        (10, None, "ok"),
        (800, None, "warn"),
        (10, 200, "ok"),
        (10, 30, "warn"),
        (10, -1, "bad"),
        (800, 200, "warn"),
    ],
)
def test_keys_that_end_or_grow_old_are_found(age, ends, grade):
    assert grades(kept.keys([Key(name="province.pem", age_days=age, ends_in_days=ends)])) == [grade]


def test_a_journal_is_there_and_whole_or_it_is_said():
    assert kept.journal(records=0, wrong=None, there=False).grade == "warn"
    assert kept.journal(records=7, wrong=None, there=True).grade == "ok"
    wrong = kept.journal(records=7, wrong=Text("record 3 was changed", "第 3 条被改"), there=True)
    assert wrong.grade == "bad" and "record 3" in wrong.text.en


@pytest.mark.parametrize(("days", "grade"), [(0, "ok"), (7, "ok"), (8, "warn"), (31, "bad")])
def test_an_old_backup_is_found(days, grade):
    now = Instant(1_000 * DAY)
    assert kept.backup(Instant(now - days * DAY), now).grade == grade


def test_no_backup_at_all_is_found():
    assert kept.backup(None, Instant(0)).grade == "warn"


def test_what_an_upgrade_holds_is_bad_until_somebody_looked():
    assert kept.gate("0.1.0").grade == "bad" and "0.1.0" in kept.gate("0.1.0").text.en
    assert kept.gate(None).grade == "ok"


def test_a_device_in_the_office_net_is_found_unless_it_is_meant():
    near = [device("192.168.1.77")]
    assert told.device_nets(settings(near, office=OFFICE)).grade == "bad"
    assert told.device_nets(settings(near, office=OFFICE, may_share=["devices+office"])).grade == "ok"
    assert told.device_nets(settings([device("10.2.0.9")], office=OFFICE)).grade == "ok"
    assert told.device_nets(settings([device("127.0.0.1")])).grade == "ok"
    assert told.device_nets(settings([device("tx1.lan")], office=OFFICE)).grade == "ok"


@pytest.mark.parametrize(
    ("owner", "grade"), [("free", "ok"), ("ours", "ok"), ("other", "bad"), ("nowhere", "bad")]
)
def test_ports_are_free_or_ours(owner, grade):
    found = list(told.ports([Port(what="panel", port=8600, address="127.0.0.1", owner=owner)]))
    assert grades(found) == [grade]
    assert ("no address of this machine" in found[0].text.en) == (owner == "nowhere")
    assert ("another program" in found[0].text.en) == (owner == "other")


def test_the_clock_is_synchronised_or_it_is_said():
    assert told.clock(synchronised=True, reanchor_wanted=False, offset_us=0).grade == "ok"
    assert told.clock(synchronised=False, reanchor_wanted=False, offset_us=None).grade == "warn"
    off = told.clock(synchronised=True, reanchor_wanted=True, offset_us=-2_500_000)
    assert off.grade == "bad" and "-2.5 s" in off.text.en
    assert told.clock(synchronised=True, reanchor_wanted=True, offset_us=None).grade == "bad"


@pytest.mark.parametrize(
    ("free", "sync", "expected"),
    [
        (50, 5_000, ["ok", "ok"]),
        (5, 60_000, ["warn", "warn"]),
        (0, 600_000, ["bad", "bad"]),
    ],
)
def test_a_full_or_slow_disk_is_found(free, sync, expected):
    found = list(told.disk(free=free * told.GIB, total=100 * told.GIB, sync_us=sync))
    assert grades(found) == expected


@pytest.mark.parametrize(
    ("facts", "grade", "said"),
    [
        ((False, False, False, False), "ok", "none is asked for"),
        ((True, False, False, False), "bad", "is no directory"),
        ((True, True, False, False), "bad", "is no directory"),
        ((True, True, True, True), "warn", "on the same disk"),
        ((True, True, True, False), "ok", "on a disk of its own"),
    ],
)
def test_a_second_copy_that_would_go_with_the_first_is_found(facts, grade, said):
    names = ("asked", "there", "writable", "same_disk")
    found = told.second_copy(**dict(zip(names, facts, strict=True)))
    assert found.grade == grade and said in found.text.en


@pytest.mark.parametrize("running", [True, False])
def test_missing_real_time_rights_are_named(running):
    assert told.realtime(fifo=True, mlock=True, running=running).grade == "ok"
    half = told.realtime(fifo=True, mlock=False, running=running)
    assert half.grade == "warn" and "locked memory" in half.text.en and "内存锁定" in half.text.zh
    assert "scheduling" not in half.text.en and "实时调度" not in half.text.zh
    assert "scheduling and locked" in told.realtime(fifo=False, mlock=False, running=running).text.en


def test_codecs_and_glyphs_are_here_or_named():
    assert told.media_tools([]).grade == "ok"
    assert "libx264" in told.media_tools(["libx264"]).text.en
    assert told.fonts("").grade == "ok"
    assert "龘" in told.fonts("龘").text.zh
    assert told.fonts(None).grade == "bad"


def test_the_worst_line_is_the_exit_code():
    lines = {grade: Finding("x", grade, Text("", "")) for grade in ("ok", "warn", "bad")}
    assert told.worst([]) == told.worst([lines["ok"]]) == 0
    assert told.worst([lines["ok"], lines["warn"]]) == 1
    assert told.worst([lines["bad"], lines["warn"]]) == 2


def test_of_free_ports_it_is_said_how_many_this_station_holds():
    owners = ("ours", "ours", "free")
    found = [
        Port(what="panel", port=8600 + k, address="127.0.0.1", owner=one) for k, one in enumerate(owners)
    ]
    (said,) = told.ports(found)
    assert said.text.en == "3 ports (8600, 8601, 8602), 2 held by this station, the others free"
