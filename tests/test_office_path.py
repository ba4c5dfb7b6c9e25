"""The office side in real processes: duty handed over, a township's account, one-time secrets, settings adopted by two persons and brought back."""

import time

import pytest
from rig import HttpRefused, Rig

pytestmark = pytest.mark.slow
NEAR, FAR = "340422100001", "340422101001"
TOWN = "340422100000"
PROCESSES = ("clock", "station", "panel", "sim-terminals")


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    made = Rig(tmp_path_factory.mktemp("office") / "station", villages=40)
    made.start(*PROCESSES)
    try:
        made.wait(lambda: _terminals(made) > 30, "terminals are online", 40)
        yield made
    finally:
        made.stop()


def _terminals(rig):
    try:
        return rig.http("/overview", by="zhou")["terminals_online"]
    except HttpRefused:
        return 0


def refused(call):
    with pytest.raises(HttpRefused) as said:
        call()
    assert any("一" <= one <= "鿿" for one in said.value.body["text"]["zh"])
    return said.value.body["code"], said.value.body["text"]["en"]


def villages(rig):
    """Two villages with terminals: one in the town, one outside."""
    areas = [one for one in rig.http("/areas", by="zhou") if one["level"] == "village" and one["terminals"]]
    near = next(one["code"] for one in areas if one["code"].startswith(TOWN[:9]))
    far = next(one["code"] for one in areas if not one["code"].startswith(TOWN[:9]))
    return near, far


def submit(rig, ident, areas, by):
    now = time.time_ns() // 1000
    message = {
        "identifier": ident, "sender": by, "sent": now, "kind": "actual", "event": "11B03", "event_text": "暴雨",
        "level": 2, "areas": areas, "effective": now, "expires": now + 20 * 60_000_000, "headline": f"测试{ident}",
        "description": "暴雨将至",
    }  # fmt: skip
    source = {"id": by, "kind": "composer", "authority": "county", "verified": False}
    rig.command("alert.submit", {"alert": ident, "message": message, "source": source}, by=by)


def hand_over(rig):
    return rig.command("duty.handover", {"post": "dispatcher", "unattended": ""}, by="zhao")


def acknowledged_and_handed_over(rig):
    """Alarms come while one acknowledges; who hands over sees to all of them."""
    unread = [one["number"] for one in rig.http("/alarms", by="zhao")["active"] if one["unread"]]
    if unread:
        rig.command("alarm.acknowledge", {"alarms": unread}, by="zhao")
    try:
        return hand_over(rig)
    except HttpRefused as still:
        assert still.body["code"] == "unread"
        return None


def test_duty_is_handed_over_when_the_next_one_named_the_open_alert(rig):
    def take(by, **more):
        return rig.command("duty.take", {"post": "dispatcher", "seen": [], "absent": "", **more}, by=by)

    take("zhao")
    submit(rig, "office-1", [villages(rig)[0]], "li")
    code, said = refused(lambda: take("chen"))
    assert "测试office-1" in said
    take("chen", seen=["office-1"])
    held = {post["post"]: post for post in rig.http("/duty", by="chen")["posts"]}["dispatcher"]
    assert held["person"]["operator"] == "zhao"
    assert held["offer"]["person"]["operator"] == "chen"
    rig.wait(lambda: rig.http("/duty", by="zhao")["unread"], "no player answers, and that is an alarm", 30)
    code, said = refused(lambda: hand_over(rig))
    assert code == "unread"
    assert "does not answer" in said
    rig.wait(lambda: acknowledged_and_handed_over(rig), "duty is handed over", 20)
    rig.command("duty.note", {"note": "n1", "text": "雨大,注意南关", "corrects": ""}, by="chen")
    day = rig.http("/duty/day", by="chen")
    kinds = [entry["kind"] for entry in day["entries"]]
    assert "duty.taken/1" in kinds
    assert day["counts"]["notes"] == 1
    assert any(
        "雨大" in entry["text"]["zh"] and entry["by"]["operator"] == "chen" for entry in day["entries"]
    )


