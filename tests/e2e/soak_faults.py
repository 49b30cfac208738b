"""The long form of test_fault_targets.py: a quarter of an hour, and a table in the end."""

import faults
import outages
import receivers
from scenes import alone, scene

# settle as it is by default, and time for the longest backoff and what is owed after it
LONG = {"settle_s": 60, "patience_s": 300}


@scene(faults.carbon_killed, times=20, longest_s=60, stage=LONG)
def test_carbon_is_killed(played):
    """Carbon killed with -9 and restarted 20 times: no slot is missing."""
    played().check()


@scene(faults.agent_killed, times=20, longest_s=8, stage=LONG)
def test_agent_is_killed(played):
    """The agent killed with -9 and restarted 20 times: only slots without an agent are missing."""
    played().check()


@scene(faults.agent_killed, times=20, longest_s=8, with_carbon=True, stage=LONG)
def test_both_are_killed(played):
    """Both killed at random moments: the same."""
    played().check()


@scene(faults.carbon_stopped_and_killed, seconds=200, stage=LONG)
def test_carbon_is_stopped_and_killed(played):
    """Carbon stopped for 200 s, then killed: no slot is missing."""
    played().check()


@scene(faults.carbon_stopped_and_continued, seconds=300, stage=LONG)
def test_carbon_is_stopped_and_continued(played):
    """Carbon stopped for 5 minutes, then continued: no reconnect, ticks on time, memory flat."""
    row = played()
    row.check()
    assert row.figures["latest_tick_ms"] <= 50


@scene(faults.packets_dropped, seconds=60, stage=LONG)
def test_packets_are_dropped(played):
    """Packets dropped for 60 s: noticed within 20 s, no slot is missing."""
    played().check()


@scene(faults.closes_early, seconds=300, rate=500, stage=LONG)
def test_peer_closes_early(played):
    """A peer that closes every 2 s for 5 minutes: no storm, and the next one has everything."""
    played().check()


@scene(faults.absent_at_start, seconds=60, stage=LONG)
def test_graphite_is_absent_at_start(played):
    """Graphite comes 60 s after the agent: found within one backoff."""
    played().check()


@scene(faults.name_moves, stage=LONG)
def test_name_moves(played):
    """A name that comes to mean another address is followed."""
    played().check()


@scene(outages.too_long, history=100, slots=200, stage=LONG)
def test_outage_is_too_long(played):
    """An outage of twice the history: the agent tells exactly what the target lacks."""
    row = played()
    assert len(row.missing) == row.lost, row


@scene(receivers.victoria, seconds=60, stage=LONG)
def test_victoria_metrics(played):
    """A minute of slots is found through victoria-metrics' own query."""
    played().check()


@scene(receivers.relay, seconds=60, stage=LONG)
def test_carbon_c_relay(played):
    """A minute of slots is found behind carbon-c-relay."""
    played().check()


@alone
@scene(outages.replay_broken, slots=8640, rate=10000, stage=LONG)
def test_replay_breaks(played):
    """An outage of 8640 snapshots, broken in the middle of the replay: complete, paced, live first."""
    played().check()


@alone
@scene(outages.one_of_two_dead, slots=3600, rate=10000, stage=LONG)
def test_one_of_two_is_dead(played):
    """A target dead for an hour of snapshots is complete afterwards; the other was never late."""
    played().check()
