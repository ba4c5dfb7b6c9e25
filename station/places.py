"""Where the files of one station live, below its state directory. Knows names; opens nothing."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class Places:
    """Where the files of one station live, below its state directory."""

    state: Path

    @property
    def run(self) -> Path:
        """Sockets and pid files."""
        return self.state / "run"

    @property
    def control(self) -> Path:
        """The station's control socket."""
        return self.run / "station.sock"

    def chain_socket(self, chain: str) -> Path:
        """The control socket of a player."""
        return self.run / f"player-{chain}.sock"

    @property
    def anchor(self) -> Path:
        """The anchor file of this host."""
        return self.run / "anchor.json"

    @property
    def journal(self) -> Path:
        """The SQLite journal."""
        return self.state / "journal.db"

    @property
    def media(self) -> Path:
        """Blobs in house format: <first two hex digits>/<sha256>.flac."""
        return self.state / "media"

    def medium(self, sha256: str) -> Path:
        """Where the house file of a medium lies: with pictures as `.mkv`, else as `.flac`."""
        film = self.media / sha256[:2] / f"{sha256}.mkv"
        return film if film.exists() else film.with_suffix(".flac")

    @property
    def chains(self) -> Path:
        """What players persist: <chain>/<channel>.plan.json, overlays, as-run."""
        return self.state / "chains"

    @property
    def witness(self) -> Path:
        """What witnesses persist."""
        return self.state / "witness"

    @property
    def hls(self) -> Path:
        """<channel>/index.m3u8"""
        return self.state / "hls"

    @property
    def aircheck(self) -> Path:
        """<channel>/index.jsonl and recorded files."""
        return self.state / "aircheck"

    @property
    def secrets(self) -> Path:
        """Keys and tokens, mode 0700."""
        return self.state / "secrets"

    @property
    def logs(self) -> Path:
        """Structured logs, one file a process."""
        return self.state / "logs"
