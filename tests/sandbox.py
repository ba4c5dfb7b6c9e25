"""Puts on a program what a unit forbids it, by the kernel's own means and without systemd: `python sandbox.py UNIT STATE PROGRAM …` (root). Files by mounts, system calls by seccomp, rights by capabilities and no_new_privs.

Only what the units of this station use is understood; a word that is not is an error, so that nothing is passed over in silence.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

HOME = "/var/lib/gengfu"
LIBC = ctypes.CDLL(None, use_errno=True)
SECCOMP = ctypes.CDLL("libseccomp.so.2", use_errno=True)
SECCOMP.seccomp_init.restype = ctypes.c_void_p
SECCOMP.seccomp_init.argtypes = [ctypes.c_uint32]
SECCOMP.seccomp_load.argtypes = [ctypes.c_void_p]
SECCOMP.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def read(path: Path) -> dict[str, list[str]]:
    """The [Service] words of a unit."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def checked(result: int, what: str) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)


def mounts(unit: dict[str, list[str]], state: Path) -> None:
    """ProtectSystem=strict below the state directory, ReadWritePaths, InaccessiblePaths."""
    checked(LIBC.unshare(CLONE_NEWNS), "unshare")
    checked(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "private")

    def bind(path: Path, flags: int) -> None:
        where = str(path).encode()
        checked(LIBC.mount(where, where, None, MS_BIND, None), f"bind {path}")
        checked(LIBC.mount(b"none", where, None, MS_BIND | MS_REMOUNT | flags, None), f"remount {path}")

    words = [path for value in unit.get("ReadWritePaths", []) for path in value.split()]
    hidden = [path.lstrip("-") for value in unit.get("InaccessiblePaths", []) for path in value.split()]
    here = [
        path for path in words if path.lstrip("-").startswith(HOME)
    ]  # elsewhere all stands open in a test
    found = [(state / Path(path.lstrip("-")).relative_to(HOME), path[0] == "-") for path in here]
    writable = [path for path, lacking in found if path.exists() or not lacking]
    if state not in writable:
        bind(state, MS_RDONLY)
        for path in writable:
            bind(path, 0)
    empty = state.parent / "nothing"
    for path in hidden:
        if not path.startswith(HOME):
            continue
        real = state / Path(path).relative_to(HOME)
        if real.exists():
            cover = empty if real.is_dir() else Path(os.devnull)
            checked(LIBC.mount(str(cover).encode(), str(real).encode(), None, MS_BIND, None), f"hide {real}")
            checked(
                LIBC.mount(b"none", str(real).encode(), None, MS_BIND | MS_REMOUNT | MS_RDONLY, None), "ro"
            )


def calls(group: str) -> set[str]:
    """The system calls of a group as systemd has it, groups inside it followed."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    )
    found: set[str] = set()
    for line in said.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= calls(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed(unit: dict[str, list[str]]) -> set[str]:
    """What SystemCallFilter comes to, its lines in order."""
    found: set[str] = set()
    for value in unit["SystemCallFilter"]:
        words = {
            one for word in value.lstrip("~").split() for one in (calls(word) if word[0] == "@" else {word})
        }
        found = found - words if value.startswith("~") else found | words
    return found


def seccomp(names: set[str], families: set[str]) -> None:
    """Every system call of this machine but `names` is refused, and sockets of other families."""
    rules = SECCOMP.seccomp_init(REFUSE)
    for name in names:
        number = SECCOMP.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and name != "socket":
            SECCOMP.seccomp_rule_add(ctypes.c_void_p(rules), ctypes.c_uint32(ALLOW), number, 0)
    number = SECCOMP.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        equal = Compare(arg=0, op=4, a=getattr(socket, family), b=0)
        SECCOMP.seccomp_rule_add(ctypes.c_void_p(rules), ctypes.c_uint32(ALLOW), number, 1, equal)
    checked(SECCOMP.seccomp_load(rules), "seccomp_load")


def main(argv: list[str]) -> None:
    unit, state, program = read(Path(argv[0])), Path(argv[1]), argv[2:]
    assert unit["ProtectSystem"] == ["strict"] and unit["CapabilityBoundingSet"] == [""]
    names, families = allowed(unit), set(unit["RestrictAddressFamilies"][0].split())
    mounts(unit, state)
    if unit.get("PrivateNetwork") == ["yes"]:
        checked(LIBC.unshare(CLONE_NEWNET), "network")
    for capability in range(41):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    checked(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    checked(LIBC.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    if os.environ.get("LISTEN_FDS"):
        os.environ["LISTEN_PID"] = str(os.getpid())
    seccomp(names, families)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
