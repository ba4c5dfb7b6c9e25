"""The wall: everything the room may see, nothing that is secret, on a seat that may ask nothing else."""

import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_house import Feeds, Queries
from test_house import People as Strangers
from twisted.internet import defer

from station import seats
from station.glass_rules import among, network, rules
from station.house import StationHouse
from station.people import may
from station.rights import RIGHTS
from station.settings import ChannelSection, PanelSection, Settings, StationSection
from station.views import CountsView, OverviewView, PlantLine
from station.wall_queries import KEPT, WallQueries
from station.wire import to_plain
from station.words import SYSTEM, AreaCode, ChannelId, Instant, Operator, Refused, Text

AT = 1_795_320_000_000_000
COUNTY = AreaCode("340422000000")
STATION = StationSection(id="s", name_zh="寿县", name_en="Shouxian", area=COUNTY, areas="a.csv")
SECRET = "zhou-the-dispatcher"


def panel(*addresses: str) -> Settings:
    channel = ChannelSection(
        id=ChannelId("fm1"), chain="r", name_zh="一", name_en="One", area=COUNTY, rundowns="r"
    )
    return Settings(station=STATION, channels=[channel], panel=PanelSection(wall_from=list(addresses)))


def overview(**more: Any) -> Any:
    take = SimpleNamespace(title="新闻", category="news", start=AT, end=AT + 1, readiness="ready")
    channel = SimpleNamespace(
        id="fm1", name=Text("One", "一"), now=take, next=[take], item_ends=AT + 1, overlay="a1", overlay_title="山洪",
        rung="file", muted=False, levels=None, player_at=AT, state="NORMAL", measured_at=AT,
        carriers=[PlantLine(device="tx1", name=Text("TX", "机"), tone="bad", text=Text("no carrier", "无载波"))],
    )  # fmt: skip
    quiet = SimpleNamespace(**{**vars(channel), "id": "fm2", "now": None, "next": [], "overlay": ""})
    counts = CountsView(addressed=5, ordered=4, acknowledged=3, playing=2, heard=1, offline=1)
    alert = SimpleNamespace(
        headline="山洪", kind="actual", level=1, event_text="山洪", area_names="双井庄", until=AT, muted=False,
        counts=counts, source=Text(SECRET, SECRET), submitted_by=SECRET, signatures=[SECRET], why=Text(SECRET, SECRET),
    )  # fmt: skip
    alarms = SimpleNamespace(critical=3, major=2, minor=3, standing=4, righted={"critical": 2, "minor": 1})
    fields = {
        "at": Instant(AT), "station": Text("Shouxian", "寿县"), "tone": "warn", "sentence": Text("n", "正常"),
        "channels": [channel, quiet], "sounding": [alert], "waiting": [alert], "mutes": [SimpleNamespace(by=SECRET)],
        "overdue": 1, "alarms": alarms, "terminals_online": 9, "terminals_registered": 10, **more,
    }  # fmt: skip
    return SimpleNamespace(**fields)


class Wall:
    def __init__(self) -> None:
        self.seen, self.asked = overview(), []
        world: Any = SimpleNamespace(settings=panel())
        self.query = WallQueries(world, lambda: self.seen, self.safety).table()["wall"]

    def safety(self, args: dict[str, Any], by: Operator) -> Any:
        self.asked.append(args)
        verdict = Text("0 s/100 h", "0 秒/百小时")
        return [SimpleNamespace(channel="fm1", verdict=verdict, outage_rate_milli=0, coverage_ppm=999_000, unauthorised=[{}])]  # fmt: skip

    def __call__(self) -> Any:
        return to_plain(self.query({}, seats.WALL))


def test_the_wall_shows_air_alerts_counts_safety_and_alarms() -> None:
    seen = Wall()()
    first, second = seen["channels"]
    assert (first["title"], first["next_title"], first["overlay_title"]) == ("新闻", "新闻", "山洪")
    assert first["verdict"]["en"] == "0 s/100 h" and first["unauthorised"] == 1
    assert first["carriers"][0]["text"]["zh"] == "无载波"
    assert (second["title"], second["next_title"], second["overlay_title"], second["verdict"]) == (
        "",
        "",
        "",
        None,
    )
    assert seen["sounding"][0]["counts"]["heard"] == 1 and seen["alarms"]["standing"] == 4
    assert seen["alarms"] == {"critical": 1, "major": 2, "minor": 2, "standing": 4, "righted": 3}
    assert (seen["waiting"], seen["mutes"], seen["overdue"], seen["timezone"]) == (1, 1, 1, "Asia/Shanghai")


def test_no_name_of_a_person_is_on_it() -> None:
    assert SECRET not in json.dumps(Wall()(), ensure_ascii=False)
    assert isinstance(OverviewView, type)


