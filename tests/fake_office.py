"""The office side of the fake station: duty book, accounts, settings, over a small world of its own. Imports nothing of the product."""

from __future__ import annotations

import difflib
import hashlib
import time
from typing import Any

from made_day import CLOCK

POSTS = {
    "leader": ("带班领导", "leader on duty", ("approver", "reviewer", "dispatcher")),
    "dispatcher": ("值班调度", "dispatcher on duty", ("dispatcher",)),
    "operator": ("值机员", "operator on duty", ("dispatcher", "editor")),
    "engineer": ("技术值班", "engineer on duty", ("engineer",)),
}
OFFICE_RIGHTS = {
    "duty.take": "duty",
    "duty.handover": "duty",
    "duty.note": "duty",
    "duty.roster": "roster",
    "people.add": "admin",
    "people.change": "admin",
    "people.reset": "admin",
    "people.endseat": "admin",
    "people.own": "view",
    "contacts.set": "roster",
    "settings.propose": "configure",
    "settings.approve": "configure",
    "settings.withdraw": "configure",
}
ROLES = {
    "viewer": {"en": "viewer", "zh": "观察员"},
    "operator": {"en": "operator", "zh": "值机员"},
    "editor": {"en": "editor", "zh": "编辑"},
    "reviewer": {"en": "reviewer", "zh": "审核员"},
    "approver": {"en": "approver", "zh": "签发人"},
    "dispatcher": {"en": "dispatcher", "zh": "调度员"},
    "engineer": {"en": "engineer", "zh": "技术员"},
    "auditor": {"en": "auditor", "zh": "审计员"},
    "admin": {"en": "administrator", "zh": "管理员"},
}
DAY_US = 86_400_000_000
TZ_US = 8 * 3_600_000_000


def text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


