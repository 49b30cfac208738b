"""
CPU per snapshot and item where there are many: disks, CPUs. What is the same for each number counts less the more there
are; so, beside it, what each further one costs, which is a difference of two measurements, and as noisy.
"""

import itertools
import shutil
import sys
import time
from pathlib import Path

from agents import Agent
from processes import Sink, Unmeasurable, run
from table import Row

ROOT = True  # for the private mounts
DISKS = Path(__file__).with_name("disks.py")
DISK_COUNTS, CPU_COUNTS = (10, 100, 1000), (2, 64, 512)
WARM_S = 3
LOOKS_AGAIN_S = 10  # each so long the agent asks for all disks of one file system by themselves
IMAGE_BYTES = 64 << 20

ROWS = [
    Row("CPU per snapshot and disk: 100, beside 10", "us", "disks_100", "disks_10"),
    Row("CPU per snapshot and disk: 1000, beside 100", "us", "disks_1000", "disks_100", at_most=1.3),
    Row("each further one: 100 to 1000, beside 10 to 100", "us", "more_disks_1000", "more_disks_100"),
    Row("CPU per snapshot and CPU: 64, beside 2", "us", "cpus_64", "cpus_2"),
    Row("CPU per snapshot and CPU: 512, beside 64", "us", "cpus_512", "cpus_64", at_most=1.3),
    Row("each further one: 64 to 512, beside 2 to 64", "us", "more_cpus_512", "more_cpus_64"),
]


def spend(bench, folder, of, **options):
    """(us per snapshot, items); `of` counts the items in a snapshot."""
    with Sink(bench, folder) as sink, Agent(bench, folder, target=sink, **options) as agent:
        time.sleep(WARM_S)
        us, _ = agent.spend(max(1, bench.seconds // 30) * LOOKS_AGAIN_S)
        return us, of(agent)


def with_disks(bench, count):
    folder = bench.begin(f"{count} disks")
    image = folder / "image"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    run(["/usr/sbin/mkfs.ext4", "-q", "-F", image])
    wrapper = [sys.executable, "-B", DISKS, str(count), image, folder]
    us, found = spend(bench, folder, lambda agent: len(agent.disks()), wrapper=wrapper)
    if found < count:
        raise Unmeasurable(f"{found} disks were seen, not {count}")
    return us


def with_cpus(bench, count):
    """A folder that stands for /proc: this machine's, but for the CPUs, and without disks."""
    folder = bench.begin(f"{count} CPUs")
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    for name in ("meminfo", "loadavg"):
        shutil.copy(f"/proc/{name}", proc / name)
    rows = "".join(f"cpu{number} 128021 34 52539 9102539 1200 0 310 20 0 0\n" for number in range(count))
    (proc / "stat").write_text("cpu 0 0 0 0 0 0 0 0 0 0\n" + rows)
    (proc / "filesystems").write_text("")
    (proc / "self" / "mountinfo").write_text("")

    def cpus(agent):
        return sum(name.endswith(".user") for name in agent.newest())

    us, found = spend(bench, folder, cpus, config={"collector": {"proc": str(proc)}})
    if found != count:
        raise Unmeasurable(f"{found} CPUs were seen, not {count}")
    return us


def grow(bench, what, spend, counts):
    us = {}
    for count in counts:
        us[count] = spend(bench, count)
        yield f"{what}_{count}", us[count] / count
    for less, more in itertools.pairwise(counts):
        yield f"more_{what}_{more}", (us[more] - us[less]) / (more - less)


def measure(bench):
    yield from grow(bench, "disks", with_disks, DISK_COUNTS)
    yield from grow(bench, "cpus", with_cpus, CPU_COUNTS)