def test_a_roster_names_people_that_there_are(rig):
    head = "day,shift,start,end,leader,dispatcher,operator,engineer\n"
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    _, said = refused(
        lambda: rig.command("duty.roster", {"csv": head + f"{day},白班,00:00,00:00,ghost,,,"}, by="qian")
    )
    assert "ghost" in said
    rig.command("duty.roster", {"csv": head + f"{day},白班,00:00,00:00,zhang,chen,gao,qian"}, by="qian")
    duty = rig.http("/duty", by="zhou")
    assert [one["operator"] for one in duty["posts"][0]["rostered"]] == ["zhang"]
    assert f"{day},白班,00:00,00:00,zhang,chen,gao,qian" in duty["roster_csv"]


def test_an_account_of_a_town_sees_and_sounds_its_town_alone(rig):
    near, far = villages(rig)
    made = rig.command(
        "people.add",
        {
            "operator": "town1", "name_zh": "镇调度", "name_en": "Town", "roles": ["dispatcher", "editor"],
            "areas": [TOWN], "department": "寿春镇", "events": ["11B"],
        },
        by="wu",
    )["result"]["secret"]  # fmt: skip
    assert refused(
        lambda: rig.command(
            "people.change",
            {
                "operator": "wu",
                "roles": None,
                "areas": None,
                "department": None,
                "events": None,
                "active": False,
            },
            by="wu",
        )
    )[1].startswith("wu is the last")
    rig.logins["town1"] = {"operator": "town1", **made}
    seat = rig.http("/me", by="town1")
    assert seat["temporary"] == ["password", "pin"]
    assert seat["rights"] == ["view"], "a one-time secret opens nothing but its replacement"
    assert refused(lambda: submit(rig, "office-x", [near], "town1"))[0] == "forbidden"
    for which, new in (("password", "镇里的更夫 walks"), ("pin", "739164")):
        rig.command("people.own", {"which": which, "old": made[which], "new": new}, by="town1")
        rig.logins["town1"][which] = new
    assert "dispatch" in rig.http("/me", by="town1")["rights"]

    submit(rig, "office-far", [far], "li")
    assert [one["id"] for one in rig.http("/alerts", by="town1")] == ["office-1"]
    assert refused(lambda: rig.http("/alerts/office-far", by="town1"))[0] == "missing"
    overview = rig.http("/overview", by="town1")
    assert [one["id"] for one in overview["waiting"]] == ["office-1"]
    assert 0 < overview["terminals_registered"] < rig.http("/overview", by="zhou")["terminals_registered"]
    terminals = rig.http("/terminals?limit=500", by="town1")
    assert terminals["total"] == overview["terminals_registered"]
    assert all(one["area"].startswith(TOWN[:9]) for one in terminals["rows"])
    assert all(point[4].startswith(TOWN[:9]) for point in rig.http("/map", by="town1")["points"])
    assert all(one["code"].startswith(TOWN[:9]) for one in rig.http("/areas", by="town1"))
    assert refused(lambda: rig.http(f"/resolve?areas={far}", by="town1"))[0] == "area"
    assert not any("office-far" in str(one) for one in rig.http("/journal?limit=500", by="town1"))
    duty = rig.http("/duty", by="town1")
    assert [one["alert"] for one in duty["matters"]] == ["office-1"] and not duty["roster_csv"]
    assert not any(post["may_take"] for post in duty["posts"])
    assert not any("雨大" in entry["text"]["zh"] for entry in rig.http("/duty/day", by="town1")["entries"])
    alarms = rig.http("/alarms", by="town1")["active"]
    assert all(one["key"].startswith(("chain/radio/", "channel/fm1/", "alert/office-1/")) for one in alarms)
    number = rig.http("/alarms", by="zhao")["active"][0]["number"]
    assert refused(lambda: rig.command("alarm.acknowledge", {"alarms": [number]}, by="town1"))[0] in (
        "area",
        "forbidden",
    )
    assert rig.http("/transmitters", by="town1") == rig.http("/power", by="town1") == []
    assert rig.http("/contacts", by="town1") == []
    me = rig.http("/me", by="town1")
    assert me["area_names"] and rig.http("/me", by="zhao")["area_names"] == ""
    assert me["bound"] and not {"alarm", "carrier", "duty", "roster"} & set(me["rights"])
    for hidden in ("/people", "/settings", "/users"):
        assert refused(lambda hidden=hidden: rig.http(hidden, by="town1"))[0] == "forbidden"

    assert refused(lambda: submit(rig, "office-y", [far], "town1"))[0] != "bug"
    assert refused(lambda: rig.command("alert.mute", mute(areas=[far]), by="town1"))[0] != "bug"
    rig.command("alert.mute", mute(), by="town1")
    (muted,) = rig.http("/mutes", by="town1")
    assert muted["areas"] == [TOWN]
    rig.command("alert.unmute", {"mute": "office-mute"}, by="town1")


