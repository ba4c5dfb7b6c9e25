"""Answers about settings, looks at a proposal before the desk is asked, and follows an approval: writes the file, then has the station start again. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from station import adopting, settings_trial
from station.settings_keeper import MistakeLine, SettingsKeeper
from station.settings_orders import ProposeSettings, RecordInstalled, RecordNotInstalled, RecordRolledBack
from station.settings_text import DiffLine, difference, masked, meaning
from station.settings_views import ProposalView, SettingsCheck, SettingsView
from station.words import Command, Instant, Operator, Refused, Sha256, Text
from station.world import World

InThread = Callable[..., Deferred[Any]]
RIGHT = "configure"
TOLD = 8  # mistakes told in one refusal
PAUSE = 0.4  # s between the record and the end, in which answers still go out


class SettingsDesk:
    """Queries `settings`, `settings_check`, `settings_kept`; `prepare` for ProposeSettings; `follow` after durable state."""

    log = Logger()

    def __init__(
        self,
        world: World,
        keeper: SettingsKeeper | None,
        *,
        in_thread: InThread,
        tell: Callable[[Command], Deferred[Any]],
        restart: Callable[[float, Sha256], None],
    ) -> None:
        self._world, self._keeper_or_none = world, keeper
        self._in_thread, self._tell, self._restart = in_thread, tell, restart
        self._busy = False

    @property
    def _keeper(self) -> SettingsKeeper:
        if self._keeper_or_none is None:
            raise Refused("this station runs without a settings file", "本台未使用设置文件", code="missing")
        return self._keeper_or_none

    @property
    def _state(self) -> adopting.State:
        state: adopting.State = self._world.desk.states["settings"]
        return state

    # -- queries --------------------------------------------------------------------------------

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"settings": self.settings, "settings_check": self.check, "settings_kept": self.kept}

    def settings(self, args: dict[str, Any], by: Operator) -> Deferred[SettingsView]:
        """The running settings as text, what waits, and what was kept."""
        self._may(by)
        return self._in_thread(self._settings, self._state, self._world.now(), by)

    def _settings(self, state: adopting.State, now: Instant, by: Operator) -> SettingsView:
        keeper = self._keeper
        return SettingsView(
            at=now,
            file=keeper.path.name,
            sha256=state.running,
            text=keeper.shown(),
            kept=keeper.kept(),
            proposal=self._proposal(state.proposal, by) if state.proposal is not None else None,
            rolled_back=adopting.rolled_back_text(state.rolled_back) if state.rolled_back else None,
        )

    def _proposal(self, held: adopting.Proposal, by: Operator) -> ProposalView:
        keeper = self._keeper
        text = keeper.held(held.sha256)
        return ProposalView(
            sha256=held.sha256,
            by=held.by,
            name=self._world.person(held.by),
            at=held.at,
            note=held.note,
            approved_by=held.approved_by,
            mine=held.by == by.id,
            text=masked(text),
            difference=self._difference(text),
            meaning=self._meaning(text),
        )

    def check(self, args: dict[str, Any], by: Operator) -> Deferred[SettingsCheck]:
        """What a text comes to: every mistake with its line, what differs, what adopting it means."""
        self._may(by)
        text = str(args.get("text", ""))
        if len(text) > adopting.TEXT_AT_MOST:
            raise Refused("The settings are too long.", "设置过长。")
        return self._in_thread(self._check, text)

    def _check(self, text: str) -> SettingsCheck:
        whole = self._keeper.whole(text)
        mistakes = self._keeper.mistakes(whole)
        return SettingsCheck(
            sha256=adopting.sha256_of(whole),
            mistakes=mistakes,
            difference=self._difference(whole),
            meaning=[] if mistakes else self._meaning(whole),
        )

    def kept(self, args: dict[str, Any], by: Operator) -> dict[str, str]:
        """A version that was put aside, as text."""
        self._may(by)
        return {"text": self._keeper.kept_text(int(args.get("number", 0)))}

    def _difference(self, text: str) -> list[DiffLine]:
        return difference(self._keeper.shown(), masked(text))

    def _meaning(self, text: str) -> list[Text]:
        return meaning(self._world.settings, self._keeper.settings(text))

    def _may(self, by: Operator) -> None:
        if not self._world.people.may(by, RIGHT):
            raise Refused(
                "Settings are for engineers and administrators.",
                "设置仅限技术员与管理员查看。",
                code="forbidden",
            )

    # -- before the desk ------------------------------------------------------------------------

    def prepare(self, wish: ProposeSettings, by: Operator) -> Deferred[ProposeSettings]:
        """The proposal with its whole text, checked and held; fails with Refused that names every mistake."""
        if len(wish.text) > adopting.TEXT_AT_MOST:
            raise Refused("The settings are too long.", "设置过长。")
        return self._in_thread(self._prepare, wish)

    def _prepare(self, wish: ProposeSettings) -> ProposeSettings:
        whole = self._keeper.whole(wish.text)
        mistakes = self._keeper.mistakes(whole)
        if mistakes:
            raise _wrong(mistakes)
        self._keeper.hold(whole)
        return ProposeSettings(text=whole, base=wish.base, note=wish.note)

    # -- a start ------------------------------------------------------------------------------------

    def started(self) -> None:
        """A controller runs: put into the journal what its start put back; later, what was adopted has held."""
        if self._keeper_or_none is None:
            return
        path = self._keeper.path
        found = settings_trial.untold(path)
        if found is not None:
            wish = RecordRolledBack(
                token=found.token, sha256=found.sha256, before=found.before, starts=found.starts,
                en=found.why.en, zh=found.why.zh,
            )  # fmt: skip
            self._tell(wish).addCallback(lambda _: settings_trial.told(path))

    def held(self) -> None:
        """It has run for long enough: the settings it runs with are on trial no more."""
        if self._keeper_or_none is not None:
            settings_trial.held(self._keeper.path)

    # -- after it -------------------------------------------------------------------------------

    def follow(self) -> None:
        """Write what is approved and not yet written; once it is on record, start again."""
        sha256 = adopting.wanted(self._state)
        if sha256 is None or self._busy or self._keeper_or_none is None:
            return
        self._busy = True
        done = self._in_thread(self._install, sha256)
        done.addCallbacks(lambda _: self._written(sha256), self._not_written, errbackArgs=(sha256,))
        done.addErrback(lambda failure: self.log.failure("settings were not adopted", failure))

    def _install(self, sha256: Sha256) -> None:
        settings_trial.open_trial(self._keeper.path, sha256)
        self._keeper.install(sha256)

    def _written(self, sha256: Sha256) -> Deferred[Any]:
        told = self._tell(RecordInstalled(sha256=sha256))
        return told.addCallback(lambda _: self._restart(PAUSE, sha256))

    def _not_written(self, failure: Any, sha256: Sha256) -> Deferred[Any]:
        failure.trap(OSError, Refused)
        self.log.error("the settings could not be written: {why}", why=failure.getErrorMessage())
        told = self._tell(RecordNotInstalled(sha256=sha256, why=failure.getErrorMessage()))
        return told.addCallback(self._free)

    def _free(self, _: Any) -> None:
        self._busy = False


def _wrong(mistakes: list[MistakeLine]) -> Refused:
    en = " ".join(f"(line {m.line}) {m.text.en}" for m in mistakes[:TOLD])
    zh = " ".join(f"(第 {m.line} 行){m.text.zh}" for m in mistakes[:TOLD])
    return Refused(f"{len(mistakes)} mistakes: {en}", f"有 {len(mistakes)} 处错误:{zh}", code="settings")
