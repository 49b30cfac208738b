"""The values of --once against an independent reading of the machine."""

import os
import re
import shutil
import subprocess
import time

import points
import pytest

MILLISECONDS_PER_TICK = 1000 // os.sysconf("SC_CLK_TCK")
MEMORY = ("error", "total", "used", "free", "shared", "buffers", "cached")
SWAP = ("error", "total", "used", "free")


def read_cpus():
    """{path: milliseconds} from /proc/stat: man 5 proc; guest time is part of user."""
    values = {}
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            if match := re.match(r"(cpu[0-9]+) (.*)", line):
                user, nice, system, idle, iowait, irq, softirq = map(int, match[2].split()[:7])
                for leaf, ticks in (
                    ("user", user + nice),
                    ("system", system + irq + softirq),
                    ("idle", idle + iowait),
                ):
                    values[f"system.{match[1]}.{leaf}"] = ticks * MILLISECONDS_PER_TICK
    return values


def read_memory():
    """{path: bytes} from /proc/meminfo, of memory and swap."""
    with open("/proc/meminfo", encoding="ascii") as file:
        kb = {line.split(":")[0]: int(line.split()[1]) for line in file}
    unused = sum(kb[key] for key in ("MemFree", "Cached", "Buffers", "SReclaimable"))
    values = {
        "memory.total": kb["MemTotal"],
        "memory.used": kb["MemTotal"] - unused,
        "memory.free": kb["MemFree"],
        "memory.shared": kb["Shmem"],
        "memory.buffers": kb["Buffers"],
        "memory.cached": kb["Cached"],
        "swap.total": kb["SwapTotal"],
        "swap.used": kb["SwapTotal"] - kb["SwapFree"],
        "swap.free": kb["SwapFree"],
    }
    return {f"system.{leaf}": value * 1024 for leaf, value in values.items()}


def read_load():
    """{path: load * 10^6} from /proc/loadavg, which has two decimals."""
    with open("/proc/loadavg", encoding="ascii") as file:
        return {
            f"system.load.load{minutes}": float(value) * 1e6
            for minutes, value in zip((1, 5, 15), file.read().split())
        }


def assert_between(read, once, slack):
    """Each value lies between a reading before and one after, give or take the slack."""
    before, snapshot, after = read(), once(), read()
    for path in before:
        low, high = sorted((before[path], after[path]))
        assert (
            low - slack <= snapshot[path] <= high + slack
        ), f"{path}: {low} <= {snapshot[path]} <= {high}"
    return snapshot


def test_cpus(once):
    """Each CPU's counters are those of /proc/stat in milliseconds, and no other CPU is there."""
    snapshot = assert_between(read_cpus, once, slack=MILLISECONDS_PER_TICK)
    assert {path for path in snapshot if path.startswith("system.cpu")} == {
        "system.cpu.error",
        *read_cpus(),
    }


def test_memory_and_swap(once):
    """Memory and swap are those of /proc/meminfo in bytes; sizes exactly, the rest as it moves."""
    total = read_memory()["system.memory.total"]
    snapshot = assert_between(read_memory, once, slack=total // 50)
    assert snapshot["system.memory.total"] == total
    assert snapshot["system.swap.total"] == read_memory()["system.swap.total"]


def test_load(once):
    """Load is that of /proc/loadavg times a million, to its two decimals."""
    assert_between(read_load, once, slack=10_000)


def read_disks():
    """{mount point: (total, used, free)} by `stat -f`, of block file systems, topmost only."""
    with open("/proc/filesystems", encoding="ascii") as file:
        types = {line.strip() for line in file if not line.startswith("nodev")} | {"zfs", "btrfs"}
    top = {}
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            mount, rest = line.split()[4], line.partition(b" - ")[2]
            mount = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), mount)
            top[mount] = rest.split()[0].decode()
    disks = {}
    for mount, kind in top.items():
        if kind in types - {"squashfs", "iso9660"} and os.path.isdir(mount):
            size, blocks, free, available = map(
                int,
                subprocess.run(
                    ["stat", "-f", "-c", "%S %b %f %a", mount], stdout=subprocess.PIPE, check=True
                ).stdout.split(),
            )
            if blocks:
                disks[mount] = (size * blocks, size * (blocks - free), size * available)
    return disks


