"""The ring is compact, in memory and in the file, and syncs as often as it was told."""

import http.client
import os
import re
import shutil
import time

import machines
import points
import pytest
import rings

DAY = 86400
BYTES_A_DATAPOINT = 2
STAMP = re.compile(rb'"[^" ]+ [0-9]+ ([0-9]{10})"')


def read_all(daemon, path):
    """A long answer, not kept as a whole: (how many lines, the first timestamp, the last one)."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.http_port, timeout=points.DEADLINE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        lines, first, rest = 0, None, b""
        while part := answer.read(1 << 20):
            lines += part.count(b"\n")
            rest = rest[-200:] + part
            first = first or int(STAMP.search(rest)[1])
        return lines - 1, first, int(STAMP.findall(rest)[-1])  # each line ends in one, and so does the "["
    finally:
        connection.close()


def test_day(agent, program, folder):
    """A day at 1 s takes at most 2 bytes a DataPoint, in memory and file, is loaded, and served whole."""
    state = folder / "state"
    newest = int(time.time()) - 5
    ring = rings.prefill(program, state, DAY, newest)
    began = time.monotonic()
    daemon = agent("--state-dir", state, "--history", str(DAY), environment=machines.TIGHT_MEMORY)
    print(f"served {time.monotonic() - began:.2f} s after the start")
    (last,) = daemon.snapshots(1)
    held = daemon.health()["ring"]
    print(f"{held['bytes']} bytes in memory, {ring.stat().st_size} in the file")
    datapoints = held["snapshots"] * len(last)
    assert held["snapshots"] > DAY - 10
    assert held["bytes"] <= BYTES_A_DATAPOINT * datapoints
    assert ring.stat().st_size <= BYTES_A_DATAPOINT * datapoints

    before = daemon.health()["newest"]["timestamp_s"]
    lines, first, last_s = read_all(daemon, f"/metrics?quantity={DAY}")
    assert lines >= DAY * 33
    assert first <= newest - DAY + 60 and last_s >= before
    rings.wait_written(daemon)


@pytest.mark.parametrize("sync", [0, 3600])
def test_sync(agent, folder, sync):
    """With sync 0 each snapshot is synced, with a long one only a new file and the end are."""
    if not shutil.which("strace"):
        pytest.skip("no strace here")
    calls = folder / "calls"
    calls.touch()
    wrapper = ("strace", "-D", "-f", "-qq", "-e", "trace=fdatasync", "-o", calls)
    no_leaks = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))  # cannot, if traced

    def count():
        return len(re.findall(r"fdatasync.*= 0$", calls.read_text(), re.MULTILINE))

    daemon = agent(
        "--state-dir",
        folder / "state",
        config={"sync": sync},
        wrapper=wrapper,
        environment={"ASAN_OPTIONS": no_leaks},
    )
    machines.wait_for_snapshots(daemon, 4)
    rings.wait_written(daemon)
    if sync == 0:
        points.wait_until(lambda: count() >= 4, "each snapshot is synced")
    before = count()
    assert sync == 0 or before <= 1, "a new file is synced when it is whole"
    daemon.stop()
    if sync > 0:
        points.wait_until(lambda: count() > before, "the end is synced")