class FakeOffice:
    """Mixed into the fake world, which has `alerts`, `journal`, `people`, `write`, `refuse`."""

    def open_office(self, people: dict[str, Any], refusal: type[Exception]) -> None:
        self.refusal, self.people = refusal, people
        self.held: dict[str, dict[str, Any]] = {
            "engineer": {"who": "wu", "since": self.clock(), "offer": None}
        }
        self.unread: list[dict[str, str]] = []
        self.roster: list[dict[str, Any]] = []
        self.open_accounts()
        self.open_settings()
        self.notes: list[dict[str, Any]] = []
        day = time.strftime("%Y-%m-%d", time.gmtime((self.clock() + TZ_US) // 10**6))
        self.do_duty_roster({}, {"csv": f"day,shift,start,end\n{day},白班,08:00,20:00,zhao,chen,,wu\n"})

    @staticmethod
    def clock() -> int:
        return time.time_ns() // 1000

    def ref(self, who: str) -> dict[str, Any]:
        zh, en, _roles = self.people.get(who, (who, who, []))
        return {"operator": who, "name": text(en, zh)}

    # -- duty -----------------------------------------------------------------------------------

    def matters(self) -> list[dict[str, Any]]:
        return [
            {
                "alert": one["id"],
                "headline": one["headline"],
                "level": one["level"],
                "kind": one["kind"],
                "phase": one["phase_text"],
            }
            for one in self.alerts.values()
            if one["ended_at"] is None
        ]

    def ask_duty(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        made = []
        for post, (zh, en, roles) in POSTS.items():
            held = self.held.get(post)
            offer = held["offer"] if held else None
            made.append(
                {
                    "post": post,
                    "name": text(en, zh),
                    "person": self.ref(held["who"]) if held else None,
                    "since": held["since"] if held else None,
                    "offer": {"person": self.ref(offer["who"]), "at": offer["at"], "seen": offer["seen"]}
                    if offer
                    else None,
                    "rostered": [one for shift in self.roster for one in shift["posts"][post]],
                    "mine": bool(held) and held["who"] == seat["operator"],
                    "may_take": bool(set(seat["roles"]) & set(roles)),
                }
            )
        return {
            "at": self.clock(),
            "posts": made,
            "matters": self.matters(),
            "unread": self.unread,
            "shifts": self.roster,
            "roster_csv": "day,shift,start,end,leader,dispatcher,operator,engineer\n",
        }

    def _named(self, seen: list[str]) -> None:
        missing = [one["headline"] for one in self.matters() if one["alert"] not in seen]
        if missing:
            said = "; ".join(missing)
            raise self.refusal("open", f"acknowledge each by name: {said}", f"请逐条确认:{said}")

    def do_duty_take(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self._named(body["seen"])
        who, held = seat["operator"], self.held.get(body["post"])
        if held is None or body.get("absent"):
            self.held[body["post"]] = {"who": who, "since": self.clock(), "offer": None}
            self.write("duty.taken/1", who, body, f"{who} took the post", f"{who} 接班")
        else:
            held["offer"] = {"who": who, "at": self.clock(), "seen": body["seen"]}
        return {}

    def do_duty_handover(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        held = self.held[body["post"]]
        if self.unread:
            raise self.refusal("unread", "alarms are not acknowledged", "不能交班:有告警未确认")
        if body.get("unattended"):
            del self.held[body["post"]]
            return {}
        if held["offer"] is None:
            raise self.refusal("nobody", "nobody has come to take over", "还没有人接班")
        self._named(held["offer"]["seen"])
        self.held[body["post"]] = {"who": held["offer"]["who"], "since": self.clock(), "offer": None}
        self.write("duty.taken/1", held["offer"]["who"], body, "took over", "接班")
        return {}

    def do_duty_note(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.write("duty.noted/1", seat["operator"], body, body["text"], body["text"])
        return {}

    def do_duty_roster(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        made = []
        for line in body["csv"].strip().splitlines()[1:]:
            cells = [*line.split(","), "", "", "", ""][:8]
            begin = self.local(cells[0], cells[2])
            end = self.local(cells[0], cells[3])
            made.append(
                {
                    "day": cells[0],
                    "name": cells[1],
                    "start": begin,
                    "end": end if end > begin else end + DAY_US,
                    "posts": {
                        post: [self.ref(who) for who in cell.split("+") if who]
                        for post, cell in zip(POSTS, cells[4:], strict=True)
                    },
                }
            )
        if not made:
            raise self.refusal("refused", "the roster names no shift", "值班表没有任何班次")
        self.roster = made
        return {}

    @staticmethod
    def local(day: str, at: str) -> int:
        moment = time.strptime(f"{day} {at} UTC", "%Y-%m-%d %H:%M %Z")
        return (int(time.mktime(moment)) - time.timezone) * 1_000_000 - TZ_US

    def ask_duty_day(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        day = args.get("day") or self.day_of(self.clock())
        start = self.local(day, CLOCK)
        rows = [
            one
            for one in self.journal
            if start <= one["at"] < start + DAY_US and one["kind"].startswith(("duty.", "alert."))
        ]
        return {
            "day": day,
            "start": start,
            "end": start + DAY_US,
            "entries": [
                {
                    "position": one["position"],
                    "at": one["at"],
                    "by": self.ref(one["by"]),
                    "kind": one["kind"],
                    "text": one["sentence"],
                    "note": one["body"].get("note", ""),
                    "corrects": one["body"].get("corrects", ""),
                }
                for one in rows
            ],
            "counts": {
                "aired": sum(one["kind"].startswith("alert.aired") for one in rows),
                "mutes": sum(one["kind"].startswith("alert.muted") for one in rows),
                "incidents": 0,
                "alarms": 0,
                "notes": sum(one["kind"].startswith("duty.noted") for one in rows),
            },
            "complete": True,
        }

    # -- accounts -------------------------------------------------------------------------------

    def open_accounts(self) -> None:
        self.accounts = {
            who: {
                "operator": who,
                "name": text(en, zh),
                "roles": roles,
                "areas": [],
                "area_names": [],
                "department": "",
                "events": [],
                "active": True,
                "temporary": [],
            }
            for who, (zh, en, roles) in self.people.items()
        }
        self.telephones = [
            {
                "role": "engineer",
                "name_zh": "吴工",
                "name_en": "Wu Gong",
                "phone": "0554-4022222",
                "operator": "wu",
                "note": "",
            }
        ]

    def ask_users(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        rows = [
            {
                "seat": token[:16],
                "operator": one["operator"],
                "since": self.clock() - 60_000_000,
                "until": one["until"],
                "acting_until": one["pin_until"],
            }
            for token, one in self.sessions.items()
            if one.get("operator") in self.people and "until" in one
        ]
        return {"accounts": list(self.accounts.values()), "seats": rows, "roles": ROLES}

    def ask_contacts(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return self.telephones

    def do_contacts_set(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.telephones = body["contacts"]
        return {}

    def do_people_add(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if body["operator"] in self.accounts:
            raise self.refusal("refused", f"there is already an operator {body['operator']}", "操作员已存在")
        made = {key: body[key] for key in ("operator", "roles", "areas", "department", "events")}
        made |= {"name": text(body["name_en"], body["name_zh"]), "active": True}
        made |= {"area_names": body["areas"], "temporary": ["password", "pin"]}
        self.accounts[body["operator"]] = made
        return {"secret": {"password": "1a2b-3c4d-5e6f-7a8b", "pin": "483920"}}

    def do_people_change(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        account = self.accounts[body["operator"]]
        if body.get("active") is False and account["roles"] == ["admin"]:
            raise self.refusal("last", "he is the last administrator", "最后一名管理员不能停用")
        account |= {key: value for key, value in body.items() if value is not None}
        account["area_names"] = account["areas"]
        return {}

    def do_people_reset(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        return {"secret": {body["which"]: "9f8e-7d6c-5b4a-3f2e"}}

    def do_people_endseat(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        for token in [one for one in self.sessions if one.startswith(body["seat"])]:
            del self.sessions[token]
        return {}

    def do_people_own(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if body["old"] == body["new"]:
            raise self.refusal("refused", "the new one is the old one", "新旧相同,请另选")
        return {}

    # -- settings -------------------------------------------------------------------------------

    def open_settings(self) -> None:
        self.settings_text = '[station]\nid = "shouxian"\nname_en = "Shouxian"\n\n[people]\nwatch_h = 14\n'
        self.kept_texts: list[str] = []
        self.proposal: dict[str, Any] | None = None

    @staticmethod
    def sha256(words: str) -> str:
        return hashlib.sha256(words.encode()).hexdigest()

    def difference(self, words: str) -> list[dict[str, str]]:
        lines = list(difflib.unified_diff(self.settings_text.splitlines(), words.splitlines(), lineterm=""))[
            2:
        ]
        return [{"kind": one[:1], "text": one if one.startswith("@@") else one[1:]} for one in lines]

    def ask_settings(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        held = self.proposal
        return {
            "at": self.clock(),
            "file": "station.toml",
            "sha256": self.sha256(self.settings_text),
            "text": self.settings_text,
            "kept": [
                {"number": k, "sha256": self.sha256(one), "at": self.clock()}
                for k, one in enumerate(self.kept_texts, 1)
            ],
            "proposal": held and {**held, "mine": held["by"] == seat["operator"]},
        }

    def ask_settings_kept(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        return {"text": self.kept_texts[args["number"] - 1] if self.kept_texts else ""}

    def ask_settings_check(self, seat: dict[str, Any], args: dict[str, Any]) -> Any:
        words = args["text"]
        wrong = [
            {
                "path": "people.watch_h",
                "line": number,
                "text": text("station.toml: people.watch_h must be from 1 to 24", "watch_h 须为 1 至 24"),
            }
            for number, line in enumerate(words.splitlines(), 1)
            if line == "watch_h = 99"
        ]
        return {
            "sha256": self.sha256(words),
            "mistakes": wrong,
            "difference": self.difference(words),
            "meaning": []
            if wrong
            else [text("The station starts again; players go on", "台站重启,播放器不停")],
        }

    def do_settings_propose(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.proposal = {
            "sha256": self.sha256(body["text"]),
            "by": seat["operator"],
            "name": seat["name"],
            "at": self.clock(),
            "note": body["note"],
            "approved_by": "",
            "text": body["text"],
            "difference": self.difference(body["text"]),
            "meaning": [text("The station starts again; players go on", "台站重启,播放器不停")],
        }
        return {}

    def do_settings_approve(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        held = self.proposal
        if held is None or held["by"] == seat["operator"]:
            raise self.refusal("author", "ask a colleague", "请同事批准")
        self.kept_texts.insert(0, self.settings_text)
        self.settings_text, self.proposal = held["text"], None
        return {}

    def do_settings_withdraw(self, seat: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self.proposal = None
        return {}
