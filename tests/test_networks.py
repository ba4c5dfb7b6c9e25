"""The named networks: each listener on its own, nets that must be apart are apart unless somebody wrote that they are one."""

import pytest

from station import networks
from station.settings import Networks


def said(panel="127.0.0.1", **nets):
    return dict(networks.rules(Networks(**nets), panel))


APART = {
    "office": "192.168.1.5/24",
    "playout": "10.1.0.5/24",
    "devices": "10.2.0.5/24",
    "terminals": "10.3.0.5/16",
    "upstream": "172.16.0.5/30",
}


def test_a_machine_without_named_networks_keeps_to_itself():
    assert said() == {}


def test_five_nets_of_their_own_are_well():
    assert said(**APART) == {}


@pytest.mark.parametrize(
    "address", ["eth0", "", "10.0.0.256", "10.0.0.5/33", "0.0.0.0", "239.1.1.1", "10.0.0.5/x"]
)
def test_what_is_no_address_of_a_machine_is_refused(address):
    assert "192.168.10.5/24" in said(office=address)["networks.office"].en


@pytest.mark.parametrize(
    ("one", "other"), [("office", "devices"), ("office", "terminals"), ("upstream", "playout")]
)
def test_nets_that_must_be_apart_are_refused_where_they_are_one(one, other):
    wrong = said(**{**APART, other: APART[one].replace(".5/", ".6/")})
    assert f"may_share = ['{networks.NAMES[min(map(networks.NAMES.index, (one, other)))]}" in str(
        wrong[f"networks.{other}"].en
    )


def test_one_net_for_two_is_allowed_where_it_is_written_in_either_order():
    for pair in ("office+devices", "devices+office"):
        assert said(**{**APART, "devices": "192.168.1.6/24"}, may_share=[pair]) == {}


@pytest.mark.parametrize("pair", ["office", "office+moon", "office+office", "office+devices+playout"])
def test_a_pair_that_names_no_two_networks_is_refused(pair):
    assert "office+devices" in said(may_share=[pair])["networks.may_share[0]"].en


def test_the_panel_listens_on_loopback_or_in_the_office_and_nowhere_else():
    assert said(panel="192.168.1.5", **APART) == {}
    assert said(panel="localhost", **APART) == {}
    assert "panel.host" in said(panel="10.2.0.5", **APART)
    assert "panel.host" in said(panel="0.0.0.0", **APART)


def test_an_address_is_bound_without_its_net():
    assert networks.address("10.1.0.5/24") == "10.1.0.5"
    assert networks.address("eth0") == "eth0"


def test_loopback_is_nobodys_net():
    assert not networks.same_net("127.0.0.1", "127.0.0.1")
    assert networks.same_net("10.1.0.5/16", "10.1.7.5/24")
    assert not networks.same_net("eth0", "10.1.7.5/24")
    assert networks.is_local("127.0.0.53") and not networks.is_local("eth0")


@pytest.mark.parametrize(
    ("place", "host", "in_figures"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1:5004", "10.0.0.1", True),
        ("::1", "::1", True),
        ("[::1]", "::1", True),
        ("[::1]:5004", "::1", True),
        ("localhost:80", "localhost", False),
        ("example.org", "example.org", False),
        ("[::1].example.org", "[::1].example.org", False),
        ("[::1", "[::1", False),
        ("", "", False),
    ],
)
def test_the_host_of_a_place_is_told_from_its_port(place, host, in_figures):
    assert networks.host_of(place) == host
    found = networks.figures(host)
    assert (str(found) == host) is in_figures and (found is not None) is in_figures
