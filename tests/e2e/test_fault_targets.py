"""Whatever befalls a target or the agent, every slot that the agent took is in the target's own store."""

import faults
import outages
import pytest
import receivers
from scenes import scene

# they are played side by side, so that one worker has to have them all
pytestmark = pytest.mark.xdist_group("scenes")


@scene(faults.carbon_killed, times=3, longest_s=1)
def test_carbon_is_killed(played):
    """Carbon killed with -9 and restarted over and over: what died in its memory comes again."""
    played().check()


@scene(faults.agent_killed, times=4, longest_s=2)
def test_agent_is_killed(played):
    """The agent killed with -9 and restarted: what was in its file arrives, and nothing else is missing."""
    played().check()


@scene(faults.agent_killed, times=4, longest_s=2, with_carbon=True)
def test_both_are_killed(played):
    """Both killed at random moments: the same."""
    played().check()


@scene(faults.carbon_stopped_and_killed, seconds=6)
def test_carbon_is_stopped_and_killed(played):
    """What only the kernel of a stopped carbon had taken comes again after its death."""
    played().check()


@scene(faults.carbon_stopped_and_continued, seconds=15)
def test_carbon_is_stopped_and_continued(played):
    """A carbon that does not read for a while is not disconnected, and costs no tick and no memory."""
    played().check()


@scene(faults.packets_dropped, seconds=20)
def test_packets_are_dropped(played):
    """A carbon out of reach is noticed within 20 s, and gets what it missed."""
    played().check()


@scene(faults.closes_early, seconds=16, rate=300)
def test_peer_closes_early(played):
    """A peer that accepts and closes every 2 s gets no storm, and takes nothing from the next one."""
    played().check()


@scene(faults.absent_at_start, seconds=5)
def test_graphite_is_absent_at_start(played):
    """A Graphite that comes after the agent is found within one backoff."""
    played().check()


@scene(faults.name_moves)
def test_name_moves(played):
    """A name that comes to mean another address is followed at the next connect."""
    played().check()


@scene(outages.replay_broken, slots=600, rate=4000)
def test_replay_breaks(played):
    """A replay that breaks in the middle is complete in the end, paced, and never before live slots."""
    played().check()


@scene(outages.one_of_two_dead, slots=600, rate=6000)
def test_one_of_two_is_dead(played):
    """A dead target costs the living one nothing, and gets everything when it lives again."""
    played().check()


@scene(outages.too_long, history=5, slots=12)
def test_outage_is_too_long(played):
    """An outage longer than the history: the agent tells exactly what the target lacks."""
    row = played()
    assert len(row.missing) == row.lost, row


@scene(receivers.victoria, seconds=4)
def test_victoria_metrics(played):
    """With victoria-metrics as target every slot is found through its own query."""
    played().check()


@scene(receivers.relay, seconds=4)
def test_carbon_c_relay(played):
    """With carbon-c-relay as target every slot is found in the carbon behind it."""
    played().check()