def test_the_days_figures_are_made_anew_only_after_a_while() -> None:
    wall = Wall()
    wall(), wall()
    assert len(wall.asked) == 1 and wall.asked[0]["from"] < AT == wall.asked[0]["to"]
    wall.seen = overview(at=Instant(AT + KEPT))
    wall()
    wall.seen = overview(at=Instant(AT))
    wall()
    assert len(wall.asked) == 3, "also where the clock went back"


# -- seats ------------------------------------------------------------------------------------------


def test_tokens_are_new_at_each_start_and_readable_by_this_user_alone(tmp_path: Path) -> None:
    let_in: list[tuple[str, Operator]] = []
    seats.hand_out(tmp_path, lambda token, operator: let_in.append((token, operator)))
    first = {name: seats.token(tmp_path, name) for name in seats.SEATS}
    seats.hand_out(tmp_path, lambda token, operator: let_in.append((token, operator)))
    second = {name: seats.token(tmp_path, name) for name in seats.SEATS}
    assert len({*first.values(), *second.values()}) == 6 and "" not in first.values()
    assert {operator for _, operator in let_in} == {SYSTEM, seats.WALL, seats.CONSOLE}
    for name in seats.SEATS:
        assert stat.S_IMODE(seats.token_file(tmp_path, name).stat().st_mode) == 0o600
    assert seats.token(tmp_path / "nowhere", "wall") == ""


def test_the_seat_of_the_wall_may_nothing_but_look_at_the_wall() -> None:
    assert RIGHTS["wall"] == {"wall"} and RIGHTS["console"] == {"view", "wall", "mute"}
    assert not any(
        may(seats.WALL, right) for right in {right for held in RIGHTS.values() for right in held} - {"wall"}
    )


class People(Strangers):
    """Knows whose seat a token is."""

    def who(self, token: str) -> Operator:
        return {
            "wall": seats.WALL,
            "console": seats.CONSOLE,
            "li": Operator(id="li", roles=frozenset({"viewer"})),
        }[token]

    def may(self, operator: Operator, right: str) -> bool:
        return may(operator, right)

    def log_in(self, operator: str, password: str, which: str = "password") -> Any:
        self.asked.append((operator, password, which))
        return defer.succeed(SimpleNamespace(token="seat"))


@pytest.fixture
def house() -> StationHouse:
    return StationHouse(None, People(), Queries(), Feeds(), dict)  # type: ignore[arg-type]


def asked(house: StationHouse, do: str, **fields: Any) -> Any:
    found: list[Any] = []
    defer.maybeDeferred(house.answer, do, fields).addCallbacks(
        found.append, lambda failure: found.append(failure.value)
    )
    return found[0]


@pytest.mark.parametrize(("seat", "name", "allowed"), [
    ("wall", "wall", True), ("wall", "overview", False), ("wall", "people", False), ("wall", "me", False),
    ("console", "wall", True), ("console", "overview", True), ("li", "wall", True),
])  # fmt: skip
def test_only_the_wall_is_open_to_the_wall(house: StationHouse, seat: str, name: str, allowed: bool) -> None:
    found = asked(house, "query", session=seat, name=name, args={})
    assert (not isinstance(found, Refused)) == allowed
    if not allowed:
        assert found.code == "forbidden"


def test_the_wall_hears_no_feed(house: StationHouse) -> None:
    with pytest.raises(Refused):
        house.open_feed("live", {"session": "wall"}, print)


def test_only_the_console_sits_down_by_pin(house: StationHouse) -> None:
    assert asked(house, "sit", session="console", operator="zhou", pin="2468") == {"seat": "seat"}
    assert house._people.asked == [("zhou", "2468", "pin")]  # type: ignore[attr-defined]
    for seat in ("wall", "li"):
        refused = asked(house, "sit", session=seat, operator="zhou", pin="2468")
        assert isinstance(refused, Refused) and refused.code == "forbidden" and refused.text.zh


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "inside"), [
    ("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.1.3.3", False), ("192.0.2.7", True), ("192.0.2.8", False),
    ("fd00::5", True), ("fd01::5", False), ("", False), ("localhost", False), ("10.1.2.3.4", False),
])  # fmt: skip
def test_an_address_is_let_in_by_its_network_alone(address: str, inside: bool) -> None:
    assert among(address, ["10.1.2.0/24", "192.0.2.7", "fd00::/64", "nonsense"]) == inside


@given(st.ip_addresses(v=4))
def test_nobody_is_let_in_where_nothing_is_set(address: Any) -> None:
    assert not among(str(address), [])


def test_settings_that_name_no_network_or_everybody_are_refused_with_their_place() -> None:
    said = dict(rules(panel("10.0.0.0/8", "office", "0.0.0.0/0", "10.1.2.3/24")))
    assert set(said) == {"panel.wall_from[1]", "panel.wall_from[2]", "panel.wall_from[3]"}
    assert all(text.en and text.zh for text in said.values()) and network("10.0.0.0/8") is not None
