"""Commands and events about adopting settings: proposed by one, approved by another, written, kept. The text itself never enters the journal; decides nothing."""

from __future__ import annotations

from station.words import Command, Event, Instant, Sha256, command, event


@command("settings.propose", right="configure")
class ProposeSettings(Command):
    """Propose other settings. `base` is the SHA-256 of the running ones the text was made from; a secret shown as ●●● stays what it is."""

    text: str
    base: Sha256
    note: str = ""


@command("settings.approve", right="configure")
class ApproveSettings(Command):
    """A second person approves exactly this proposal: it is written, and the station starts again with it."""

    sha256: Sha256


@command("settings.withdraw", right="configure", proof=False)
class WithdrawSettings(Command):
    """Take a proposal back, or turn it down; says why."""

    sha256: Sha256
    reason: str


@command("settings.installed", right="system", proof=False)
class RecordInstalled(Command):
    """The approved settings are written; the old ones are kept."""

    sha256: Sha256


@command("settings.notinstalled", right="system", proof=False)
class RecordNotInstalled(Command):
    """The approved settings could not be written, and why; the running ones stand."""

    sha256: Sha256
    why: str


@command("settings.rolledback", right="system", proof=False)
class RecordRolledBack(Command):
    """Adopted settings kept the station from starting; the ones before are back. `token` is of this roll-back alone."""

    token: str
    sha256: Sha256
    before: Sha256
    starts: int
    en: str = ""  # what the last start said
    zh: str = ""


@event("settings.proposed/1")
class SettingsProposed(Event):
    """Other settings wait for a second person."""

    sha256: Sha256
    base: Sha256
    by: str
    at: Instant
    note: str


@event("settings.approved/1")
class SettingsApproved(Event):
    """A second person approved them."""

    sha256: Sha256
    by: str


@event("settings.withdrawn/1")
class SettingsWithdrawn(Event):
    """A proposal is off the table."""

    sha256: Sha256
    by: str
    reason: str


@event("settings.installed/1")
class SettingsInstalled(Event):
    """They are written, and hold from the next start on."""

    sha256: Sha256
    before: Sha256


@event("settings.failed/1")
class SettingsNotInstalled(Event):
    """They could not be written; what ran runs on."""

    sha256: Sha256
    why: str


@event("settings.rolledback/1")
class SettingsRolledBack(Event):
    """So many starts with them did not hold, and the ones before were put back by themselves."""

    token: str
    sha256: Sha256
    before: Sha256
    starts: int
    en: str
    zh: str
    at: Instant
