"""A scratch copy of the sources in which one file at a time is changed and tests are run; the working tree is never touched."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("station", "schedules", "playout", "emergency", "devices", "safety", "web")
PARTS = (
    *PACKAGES, "tests", "examples", "docs", "bench", "systemd", "pyproject.toml", "logs-allowed.txt",
)  # fmt: skip


CPU_S, WALL_S = (
    120,
    900,
)  # a mutant may spin or wait for ever; the wall is far, for this may be all that idles on a busy machine
_RUN = (
    f"import resource, sys, pytest; resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S + 5}));"
    " sys.exit(pytest.main(sys.argv[1:]))"
)


def _compiled(path: Path, copy: Path) -> None:
    """Have the copy of a source compiled, once for all runs; what is changed later is told by its hash, for two changes
    may fall into one second. What is compiled already is taken from there (the form of a file: PEP 552)."""
    stat, held = path.stat(), Path(importlib.util.cache_from_source(str(path)))
    fresh = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(stat.st_mtime), stat.st_size)
    code = held.read_bytes() if held.exists() else b""
    if not code.startswith(fresh):
        py_compile.compile(
            str(copy), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
        )
        return
    target = Path(importlib.util.cache_from_source(str(copy)))
    target.parent.mkdir(exist_ok=True)
    known = struct.pack("<I", 0b11) + importlib.util.source_hash(copy.read_bytes())
    target.write_bytes(importlib.util.MAGIC_NUMBER + known + code[len(fresh) :])


class Scratch:
    """`with Scratch() as scratch: scratch.broken(file, text, tests)` tells whether the tests notice."""

    def __init__(self, of: Path = ROOT) -> None:
        self._of, self._home = of, Path(tempfile.mkdtemp(prefix="gengfu-scratch-"))

    def __enter__(self) -> Scratch:
        if self._of == ROOT:
            self._copy(shutil.ignore_patterns("__pycache__", "media", "state", "vendor", "node_modules"))
            for part in PACKAGES:
                for path in (ROOT / part).rglob("*.py"):
                    _compiled(path, self._home / path.relative_to(ROOT))
        else:
            self._copy(None)
        return self

    def _copy(self, ignore: Callable[[str, list[str]], set[str]] | None) -> None:
        for part in PARTS:
            source = self._of / part
            if source.is_dir():
                shutil.copytree(source, self._home / part, ignore=ignore)
            elif source.exists():
                shutil.copy(source, self._home / part)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._home, ignore_errors=True)

    @classmethod
    @contextmanager
    def several(cls, count: int) -> Iterator[list[Scratch]]:
        """So many scratch copies, compiled once."""
        with ExitStack() as stack:
            first = stack.enter_context(cls())
            yield [first, *(stack.enter_context(cls(first.home)) for _ in range(count - 1))]

    def notices(self, file: str, text: str, tests: list[str]) -> bool:
        """Whether `tests` fail (or hang) once `file` holds `text`; the file is put back afterwards."""
        with self.planted(file, text):
            return not self.passes(tests)

    @property
    def home(self) -> Path:
        """Where the copy lies."""
        return self._home

    @contextmanager
    def planted(self, file: str, text: str) -> Iterator[None]:
        """While it lasts `file` holds `text`."""
        target = self._home / file
        before = target.read_text(encoding="utf-8")
        target.write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            target.write_text(before, encoding="utf-8")

    def passes(self, tests: list[str]) -> bool:
        """Whether `tests` pass on the scratch copy as it is."""
        env = {
            **os.environ,
            "PYTHONPATH": str(self._home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_PROFILE": "mutants",
        }
        command = [
            sys.executable, "-c", _RUN, "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests,
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=self._home, env=env, capture_output=True, timeout=WALL_S, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        if done.returncode not in (0, 1, 2, -signal.SIGXCPU, -signal.SIGKILL):
            raise RuntimeError(f"pytest could not run {tests}: {done.stdout[-400:]!r} {done.stderr[-400:]!r}")
        return done.returncode == 0
