"""The manuals are true: every command in them is one the program understands, the two languages have the same commands and pictures."""

import contextlib
import importlib
import io
import re
import shlex
from functools import lru_cache
from pathlib import Path

import pytest

from station.cli import SUBCOMMANDS

MANUALS = Path(__file__).resolve().parent.parent / "docs" / "manual"
PAGES = sorted(MANUALS.glob("*.md"))
ROLES = ("operator", "dispatcher", "engineer")


def commands(page):
    """Every `gengfu …` of a page, in blocks and in the text, as words."""
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    lines = [line.strip() for line in blocks.splitlines()] + re.findall(r"`(gengfu [^`]+)`", text)
    return [shlex.split(line) for line in lines if line.startswith("gengfu ")]


@lru_cache(maxsize=100)
def help_of(*words):
    """What `gengfu WORDS --help` prints; None where it is wrong use."""
    module, _, function = SUBCOMMANDS[words[0]].target.partition(":")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        try:
            getattr(importlib.import_module(module), function)([*words[1:], "--help"])
        except SystemExit as ended:
            return said.getvalue() if not ended.code else None
    return said.getvalue()


def test_there_is_a_manual_for_each_role_in_both_languages():
    wanted = {f"{role}{end}" for role in ROLES for end in (".md", ".zh.md")}
    assert {page.name for page in PAGES} == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one_the_program_understands(page):
    lost = []
    for _, name, *rest in commands(page):
        if name not in SUBCOMMANDS:
            lost.append(name)
            continue
        deeper = (
            [name, rest[0]]
            if rest and re.fullmatch(r"[a-z]+", rest[0]) and help_of(name, rest[0])
            else [name]
        )
        told = help_of(*deeper) or ""
        lost += [f"{' '.join(deeper)} {word}" for word in rest if word.startswith("--") and word not in told]
    assert lost == []


def test_enough_commands_are_told_for_this_to_mean_something():
    assert len(commands(MANUALS / "engineer.md")) > 15


@pytest.mark.parametrize("role", ROLES)
def test_both_languages_have_the_same_commands_and_the_same_pictures(role):
    texts = [(MANUALS / f"{role}{end}").read_text("utf-8") for end in (".md", ".zh.md")]
    plain = [[words[:3] for words in commands(MANUALS / f"{role}{end}")] for end in (".md", ".zh.md")]
    assert [len(one) for one in plain] == [len(plain[0])] * 2
    pictures = [re.findall(r"images/(\w+)\.(?:en|zh)\.png", text) for text in texts]
    assert pictures[0] == pictures[1] and pictures[0]
    assert "images/" in texts[0] and ".zh.png" not in texts[0] and ".en.png" not in texts[1]


@pytest.mark.parametrize("role", ROLES)
def test_a_manual_goes_by_what_happens(role):
    text = (MANUALS / f"{role}.md").read_text("utf-8")
    assert text.count("### … ") >= 6
