"""Who may send alerts to the ingest port: sections of the settings with their tokens and keys, loaded once. Knows no HTTP."""

from __future__ import annotations

import hmac
from pathlib import Path

import attrs

from emergency import sm2
from emergency.cap_signature import PinnedKey, load_key
from emergency.messages import Source
from emergency.sm2 import Verifier
from station.oserrors import os_zh
from station.settings import SourceSection
from station.words import Refused


@attrs.frozen(kw_only=True)
class KnownSource:
    """One source with its secrets. The token is never shown."""

    section: SourceSection
    token: bytes = attrs.field(repr=False)
    verifiers: tuple[Verifier, ...] = ()  # SM2, for EBD
    keys: tuple[PinnedKey, ...] = ()  # for CAP

    def origin(self, *, verified: bool, signature: str, ebd_id: str = "", ebm_id: str = "") -> Source:
        """The words for a message of this source; only what is verified is pre-authorised."""
        return Source(
            kind=self.section.kind,
            id=self.section.id,
            authority=self.section.authority,
            verified=verified,
            preauthorised=verified and self.section.preauthorised,
            signature=signature,
            ebd_id=ebd_id,
            ebm_id=ebm_id,
        )

    def may_send_as(self, sender: str) -> bool:
        """Whether the settings let this source use a sender's name (any, where none is listed)."""
        return not self.section.senders or sender in self.section.senders


@attrs.frozen
class Sources:
    """All sources of a station."""

    known: tuple[KnownSource, ...] = ()

    def by_token(self, token: bytes) -> KnownSource | None:
        """The source a bearer token belongs to; takes as long whether or not there is one."""
        found = None
        for source in self.known:
            if hmac.compare_digest(source.token, token):
                found = source
        return found


def load(sections: list[SourceSection], secrets: Path) -> Sources:
    """Read tokens and keys from the secrets directory. Raises Refused with one sentence for the first that is wrong."""
    return Sources(tuple(_load(section, secrets) for section in sections))


def _load(section: SourceSection, secrets: Path) -> KnownSource:
    files = [secrets / name for name in section.certificates]
    if section.kind == "ebd":
        verifiers = tuple(sm2.verifier(sm2.load_public(file)) for file in files)
        return KnownSource(section=section, token=_token(secrets / section.token_file), verifiers=verifiers)
    keys = tuple(load_key(file) for file in files)
    return KnownSource(section=section, token=_token(secrets / section.token_file), keys=keys)


def _token(path: Path) -> bytes:
    try:
        token = path.read_bytes().strip()
    except OSError as error:
        raise Refused(
            f"token file {path} cannot be read: {error.strerror}",
            f"无法读取令牌文件 {path}:{os_zh(error)}",
            code="token",
        ) from None
    if len(token) < 16:
        raise Refused(
            f"the token in {path} is shorter than 16 characters",
            f"{path} 中的令牌少于 16 个字符",
            code="token",
        )
    return token
