"""
What a tick and a request cost the agent: instructions and allocations, counted by valgrind's callgrind.

Counts are no times: the machine's load does not change them. callgrind writes down what it has counted whenever a
snapshot enters the ring (emitter_append), so one part is one slot: a whole tick with its sending to Graphite, and the
requests in it. How many those were is told by the answers themselves, since each carries the snapshot that was the
newest. libevent may wake up a millisecond early and once more, so of slots of one kind the cheapest is taken.

    cost.py [--record] [PROGRAM]

shows what is counted now, and with --record puts it into cost.json, against which test_cost.py holds it, and the names
of the functions that a tick runs into agent/tick.hot, by which the linker lays them side by side.
"""

import collections
import concurrent.futures
import http.client
import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import agent as agents
import points
from peers import Peer

RECORD = Path(__file__).with_suffix(".json")
HOT = Path(__file__).resolve().parents[2] / "agent" / "tick.hot"
COMMAND = "/usr/bin/python3 tests/e2e/cost.py --record"

VALGRIND = ("valgrind", "--quiet", "--tool=callgrind", "--child-silent-after-fork=yes", "--dump-before=emitter_append")
ALLOCATORS = {"malloc", "calloc", "realloc", "aligned_alloc", "memalign", "posix_memalign"}

WARM_UP = 3  # slots, in which the target is connected and buffers grow
MOST = 60  # slots: by then there are enough of each kind, however slow the machine
MANY = 11  # requests in one slot


class Slot:
    """One part: `instructions`, `calls` ((caller, callee): how often), and `asked`, the requests in it."""

    def __init__(self, path, asked, program):
        self.asked, self.calls, self.ours = asked, collections.Counter(), {}
        names, now = {}, {}  # callgrind gives a name once, and a number for it from there on
        with open(path, encoding="utf-8", errors="replace") as file:
            for row in file:
                if match := re.match(r"(c?)(ob|fn|fl|fi|fe)=(\(\d+\))(?: (.*))?$", row):
                    kind = "file" if match[2] in ("fl", "fi", "fe") else match[2]
                    now[match[1] + match[2]] = name = names.setdefault((kind, match[3]), match[4])
                    if match[1] + match[2] == "fn" and now["ob"] == program:
                        self.ours[name] = Path(now["fl"]).name
                elif row.startswith("calls="):
                    self.calls[now["fn"], now["cfn"]] += int(row[6:].split()[0])
                elif row.startswith("summary:"):
                    self.instructions = int(row.split()[1])

    @property
    def allocations(self):
        return sum(
            count for (caller, callee), count in self.calls.items() if callee in ALLOCATORS and caller not in ALLOCATORS
        )

    def allocating(self):
        """Our functions from which the allocators are reached, directly or through libraries."""
        reached, found = set(ALLOCATORS), set()
        while more := {caller for caller, callee in self.calls if callee in reached} - reached - found:
            found |= more & self.ours.keys()
            reached |= more - self.ours.keys()
        return sorted(f"{self.ours[name]}: {name}" for name in found)


def roots():
    """What is mounted on /, as the mount table has it up to the type; in a chroot nothing may be."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        return [row.partition(" - ")[0] for row in file if row.split()[4] == "/"]


def machine(folder):
    """
    A folder that stands for /proc: four CPUs, and one disk, which is what is mounted on / here; said to be ext4,
    whatever it is, so that the way to it is the same everywhere.
    """
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    cpu = "cpu{} 1380210 43 495120 90925000 29261 43 1000 12 500 0\n"
    (proc / "stat").write_text(cpu.format(" ") + "".join(map(cpu.format, range(4))) + "btime 1594300000\n")
    sizes = {"MemTotal": 8139964, "MemFree": 1147552, "Buffers": 133904, "Cached": 2556756, "SwapCached": 0}
    sizes |= {"SwapTotal": 4039676, "SwapFree": 4039676, "Shmem": 21248, "SReclaimable": 91240}
    (proc / "meminfo").write_text("".join(f"{key + ':':16} {value:8} kB\n" for key, value in sizes.items()))
    (proc / "filesystems").write_text("nodev\tproc\nnodev\ttmpfs\n\text4\n")
    rows = [f"{root} - ext4 /dev/vda1 rw\n" for root in roots()[-1:]]
    rows += [f"{9000 + i} 1 0:{900 + i} / /run/none{i} rw shared:{i} - tmpfs tmpfs rw\n" for i in range(20)]
    (proc / "self" / "mountinfo").write_text("".join(rows))
    return str(proc)


def heard(peer):
    """The second of the newest snapshot that the target got; 0: none yet."""
    lines = bytes(peer.heard[-400:]).splitlines(keepends=True)
    return int(lines[-1].split()[2]) if lines and lines[-1].endswith(b"\n") else 0


def ask(connection):
    """One request: the second of the snapshot that it got."""
    connection.request("GET", "/metrics?quantity=1")
    return int(json.loads(connection.getresponse().read())[0].split()[2])


def visit(daemon, peer, kinds):
    """Lets slots go by, as many of each kind as `kinds` says ({requests in it: slots}): {second: requests}."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=points.DEADLINE_S)
    asked, second, slots = collections.Counter(), 0, 0
    try:
        while True:
            peer.wait(lambda: heard(peer) > second, "gets the next snapshot")
            second, slots = heard(peer), slots + 1
            over = {before: asked[before] for before in asked if before < second}
            seen = collections.Counter(over.values())
            kind = next((kind for kind in kinds if seen[kind] < kinds[kind]), None)
            if kind is None:
                return over
            assert slots < MOST, f"slots by number of requests: {dict(seen)} instead of {kinds}"
            if slots > WARM_UP:
                asked[second] += 0
                asked.update(ask(connection) for _ in range(kind))
    finally:
        connection.close()


