"""DataPoints as text, read back: lines into snapshots. Every line is held against SPEC 2."""

import re
import time

LINE = re.compile(rb"[A-Za-z0-9_-]{1,200}(\.[A-Za-z0-9_-]{1,200})+ -?[0-9]+ [0-9]{10}\n")
VALUE_MAX = 2**53
DEADLINE_S = 30  # for whatever surely comes; never a measure of how fast it should be

NAMESPACE = "e2e.0"  # under which the tests start the agent


class Snapshot(dict):
    """One tick: `specific` -> value, in the order in which the lines came."""

    def __init__(self, timestamp):
        super().__init__()
        self.timestamp = timestamp

    def disks(self, kind="system"):
        """The names of the disks that are in it, in order."""
        head = f"{kind}.disk."
        return [
            p[len(head) : -len(".error")]
            for p in self
            if p.startswith(head) and p.endswith(".error") and p != "system.disk.error"
        ]

    def disk(self, name, kind="system"):
        """What it says of one disk: leaf -> value; empty where the disk is not in it."""
        head = f"{kind}.disk.{name}."
        return {path[len(head) :]: value for path, value in self.items() if path.startswith(head)}


def split(line, namespace=NAMESPACE):
    """One line as (specific, value, timestamp)."""
    assert LINE.fullmatch(line), f"not a line of SPEC 2: {line!r}"
    path, value, timestamp = line.decode().split()
    assert path.startswith(namespace + "."), f"another namespace: {line!r}"
    assert str(int(value)) == value and 0 <= int(value) <= VALUE_MAX, f"odd value: {line!r}"
    return path[len(namespace) + 1 :], int(value), int(timestamp)


def add(snapshots, line, namespace=NAMESPACE):
    """Puts a line into the last of the snapshots, or into a new one where its timestamp is new."""
    specific, value, timestamp = split(line, namespace)
    if not snapshots or snapshots[-1].timestamp != timestamp:
        snapshots.append(Snapshot(timestamp))
    assert specific not in snapshots[-1], f"twice in one snapshot: {line!r}"
    snapshots[-1][specific] = value


def parse(text, namespace=NAMESPACE):
    """Lines as a list of snapshots."""
    snapshots = []
    for line in text.splitlines(keepends=True):
        add(snapshots, line, namespace)
    return snapshots


def assert_every_slot(snapshots, interval=1):
    """No slot is missing, none comes twice, none out of order."""
    stamps = [snapshot.timestamp for snapshot in snapshots]
    assert len(stamps) > 1, f"too few to tell: {stamps}"
    assert stamps == list(range(stamps[0], stamps[-1] + interval, interval)), f"slots: {stamps}"


def wait_until(question, what, seconds=DEADLINE_S):
    """Asks again and again until the answer is true, and gives that answer."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)
