"""collector.proc pointed at machines that nobody has: what can be read, and what cannot."""

import os

import pytest

MILLISECONDS_PER_TICK = 1000 // os.sysconf("SC_CLK_TCK")
KB = 1024

CPU = "cpu{} 10 20 30 40 50 60 70 80 5 5\n"
CPU_MS = {"user": 30, "system": 160, "idle": 90}  # in ticks

MEMINFO = """MemTotal:        8000 kB
MemFree:         1000 kB
MemAvailable:    4000 kB
Buffers:          200 kB
Cached:           700 kB
SwapCached:         0 kB
SwapTotal:       3000 kB
SwapFree:        2500 kB
Shmem:             50 kB
SReclaimable:     100 kB
SUnreclaim:       300 kB
"""
MEMORY = {
    "error": 0,
    "total": 8000 * KB,
    "used": 6000 * KB,
    "free": 1000 * KB,
    "shared": 50 * KB,
    "buffers": 200 * KB,
    "cached": 700 * KB,
}
SWAP = {"error": 0, "total": 3000 * KB, "used": 500 * KB, "free": 2500 * KB}
FAILED = {"error": 1}


def cpus(numbers):
    """The CPU group of a machine with these CPUs."""
    group = {"cpu.error": 0}
    for number in numbers:
        group.update(
            {f"cpu{number}.{leaf}": ticks * MILLISECONDS_PER_TICK for leaf, ticks in CPU_MS.items()}
        )
    return group


def stat(numbers):
    """A /proc/stat of a machine with these CPUs."""
    return (
        CPU.format(" ")
        + "".join(map(CPU.format, numbers))
        + "intr 1 2 3\nctxt 5\nbtime 1594380720\n"
    )


def machine(folder, **files):
    """A folder that stands for /proc, healthy but for the files given; None: there is none."""
    healthy = {
        "stat": stat([0, 1]),
        "meminfo": MEMINFO,
        "filesystems": "nodev\tproc\n\text4\n",
        "mountinfo": "1 0 0:1 / / rw - proc proc rw\n",
    }
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    for name, text in {**healthy, **files}.items():
        if text is not None:
            place = proc / ("self/mountinfo" if name == "mountinfo" else name)
            place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"collector": {"proc": str(proc)}}


def group(snapshot, name):
    head = f"system.{name}."
    return {path[len(head) :]: value for path, value in snapshot.items() if path.startswith(head)}


def cpu_group(snapshot):
    return {
        path[len("system.") :]: value
        for path, value in snapshot.items()
        if path.startswith("system.cpu")
    }


def test_healthy(once, folder):
    """The folder that the others differ from by one file: each value, to the byte."""
    snapshot = once(config=machine(folder))
    assert cpu_group(snapshot) == cpus([0, 1])
    assert group(snapshot, "memory") == MEMORY
    assert group(snapshot, "swap") == SWAP
    assert group(snapshot, "disk") == {"error": 0}
    assert snapshot["system.load.error"] == 0


STATS = [
    ("512 CPUs", stat(range(512)), cpus(range(512))),
    ("gaps between the CPUs' numbers", stat([0, 7, 300]), cpus([0, 7, 300])),
    ("no file", None, {"cpu.error": 1}),
    ("nothing in it", "", {"cpu.error": 1}),
    (
        "ends within a CPU's line",
        stat([0])[: stat([0]).index("cpu0") + len("cpu0 10 2")],
        {"cpu.error": 1},
    ),
    ("words for numbers", "cpu  a b c\ncpu0 a b c d e f g\n", {"cpu.error": 1}),
    ("zero bytes and noise", b"\0\xff\xfe" * 1000, {"cpu.error": 1}),
    (
        "kernel 2.4's four numbers",
        "cpu  1 2 3 4\ncpu0 1 2 3 4\n",
        {
            "cpu.error": 0,
            **{
                f"cpu0.{leaf}": ticks * MILLISECONDS_PER_TICK
                for leaf, ticks in (("user", 3), ("system", 3), ("idle", 4))
            },
        },
    ),
]


@pytest.mark.parametrize(
    "text, expected", [row[1:] for row in STATS], ids=[row[0] for row in STATS]
)
def test_stat(once, folder, text, expected):
    """Odd /proc/stat: the CPUs there are, or the group's error; the other groups stand."""
    snapshot = once(config=machine(folder, stat=text))
    assert cpu_group(snapshot) == expected
    assert group(snapshot, "memory") == MEMORY
    assert group(snapshot, "swap") == SWAP


def without(key):
    return "".join(
        line for line in MEMINFO.splitlines(keepends=True) if not line.startswith(key + ":")
    )


def changed(key, value):
    return "".join(
        f"{key}: {value} kB\n" if line.startswith(key + ":") else line
        for line in MEMINFO.splitlines(keepends=True)
    )


