"""The follower of a player: orders what differs, once."""

import attrs
from hypothesis import example, given
from hypothesis import strategies as st

from playout.follow import PATIENCE, Reported, Told, Wanted, follow, wishes
from playout.link import HearMember, RelaySight, SetOverlays, SetPlan, Status
from playout.standby import quiet_plan


def plan(revision):
    return attrs.evolve(quiet_plan("fm1", 0), revision=revision)


def status(plan_revision, overlay_revision):
    return Status(at=0, channel="fm1", head=0, take="", overlay="", rung="file", peak=(0, 0), rms=(0, 0),
                  plan_revision=plan_revision, plan_until=0, overlay_revision=overlay_revision)  # fmt: skip


def test_nothing_is_ordered_before_the_player_has_reported():
    assert follow(Wanted(channel="fm1", plan=plan(3), revision=1), Reported(), 0) == ([], None)


def test_overlays_go_first_and_both_are_looked_at_again():
    wanted = Wanted(channel="fm1", plan=plan(3), revision=1)
    orders, again = follow(wanted, Reported(status=status(0, 0)), 1_000)
    assert [type(order) for order in orders] == [SetOverlays, SetPlan]
    assert again == 1_000 + PATIENCE


def test_a_player_ahead_of_what_is_wanted_is_left_alone():
    wanted = Wanted(channel="fm1", plan=plan(3), revision=1)
    assert follow(wanted, Reported(status=status(4, 2)), 0) == ([], None)
    assert follow(Wanted(channel="fm1"), Reported(status=status(0, 0)), 0) == ([], None)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=40))
@example([(1, 1, False), (0, 0, False)])  # looked at again before the player has reported
def test_a_player_that_obeys_hears_each_order_once(steps):
    """Wanted grows at any time, the player reports at any time; every (kind, revision) is sent at most once."""
    wanted, reported = Wanted(channel="fm1"), Reported(status=status(0, 0))
    held = status(0, 0)
    sent = []
    for now, (more_plan, more_overlays, reports) in enumerate(steps):
        base = wanted.plan.revision if wanted.plan else 0
        wanted = attrs.evolve(
            wanted,
            plan=plan(base + more_plan) if base + more_plan else None,
            revision=wanted.revision + more_overlays,
        )
        orders, _ = follow(wanted, reported, now)
        for order in orders:
            reported = reported.told(order, now)
            if isinstance(order, SetPlan):
                sent.append(("plan", order.plan.revision))
                held = attrs.evolve(held, plan_revision=order.plan.revision)
            else:
                sent.append(("overlays", order.revision))
                held = attrs.evolve(held, overlay_revision=order.revision)
        if reports:
            reported = attrs.evolve(reported, status=held)
    assert len(sent) == len(set(sent))
    assert follow(wanted, attrs.evolve(reported, status=held), 99)[0] == []


def test_a_player_that_does_not_obey_is_told_again_when_patience_is_over():
    wanted, reported = Wanted(channel="fm1", revision=1), Reported(status=status(0, 0))
    (order,), again = follow(wanted, reported, 0)
    reported = reported.told(order, 0)
    assert follow(wanted, reported, again - 1) == ([], again)
    assert follow(wanted, reported, again) == ([order], again + PATIENCE)
    newer = attrs.evolve(wanted, revision=2)
    assert follow(newer, reported, 1)[0][0].revision == 2


def test_a_player_that_reports_what_is_wanted_is_left_alone_for_ever_also_after_a_restart():
    wanted = Wanted(channel="fm1", plan=plan(3), revision=2)
    assert follow(wanted, Reported(status=status(3, 2)), 10 * PATIENCE) == ([], None)
    assert [type(one) for one in follow(wanted, Reported(status=status(3, 1)), 0)[0]] == [SetOverlays]
    assert [type(one) for one in follow(wanted, Reported(status=status(2, 2)), 0)[0]] == [SetPlan]


def test_patience_is_three_seconds():
    assert PATIENCE == 3_000_000


def test_a_wish_about_a_relay_is_told_until_the_player_has_it_and_not_to_one_that_takes_none():
    wish = HearMember(relay="cnr", member=1, number=3)

    def sight(number):
        return [RelaySight(relay="cnr", heard=0, members=(), wish=number)]

    assert wishes([wish], sight(0), {}, 0) == [wish] == wishes([wish], sight(9), {}, 0)
    assert (
        wishes([wish], sight(3), {}, 0)
        == wishes([wish], sight(None), {}, 0)
        == wishes([wish], [], {}, 0)
        == []
    )
    told = {"cnr": Told(revision=3, at=0)}
    assert wishes([wish], sight(0), told, PATIENCE - 1) == []
    assert wishes([wish], sight(0), told, PATIENCE) == [wish]
