"""What the station knows of further outputs: for the page in the order of the settings, and as conditions where one does not reach its receiver."""

import attrs
from test_pairs import section, settings

from playout.gauge import OutputLine
from station.alarm_cards import cards
from station.output_book import CARDS, OutputBook
from station.outputs import OutputSection

ICE = OutputSection(id="ice", kind="icecast", to="http://10.3.0.9/fm1", secret_file="pw")
TWIN = OutputSection(id="b", kind="l16", to="10.3.0.9:5004", twin=True)
FM1 = section("fm1", outputs=[TWIN, ICE], redundancy="pair")
ALL = settings(FM1, section("fm2", redundancy="pair"))


def line(name, state="up", **more):
    return OutputLine(id=name, state=state, since=5, **more)


def states(book):
    return [(one.id, one.state) for one in book.views(FM1)]


def test_each_is_told_by_the_player_that_sends_it():
    book = OutputBook()
    assert states(book) == [("b", "away"), ("ice", "away")] and book.views(FM1)[0].since is None
    book.note("radio", "fm1", (line("ice"),))
    book.note("radio.b", "fm1", (line("b", "starting"),))
    assert states(book) == [("b", "starting"), ("ice", "up")]
    book.gone("radio")
    assert states(book) == [("b", "starting"), ("ice", "away")]
    book.note("radio.b", "fm1", ())  # started anew with other settings
    assert states(book) == [("b", "away"), ("ice", "away")]


def test_of_two_players_the_one_that_sends_is_believed():
    book = OutputBook()
    book.note("radio", "fm1", (line("ice", "starting"), line("b", "down", why="refused")))
    book.note("radio.b", "fm1", (line("ice", "up"), line("b", "starting")))
    assert states(book) == [("b", "down"), ("ice", "up")] and len(book.conditions(ALL)) == 1
    book.note("radio", "fm1", (line("ice", "down", why="ended"), line("b", "up")))
    assert states(book) == [("b", "up"), ("ice", "up")] and book.conditions(ALL) == ()


def test_channels_without_outputs_cost_nothing():
    book = OutputBook()
    book.note("radio", "fm2", ())
    assert book == OutputBook() and book.conditions(ALL) == ()


def test_what_is_wrong_is_said_with_its_reason_and_has_a_card():
    book = OutputBook()
    book.note("radio", "fm1", (line("ice", "down", why="password", tries=3),))
    book.note("radio.b", "fm1", (line("b", "slow", dropped=9),))
    slow, down = book.conditions(ALL)
    assert (down.card, down.severity, down.key) == ("output.down", "major", "channel/fm1/ice/down")
    assert down.text.en == "output ice of fm1 does not send: the receiver does not take the password"
    assert (slow.card, slow.severity) == ("output.slow", "minor") and "drops" in slow.text.en
    assert {one.card for one in (slow, down)} == CARDS <= cards().keys()
    ice = book.views(FM1)[1]
    assert (ice.why.zh, ice.tries, ice.kind, ice.to) == ("对方不接受口令", 3, "icecast", "10.3.0.9:8000")
    book.note("radio", "fm1", (attrs.evolve(line("ice"), since=0),))
    assert len(book.conditions(ALL)) == 1 and book.views(FM1)[1].since is None


def test_a_reason_of_a_newer_player_is_not_a_fault_of_the_station():
    book = OutputBook()
    book.note("radio", "fm1", (line("ice", "down", why="moon"),))
    assert "not known" in book.conditions(ALL)[0].text.en and "not known" in book.views(FM1)[1].why.en
