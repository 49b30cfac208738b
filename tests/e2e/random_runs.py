"""
Random lives of a parachute: the disk is filled and emptied, the agent is killed with -9 and started again, at any
moment; the command itself writes down when it began and ended. What must hold, whatever comes:

- two runs are never under way at once;
- a command that was known as finished is not run again for the same activation;
- none is skipped: an activation that stays has a command that began after it, and ended.
"""

import random
import time

from agent import children_of, state_of
from points import wait_until

# Short and long ones, as it comes.
BODY = "sleep 0.$(( $(od -An -N1 -tu1 /dev/urandom) % 3 ))"
FULL, EMPTY = 85, 0


def assert_one_at_a_time(scene):
    """Each run is over before the next one begins."""
    under_way = None
    for line in scene.journal.read_text().splitlines():
        word, _, pid = line.split()[:3]
        if word == "start":
            assert under_way is None, f"{pid} began while {under_way} was under way"
            under_way = pid
        else:
            assert under_way == pid
            under_way = None


class Life:
    """One scene, with a random generator of its own, so that a seed tells it again."""

    def __init__(self, scene, seed):
        self.scene, self.random = scene, random.Random(seed)
        command = scene.command(BODY)
        self.config = scene.config(command, command)
        self.full = False
        self.agents = []

    def start(self):
        self.agents.append(self.scene.start(self.config, ready=False))

    def pause(self):
        """Any moment of what follows: the cycle, the record, the start, the run, its end."""
        time.sleep(self.random.choice((0, 0.003, 0.01, 0.05, 0.1, 0.15, 0.3)) * self.random.random())

    def turn(self):
        """Across the threshold; gives how many commands of the event it leads to began before."""
        self.full = not self.full
        event = "activate" if self.full else "release"
        before = sum(run.event == event for run in self.scene.runs())
        self.scene.fill(FULL if self.full else EMPTY)
        return event, before

    def settle(self, event):
        """Until the agent says that it is done with what the disk says."""

        def settled():
            try:
                status = self.scene.status()
            except (AssertionError, ValueError):
                return False  # it has not started yet
            command = status["on_" + event]["state"]
            return status["activated"] == self.full and command == "finished"

        wait_until(settled, f"it is settled: {event}")
        wait_until(self.is_recorded, "it is recorded")

    def is_recorded(self):
        """The process that writes it down sleeps: a command waits 100 ms for a slow disk, and then for it no more."""
        return all(state_of(pid) == "S" for pid in children_of(self.scene.agent_pid(), "altimeter-state"))

    def one_run(self):
        """Fill or empty; kill in the middle, perhaps more than once; then all must be as it should."""
        event, before = self.turn()
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
            self.pause()
            self.scene.kill()
            self.pause()
            self.start()
        self.settle(event)
        runs = [run for run in self.scene.runs() if run.event == event]
        assert len(runs) > before, f"skipped: {event}"
        vanished = any("nobody wrote down" in agent.stderr for agent in self.agents)
        assert vanished or len(runs) == before + 1, f"run again: {event}"
        assert runs[-1].status == 0
        self.kill_when_finished(event, len(runs))
        assert_one_at_a_time(self.scene)

    def kill_when_finished(self, event, count):
        """What is recorded as finished is not run again."""
        if self.random.random() < 0.5:
            return
        self.scene.kill()
        self.start()
        self.settle(event)
        assert sum(run.event == event for run in self.scene.runs()) == count, "run again"


def live(scene, seed, count):
    """So many runs."""
    life = Life(scene, seed)
    life.start()
    life.scene.wait_activated(False)
    for number in range(count):
        try:
            life.one_run()
        except AssertionError as failure:
            raise AssertionError(
                f"run {number} of seed {seed}: {failure}\n{scene.journal.read_text()}\n{scene.daemon.stderr}"
            ) from failure
    scene.daemon.stop()
