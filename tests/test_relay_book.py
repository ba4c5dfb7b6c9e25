"""Relays on the page: each way as its player says, where plans have them, how long they may last."""

import types

import attrs
from test_planning import FM, NOW
from test_relaying import ENDS, MINUTE, longer, plan_of, running

from playout.link import MemberSight, RelaySight
from schedules.relays import checksum
from station.relay_book import STALE, RelayBook
from station.relay_sources import RelaySection
from station.words import ChannelId, Text, instant_of, sample_at

SECTION = RelaySection(
    id="cnr",
    chain="radio",
    name_zh="央广",
    name_en="CNR",
    members=["udp://239.1.1.1:5000", "https://u:p@h/x?key=1"],
)
WELL = MemberSight(state="good", placed=True, ahead_ms=1_480, peak=-1_200)
SIGHT = RelaySight(
    relay="cnr", heard=0, since=sample_at(NOW), members=(WELL, attrs.evolve(WELL, ahead_ms=1_230, alike=991))
)


class World:
    """The station as far as the book looks at it."""

    def __init__(self, state, *sections):
        channels = [
            types.SimpleNamespace(id=name, chain=chain)
            for name, chain in ((FM, "radio"), (ChannelId("tv"), "tv"))
        ]
        self.settings = types.SimpleNamespace(relays=sections or (SECTION,), channels=channels)
        self.desk = types.SimpleNamespace(states={"playout": state})
        self.plans = {FM: plan_of(state)}
        self.at = NOW

    def now(self):
        return self.at

    def channel_name(self, channel):
        return Text(channel, channel)


def test_each_way_is_shown_with_how_late_it_comes_and_how_much_alike_it_is():
    book, world = RelayBook(), World(running())
    book.note("radio", NOW, (SIGHT,))
    (found,) = book.views(world)
    assert [(way.shown, way.state, way.behind_ms, way.peak, way.alike) for way in found.ways] == [
        ("udp://239.1.1.1:5000", "good", 0, -1_200, None), ("https://h/x", "good", 250, -1_200, 991),
    ]  # fmt: skip
    assert (found.heard, found.since, found.at, found.media) == (
        0,
        instant_of(sample_at(NOW)),
        NOW,
        checksum("cnr"),
    )
    assert found.ways[0].text.zh == "正常"


def test_where_it_is_on_air_it_says_how_long_it_may_last_and_why_no_longer():
    book, world = RelayBook(), World(running())
    (found,) = book.views(world)
    (air,) = found.air
    assert (air.channel, air.title, air.end, air.why.en) == (FM, "Match", ENDS, "“News” begins then")
    assert sample_at(air.until) == sample_at(ENDS) + 23 * MINUTE and found.next is None
    assert book.views(world) == [found], "worked out once for each plan"
    state, _ = longer(world.desk.states["playout"], 5)
    later = World(state)
    (air,) = book.views(later)[0].air
    assert sample_at(air.end) == sample_at(ENDS) + 5 * MINUTE
    later.at = ENDS - 20 * MINUTE * 125 // 6
    assert book.views(later)[0].air == [] and book.views(later)[0].next == instant_of(
        next(take.start for take in later.plans[FM].takes if take.title == "Match")
    )


def test_what_nobody_reports_is_away_and_what_is_not_good_has_no_place():
    book, world = RelayBook(), World(running())
    (found,) = book.views(world)
    assert {way.state for way in found.ways} == {"away"} and found.heard is None and found.at is None
    dead = attrs.evolve(WELL, state="absent", ahead_ms=0)
    odd = attrs.evolve(WELL, state="odd", placed=False)
    book.note("radio", NOW, (attrs.evolve(SIGHT, members=(dead, odd), heard=None, since=None),))
    first, second = book.views(world)[0].ways
    assert (first.state, first.behind_ms, first.peak, second.text.en) == ("absent", None, None, "odd")
    book.note("radio", NOW, (SIGHT,))
    world.at = NOW + STALE
    (found,) = book.views(world)
    assert (found.ways[0].state, found.at) == ("away", NOW)
    book.gone("radio.b")
    assert book.views(world)[0].at == NOW
    book.gone("radio")
    assert book.views(world)[0].at is None and book == RelayBook()


def test_a_way_that_the_settings_cannot_say_is_shown_by_its_number():
    book = RelayBook()
    world = World(
        running(), attrs.evolve(SECTION, members=["x"]), attrs.evolve(SECTION, id="other", chain="none")
    )
    one, other = book.views(world)
    assert one.ways[0].shown == "1" and other.air == [] and other.next is None


def test_a_guest_is_heard_where_no_other_player_is():
    book, world = RelayBook(), World(running())
    lost = attrs.evolve(SIGHT, heard=None, since=None)
    book.note("radio", NOW, (SIGHT,))
    book.note("radio.b", NOW, (lost,))
    assert book.views(world)[0].heard == 0
    book.gone("radio")
    book.note("radio.b", NOW, (lost,))
    assert book.views(world)[0].heard is None and book.views(world)[0].at == NOW
    book.note("radio", NOW + 1, (SIGHT,))
    assert book.views(world)[0].heard == 0
    book.note("radio.b", NOW + 1 + STALE, (lost,))
    world.at = NOW + 1 + STALE
    assert book.views(world)[0].heard is None, "the other has not been heard of for long"


def test_of_two_players_the_one_that_says_what_is_heard_says_by_which_way():
    book, world = RelayBook(), World(running())
    book.note("radio", NOW, (attrs.evolve(SIGHT, heard=1, leads=False),))
    book.note("radio.b", NOW, (attrs.evolve(SIGHT, leads=True),))
    assert book.views(world)[0].heard == 0
    book.note("radio", NOW, (attrs.evolve(SIGHT, heard=1, leads=False),))
    assert book.views(world)[0].heard == 0
    book.note("radio", NOW, (attrs.evolve(SIGHT, heard=1, leads=True),))
    assert book.views(world)[0].heard == 1
