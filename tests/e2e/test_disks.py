"""Real ext4 on loop devices, in a room of private mounts: numbers, threshold, coming and going."""

import os
import re
import time
from pathlib import Path

import points
import pytest

EPHEMERAL, PERSISTENT = "/var/vcap/data", "/var/vcap/store"
BLOCK = 4096


def fill_up_to(room, mount, percent):
    """Writes a file so that used_percent becomes `percent` or a little more; gives its path."""
    fill = room.path(mount) / "fill"
    before = room.statfs(mount)
    wanted = (before["used"] + before["free"]) * percent // 100 - before["used"]
    with open(fill, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, wanted + 2 * BLOCK)
    return fill


def test_names_and_numbers(once, room):
    """The two known disks, with few blocks reserved and with many: to the byte as `stat -f`."""
    room.ext4(EPHEMERAL)
    room.ext4(PERSISTENT, options=("-m", "20"))
    (room.path(EPHEMERAL) / "file").write_bytes(b"x" * 5_000_000)
    room.run("sync", "-f", EPHEMERAL)
    snapshot = once(room=room)
    for name, mount, much_reserved in (
        ("ephemeral", EPHEMERAL, False),
        ("persistent", PERSISTENT, True),
    ):
        real = room.statfs(mount)
        assert snapshot.disk(name) == {"error": 0, **real}
        assert (
            real["total"] * 4 // 5 >= real["used"] + real["free"]
        ) == much_reserved, "the test's own aim"
        judged = snapshot.disk(name, "parachute")
        assert judged == {
            "error": 0,
            **real,
            "used_percent": 100 * real["used"] // (real["used"] + real["free"]),
            "used_threshold": 80,
            "activated": 0,
        }


def test_threshold_from_the_command_line(once, room):
    """--threshold MOUNT=PERCENT sets a disk's threshold; 0 takes it from what is observed."""
    room.ext4(EPHEMERAL)
    room.ext4(PERSISTENT)
    fill_up_to(room, EPHEMERAL, 40)
    snapshot = once("--threshold", f"{EPHEMERAL}=40", "--threshold", f"{PERSISTENT}=0", room=room)
    assert snapshot.disks("parachute") == ["ephemeral"]
    assert snapshot["parachute.disk.ephemeral.used_threshold"] == 40
    assert snapshot["parachute.disk.ephemeral.activated"] == snapshot["parachute.activated"] == 1
    snapshot = once("--threshold", f"{EPHEMERAL}=42", room=room)
    assert snapshot["parachute.disk.ephemeral.activated"] == snapshot["parachute.activated"] == 0


def test_threshold_is_crossed_both_ways(agent, room):
    """Filling a disk across its threshold activates the parachute within its interval, and back."""
    room.ext4(EPHEMERAL)
    room.ext4(PERSISTENT)
    lines = agent(room=room).lines()
    lines.wait(lambda snapshot: snapshot["parachute.activated"] == 0, "guarded, and all is well")

    def one_interval_later():
        """A reading is never older than an interval of 1 s; one slot is for a slow machine."""
        return lines.wait(lambda snapshot: True, "two slots later", since=int(time.time()) + 3)

    fill = fill_up_to(room, EPHEMERAL, 80)
    full = one_interval_later()
    assert full["parachute.disk.ephemeral.activated"] == full["parachute.activated"] == 1
    assert full["parachute.disk.persistent.activated"] == full["parachute.error"] == 0
    assert full["parachute.disk.ephemeral.used_percent"] >= 80

    fill.unlink()
    empty = one_interval_later()
    assert empty["parachute.disk.ephemeral.activated"] == empty["parachute.activated"] == 0
    lines.assert_every_slot()


