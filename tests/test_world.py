"""What a running controller knows at one moment."""

from types import SimpleNamespace

import pytest
from emergency_help import POLICY, PROVINCE, TOWN
from whole_desk import AREAS, SETTINGS, Whole, _air, _mute, _submit

from station import rules
from station.settings import Places, Ports
from station.world import World


@pytest.fixture
def world(tmp_path):
    whole = Whole()
    made = World(
        settings=SETTINGS, places=Places(tmp_path), ports=Ports(8000), now=whole.now, tree=None,
        policy=POLICY, journal=None, people=None,
    )  # fmt: skip
    made.desk, made.fleet = whole.desk, SimpleNamespace(registry=SimpleNamespace(areas=lambda: AREAS))
    made.desk.start()
    yield made, whole
    made.desk.stop()


def test_groups_follow_what_sounds_and_what_is_muted_and_are_worked_out_once_a_change(world):
    world, whole = world
    assert world.groups() == ()
    _submit(whole, "a1", PROVINCE, (TOWN,), 1, "actual")
    _air(whole, "a1")
    (group,) = found = world.groups()
    assert group.alerts == ("a1",) and group.areas
    assert found == rules.terminal_groups(
        world.soundings(), (), world.ground, world.settings.alerts, world.ports
    )
    assert world.groups() is found
    _mute(whole, "m1", "", channels=False)
    assert world.groups() == ()
    whole.clock.advance(1_000_000)
    assert world.soundings() == () and world.groups() == ()


def test_the_ingest_port_knows_where_terminals_stand():
    from types import SimpleNamespace

    from devices.terminals import Registry, Terminal
    from station.ingest_port import ground

    one = Terminal(code="1" * 23, name="x", area="340422100001", longitude=116_500_000, latitude=32_500_000)
    here = ground(SimpleNamespace(fleet=SimpleNamespace(registry=Registry([one]))))
    assert here.meet(circles=["32.5,116.5 1"]).areas == ("340422100001",)
