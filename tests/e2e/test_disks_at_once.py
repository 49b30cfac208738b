"""Disks whose numbers lie in memory are read by the agent itself: no helper, no wait, nothing held."""

import os
import re
import shutil
import signal
import time
from itertools import pairwise
from pathlib import Path

import points
import pytest
from agent import processes_of
from states import no_leaks, traced

EPHEMERAL, PERSISTENT = "/var/vcap/data", "/var/vcap/store"
CONFIG = {"collector": {"extra_types": ["fuse.hangfs"]}}
HELPER = "altimeter-disk"
READING = ["openat2", "statx", "fstatfs", "close"]
GROUPS = ["pread64", "sysinfo", "pread64"]


def need_strace():
    if not shutil.which("strace"):
        pytest.skip("no strace here")


def numbers(snapshot, name):
    """What it says of a disk that could be read."""
    disk = dict(snapshot.disk(name))
    assert disk.pop("error") == 0, f"{name} at {snapshot.timestamp}"
    return disk


def test_helpers_stopped(agent, room):
    """Every helper is stopped as soon as it is there: ext4 is read on, and what needs a helper is in error."""
    room.ext4(EPHEMERAL)
    room.hangfs("/var/needy")
    daemon = agent(config=CONFIG, room=room)
    assert daemon.next().disk("var_needy")["error"] == 0
    stopped = set()

    def in_error():
        """Stops those that there are by now; whether one was missed in the newest snapshot."""
        for pid in set(processes_of(daemon.pid, HELPER)) - stopped:
            os.kill(pid, signal.SIGSTOP)
            stopped.add(pid)
        return daemon.snapshots(1)[0].disk("var_needy") == {"error": 1}

    points.wait_until(in_error, "a helper is missed")
    (room.path(EPHEMERAL) / "file").write_bytes(b"x" * 5_000_000)
    room.run("sync", "-f", EPHEMERAL)
    real = room.statfs(EPHEMERAL)

    def seen():
        in_error()
        return daemon.snapshots(1)[0].disk("ephemeral") == {"error": 0, **real}

    points.wait_until(seen, "the file is seen")
    for snapshot in daemon.snapshots():
        numbers(snapshot, "ephemeral")
        assert snapshot["parachute.error"] == 0
    points.assert_every_slot(daemon.snapshots())


def test_covered_by_what_hangs(agent, room):
    """A mount that hangs is put over an ext4 and taken away: each slot tells of the one that stands then."""
    room.ext4(EPHEMERAL)
    real = room.statfs(EPHEMERAL)
    daemon = agent(config=CONFIG, room=room)
    assert numbers(daemon.next(), "ephemeral") == real
    over = room.hangfs(EPHEMERAL)
    over.tell("mute")
    hung = daemon.wait(lambda snapshot: snapshot["system.disk.ephemeral.error"] == 1, "it hangs")
    daemon.wait(lambda snapshot: True, "two slots later", since=hung.timestamp + 2)
    for snapshot in daemon.snapshots():
        if snapshot.timestamp >= hung.timestamp:
            assert snapshot.disk("ephemeral") == {"error": 1}
    room.release()
    back = daemon.wait(lambda snapshot: snapshot["system.disk.ephemeral.error"] == 0, "it is uncovered")
    assert numbers(back, "ephemeral") == real
    points.assert_every_slot(daemon.snapshots())


def test_another_in_its_place(agent, room):
    """Unmounted while it is read all the time, and a larger one mounted: its numbers, and no slot missing."""
    room.ext4(EPHEMERAL)
    small = room.statfs(EPHEMERAL)
    daemon = agent(config={"parachute": {"interval": 0.1}}, room=room)
    assert numbers(daemon.next(), "ephemeral") == small
    room.unmount(EPHEMERAL)
    room.ext4(EPHEMERAL, size="64M")
    large = room.statfs(EPHEMERAL)
    assert numbers(daemon.next(), "ephemeral") == large != small
    for snapshot in daemon.snapshots():
        if snapshot.disk("ephemeral"):
            assert numbers(snapshot, "ephemeral") in (small, large)
    points.assert_every_slot(daemon.snapshots())


def test_nothing_is_held(agent, room):
    """Between two looks no descriptor and no folder of ours is on the disk, so it can be unmounted."""
    room.ext4(EPHEMERAL)
    daemon = agent("-i", "3600", "--threshold", f"{EPHEMERAL}=0", room=room)
    numbers(daemon.wait(lambda snapshot: True, "the first one"), "ephemeral")
    for pid in (daemon.pid, *processes_of(daemon.pid)):
        for link in [*Path(f"/proc/{pid}/fd").iterdir(), Path(f"/proc/{pid}/cwd")]:
            assert not os.readlink(link).startswith(EPHEMERAL)
    room.run("umount", EPHEMERAL)