def test_disk_comes_late_goes_and_comes_back(agent, room):
    """A default disk is guarded once mounted; unmounted it is an error that keeps its verdict."""
    daemon = agent(room=room)
    absent = daemon.next()
    assert not absent.disk("ephemeral") and not absent.disks("parachute")
    assert absent["parachute.error"] == absent["parachute.activated"] == 0

    image = room.ext4(EPHEMERAL)
    fill_up_to(room, EPHEMERAL, 80)
    daemon.wait(
        lambda snapshot: snapshot["parachute.activated"] == 1,
        "the new disk is guarded and activated",
    )

    room.unmount(EPHEMERAL)
    gone = daemon.wait(
        lambda snapshot: snapshot["parachute.error"] == 1, "the parachute says that it is blind"
    )
    assert gone.disk("ephemeral", "parachute") == {"error": 1, "used_threshold": 80, "activated": 1}
    assert gone["parachute.activated"] == 1, "a disk that cannot be read releases nothing"
    gone = daemon.next()
    assert not gone.disk("ephemeral"), "no longer a disk of the machine"
    assert gone["system.disk.error"] == 0

    room.ext4(EPHEMERAL, image=image)
    real = room.statfs(EPHEMERAL)
    back = daemon.wait(
        lambda snapshot: snapshot["parachute.error"] == 0, "read again", since=gone.timestamp + 1
    )
    assert back.disk("ephemeral") == {"error": 0, **real}
    assert real.items() <= back.disk("ephemeral", "parachute").items()
    assert back["parachute.activated"] == 1
    points.assert_every_slot(daemon.snapshots())


def test_configured_disk_that_is_not_mounted(once, room):
    """A configured disk is observed from the start: not mounted is an error, without a verdict."""
    room.ext4(EPHEMERAL)
    snapshot = once(
        room=room,
        config={
            "parachute": {
                "disks": [
                    {"mount": PERSISTENT, "threshold": 70},
                    {"mount": EPHEMERAL, "threshold": 60},
                ]
            }
        },
    )
    assert snapshot.disks("parachute") == ["persistent", "ephemeral"], "in configured order"
    assert snapshot.disk("persistent", "parachute") == {
        "error": 1,
        "used_threshold": 70,
        "activated": 0,
    }
    assert snapshot["parachute.disk.ephemeral.used_threshold"] == 60
    assert (snapshot["parachute.error"], snapshot["parachute.activated"]) == (1, 0)
    assert not snapshot.disk("persistent")


def test_binds_and_other_mounts_over_a_mount(once, room):
    """Each bind mount is a disk; of several mounts on one point only the topmost counts."""
    room.ext4("/var/a", size="16M")
    room.ext4("/var/b", size="24M")
    (room.path("/var/a") / "sub").mkdir()
    for place in ("bound", "covered", "hidden"):
        room.path(f"/var/{place}").mkdir()
    room.mount("--bind", "/var/a/sub", "/var/bound")
    room.mount("--bind", "/var/a", "/var/covered")
    room.mount("--bind", "/var/b", "/var/covered")  # ext4 over ext4: the upper one's numbers
    room.mount("--bind", "/var/b", "/var/hidden")
    room.mount("-t", "tmpfs", "none", "/var/hidden")  # tmpfs over ext4: no disk
    snapshot = once(room=room)
    a, b = room.statfs("/var/a"), room.statfs("/var/b")
    assert snapshot.disk("var_bound") == snapshot.disk("var_a") == {"error": 0, **a}
    assert snapshot.disk("var_covered") == snapshot.disk("var_b") == {"error": 0, **b}
    assert not snapshot.disk("var_hidden")
    assert snapshot.disks().count("var_covered") == 1


def test_mount_below_a_covered_place(once, room):
    """A mount that nobody can reach any more never shows the numbers of what now lies over it."""
    room.ext4("/var/deep/inner", size="16M")
    room.ext4("/var/other", size="24M")
    (room.path("/var/other") / "inner").mkdir()
    room.mount("--bind", "/var/other", "/var/deep")
    snapshot = once(room=room)
    assert not {"total", "used", "free"} & set(snapshot.disk("var_deep_inner"))
    assert snapshot.disk("var_deep") == {"error": 0, **room.statfs("/var/other")}


