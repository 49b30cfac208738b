"""The ring's file in the tests: a long history without waiting, agents that are killed, and what survived."""

import json
import subprocess
import time
from pathlib import Path

import points
import pytest
from agent import children_of
from mounts import HangFs

STALLFS = Path(__file__).with_name("stallfs.py")
NOTICED = "the ring goes on in memory"
HEALED = "all is written again"


def prefill(program, state, count, newest=None, size=None, interval=1):
    """
    Writes the file as an agent with a history of `count` would have left it: snapshots up to
    second `newest` (else a minute ago), without waiting for them. Gives the file's path.
    """
    newest = newest or int(time.time()) - 60
    subprocess.run(
        [
            Path(program).parent / "tests" / "prefill",
            state,
            str(size or max(65536, 512 * count)),
            str(count),
            str(newest),
            points.NAMESPACE,
            str(interval),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Path(state) / "ring"


def file_of(daemon):
    """What /healthz says of the file."""
    return daemon.health()["ring"]["file"]


def wait_state(daemon, state):
    """Until /healthz says that the file is in this state, and gives what it says."""

    def now():
        file = file_of(daemon)
        return file if file["state"] == state else None

    return points.wait_until(now, f"the file is {state}")


def wait_written(daemon):
    """Until the file has all that the ring has."""
    points.wait_until(
        lambda: (file := file_of(daemon))["state"] == "ok" and file["behind"] == 0,
        "all is in the file",
    )


def kill(daemon):
    """As kill -9 does. Its helpers end by themselves."""
    daemon.process.kill()
    daemon.process.wait(points.DEADLINE_S)
    daemon.stopped = True


def whole(snapshots):
    """All that they say, as something that can be compared."""
    return [(snapshot.timestamp, list(snapshot.items())) for snapshot in snapshots]


def served(daemon):
    """All that the ring holds, whatever the namespaces and names are: [(timestamp, [line...])...]."""
    answer = json.loads(daemon.get("/metrics")[2])
    found = []
    for line in answer:
        path, value, timestamp = line.split()
        if not found or found[-1][0] != int(timestamp):
            found.append((int(timestamp), []))
        found[-1][1].append(f"{path} {value}")
    return found


def assert_kept(before, after):
    """What was served before is served after, at the beginning and with the same values; no slot comes twice."""
    stamps = [snapshot.timestamp for snapshot in after]
    assert stamps == sorted(set(stamps)), f"twice or out of order: {stamps}"
    assert whole(after)[: len(before)] == whole(before)


def helper_of(daemon):
    """The pid of the process that writes the file."""
    helpers = points.wait_until(lambda: children_of(daemon.pid, "altimeter-ring"), "a process that writes the file")
    return int(helpers[0])


class StallFs(HangFs):
    """The test's end of stallfs.py: a file system in a room, at `mount`, whose files lie in `folder`."""

    def __init__(self, room, mount):
        pytest.importorskip("fusepy", reason="no fusepy here (Debian's package python3-fusepy)")
        self.folder = room.folder / "stallfs"
        self.folder.mkdir()
        super().__init__(room, (mount,), script=STALLFS, args=(self.folder,))
        room.file_systems.append(self)

    def wait_stalled(self):
        """Until a call waits in it."""
        points.wait_until(lambda: self.count()[0] > 0, "a call waits")
