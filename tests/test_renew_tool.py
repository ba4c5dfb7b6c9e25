"""A chain is renewed without a break: no player ends while it is the only one heard."""

import os
from pathlib import Path

import pytest
from radio_kit import Running
from test_pairs import section, settings

from station import renew_tool
from station.children import start_of
from station.renew_tool import Renewal
from station.words import Refused

PAIR = settings(section("fm1", redundancy="pair"), section("tv1", "tv", raster="576p25"))
ALONE = settings(section("fm1"))
SECOND = 48_000


class Players:
    """Players that are started again by whoever supervises them, and are heard after a second; time goes by at each rest."""

    def __init__(self, *on_air, supervised=None, never=()):
        self.sample, self.done, self.heard = 100 * SECOND, [], []
        self.supervised = set(on_air if supervised is None else supervised)
        self.begins = dict.fromkeys(on_air, 0)  # when each is heard, from then on
        self.files, self.never = dict.fromkeys(on_air, self.sample), set(never)

    def now(self):
        return self.sample

    def sends(self, player):
        return self.sample - self.files.get(player, 0) < SECOND

    def said(self, player):
        return self.files.get(player, 0)

    def begin(self, player):
        self.done.append(f"begin {player}")
        self._start(player)

    def _start(self, player):
        if player not in self.never:
            self.begins[player] = self.sample + SECOND

    def end(self, player):
        self.done.append(f"end {player}")
        self.begins.pop(player, None)
        heard = [self.sample - self.begins[other] for other in self.on_air()]
        assert max(heard, default=0) >= SECOND // 2, f"{player} ended and nobody was heard for a while"
        if player in self.supervised:
            self._start(player)

    def on_air(self):
        return [player for player, since in self.begins.items() if since <= self.sample]

    def rest(self):
        self.sample += SECOND // 10
        self.files.update(dict.fromkeys(self.on_air(), self.sample))


def renew(made, hands, chain="radio", within=20):
    told = []
    Renewal(made, chain, hands, lambda en, zh: told.append((en, zh)), within * SECOND).run()
    assert all(en and zh for en, zh in told)
    return told


def test_of_a_pair_the_second_is_renewed_first_then_the_first():
    hands = Players("radio", "radio.b")
    renew(PAIR, hands)
    assert hands.done == ["end radio.b", "end radio"]
    assert sorted(hands.on_air()) == ["radio", "radio.b"]


def test_one_that_is_alone_is_stood_in_for_by_a_guest_that_goes_again():
    hands = Players("radio")
    renew(ALONE, hands)
    assert hands.done == ["begin radio.b", "end radio", "end radio.b"]
    assert hands.on_air() == ["radio"]


def test_a_guest_that_was_there_before_is_left_to_who_started_it():
    hands = Players("radio", "radio.b")
    told = renew(ALONE, hands)
    assert hands.done == ["end radio"] and "is left there" in told[-1][0]


def test_the_streams_of_alerts_are_renewed_like_any_chain_of_sound():
    hands = Players("alerts")
    renew(PAIR, hands, "alerts")
    assert hands.done == ["begin alerts.b", "end alerts", "end alerts.b"]


@pytest.mark.parametrize(
    ("made", "on_air", "chain", "sentence"),
    [
        (PAIR, ("radio", "radio.b"), "radios", "there is no chain radios; there are radio, tv, alerts"),
        (PAIR, ("tv",), "tv", "tv is television"),
        (PAIR, ("radio",), "radio", "player radio.b is not on the air; nothing was touched"),
        (ALONE, (), "radio", "player radio is not on the air; nothing was touched"),
    ],
)
def test_what_would_be_heard_is_refused_before_anything_is_touched(made, on_air, chain, sentence):
    hands = Players(*on_air)
    with pytest.raises(Refused, match=sentence):
        renew(made, hands, chain)
    assert hands.done == []


def test_a_guest_that_does_not_become_equal_is_sent_away_and_the_host_plays_on():
    hands = Players("radio", never=["radio.b"])
    with pytest.raises(Refused, match=r"radio\.b is not its twin's equal after 20 s"):
        renew(ALONE, hands)
    assert hands.done == ["begin radio.b", "end radio.b"] and hands.on_air() == ["radio"]


def test_that_a_guest_could_not_be_ended_hides_no_other_sentence():
    hands = Players("radio", never=["radio.b"])

    def end(player):
        raise Refused(f"player {player} could not be ended", f"无法结束播放器 {player}")

    hands.end, told = end, []
    with pytest.raises(Refused, match="is not its twin's equal"):
        Renewal(ALONE, "radio", hands, lambda en, zh: told.append(en), SECOND).run()
    assert told[-1] == "player radio.b could not be ended"


def test_a_host_that_does_not_come_back_leaves_its_guest_on_the_air():
    hands = Players("radio", supervised=[])
    with pytest.raises(Refused, match="radio is not its twin's equal"):
        renew(ALONE, hands)
    assert hands.done == ["begin radio.b", "end radio"] and hands.on_air() == ["radio.b"]


def test_the_first_is_not_touched_where_the_second_does_not_come_back():
    hands = Players("radio", "radio.b", supervised=["radio"])
    with pytest.raises(Refused, match=r"radio\.b is not its twin's equal"):
        renew(PAIR, hands)
    assert hands.done == ["end radio.b"] and hands.on_air() == ["radio"]


def test_a_twin_that_goes_in_between_is_noticed():
    hands = Players("radio")
    rest = hands.rest

    def guest_dies():
        rest()
        if hands.said("radio.b") > 101 * SECOND + SECOND // 5:
            hands.begins.pop("radio.b", None)
            hands.files["radio.b"] = 1

    hands.rest = guest_dies
    with pytest.raises(Refused):
        renew(ALONE, hands, within=5)
    assert "end radio" not in hands.done and hands.on_air() == ["radio"]


def test_where_no_player_listens_the_sentence_says_so(tmp_path):
    players = renew_tool.Players(renew_tool.Places(tmp_path), ())
    with pytest.raises(Refused, match="player radio could not be ended"):
        players.end("radio")
    assert players.said("radio") == 0 and not players.sends("radio")


def test_a_guest_is_nobodys_child_and_known_by_its_pid_file(tmp_path):
    where = renew_tool.Places(tmp_path)
    renew_tool.Players(where, ("--settings", str(tmp_path / "none.toml"))).begin("radio.b")
    pid = int((where.run / "player-radio.b.pid").read_text().split()[0])
    ours = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert str(pid) not in ours
    while start_of(pid) is not None:
        os.sched_yield()
    assert "none.toml" in (where.logs / "player-radio.b.log").read_text()


def test_the_command_says_what_is_wrong_before_it_touches_anything(tmp_path):
    home = Running(tmp_path / "home", 20_900).home
    words = ["--settings", str(home / "station.toml"), "--state", str(tmp_path / "state"), "--within", "5"]
    for chain in ("radio", "radio.b"):
        with pytest.raises(Refused, match="player radio is not on the air"):
            renew_tool.main([chain, *words])
    assert not (tmp_path / "state").exists()
