"""The parachute's file in the tests: where it lies, what is in it, and what the log says of it."""

import errno
import json
import os
from pathlib import Path

import pytest
import rings
from points import wait_until

STATE = "/var/state"
FILE = "parachute"
SLOT, END = 32 * 1024, 64 * 1024  # where the second of the states lies in it, and the end of the last run
COMPLAINT, HEALED = "would not survive a restart", "all is remembered again"
LOST, GONE = "what it remembered is lost", "its file was gone, and is made anew"
HURRIED = "has not written down in time"

ACTIVATION_AT, RELEASE_AT = 45, 70  # in a state: how far the last run of each is
RUNNING, FINISHED = 2, 3


@pytest.fixture
def stalling(scene):
    """The scene's state_dir on a disk that does what it is told."""
    disk = rings.StallFs(scene.room, STATE)
    scene.state = Path(STATE)
    return disk


@pytest.fixture
def small(scene):
    """The scene's state_dir on a disk of 4 MiB."""
    scene.room.ext4(STATE, size="4M")
    scene.state = Path(STATE)
    return scene.room.path(STATE)


def config(scene, *commands, **options):
    """As the scene's, with a small file for the ring."""
    return {**scene.config(*commands, **options), "state_size": "256K"}


def result(scene, event="activate"):
    return scene.status()["on_" + event]["state"]


def wait_known(scene):
    """Until the agent, which may not answer yet, says that the command is finished."""

    def known():
        status, out, _ = scene.parachute("status", "--json")
        return status == 0 and json.loads(out)["on_activate"]["state"] == "finished"

    wait_until(known, "it is finished")


def finish(scene, count=1):
    """Fills the disk; until the command is over, and that is known."""
    scene.fill(85)
    scene.wait_runs(count)
    wait_until(lambda: result(scene) == "finished", "it is finished")


def newest(data):
    """The newer state of a file, see record.h."""
    return max((data[at : at + SLOT] for at in (0, SLOT)), key=lambda slot: int.from_bytes(slot[20:28], "little"))


def wait_stored(folder, state=FINISHED, at=ACTIVATION_AT):
    """Until that is in the file."""
    wait_until(lambda: newest((folder / FILE).read_bytes())[at] == state, f"{state} is in the file")


def said(daemon, words):
    """How often the log has them, of the parachute."""
    return sum("parachute: " in line and words in line for line in daemon.stderr.splitlines())


def assert_each_once(daemon):
    """No line about the state_dir stands in the log twice."""
    lines = [line for line in daemon.stderr.splitlines() if "parachute: state_dir" in line and HURRIED not in line]
    assert len(lines) == len(set(lines)), daemon.stderr


def wait_healed(scene):
    scene.wait_said(f"parachute: state_dir {scene.state}: {HEALED}")


def assert_not_run_again(scene, config):
    """Killed and started again it knows that the command is finished."""
    count = len(scene.runs())
    if not scene.daemon.stopped:
        scene.kill()
    daemon = scene.start(config, ready=False)
    wait_known(scene)
    assert scene.status()["activated"]
    assert len(scene.runs()) == count
    assert said(daemon, "state_dir") == 0, daemon.stderr
    return daemon


def traced(calls, *options):
    """A wrapper for the agent, under which strace writes to the file `calls`."""
    calls.touch()
    return ("strace", "-D", "-f", "-qq", *options, "-o", calls)


def no_leaks():
    """An environment for it: the leak sanitizer cannot work there."""
    return {"ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))}


def take_all_room(folder):
    """Until there is not a byte left; gives the file that has it."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as failure:
                assert failure.errno == errno.ENOSPC
    return filler
