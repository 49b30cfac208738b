"""An agent with a control socket, its operator, and who else connects there."""

import itertools
import json
import os
import shutil
import socket

import agent as agents
import points
import pytest

NOBODY = 65534

numbers = itertools.count()


class Raw:
    """A client that speaks for itself; with a `uid` as that user, still in the agent's group."""

    def __init__(self, path, uid=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(points.DEADLINE_S)
        # Others may enter the test's folder, but perhaps not the ones above it.
        before = os.getcwd()
        os.chdir(path.parent)
        if uid is not None:
            os.seteuid(uid)
        try:
            self.socket.connect(path.name)
        finally:
            if uid is not None:
                os.seteuid(0)
            os.chdir(before)

    def say(self, request):
        self.socket.sendall(request)
        return self

    def answer(self):
        """All until the agent hangs up."""
        heard = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                self.socket.close()
                return heard
            heard += more


class Operated:
    """The agent, `parachute` as its operator types it, and the socket."""

    def __init__(self, daemon, run_dir, program, folder):
        self.daemon, self.run_dir, self.program, self.folder = daemon, run_dir, program, folder
        self.socket = run_dir / "control"

    def place(self):
        place = self.folder / f"asked{next(numbers)}"
        place.mkdir()
        return place

    def ask(self, *words, wrapper=()):
        """Runs `altimeter parachute …` to its end."""
        command = [*wrapper, self.program, "parachute", *words, "--run-dir", str(self.run_dir)]
        return agents.run(command, self.place())

    def ask_as(self, uid, gid, *words):
        """The same as another user, who may enter the test's folder, but perhaps not the ones above it."""
        copy = self.folder / "altimeter"
        if not copy.exists():
            shutil.copy(self.program, copy)
        user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        command = ["env", "-C", str(self.folder), *user, "./altimeter", "parachute", *words]
        return agents.run([*command, "--run-dir", self.run_dir.name], self.place())

    def status(self):
        result = self.ask("status", "--json")
        assert result.status == 0, result.stderr
        return json.loads(result.stdout)

    def disk(self, name):
        (disk,) = [disk for disk in self.status()["disks"] if disk["name"] == name]
        return disk

    def wait(self, wanted, what):
        """The first status that is wanted."""

        def asked():
            status = self.status()
            return status if wanted(status) else None

        return points.wait_until(asked, what)


@pytest.fixture
def operate(agent, program, folder):
    """
    operate(parachute={...}) starts an agent with that under "parachute" and a run_dir; its command
    for on_activate, if `script` is given, is a shell script of that text.
    """

    def start(parachute, script=None, **options):
        run_dir = folder / "run"
        if script is not None:
            path = folder / "on_activate"
            path.write_text("#!/bin/sh\n" + script)
            path.chmod(0o755)
            parachute = {**parachute, "on_activate": {"command": [str(path), "it's", "a b"], "retries": 0}}
        config = {"run_dir": str(run_dir), "parachute": {"interval": 0.1, **parachute}}
        daemon = agent(config=config, **options)
        return Operated(daemon, run_dir, program, folder)

    return start


# Counts as full without a disk that has to be filled.
MISSING = {"disks": [{"mount": "/nowhere/at/all", "threshold": 50, "missing": "activate"}]}
# The root is never so full; or the machine that runs the tests is in trouble.
QUIET = {"disks": [{"mount": "/", "threshold": 100}]}
