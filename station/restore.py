"""`gengfu restore SRC --state DIR --settings DIR`: puts a backup in place on a spare machine, all of it or nothing, and says what to do next. Starts nothing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from station import sealing
from station.arguments import Parser
from station.backup import ask_passphrase, generations, read_manifest, wrong_files
from station.backup_words import MANIFEST, POOL, SEALED, Manifest, check
from station.oserrors import os_zh
from station.words import Refused


def find(source: Path) -> Path:
    """The generation meant: SRC itself, or the newest in it. Raises Refused where there is none."""
    if (source / MANIFEST).is_file():
        return source
    found = generations(source)
    if not found:
        raise Refused(f"there is no backup in {source}", f"{source} 中没有备份", code="backup")
    return found[-1]


def restore(generation: Path, state: Path, settings: Path, passphrase: str | None) -> Manifest:
    """Verify everything, then put it in place. Raises Refused before anything is written where something is wrong."""
    manifest = read_manifest(generation)
    check(manifest)
    for place in (state, settings):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise Refused(
                f"{place} is not empty: a restore overwrites nothing; choose another, or move it away",
                f"{place} 非空:恢复不会覆盖任何内容,请另选目录或先移走",
                code="state",
            )
    pool = generation.parent / POOL
    for wrong in wrong_files(generation, pool, manifest):
        raise Refused(
            f"{wrong} of this backup is missing or damaged: take an older one",
            f"该备份中的 {wrong} 缺失或损坏:请使用更早的备份",
            code="backup",
        )
    secrets = {}
    if manifest.sealed and passphrase is not None:
        secrets = sealing.unseal((generation / SEALED).read_bytes(), passphrase)
    _place(generation, pool, manifest, state, settings, secrets)
    return manifest


def _place(
    generation: Path, pool: Path, manifest: Manifest, state: Path, settings: Path, secrets: dict[str, bytes]
) -> None:
    parts = {place: place.with_name(f".{place.name}.restoring") for place in (state, settings)}
    try:
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True, mode=0o750)
        for one in manifest.files:
            first, _, rest = one.path.partition("/")
            if first in ("state", "settings"):
                _copy(generation / one.path, parts[state if first == "state" else settings] / rest)
        for one in manifest.blobs:
            _copy(pool / one.path, parts[state] / "media" / one.path)
        _secrets(parts[state], secrets)
        os.sync()
        for place, part in parts.items():
            if place.exists():
                place.rmdir()
            part.rename(place)
    except OSError as error:
        raise Refused(
            f"it could not be put in place: {error.strerror or error}",
            f"恢复失败:{os_zh(error)}",
            code="state",
        ) from None
    finally:
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if target.suffix == ".db":
        target.chmod(0o600)


def _secrets(state: Path, secrets: dict[str, bytes]) -> None:
    for name, data in secrets.items():
        target = state / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    (state / "secrets").mkdir(mode=0o700, exist_ok=True)


def next_steps(manifest: Manifest, state: Path, settings: Path, *, secrets: bool) -> str:
    """What is printed at the end: the order of things until it is on the air."""
    path = settings / manifest.settings
    words = f"--settings {path} --state {state}"
    lines = [
        f"station {manifest.station}, journal until record {manifest.position}: in place · 已恢复,日志至第 {manifest.position} 条",
        "",
    ]
    if manifest.journal != "sqlite":
        lines += [
            f"  the journal is kept at {manifest.journal}: restore it there · 日志在 {manifest.journal},请在该处恢复"
        ]
    if not secrets:
        lines += [
            f"  secrets were not restored: put the kept ones into {state}/secrets (mode 0600); new ones are not known to terminals and senders",
            f"  未恢复密钥:请将另存的密钥放入 {state}/secrets(权限 0600);新生成的密钥不被终端与来源认可",
        ]
    lines += [
        "  1. the old machine must be off the air and off the network · 确认旧机已停播并断网",
        f"  2. addresses of this machine under [networks] · 修改 [networks] 为本机地址: {path}",
        f"  3. gengfu setup {path} --state {state}",
        f"  4. gengfu doctor {words}",
        f"  5. gengfu run {path} --state {state}    (or the units · 或用系统服务: systemctl start gengfu.target)",
        "  6. in the panel: what sounds, what is muted, today's rundown · 在面板核对:播出中的预警、静音、当日节目单",
        "",
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """0: in place; 1: refused, nothing was written; 2: wrong use."""
    parser = Parser(
        prog="gengfu restore", description="put a backup in place on a spare machine · 在备用机上恢复备份"
    )
    parser.add_argument("source", type=Path, help="a backup, or the folder with backups · 备份或其所在目录")
    parser.add_argument(
        "--state", type=Path, required=True, help="state directory to be · 新状态目录(须为空)"
    )
    parser.add_argument(
        "--settings", type=Path, required=True, help="settings folder to be · 新设置目录(须为空)"
    )
    parser.add_argument(
        "--passphrase-file", type=Path, help="its first line is the passphrase · 口令文件(首行)"
    )
    parser.add_argument(
        "--without-secrets", action="store_true", help="leave the keys where they are · 不恢复密钥"
    )
    asked = parser.parse_args(argv)
    generation = find(asked.source)
    manifest = read_manifest(generation)
    wanted = manifest.sealed and not asked.without_secrets
    secret = ask_passphrase(asked.passphrase_file, twice=False) if wanted else None
    state, settings = asked.state.resolve(), asked.settings.resolve()
    restore(generation, state, settings, secret)
    sys.stdout.write(next_steps(manifest, state, settings, secrets=wanted))
    return 0