def test_disks_of_this_machine(once):
    """The machine's own disks: those of the mount table, with the sizes that stat -f says."""
    disks, snapshot = read_disks(), once()
    assert sorted(total for total, _, _ in disks.values()) == sorted(
        snapshot.disk(name)["total"] for name in snapshot.disks()
    )
    if b"/" in disks:
        total, used, free = disks[b"/"]
        shown = snapshot.disk("system")
        assert shown["error"] == 0 and shown["total"] == total
        assert abs(shown["used"] - used) < total // 20 and abs(shown["free"] - free) < total // 20


def expected_order(snapshot):
    """What a snapshot with these CPUs and disks must be, in the order of SPEC 6."""
    paths = ["system.cpu.error"]
    cpus = {
        int(match[1]) for path in snapshot if (match := re.match(r"system\.cpu([0-9]+)\.", path))
    }
    paths += [
        f"system.cpu{number}.{leaf}"
        for number in sorted(cpus)
        for leaf in ("user", "system", "idle")
    ]
    paths += [f"system.load.{leaf}" for leaf in ("error", "load1", "load5", "load15")]
    paths += [f"system.memory.{leaf}" for leaf in MEMORY]
    paths += [f"system.swap.{leaf}" for leaf in SWAP]
    paths += ["system.disk.error"]
    for name in snapshot.disks():
        paths += [f"system.disk.{name}.{leaf}" for leaf in ("error", "total", "used", "free")]
    paths += ["parachute.error", "parachute.activated"]
    for name in snapshot.disks("parachute"):
        paths += [
            f"parachute.disk.{name}.{leaf}"
            for leaf in (
                "error",
                "total",
                "used",
                "used_percent",
                "used_threshold",
                "free",
                "activated",
            )
        ]
    return paths


def test_order(once, room):
    """The order within a snapshot, error first in each group, with two observed disks."""
    room.ext4("/var/vcap/data")
    room.ext4("/var/vcap/store")
    snapshot = once(room=room)
    assert snapshot.disks("parachute") == ["ephemeral", "persistent"]
    assert list(snapshot) == expected_order(snapshot)


def test_once_carries_the_present_second(once):
    """--once stamps with the second in which it is run, aligned to nothing."""
    before = int(time.time())
    snapshot = once("-i", "3600")
    assert before <= snapshot.timestamp <= time.time()


def test_slots_are_aligned(agent):
    """At interval 2, offset 1, there is a snapshot for each odd second, from the running one on."""
    before = time.time()
    lines = agent("-i", "2", config={"offset": 1}).lines()
    ready = time.time()
    shown = lines.count(2)
    lines.assert_every_slot(interval=2)
    assert all(snapshot.timestamp % 2 == 1 for snapshot in shown)
    assert before - 2 < shown[0].timestamp <= ready


def test_locale_does_not_matter(once, room):
    """Under a locale with a decimal comma and grouped thousands the lines are the same."""
    if not shutil.which("localedef") or not os.path.exists("/usr/share/i18n/locales/de_DE"):
        pytest.skip("no locale can be made here (Debian's package locales)")
    room.mount("-t", "tmpfs", "none", "/usr/lib/locale")
    room.run("localedef", "-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8")
    environment = {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}
    said = room.run("env", "LC_ALL=de_DE.UTF-8", "printf", "%.1f", "0,5")
    assert said == b"0,5", "the test's own aim: the locale is in force"
    assert list(once(room=room, environment=environment)) == list(once(room=room))


def test_namespace_from_the_host_name(run):
    """Without a namespace the lines stand under the host name, as one node."""
    node = re.sub("[^A-Za-z0-9_-]", "_", os.uname().nodename)
    (snapshot,) = points.parse(run("--once").stdout, node)
    assert snapshot["system.cpu.error"] == 0