def count(program, folder, kinds, *options):
    """The slots of an agent with these options, one Graphite target, and the doors open."""
    peer, daemon = Peer("good"), agents.Agent(program, folder)
    parachute = {"interval": 1, "disks": [{"mount": "/", "threshold": 100}]}
    config = {"collector": {"proc": machine(folder)}, "parachute": parachute}
    try:
        wrapper = (*VALGRIND, f"--callgrind-out-file={folder}/%p")
        daemon.start(["--graphite", f"127.0.0.1:{peer.port}", *options], config, wrapper=wrapper)
        asked = visit(daemon, peer, kinds)
        seconds = [snapshot.timestamp for snapshot in daemon.snapshots()]
        daemon.stop(points.DEADLINE_S)
    finally:
        daemon.clean()
        peer.close()
    # The part that is written before a snapshot enters is of the slot of the one before it; the first is the start.
    parts = ((folder / f"{daemon.pid}.{number}", second) for number, second in enumerate(seconds, 2))
    return [Slot(part, asked[second], program) for part, second in parts if second in asked]


def count_all(program, folder):
    """{case: slots} of two agents side by side: `memory` has requests too, `state_dir` keeps its history in a file."""
    program = str(Path(program).resolve())
    cases = {"memory": [{0: 6, 1: 3, MANY: 3}], "state_dir": [{0: 12}, "--state-dir", str(folder / "kept")]}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for case in cases:
            (folder / case).mkdir()
        runs = {case: pool.submit(count, program, folder / case, *how) for case, how in cases.items()}
        return {case: run.result() for case, run in runs.items()}


def instructions(slots):
    """Of a tick, of the first request after it, and of each further one in the same slot; of `slots` by case."""

    def least(case, asked):
        return min(slot.instructions for slot in slots[case] if slot.asked == asked)

    idle, one, many = (least("memory", asked) for asked in (0, 1, MANY))
    return {
        "tick": idle,
        "tick with state_dir": least("state_dir", 0),
        "first request": one - idle,
        "further request": (many - one) // (MANY - 1),
    }


def allocations(slots):
    """Of each tick, of the slots of one case: those without a request."""
    return [slot.allocations for slot in slots if slot.asked == 0]


def functions(slots):
    """The names of what each tick runs of ours, of `slots` by case."""
    idle = [{name for name in slot.ours if slot.ours[name].endswith(".c")} for of in slots.values() for slot in of]
    return {name.partition("'")[0] for name in set.intersection(*idle)}


def pages(program, names):
    """In how many pages of the program these functions lie, and how many they would fill."""
    rows = subprocess.run(["nm", "-S", program], capture_output=True, text=True, check=True).stdout.splitlines()
    places = [(int(row[0], 16), int(row[1], 16)) for row in map(str.split, rows) if len(row) == 4 and row[3] in names]
    lie = {page for begin, size in places for page in range(begin >> 12, (begin + size - 1 >> 12) + 1)}
    return len(lie), sum(size for _, size in places) / 4096


def build(program):
    """What the instructions depend on beside the source."""
    lines = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()
    told = dict(line.split(": ", 1) for line in lines if ": " in line)
    return {"machine": platform.machine()} | {key: told[key] for key in ("compiler", "CFLAGS")}


def main():
    record = "--record" in sys.argv[1:]
    built = Path(__file__).resolve().parents[2] / "build" / "altimeter"
    program = next((word for word in sys.argv[1:] if word != "--record"), built)
    with tempfile.TemporaryDirectory() as folder:
        slots = count_all(program, Path(folder))
    counted = instructions(slots)
    print(json.dumps(counted, indent=2))
    for case, of in slots.items():
        print(f"allocations of each tick, {case}: {allocations(of)}")
    if record:
        RECORD.write_text(json.dumps(build(program) | {"instructions": counted}, indent=2) + "\n")
        names = sorted(functions(slots))
        HOT.write_text("".join(f"--rename-section .text.{name}=.text.hot.{name}\n" for name in names))


if __name__ == "__main__":
    main()
