"""`gengfu sim`, its options and its refusals."""

import resource

import pytest

from devices import sim_terminals, terminal_files
from devices.sim_sm2 import PublicKey
from station import sim
from station.words import Refused

ROW = "code\n" + "1" * 23 + "\n"


def test_a_simulator_that_is_not_there_is_wrong_use(capsys):
    assert sim.main([]) == 2
    assert sim.main(["weather"]) == 2
    assert "terminals" in capsys.readouterr().err
    assert sim.main(["--help"]) == 0
    assert "模拟" in capsys.readouterr().out or "终端" in sim.usage()


def test_every_simulator_of_the_table_explains_itself(capsys):
    with pytest.raises(SystemExit) as left:
        sim.main(["terminals", "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert all(
        option in told
        for option in (
            "--count",
            "--port",
            "--registry",
            "--key",
            "--seed",
            "--dead",
            "--late",
            "--fault",
            "--signed",
            "--report",
        )
    )


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        (None, [], "no terminal registry"),
        ("name\nx\n", [], "no terminal registry"),
        (ROW, ["--count", "2"], "has 1 terminals, asked for 2"),
        (ROW, ["--key", "/nowhere/key.pem"], "key cannot be read"),
    ],
)
def test_what_it_cannot_use_is_refused_in_one_sentence(tmp_path, content, words, said):
    path = tmp_path / "r.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Refused, match=said) as refused:
        sim.main(["terminals", "--port", "1", "--registry", str(path), *words])
    assert refused.value.text.zh


def test_what_is_no_key_is_refused():
    with pytest.raises(Refused, match="no public key"):
        PublicKey(b"-----BEGIN RUBBISH-----")


@pytest.mark.parametrize(("text", "share"), [("2%", 0.02), ("0.5", 0.5), ("100%", 1.0), ("0", 0.0)])
def test_shares_are_read_as_people_write_them(text, share):
    assert sim_terminals._share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["-1", "101%", "x"])
def test_what_is_no_share_is_wrong_use(text, tmp_path):
    with pytest.raises(SystemExit) as left:
        sim.main(["terminals", "--port", "1", "--registry", "r.csv", "--dead", text])
    assert left.value.code == 2


def test_a_fault_is_named_with_its_share_or_strikes_all():
    assert [sim_terminals._faulty(text) for text in ("cut=2%", "stuck")] == [("cut", 0.02), ("stuck", 1.0)]
    with pytest.raises(SystemExit) as left:
        sim.main(["terminals", "--port", "1", "--registry", "r.csv", "--fault", "fire=2%"])
    assert left.value.code == 2


def test_a_simulator_whose_parent_is_gone_ends():
    assert sim_terminals.main(["--port", "1", "--registry", "r.csv", "--parent", "1"]) == 1


def test_too_few_open_files_are_told_in_a_sentence():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        assert terminal_files.files_for(100) == ""
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 356
        assert "LimitNOFILE" in terminal_files.files_for(10_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