MEMINFOS = [
    ("no file", None, FAILED, FAILED),
    ("nothing in it", "", FAILED, FAILED),
    ("cut after MemTotal", MEMINFO[:30], FAILED, FAILED),
    ("no MemTotal", without("MemTotal"), FAILED, SWAP),
    ("no MemFree", without("MemFree"), FAILED, SWAP),
    (
        "no SReclaimable, as before 2.6.19",
        without("SReclaimable"),
        {**MEMORY, "used": 6100 * KB},
        SWAP,
    ),
    (
        "more cached than there is",
        changed("Cached", 9000),
        {**MEMORY, "used": 0, "cached": 9000 * KB},
        SWAP,
    ),
    (
        "no swap",
        changed("SwapTotal", 0).replace("SwapFree:        2500", "SwapFree: 0"),
        MEMORY,
        {"error": 0, "total": 0, "used": 0, "free": 0},
    ),
    (
        "more swap free than there is",
        changed("SwapFree", 18446744073709551488),
        MEMORY,
        {**SWAP, "used": 0, "free": 3000 * KB},
    ),
    ("words for numbers", changed("MemTotal", "much"), FAILED, SWAP),
]


@pytest.mark.parametrize(
    "text, memory, swap", [row[1:] for row in MEMINFOS], ids=[row[0] for row in MEMINFOS]
)
def test_meminfo(once, folder, text, memory, swap):
    """Odd /proc/meminfo: values, clamped where the kernel exaggerates, or the error."""
    snapshot = once(config=machine(folder, meminfo=text))
    assert group(snapshot, "memory") == memory
    assert group(snapshot, "swap") == swap
    assert cpu_group(snapshot) == cpus([0, 1])


MOUNTS = [
    ("no mountinfo", {"mountinfo": None}),
    ("no filesystems", {"filesystems": None}),
    ("noise for mountinfo", {"mountinfo": b"\0\xff not a mount table\n" * 100}),
]


@pytest.mark.parametrize("files", [row[1] for row in MOUNTS], ids=[row[0] for row in MOUNTS])
def test_mount_table(once, folder, files):
    """A mount table that cannot be read is disk.error, no disk, and no other group's trouble."""
    snapshot = once(config=machine(folder, **files))
    assert group(snapshot, "disk") == FAILED
    assert group(snapshot, "memory") == MEMORY
    assert cpu_group(snapshot) == cpus([0, 1])


def test_mount_table_that_lies(once, folder):
    """A mount that is another one than the table says, or none, never shows another's numbers."""
    lies = (
        "999998 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "999999 1 8:2 / /no/such/place rw - ext4 /dev/sda2 rw\n"
    )
    snapshot = once(config=machine(folder, mountinfo=lies))
    assert snapshot["system.disk.error"] == 0
    assert not [
        path
        for path in snapshot
        if path.endswith((".total", ".used", ".free")) and ".disk." in path
    ]


def test_nothing_at_all(once, folder):
    """An empty folder for /proc: each group is in error, and the parachute has its two lines."""
    (folder / "empty").mkdir()
    snapshot = once(config={"collector": {"proc": str(folder / "empty")}})
    del snapshot["system.load.error"], snapshot["system.load.load1"]
    del snapshot["system.load.load5"], snapshot["system.load.load15"]
    assert snapshot == {
        "system.cpu.error": 1,
        "system.memory.error": 1,
        "system.swap.error": 1,
        "system.disk.error": 1,
        "parachute.error": 0,
        "parachute.activated": 0,
    }


def test_machine_that_changes(agent, folder):
    """A CPU that steps back a little is held, one that steps far starts anew; a file comes back."""
    proc = machine(folder, stat="cpu0 500 0 0 900 0 0 0 0 0 0\n")
    stat_file = folder / "proc" / "stat"
    daemon = agent(config=proc)

    def after(text):
        stat_file.write_text(text)
        return cpu_group(daemon.next())

    def counters(user, idle):
        return {
            "cpu.error": 0,
            "cpu0.user": user * MILLISECONDS_PER_TICK,
            "cpu0.system": 0,
            "cpu0.idle": idle * MILLISECONDS_PER_TICK,
        }

    assert after("cpu0 501 0 0 890 0 0 0 0 0 0\n") == counters(501, 900)
    assert after("cpu0 100 0 0 901 0 0 0 0 0 0\n") == counters(100, 901)
    assert after("") == {"cpu.error": 1}
    assert after("cpu0 102 0 0 902 0 0 0 0 0 0\n") == counters(102, 902)


def test_mount_table_lost_for_a_while(agent, folder):
    """A mount table lost for a slot leaves no alarm about disks that nobody has mounted."""
    daemon = agent(config=machine(folder))
    table = folder / "proc" / "self" / "mountinfo"
    good = table.read_text()
    table.write_text("noise\n")
    lost = daemon.next()
    assert lost["system.disk.error"] == 1
    table.write_text(good)
    back = daemon.next()
    assert back["system.disk.error"] == 0
    for snapshot in (lost, back):
        assert (snapshot["parachute.error"], snapshot["parachute.activated"]) == (0, 0)
        assert not snapshot.disks("parachute")