@pytest.mark.plain
@pytest.mark.parametrize("error", ["EPERM", "ENOSYS", "EAGAIN"])
def test_not_allowed(agent, room, error):
    """Where the system call is refused, is unknown, or would have to wait, helpers read the same."""
    need_strace()
    room.ext4(EPHEMERAL)
    calls = room.folder / "calls"
    refused = ["-e", "trace=openat2,openat", "-e", f"inject=openat2:error={error}"]
    daemon = agent(room=room, wrapper=traced(calls, *refused), environment=no_leaks())
    assert numbers(daemon.next(), "ephemeral") == room.statfs(EPHEMERAL)
    assert daemon.next()["parachute.error"] == 0
    text = calls.read_text()
    (first, *_) = re.findall(rf'^(\d+) +openat2\(.*"{EPHEMERAL}".*{error}', text, re.MULTILINE)
    asked = re.findall(rf'^(\d+) +openat\(.*"{EPHEMERAL}"', text, re.MULTILINE)
    assert asked and first not in asked
    points.assert_every_slot(daemon.snapshots())


def ticks(text, pid):
    """Of one process the calls, each (name, line), of the whole ticks; each begins with the reading of stat."""
    calls = []
    for line in text.splitlines():
        found = re.match(rf"{pid} +(\w+)\(", line)
        if found:
            calls.append((found[1], line))
    begins = [i for i, (_, line) in enumerate(calls) if re.search(r'pread64\(\d+, "cpu ', line)]
    return [calls[begin:end] for begin, end in pairwise(begins)]


@pytest.mark.plain
@pytest.mark.parametrize("threshold", (0, 80))
def test_calls_of_a_tick(agent, room, threshold):
    """A tick reads each file and each disk once, with no helper to wake or to be woken by."""
    need_strace()
    room.ext4(EPHEMERAL)
    room.ext4(PERSISTENT)
    calls = room.folder / "calls"
    daemon = agent(
        *("--threshold", f"{EPHEMERAL}={threshold}", "--threshold", f"{PERSISTENT}={threshold}"),
        config={"collector": {"exclude_mounts": ["/", "/[!v]*"]}},
        room=room,
        wrapper=traced(calls),
        environment=no_leaks(),
    )
    assert set(daemon.next().disks()) == {"ephemeral", "persistent"}, "the test's own aim"
    helpers = processes_of(daemon.pid, HELPER)
    begun = calls.stat().st_size
    daemon.wait(lambda snapshot: True, "five slots", since=int(time.time()) + 5)
    text = calls.read_text()[begun:]
    daemon.stop()

    assert not helpers, "nobody needs one"
    seen = ticks(text, daemon.pid)
    read = [[re.search(r'"(.*?)"', line)[1] for name, line in tick if name == "openat2"] for tick in seen]
    if threshold == 0:
        assert all(disks == [EPHEMERAL, PERSISTENT] for disks in read), "each once"
        assert not any(name == "poll" for tick in seen for name, _ in tick), "the mount table tells by itself"
    else:  # where the machine falls asleep for a moment, a cycle of the parachute may come by itself
        assert read.count([EPHEMERAL, PERSISTENT]) > len(read) / 2, "the parachute's cycles go with the ticks"
    assert seen
    for tick in seen:
        names = [name for name, _ in tick]
        assert names[: len(GROUPS)] == GROUPS
        opened = [i for i, name in enumerate(names) if name == "openat2"]
        assert all(names[i : i + len(READING)] == READING for i in opened)
        waits = {re.search(r"\((\d+)", line)[1] for name, line in tick if name == "epoll_wait"}
        assert len(waits) == 1, "only the loop waits"


@pytest.mark.parametrize("threshold", (0, 80))
def test_renamed_folder_above(agent, room, threshold):
    """Of two mounts of one file system one is moved away with the folder above it, of which the kernel tells nobody."""
    room.ext4(EPHEMERAL)
    room.run("mkdir", "-p", "/var/app/store")
    room.mount("--bind", EPHEMERAL, "/var/app/store")
    daemon = agent("--threshold", f"{EPHEMERAL}=0", "--threshold", f"/var/app/store={threshold}", room=room)
    daemon.wait(lambda snapshot: snapshot.disk("var_app_store").get("error") == 0, "it is there")
    daemon.next()
    room.run("sh", "-c", "mv /var/app /var/moved; mkdir -p /var/app/store")
    gone = daemon.wait(lambda snapshot: not snapshot.disk("var_app_store"), "it is gone")
    assert not threshold or gone.disk("var_app_store", "parachute")["error"] == 1
    assert numbers(gone, "ephemeral") == room.statfs(EPHEMERAL)
