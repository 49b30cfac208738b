"""The parachute in the tests: a disk that is filled and emptied, and commands that write down that they ran."""

import json
import os
import signal
import subprocess
from pathlib import Path

import points
import pytest

MOUNT, NAME = "/var/disk", "var_disk"
SIZE = 4 << 20
THRESHOLD, RELEASE = 80, 70

# `body` comes between the two lines of the journal, which so tell a run that is over from one that is not.
SCRIPT = """#!/bin/sh
echo "start $PARACHUTE_EVENT $$" >>'{journal}'
{body}
status=$?
echo "end $PARACHUTE_EVENT $$ $status" >>'{journal}'
exit $status
"""


class Run:
    """One run of a command: `event`, `pid`, and `status`, None while it is not over."""

    def __init__(self, event, pid):
        self.event, self.pid, self.status = event, pid, None

    def __repr__(self):
        return f"{self.event} {self.pid} {self.status}"


class Scene:
    """A disk of 4 MiB at MOUNT, observed ten times a second, a folder of commands, and their journal."""

    def __init__(self, room, folder, start, program):
        self.room, self.folder, self.start_agent, self.program = room, folder, start, program
        self.state, self.run_dir = folder / "state", folder / "run"
        self.journal = folder / "journal"
        self.journal.touch()
        self.mount()
        self.daemon = None

    def mount(self, mount=MOUNT, size=SIZE):
        self.room.path(mount).mkdir(exist_ok=True)
        self.room.mount("-t", "tmpfs", "-o", f"size={size}", "none", mount)

    def fill(self, percent, mount=MOUNT):
        """So that used_percent is just that, or less by a rounding to whole pages."""
        with open(self.room.path(mount) / "filler", "wb") as filler:
            if percent > 0:
                os.posix_fallocate(filler.fileno(), 0, -(-SIZE * percent // 100))

    def script(self, name, text):
        """An executable file, that only we can write."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def command(self, body="true", name="command"):
        """A command that writes down that it ran."""
        return self.script(name, SCRIPT.format(journal=self.journal, body=body))

    def config(self, activate=None, release=None, disks=None, **parachute):
        """A configuration; a command is a path, or an object as the configuration has it."""

        def command(given):
            return given if isinstance(given, dict) else {"command": [given]}

        config = {
            "run_dir": str(self.run_dir),
            "state_dir": str(self.state),
            "parachute": {
                "interval": 0.1,
                "disks": disks or [{"mount": MOUNT, "threshold": THRESHOLD, "release": RELEASE}],
                "release_after": 0,
                **parachute,
            },
        }
        if activate:
            config["parachute"]["on_activate"] = command(activate)
        if release:
            config["parachute"]["on_release"] = command(release)
        return config

    def start(self, config, *args, **options):
        """Starts the agent; the one before must be gone."""
        self.daemon = self.start_agent(*args, config=config, room=self.room, **options)
        return self.daemon

    def kill(self):
        """kill -9 of the agent, and of nothing else."""
        self.daemon.stopped = True
        os.kill(self.agent_pid(), signal.SIGKILL)
        self.daemon.process.wait()

    def agent_pid(self):
        return self.daemon.pid

    def runs(self):
        """The runs that the journal tells of, in the order in which they began."""
        runs = []
        for line in self.journal.read_text().splitlines():
            word, event, pid, *status = line.split()
            if word == "start":
                runs.append(Run(event, int(pid)))
            else:
                next(run for run in runs if run.pid == int(pid) and run.status is None).status = int(status[0])
        return runs

    def events(self):
        """Their events, of those that are over."""
        return [run.event for run in self.runs() if run.status is not None]

    def wait_runs(self, count, what="the runs are over"):
        """Until so many runs are over, and no other has begun."""
        points.wait_until(lambda: len(self.events()) >= count, what)
        assert len(self.runs()) == count, self.runs()
        return self.runs()

    def parachute(self, *args):
        """altimeter parachute ARGS: status, stdout, stderr."""
        command = [self.program, "parachute", *args, "--run-dir", str(self.run_dir)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=points.DEADLINE_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def status(self):
        """What `altimeter parachute status --json` says."""
        status, out, err = self.parachute("status", "--json")
        assert status == 0, err
        return json.loads(out)

    def mark(self, disk=None):
        """A marker file's text."""
        name = "parachute-activated" + (f"-{disk}" if disk else "")
        return (self.run_dir / "parachute" / name).read_text()

    def marked(self, disk=None):
        """Whether the marker says that it is activated; None: there is no such file."""
        try:
            return self.mark(disk) != ""
        except FileNotFoundError:
            return None

    def wait_activated(self, wanted=True, disk=None):
        points.wait_until(lambda: self.marked(disk) is wanted, f"the marker says {wanted}")

    def wait_said(self, words, times=1):
        """Until the log has these words so often."""
        points.wait_until(lambda: self.daemon.stderr.count(words) >= times, f"the log has {words!r}")


@pytest.fixture
def scene(room, folder, agent, program):
    """A parachute's scene."""
    return Scene(room, Path(folder), agent, program)


HELD = "read line <'{}'"  # a command that goes on until somebody writes into the pipe


def pipe(scene, name="pipe"):
    """A named pipe, for commands to wait on."""
    path = scene.folder / name
    os.mkfifo(path)
    return path


def let_go(path):
    path.write_text("go\n")


def wait_begun(scene, count=1):
    """Until so many runs have begun; gives the last."""
    return points.wait_until(lambda: scene.runs()[count - 1 : count], f"run {count} begins")[0]


def supervisor_of(run):
    """The process that watches a run, and outlives the agent."""
    with open(f"/proc/{run.pid}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