def mute(**more):
    return {"mute": "office-mute", "alert": "", "areas": [], "channels": [], "reason": "试", **more}


def test_an_administrator_ends_a_seat_and_telephones_are_for_all(rig):
    row = next(one for one in rig.http("/users", by="wu")["seats"] if one["operator"] == "town1")
    rig.command("people.endseat", {"seat": row["seat"]}, by="wu")
    assert refused(lambda: rig.http("/me", by="town1"))[0] == "unknown"
    line = {
        "role": "engineer", "name_zh": "钱技术", "name_en": "Qian", "phone": "0554-402 2222", "operator": "qian", "note": "",
    }  # fmt: skip
    rig.command("contacts.set", {"contacts": [line]}, by="qian")
    assert rig.http("/contacts", by="sun") == [line]
    assert "402" not in str(rig.journal("contacts.changed/1"))


def test_settings_are_adopted_by_two_persons_and_brought_back(rig):
    before = rig.http("/settings", by="qian")
    assert "试验台" in before["text"] and before["kept"] == []
    bad = before["text"].replace('id = "fm1"', 'id = "f m 1"')
    said = rig.http("/settings/check", by="qian", body={"text": bad})
    assert said["mistakes"][0]["line"] == 1 + before["text"].splitlines().index('id = "fm1"')
    assert {one["kind"] for one in said["difference"]} >= {"+", "-", "@"}
    assert refused(lambda: propose(rig, bad, before["sha256"], "qian"))[1].startswith(
        str(len(said["mistakes"]))
    )

    good = before["text"] + "\n[people]\nwatch_h = 10\n"
    propose(rig, good, before["sha256"], "qian")
    waiting = rig.http("/settings", by="wu")["proposal"]
    assert waiting["by"] == "qian" and len(waiting["meaning"]) >= 2
    assert refused(lambda: rig.command("settings.approve", {"sha256": waiting["sha256"]}, by="qian"))[1]
    rig.command("settings.approve", {"sha256": waiting["sha256"]}, by="wu")
    assert rig.processes["station"].wait(15) == 0, "the station ends, so that its supervisor starts it again"
    assert (rig.places.run / "settings.adopted").read_text() == waiting["sha256"]
    assert (rig.home / "station.toml").read_text(encoding="utf-8").endswith("watch_h = 10\n")
    rig.start("station")
    rig.wait(lambda: _settings(rig)["sha256"] == waiting["sha256"], "the new settings run", 30)
    after = _settings(rig)
    assert after["proposal"] is None
    assert [one["sha256"] for one in after["kept"]] == [before["sha256"]]

    old = rig.http("/settings/kept?number=1", by="qian")["text"]
    assert old == before["text"]
    propose(rig, old, after["sha256"], "wu")
    rig.command("settings.approve", {"sha256": before["sha256"]}, by="qian")
    assert rig.processes["station"].wait(15) == 0
    rig.start("station")
    rig.wait(lambda: _settings(rig)["sha256"] == before["sha256"], "the old settings run again", 30)
    kinds = [rig.journal(f"settings.{one}/1") for one in ("proposed", "approved", "installed")]
    assert [len(one) for one in kinds] == [2, 2, 2]
    assert "watch_h" not in str(kinds), "the text stays out of the journal"


def propose(rig, text, base, by):
    return rig.command("settings.propose", {"text": text, "base": base, "note": "试验"}, by=by)


def _settings(rig):
    try:
        return rig.http("/settings", by="qian")
    except HttpRefused:
        return {"sha256": ""}
