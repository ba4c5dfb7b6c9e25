"""The documents are true: what they name exists, links lead somewhere, every command is told, the generated page is the registry's."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emergency.policy import ROWS
from playout.rtp import PAYLOAD_TYPE
from station.cli import SUBCOMMANDS
from station.settings import Ports
from station.settings_file import load

ROOT = Path(__file__).parent.parent
PACKAGES = ("station", "schedules", "playout", "emergency", "devices", "safety", "web")
READMES = ("README.md", "README.zh.md")
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    if path.is_file()
)
NAMING = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md") if path.name != "commands.md"),
]
NAMING += [f"docs/adr/{path.name}" for path in sorted(ROOT.glob("docs/adr/*.md"))]
ENDINGS = (".toml", ".db", ".sock")
TICKED = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_][A-Za-z0-9_]*)+\Z")
FILE = re.compile(r"[a-z_]+/[A-Za-z0-9_/.-]*\Z")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def names(page: str) -> set[str]:
    text = (ROOT / page).read_text("utf-8")
    unfenced = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    fenced = " ".join(re.findall(r"```mermaid(.*?)```", text, re.DOTALL))
    inside = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)+", fenced))
    return {word.partition("(")[0] for word in TICKED.findall(unfenced)} | inside


def missing(dotted: str) -> bool:
    """Whether a module, a thing in it, or a thing in that cannot be found."""
    words = dotted.split(".")
    for cut in range(len(words), 0, -1):
        try:
            found = importlib.import_module(".".join(words[:cut]))
        except ModuleNotFoundError:
            continue
        for word in words[cut:]:
            if isinstance(found, type) and f"self.{word}" in inspect.getsource(found):
                return False
            if not hasattr(found, word):
                return word not in getattr(found, "__annotations__", {})
            found = getattr(found, word)
        return False
    return True


def anchors(page: Path) -> set[str]:
    plain = [re.sub(r"[^\w\s-]", "", title.lower()) for title in HEADING.findall(page.read_text("utf-8"))]
    return {title.strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", NAMING)
def test_every_module_and_function_that_a_document_names_exists(page):
    dotted = sorted(name for name in names(page) if DOTTED.match(name) and not name.endswith(ENDINGS))
    assert len(dotted) > 80 or page != "ARCHITECTURE.md"
    assert [name for name in dotted if missing(name)] == []


@pytest.mark.parametrize("page", NAMING)
def test_every_file_that_a_document_names_exists(page):
    files = {
        name
        for name in names(page)
        if FILE.match(name) and name.split("/")[0] in (*PACKAGES, "tests", "bench", "docs", "examples")
    }
    assert sorted(name for name in files if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    lost = []
    for target in LINK.findall(page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (page.parent / path) if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", READMES)
def test_a_readme_tells_of_every_command(page):
    text = (ROOT / page).read_text("utf-8")
    assert [name for name in SUBCOMMANDS if f"| `gengfu {name}` |" not in text] == []


def test_every_command_that_the_readmes_name_can_be_run():
    lost = [name for name, sub in SUBCOMMANDS.items() if missing(sub.target.replace(":", "."))]
    assert lost == []


def test_the_page_of_commands_is_the_registry():
    made = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, 'docs'); import make_commands as m; sys.stdout.write(m.page())"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert made.stdout.decode("utf-8") == (ROOT / "docs" / "commands.md").read_text("utf-8")


def test_both_readmes_have_the_same_lines_to_type_and_the_same_ports():
    zh, en = ((ROOT / page).read_text("utf-8") for page in ("README.zh.md", "README.md"))
    fences = [re.findall(r"```\n(.*?)```", text, re.DOTALL) for text in (zh, en)]
    assert fences[0] == fences[1] and len(fences[0]) > 4
    ports = [re.findall(r"^\| (N[^|]*) \|", text, re.MULTILINE) for text in (zh, en)]
    assert ports[0] == ports[1] and len(ports[0]) == 13


def test_the_session_description_describes_the_demos_stream():
    ports = Ports(load(ROOT / "examples" / "shouxian" / "station.toml").station.port)
    sdp = (ROOT / "examples" / "shouxian" / "fm1.sdp").read_text("ascii")
    assert f"m=audio {ports.l16(0)} RTP/AVP {PAYLOAD_TYPE}" in sdp
    assert f"a=rtpmap:{PAYLOAD_TYPE} L16/48000/2" in sdp
    for page in READMES:
        assert f"udp://127.0.0.1:{ports.ts(0)}" in (ROOT / page).read_text("utf-8")


def test_the_table_of_signatures_is_the_shipped_one():
    text = (ROOT / "docs" / "laws.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\d)[^|]*\| (\d|–)", text, re.MULTILINE)
    told = {row: (int(before), int(owed) if owed != "–" else 0) for row, before, owed in rows}
    assert told == {name: (row.before, row.owed) for name, row in ROWS.items()}


def test_pictures_are_small_enough_to_be_looked_at_everywhere():
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert len(pictures) == 30
    assert [one.name for one in pictures if one.stat().st_size > 250_000] == []
