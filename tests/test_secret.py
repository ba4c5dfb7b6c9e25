"""A secret that comes through a pipe is read as one line, without a warning of the interpreter."""

import io

import pytest

from station.secret import ask_secret, typed_by
from station.words import Refused

NOWHERE = "/nowhere/tty"


def test_a_secret_from_a_pipe_is_one_line_and_only_the_question_is_shown(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("night-watch\r\n123456\n"))
    assert ask_secret("PIN: ", NOWHERE) == "night-watch"
    assert ask_secret("PIN: ", NOWHERE) == "123456"
    assert capsys.readouterr().err == "PIN: PIN: "


def test_an_empty_pipe_is_the_end_and_not_an_empty_secret(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(EOFError):
        ask_secret("PIN: ", NOWHERE)


def test_where_there_is_a_terminal_it_is_asked_there(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", io.StringIO("from the pipe\n"))
    there = tmp_path / "tty"
    there.touch()
    assert ask_secret("PIN", str(there), lambda question: f"typed after {question}") == "typed after PIN"


def test_whoever_types_nothing_is_told_so_in_both_languages(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(Refused) as refused:
        typed_by(lambda question: ask_secret(question, NOWHERE), "PIN: ")
    assert "nothing was typed" in refused.value.text.en and "没有输入" in refused.value.text.zh
    assert typed_by(lambda question: f"{question}1234", "") == "1234"