def test_what_is_no_disk(once, room):
    """Left out: a mount point that is a file, tmpfs, squashfs."""
    room.ext4("/var/real")
    for name in ("real/source", "file"):
        room.path(f"/var/{name}").touch()
    room.mount("--bind", "/var/real/source", "/var/file")
    room.path("/var/memory").mkdir()
    room.mount("-t", "tmpfs", "none", "/var/memory")
    snapshot = once(room=room)
    assert snapshot.disk("var_real")["error"] == 0
    for name in ("var", "var_file", "var_memory"):
        assert not snapshot.disk(name), name


def test_squashfs_is_no_disk(once, room):
    """A squashfs, always full, is left out although it lies on a block device."""
    (room.folder / "tree").mkdir()
    room.path("/var/image").mkdir()
    try:
        room.run(
            "mksquashfs",
            str(room.folder / "tree"),
            str(room.folder / "s.squashfs"),
            "-quiet",
            "-no-progress",
        )
        room.mount("-t", "squashfs", "-o", "loop", str(room.folder / "s.squashfs"), "/var/image")
    except AssertionError as failure:
        pytest.skip(
            f"no squashfs can be made and mounted here (Debian's package squashfs-tools): {failure}"
        )
    assert b"/var/image" in room.mountinfo()
    assert not once(room=room).disk("var_image")


AUTOFS = """
import ctypes, os, sys, select
libc = ctypes.CDLL(None, use_errno=True)
out, into = os.pipe()
options = f"fd={into},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct".encode()
if libc.mount(b"trap", sys.argv[1].encode(), b"autofs", 0, options):
    sys.exit("mount: " + os.strerror(ctypes.get_errno()))
os.close(into)
print("ready", flush=True)
sys.stdin.read()
libc.umount2(sys.argv[1].encode(), 2)
print("touched" if select.select([out], [], [], 0)[0] and os.read(out, 1) else "untouched")
"""


def test_autofs_is_never_touched(once, room):
    """A place that autofs watches is not touched, not even where its type is an extra one."""
    room.path("/var/trap").mkdir()
    trap = room.start(AUTOFS, "/var/trap")
    ready = trap.stdout.readline()
    if ready != b"ready\n":
        pytest.skip(f"no autofs can be mounted here: {ready.decode().strip()}")
    snapshot = once(
        room=room,
        config={
            "collector": {"extra_types": ["autofs"]},
            "parachute": {"disks": [{"mount": "/var/trap", "threshold": 50}]},
        },
    )
    trap.stdin.close()
    assert trap.stdout.read() == b"untouched\n"
    assert not snapshot.disk("var_trap")


BINDS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for number in range(1000):
    place = f"/var/many/{number}".encode()
    os.makedirs(place)
    if libc.mount(b"/var/disk", place, None, 4096, None):
        sys.exit(os.strerror(ctypes.get_errno()))
"""


def test_thousand_mounts(agent, room):
    """1000 bind mounts are 1000 disks with their numbers, in each slot, without a slot missing."""
    room.ext4("/var/disk", size="16M")
    room.python(BINDS)
    lines = agent(room=room).lines()
    lines.count(3)
    lines.assert_every_slot()
    real = room.statfs("/var/disk")
    for snapshot in lines.snapshots():
        shown = [snapshot.disk(f"var_many_{number}") for number in range(1000)]
        assert shown == [{"error": 0, **real}] * 1000


COMING_AND_GOING = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for number in range(500):
    if libc.mount(b"none", b"/var/vcap/store", b"tmpfs", 0, None) or libc.umount2(b"/var/vcap/store", 2):
        sys.exit(os.strerror(ctypes.get_errno()))
"""


def woken(daemon):
    """How often the agent has gone to sleep until now."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status)[1])


def test_mounts_come_and_go_by_the_thousand(agent, room):
    """They wake the agent once a slot at most, and the one that stays in the end is found."""
    daemon = agent(room=room)
    daemon.next()
    before, begun = woken(daemon), time.monotonic()
    room.python(COMING_AND_GOING)
    times, slots = woken(daemon) - before, int(time.monotonic() - begun) + 2
    assert times <= 10 * slots, f"woken {times} times in {slots} slots"
    room.ext4(EPHEMERAL)
    daemon.wait(lambda snapshot: snapshot.disk("ephemeral"), "the new disk")
    points.assert_every_slot(daemon.snapshots())
