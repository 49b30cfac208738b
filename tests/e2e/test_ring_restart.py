"""The history survives a restart, a kill at any moment, and another configuration."""

import os
import random
import signal
import time

import agent as agents
import machines
import points
import pytest
import rings

KILLS = 20
SEED = 3


@pytest.fixture
def state(folder):
    """A folder for the ring's file, which is not there yet."""
    return folder / "state"


def test_sigterm(agent, state):
    """What was heard before SIGTERM, the last one too, is served after the restart, and continued."""
    first = agent("--state-dir", state)
    lines = first.lines()
    lines.count(3)
    first.stop()
    heard = lines.tail()
    second = agent("--state-dir", state)
    rings.assert_kept(heard, second.snapshots())
    machines.wait_for_snapshots(second, len(heard) + 2)
    rings.assert_kept(heard, second.snapshots())


def test_kill(agent, state):
    """What the file has when the agent is killed is served after the restart, and continued."""
    first = agent("--state-dir", state)
    machines.wait_for_snapshots(first, 3)
    before = first.snapshots()
    rings.wait_written(first)
    rings.kill(first)
    second = agent("--state-dir", state)
    rings.assert_kept(before, second.snapshots())
    machines.wait_for_snapshots(second, len(before) + 2)
    rings.assert_kept(before, second.snapshots())


def test_running_slot(agent, state):
    """The slot that is running is not emitted again, however often the agent starts in it."""
    config = machines.half_an_hour_off()
    held = []
    for end in (lambda one: one.stop(), rings.kill, lambda one: one.stop(), rings.kill):
        one = agent("--state-dir", state, config=config, without=("-i",))
        held.append(rings.whole(one.snapshots()))
        rings.wait_written(one)
        end(one)
    assert len(held[0]) == 1 and held == [held[0]] * 4


def test_killed_at_random_moments(agent, state):
    """Killed 20 times: what the file had is there, once and as it was, and no agent left out a slot."""
    moments = random.Random(SEED)
    kept = []
    for _ in range(KILLS):
        one = agent("--state-dir", state)
        began = int(time.time()) + 1
        until = time.monotonic() + moments.random()
        while time.monotonic() < until:
            now = one.snapshots()
            rings.assert_kept(kept, now)
            if rings.file_of(one)["behind"] == 0:
                kept = now
        rings.kill(one)
        own = [snapshot.timestamp for snapshot in now if snapshot.timestamp >= began]
        assert own == list(range(began, began + len(own)))
    assert len(kept) > 1, "the test's own aim"
    rings.assert_kept(kept, agent("--state-dir", state).snapshots())


def test_at_once_after_a_kill(agent, state):
    """The process that writes is still at it when the next agent starts: that one is not refused."""
    first = agent("--state-dir", state)
    machines.wait_for_snapshots(first, 2)
    before = first.snapshots()
    rings.wait_written(first)
    left = rings.helper_of(first)
    os.kill(left, signal.SIGSTOP)
    rings.kill(first)
    try:
        second = agent("--state-dir", state)
        lines = second.lines()
        assert rings.wait_state(second, "failing")["behind"] > 0
        lines.count(2)
    finally:
        os.kill(left, signal.SIGCONT)
    points.wait_until(lambda: second.snapshots()[0].timestamp == before[0].timestamp, "the old history is there")
    rings.wait_written(second)
    rings.assert_kept(before, second.snapshots())
    own = [snapshot.timestamp for snapshot in lines.snapshots()]
    assert set(own) <= {snapshot.timestamp for snapshot in second.snapshots()}
    after = second.snapshots()
    second.stop()
    rings.assert_kept(after, agent("--state-dir", state).snapshots())


def test_writer_killed(agent, state):
    """When only the process that writes is killed, another one goes on, and nothing is missing."""
    first = agent("--state-dir", state)
    machines.wait_for_snapshots(first, 2)
    old = rings.helper_of(first)
    os.kill(old, signal.SIGKILL)
    points.wait_until(lambda: rings.helper_of(first) != old, "there is another one")
    machines.wait_for_snapshots(first, 4)
    before = first.snapshots()
    points.assert_every_slot(before)
    rings.wait_written(first)
    rings.kill(first)
    assert first.stderr.count(rings.NOTICED) == first.stderr.count(rings.HEALED) == 1
    rings.assert_kept(before, agent("--state-dir", state).snapshots())


