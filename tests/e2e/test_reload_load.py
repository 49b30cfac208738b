"""200 SIGHUPs under load: no slot is missing in a real carbon, and nothing piles up in the agent."""

import os
import threading
import time

import points
from agent import processes_of
from reloads import ask, counts

RELOADS, WARM = 200, 20
GROWTH_KB = 256  # of memory of its own, over all of them; a leak of 2 KB each would be more


class Load:
    """Somebody who asks for the whole history, over and over."""

    def __init__(self, daemon):
        self.daemon, self.over, self.answers = daemon, False, 0
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()

    def ask(self):
        while not self.over:
            status, _, body = self.daemon.get("/metrics")
            assert status == 200 and body.endswith(b"]\n"), (status, body[-20:])
            self.answers += 1

    def end(self):
        self.over = True
        self.thread.join(points.DEADLINE_S)
        assert not self.thread.is_alive() and self.answers > 0


def usage(daemon):
    """Its descriptors, and its memory in KB, also what a helper that was forked from it still shares."""
    with open(f"/proc/{daemon.pid}/smaps_rollup", encoding="ascii") as file:
        (memory,) = [int(line.split()[1]) for line in file if line.startswith("Anonymous")]
    return len(os.listdir(f"/proc/{daemon.pid}/fd")), memory


def opened(daemon):
    """What its descriptors are, for whom a failing test tells of them."""
    folder = f"/proc/{daemon.pid}/fd"
    return sorted(os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder))


def test_200_reloads_under_load(agent, carbon, folder):
    """
    Alternately two configurations that differ wherever they can; each is taken up, in time or not at all, while
    carbon is fed and the history is read: no slot is missing, descriptors, processes and memory stay flat.
    """
    carbon.start()
    common = {
        "interval": 1,
        "state_dir": str(folder / "state"),
        "run_dir": str(folder / "run"),
    }
    here = {"name": "carbon", "host": carbon.host, "port": carbon.port}
    one = {**common, "self_metrics": True, "graphite": [here]}
    other = {
        **common,
        "instance_id": "other",
        "graphite": [{**here, "settle": 1, "replay_rate": 0}, {"host": "127.0.0.1", "port": 1}],
        "collector": {"exclude_mounts": ["/nowhere/*"], "names": {"/nowhere": "else"}},
        "parachute": {"interval": 0.3, "disks": [{"mount": "/", "threshold": 100}]},
    }
    daemon = agent(config=one, without=("-i",))
    daemon.next()
    helpers = len(processes_of(daemon.pid))
    load = Load(daemon)

    def reload(times):
        for turn in range(times):
            done = sum(counts(daemon))
            ask(daemon, other if turn % 2 == 0 else one)
            points.wait_until(lambda done=done: sum(counts(daemon)) > done, "it was read again")

    reload(WARM)
    load.end()
    fds, memory = usage(daemon)
    before = opened(daemon)
    load = Load(daemon)
    reload(RELOADS)
    load.end()
    assert counts(daemon) == (WARM + RELOADS, 0), daemon.stderr
    points.wait_until(lambda: len(processes_of(daemon.pid)) <= helpers, "no process is left")
    try:
        points.wait_until(lambda: usage(daemon)[0] <= fds + 1, "no descriptor is left")
    except AssertionError as error:
        raise AssertionError(f"{before} became {opened(daemon)}") from error
    if "sanitized" not in str(daemon.program):  # whose memory is another
        assert usage(daemon)[1] <= memory + GROWTH_KB

    last = daemon.next().timestamp
    first = daemon.snapshots()[0].timestamp
    points.assert_every_slot(daemon.snapshots())
    for specific in ("system.load.load1", "parachute.activated"):
        points.wait_until(
            lambda specific=specific: set(carbon.fetch(specific, first, last)) == set(range(first, last + 1)),
            f"carbon has each slot of {specific}",
        )
    assert time.time() - first < 3600, "the test's own aim: carbon keeps that long"
