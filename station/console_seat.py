"""The console between keys and station: what a key begins, what an answer goes on with, what is asked again when the station was away. Knows no terminal; time is given in seconds."""

from __future__ import annotations

import uuid
from typing import Final

import attrs

from station.console_asked import Desk, Setting, Talk
from station.console_screen import Shown
from station.console_talks import TALKS, stop_body
from station.words import Refused, Text

LOOK_EVERY: Final = 1.0  # s between two looks at the station
STOP_FOR: Final = 60.0  # s that a STOP which did not arrive is sent again
KEYS: Final = {
    "m": "mute",
    "l": "lift",
    "w": "withdraw",
    "d": "dump",
    "n": "operate",
    "t": "template",
    "g": "sign",
    "r": "release",
}
STOP_KEYS: Final = ("S", "F8")
NOT_STOPPED: Final = Text(
    f"STOP did NOT arrive within {STOP_FOR:.0f} s and is not sent again: press it again, or switch the amplifiers off",
    f"全部静音 {STOP_FOR:.0f} 秒内未送达,不再重发:请再按一次,或现场关闭功放",
)


@attrs.define
class Console:
    """One person's console. `press` a key while nothing is asked, `answer` what is; `look` again and again."""

    desk: Desk
    shown: Shown
    authority: str = "county"
    done: bool = False
    zone: str = ""  # of the station, once it told
    _talk: Talk | None = None
    _stop: dict[str, object] | None = None
    _request: str = ""
    _stop_until: float = 0.0
    _next: float = 0.0

    def look(self, now: float) -> None:
        """Ask how things are, at most once a second; send a STOP again that did not arrive."""
        if self._stop is not None:
            self._send_stop(now)
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        try:
            self.shown.overview = self.desk.query("overview")
            self.zone = self.zone or self.desk.query("wall")["timezone"]
            self.shown.away = None
        except Refused as refused:
            self.shown.away = refused

    def press(self, key: str, now: float) -> None:
        """A key while nothing is asked; STOP is obeyed always."""
        if key in STOP_KEYS:
            self.stop(now)
        elif key in ("q", "Q"):
            self.done = True
        elif key in ("e", "E"):
            self.shown.zh = not self.shown.zh
        elif key.lower() in KEYS:
            self.begin(KEYS[key.lower()])

    def begin(self, talk: str) -> None:
        """Begin to ask."""
        _, opened = TALKS[talk]
        self._talk = opened(Setting(desk=self.desk, zh=self.shown.zh, authority=self.authority))
        self._go_on(None)

    def answer(self, said: str) -> None:
        """What was typed to the question."""
        self.shown.typed = ""
        self._go_on(said)

    def give_up(self) -> None:
        """End the talk; nothing of it is done."""
        if self._talk is not None:
            self._talk.close()
            self._over(Text("given up; nothing was done", "已放弃,未执行任何操作"))

    def stop(self, now: float) -> None:
        """Mute everything: asks for nothing; one that is on its way is not begun anew."""
        if self._stop is None:
            self._stop, self._request = stop_body(str(uuid.uuid4())), str(uuid.uuid4())
            self._stop_until = now + STOP_FOR
        self._send_stop(now)

    def _send_stop(self, now: float) -> None:
        assert self._stop is not None
        try:
            self.desk.command("alert.mute", dict(self._stop), self._request)
        except Refused as refused:
            if refused.code in ("unavailable", "unknown") and now < self._stop_until:
                self.shown.stopping = True
                return
            self._stopped(refused.text)
            if refused.code in ("unavailable", "unknown"):
                self._note(NOT_STOPPED)
        else:
            self._stopped(Text("MUTED: all our loudspeakers", "已静音:本台所有喇叭"))

    def _stopped(self, said: Text) -> None:
        self._stop, self.shown.stopping = None, False
        self._note(said)

    def _go_on(self, said: str | None) -> None:
        if self._talk is None:
            return
        try:
            asked = next(self._talk) if said is None else self._talk.send(said)
        except StopIteration as ended:
            self._over(ended.value)
        except Refused as refused:
            self._over(refused.text)
        else:
            self.shown.question, self.shown.above = asked.text, asked.lines
            self.shown.secret = asked.secret

    def _over(self, said: Text) -> None:
        self._talk = None
        self.shown.question, self.shown.above, self.shown.typed, self.shown.secret = None, (), "", False
        self._next = 0.0
        self._note(said)

    def _note(self, said: Text) -> None:
        self.shown.log.append(self.shown.word(said))