def test_two_agents(agent, program, folder, state):
    """The second agent on one folder ends with status 1 and names it and the first; later it may start."""
    first = agent("--state-dir", state)
    place = folder / "refused"
    place.mkdir()
    doors = ("--http", f"127.0.0.1:{agents.free_port()}", "--lines", "off")
    second = agents.run([program, *doors, "--state-dir", str(state)], place)
    assert second.status == 1
    assert str(state) in second.stderr and str(first.pid) in second.stderr, second.stderr
    machines.wait_for_snapshots(first, 2)
    first.stop()
    machines.wait_for_snapshots(agent("--state-dir", state), 3)


OTHERS = {
    "namespace": (("-n", "e2e.1"), {}),
    "interval": (("-i", "2"), {}),
    "history longer": (("--history", "900"), {}),
    "state_size larger": ((), {"state_size": "256K"}),
    "state_size smaller": ((), {"state_size": "100K"}),
}


@pytest.mark.parametrize("args, config", OTHERS.values(), ids=OTHERS.keys())
def test_another_configuration(agent, program, state, args, config):
    """What was there keeps its names and values and is served before what is new, now and later."""
    rings.prefill(program, state, 300)
    base = {"history": 600, "state_size": "128K"}
    first = agent("--state-dir", state, config=base)
    machines.wait_for_snapshots(first, 301)
    old = rings.served(first)
    first.stop()
    second = agent("--state-dir", state, *args, config={**base, **config})
    machines.wait_for_snapshots(second, len(old) + 2)
    new = rings.served(second)
    assert new[: len(old)] == old
    namespace = args[1] if "-n" in args else points.NAMESPACE
    assert all(line.startswith(namespace + ".") for _, lines in new[len(old) + 1 :] for line in lines)
    if "-i" in args:
        assert new[-1][0] % 2 == 0
    second.stop()
    assert rings.served(agent("--state-dir", state, config=base))[: len(new)] == new


def test_shorter_history(agent, program, state):
    """A shorter history keeps the newest."""
    rings.prefill(program, state, 300)
    first = agent("--state-dir", state, config={"history": 600})
    old = first.snapshots()
    first.stop()
    new = agent("--state-dir", state, config={"history": 50}).snapshots()
    kept = [snapshot for snapshot in old if snapshot.timestamp >= new[0].timestamp]
    assert len(new) == 50 and kept
    rings.assert_kept(kept, new)


def test_smaller_file(agent, program, state):
    """A file that becomes too small for the history keeps the newest, and the memory too; that is said once."""
    rings.prefill(program, state, 2500, size=131072)
    assert (state / "ring").stat().st_size > 65536, "the test's own aim"
    config = {"history": 100000, "state_size": "64K"}
    first = agent("--state-dir", state, config=config)
    first.lines().count(3)
    rings.wait_written(first)
    before = first.snapshots()
    rings.wait_written(first)
    rings.kill(first)
    assert 1000 < len(before) < 2500 and (state / "ring").stat().st_size <= 65536
    assert first.stderr.count("state_size is too small") == 1
    rings.assert_kept(before, agent("--state-dir", state, config=config).snapshots())


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
def test_well_before_the_next_tick(agent, state, torn):
    """Who starts in a slot that the ring has is well and answers at once, also where the file's end is torn."""
    daemon = agent("--state-dir", state)
    daemon.lines().count(4)
    daemon.stop()
    if torn:
        file = state / "ring"
        content = bytearray(file.read_bytes())
        content[-2] ^= 1  # behind it only the zero that ends the block
        file.write_bytes(content)
    config = {**machines.half_an_hour_off(), "history": 100}
    again = agent("--state-dir", state, config=config, without=("-i",))
    assert again.get("/healthz")[0] == 200
    assert len(again.snapshots()) >= 3
    assert len(again.snapshots(1)) == 1
    assert ("torn" in again.stderr) == torn
