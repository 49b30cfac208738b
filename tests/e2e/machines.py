"""Machines that fit a test: folders that stand for /proc, and what the agent takes of the real one."""

import os
import time

import points

CPU = "cpu{} 1 2 3 4 5 6 7 0 0 0\n"


def many_cpus(folder, count=4096):
    """The configuration of a machine of so many CPUs, without disks: 4096 give snapshots of about 600 KB."""
    proc = folder / "many-cpus"
    (proc / "self").mkdir(parents=True)
    (proc / "stat").write_text(CPU.format(" ") + "".join(map(CPU.format, range(count))))
    (proc / "filesystems").write_text("")
    (proc / "self" / "mountinfo").write_text("")
    return {"collector": {"proc": str(proc)}}


def resident_bytes(pid):
    """How much memory a process has in use."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        row = next(line for line in file if line.startswith("VmRSS:"))
    return int(row.split()[1]) * 1024


# AddressSanitizer keeps what was freed for a while, which looks like a leak from the outside.
TIGHT_MEMORY = {
    "ASAN_OPTIONS": ":".join(
        filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=0", "thread_local_quarantine_size_kb=0"))
    )
}


def descriptors(pid):
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def half_an_hour_off():
    """Interval and offset with which no tick comes in the next half hour: the first snapshot is all there is."""
    return {"interval": 3600, "offset": (int(time.time()) + 1800) % 3600}


def wait_for_snapshots(agent, number):
    """Until the ring holds so many."""
    points.wait_until(lambda: agent.health()["ring"]["snapshots"] >= number, f"{number} snapshots")


def unread_bytes(port):
    """How many bytes wait for the server on this port to read them, in all of its connections."""
    total = 0
    with open("/proc/net/tcp", encoding="ascii") as file:
        for row in list(file)[1:]:
            _, local, _, state, queues = row.split()[:5]
            if int(local.split(":")[1], 16) == port and state != "0A":  # a listener counts connections there
                total += int(queues.split(":")[1], 16)
    return total
