"""The plant side of the fake station: alarms that follow a file of conditions, two transmitters and a power supply. Imports nothing of the product."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

PLANT_RIGHTS = {
    "alarm.acknowledge": "alarm",
    "alarm.shelve": "alarm",
    "alarm.unshelve": "alarm",
    "device.carrier": "carrier",
    "device.carrierconfirm": "carrier",
    "device.carrierwithdraw": "carrier",
}
WITHOUT_PIN = ("alarm.acknowledge", "alarm.unshelve", "device.carrierwithdraw")
WORST = {"critical": 0, "major": 1, "minor": 2}
PHASES = {
    "standing": ("wrong now, nobody has acknowledged it", "故障中,未确认"),
    "acknowledged": ("wrong now, acknowledged", "故障中,已确认"),
    "returned": ("right again, but nobody has acknowledged it", "已恢复,未确认"),
    "shelved": ("shelved for a while, still wrong", "已搁置,仍有故障"),
    "cleared": ("over", "已消除"),
}
CARD = {
    "id": "player.away",
    "title": {"en": "Player does not answer", "zh": "播放器无应答"},
    "means": {"en": "Listeners hear nothing.", "zh": "听众听不到声音。"},
    "do": [
        {"en": "Listen on a receiver.", "zh": "用收音机收听。"},
        {"en": "Read the player's log.", "zh": "查看播放器日志。"},
    ],
    "call": {"en": "engineer", "zh": "技术员"},
    "contacts": [
        {
            "role": {"en": "engineer", "zh": "技术员"},
            "name": {"en": "Wu Gong", "zh": "吴工"},
            "phone": "0554-400 0000",
            "on_duty": True,
        }
    ],
}


def text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


class FakePlant:
    """Mixed into the fake world, which has `places`, `write` and `refusal`."""

    def open_plant(self, places: Path | None) -> None:
        self.conditions_file = None if places is None else places / "conditions.json"
        self.alarm_number = 0
        self.standing: dict[str, dict[str, Any]] = {}
        self.over: list[dict[str, Any]] = []
        self.carriers: dict[str, dict[str, Any]] = {
            name: {"on": True, "asked": None, "phase": "", "names": [], "by": [], "at": None}
            for name in ("tx-fm1", "tx-tv1")
        }

    # -- alarms ----------------------------------------------------------------------------------

    def follow_conditions(self) -> None:
        """Raise and return alarms as the file of conditions says; no file: nothing is wrong."""
        path = self.conditions_file
        wrong = json.loads(path.read_text("utf-8")) if path is not None and path.exists() else []
        now = time.time_ns() // 1000
        for one in wrong:
            held = self.standing.get(one["key"])
            if held is None:
                self.alarm_number += 1
                self.standing[one["key"]] = self._alarm(one, now)
            elif held["phase"] == "returned":
                held.update(phase="standing", since=now, times=held["times"] + 1, returned_at=None)
        for key, held in list(self.standing.items()):
            if key not in {one["key"] for one in wrong} and held["phase"] in ("standing", "acknowledged"):
                held["returned_at"] = now
                self._phase(key, "cleared" if held["phase"] == "acknowledged" else "returned")

    def _alarm(self, one: dict[str, Any], now: int) -> dict[str, Any]:
        root = self.standing.get(one.get("because", ""))
        return {
            "number": self.alarm_number,
            "key": one["key"],
            "card": "player.away",
            "title": CARD["title"],
            "severity": one["severity"],
            "where": one["key"].split("/")[0],
            "text": one["text"],
            "phase": "standing",
            "because": root["number"] if root else 0,
            "raised_at": now,
            "since": now,
            "times": 1,
            "chattering": one.get("chattering", False),
            "acknowledged_at": None,
            "acknowledged_by": None,
            "returned_at": None,
            "cleared_at": None,
            "shelved_until": None,
            "shelved_by": None,
            "shelved_reason": "",
            "calls": one.get("calls", []),
        }

    def _phase(self, key: str, phase: str) -> None:
        held = self.standing[key]
        held["phase"] = phase
        if phase == "cleared":
            held["cleared_at"] = time.time_ns() // 1000
            self.over.insert(0, self.standing.pop(key))

    def _seen(self, one: dict[str, Any]) -> dict[str, Any]:
        return {
            **one,
            "phase_text": text(*PHASES[one["phase"]]),
            "unread": one["phase"] in ("standing", "returned"),
        }

    def _alarms(self) -> list[dict[str, Any]]:
        found = [self._seen(one) for one in self.standing.values()]
        return sorted(found, key=lambda a: (not a["unread"], WORST[a["severity"]], -a["since"]))

    def held_brief(self) -> dict[str, Any]:
        """What is held since an upgrade: what a test wrote beside the conditions."""
        nothing = {"before": "", "lines": [], "mutes": 0}
        path = self.conditions_file and self.conditions_file.with_name("held.json")
        return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else nothing

    def do_upgrade_release(self, seat: dict[str, Any], body: dict[str, Any]) -> None:
        assert body["reason"] and self.conditions_file
        self.conditions_file.with_name("held.json").unlink()

    def alarms_brief(self) -> dict[str, Any]:
        self.follow_conditions()
        found = self._alarms()
        roots = [one for one in found if one["unread"] and not one["because"]]
        roots.sort(key=lambda one: one["phase"] == "returned")
        lines = ("number", "severity", "text", "phase", "since", "level", "returned_at")
        for one in found:
            one["level"] = max((call["level"] for call in one["calls"]), default=0)
        return {
            **{name: sum(one["severity"] == name for one in roots) for name in WORST},
            "standing": sum(one["phase"] == "acknowledged" for one in found),
            "shelved": sum(one["phase"] == "shelved" for one in found),
            "following": sum(bool(one["unread"] and one["because"]) for one in found),
            "righted": {
                name: sum(one["severity"] == name and one["phase"] == "returned" for one in roots)
                for name in WORST
            },
            "first": [{name: one[name] for name in lines} for one in roots[:3]],
            "ring": any(one["severity"] == "critical" and one["phase"] == "standing" for one in roots),
        }

    def ask_alarms(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        self.follow_conditions()
        found = self._alarms()
        return {
            "at": time.time_ns() // 1000,
            "active": [one for one in found if one["phase"] != "shelved"],
            "shelved": [one for one in found if one["phase"] == "shelved"],
            "cards": [CARD] if found else [],
            "shelf_minutes": 480,
            "shelf_minutes_critical": 60,
        }

    def ask_alarm_history(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        found = sorted([*map(self._seen, self.over), *self._alarms()], key=lambda a: -a["number"])
        before, severity = args.get("before"), args.get("severity")
        found = [one for one in found if not before or one["number"] < before]
        return [one for one in found if not severity or one["severity"] == severity][: args.get("limit", 100)]

    def ask_alarm_cards(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [CARD]

    def _numbered(self, number: int) -> str:
        for key, one in self.standing.items():
            if one["number"] == number:
                return key
        raise self.refusal("missing", f"alarm {number} is over", f"告警 {number} 已消除")

    def do_alarm_acknowledge(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        for number in body["alarms"]:
            key = self._numbered(number)
            held = self.standing[key]
            held.update(acknowledged_at=time.time_ns() // 1000, acknowledged_by=seat["name"])
            self._phase(key, "cleared" if held["phase"] == "returned" else "acknowledged")
        return {}

    def do_alarm_shelve(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        key = self._numbered(body["alarm"])
        if not body["reason"]:
            raise self.refusal("refused", "shelving needs a reason", "搁置须写明原因")
        until = time.time_ns() // 1000 + body["minutes"] * 60_000_000
        self.standing[key].update(
            phase="shelved",
            shelved_until=until,
            shelved_by=seat["name"],
            shelved_reason=body["reason"],
        )
        return {}

    def do_alarm_unshelve(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.standing[self._numbered(body["alarm"])].update(phase="standing", shelved_until=None)
        return {}

    # -- transmitters ----------------------------------------------------------------------------

    def ask_transmitters(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [self._transmitter(name, seat) for name in self.carriers]

    def _transmitter(self, name: str, seat: dict[str, Any]) -> dict[str, Any]:
        tv, carrier = name == "tx-tv1", self.carriers[name]
        power = 1_002 if carrier["on"] else 0
        return {
            "head": head(name, "TV transmitter" if tv else "FM transmitter", "电视发射机" if tv else "调频发射机"),
            "channel": "" if tv else "fm1",
            "channel_name": text("", "") if tv else text("Shouxian FM", "寿县综合广播"),
            "local": tv,
            "interlock": False,
            "carrier": self._carrier(carrier, seat, local=tv),
            "values": [
                value("forward_power", "Forward power", "正向功率", power, 0, "W", (0, 1_200), [("low", "below", 900)]),
                value("reflected_power", "Reflected power", "反射功率", 61, 0, "W", (0, 100), [("high", "above", 50)]),
                value("vswr", "VSWR", "驻波比", 112, 2, "", (100, 9_999), [("high", "above", 150)]),
                value("pa_temperature", "PA temperature", "功放温度", 481, 1, "°C", (0, 1_000), [("hot", "above", 750)]),
                value("pa_voltage", "PA voltage", "功放电压", None, 1, "V", (0, 600), [], quality="never"),
                value("exciter", "Exciter", "激励器", 1, 0, "", None, [], state=text("on", "开")),
            ],
        }  # fmt: skip

    def _carrier(self, carrier: dict[str, Any], seat: dict[str, Any], *, local: bool) -> dict[str, Any]:
        asked = carrier["asked"]
        return {
            "wanted": "" if not carrier["phase"] else "on" if carrier["on"] else "off",
            "reported": "on" if carrier["on"] else "off",
            "phase": carrier["phase"],
            "order": 1,
            "by": carrier["by"],
            "names": carrier["names"],
            "at": carrier["at"],
            "until": None,
            "reason": "",
            "why": text("taken down by two persons", "双人关闭")
            if carrier["phase"]
            else text("nobody keyed it", "尚未遥控"),
            "tone": "warn",  # reflected power is over its limit
            "sentence": text("on the air, with an alarm: Reflected power", "在播,有告警:反射功率")
            if carrier["on"]
            else text("taken off the air", "已关闭载波"),
            "asked": None if asked is None else self._asked(asked, seat),
            "alone": None,
            "may_on": text("it is in local control", "处于本地控制") if local else None,
            "may_off": text("it is in local control", "处于本地控制") if local else None,
        }

    def _asked(self, asked: dict[str, Any], seat: dict[str, Any]) -> dict[str, Any]:
        own = asked["by"] == seat["operator"]
        why = text("a second person must confirm", "须由第二人确认") if own else None
        return {**asked, "may_confirm": not own, "why_not": why}

    def do_device_carrier(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        carrier, now = self.carriers[body["device"]], time.time_ns() // 1000
        if body["on"]:
            self._keyed(carrier, [seat], on=True)
        else:
            carrier["asked"] = {
                "ask": 1, "by": seat["operator"], "name": seat["name"], "reason": body["reason"],
                "at": now, "until": now + 300_000_000,
            }  # fmt: skip
            carrier["asker"] = seat
        return {}

    def do_device_carrierconfirm(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        carrier = self.carriers[body["device"]]
        if carrier["asked"] is None or carrier["asked"]["by"] == seat["operator"]:
            raise self.refusal("refused", "a second person must confirm", "须由第二人确认")
        self._keyed(carrier, [carrier["asker"], seat], on=False)
        return {}

    def do_device_carrierwithdraw(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.carriers[body["device"]]["asked"] = None
        return {}

    def _keyed(self, carrier: dict[str, Any], seats: list[dict[str, Any]], *, on: bool) -> None:
        carrier.update(
            on=on,
            asked=None,
            phase="confirmed",
            at=time.time_ns() // 1000,
            by=[seat["operator"] for seat in seats],
            names=[seat["name"] for seat in seats],
        )

    # -- power -----------------------------------------------------------------------------------

    def ask_power(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return [
            {
                "head": head("ups1", "UPS of the hill", "山上 UPS"),
                "tone": "good",
                "sentence": text("on mains", "市电供电"),
                "values": [
                    value("mains_voltage", "Mains", "市电电压", 2_284, 1, "V", (0, 3_000), [("low", "below", 1_980)]),
                    value("load", "Load", "负载", 41, 0, "%", (0, 100), [("high", "above", 90)]),
                    value("battery_charge", "Battery", "电池电量", 98, 0, "%", (0, 100), [("low", "below", 50)]),
                    value("battery_minutes", "Left on battery", "电池可供", 71, 0, "min", (0, 120), []),
                ],
            }
        ]  # fmt: skip


def head(name: str, en: str, zh: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": text(en, zh),
        "site": text("Bagong hill", "八公山"),
        "profile": "transmitter-gengfu",
        "profile_status": "invented",
        "contact": "good",
        "contact_text": text("answers", "通信正常"),
        "contact_since": None,
        "address": "127.0.0.1:502/1",
    }


def value(
    name: str, en: str, zh: str, number: int | None, decimals: int, unit: str, span: tuple[int, int] | None,
    limits: list[tuple[str, str, int]], *, quality: str = "good", state: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    now = time.time_ns() // 1000
    shown = "–" if number is None else f"{number / 10**decimals:.{decimals}f} {unit}".strip()
    over = {"above": lambda at: (number or 0) > at, "below": lambda at: number is not None and number < at}
    return {
        "id": name,
        "name": text(en, zh),
        "value": number,
        "decimals": decimals,
        "unit": unit,
        "text": state or text(shown, shown),
        "state": state is not None,
        "quality": quality,
        "quality_text": text("good", "正常") if quality == "good" else text("never read", "从未读到"),
        "why": "",
        "at": None if number is None else now - 400_000,
        "age_ms": None if number is None else 400,
        "least": span[0] if span else None,
        "most": span[1] if span else None,
        "limits": [
            {"id": one, "side": side, "value": at, "severity": "major", "crossed": over[side](at),
             "since": now - 60_000_000 if over[side](at) else None}
            for one, side, at in limits
        ],
    }  # fmt: skip
