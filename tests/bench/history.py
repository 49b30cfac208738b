"""A day of snapshots at 1 s: all of it in one GET, and all of it to a target that has none of it yet."""

import statistics
import time

from agents import DAY, NAMESPACE, Agent, prefill
from processes import Process, Sink, Unmeasurable, free_port, run, wait_until
from table import Row

MIB, MB = 1 << 20, 10**6
LATENESS_S = 10  # for at least so long, one GET follows the other
RISE_TIMES = 5

ROWS = [
    Row("a day at 1 s in one GET: memory rises by", "MiB", "rise", at_most=1),
    Row("a tick's lateness meanwhile", "ms", "lateness", at_most=20),
    Row("its speed", "MB/s", "speed", at_least=300),
    Row("a day at 1 s to a target, replay_rate 0", "DataPoints/s", "replay", at_least=2_000_000),
]


def download(agent):
    """A command that gets all of the history, and tells how many bytes that was and how many seconds it took."""
    url = f"http://127.0.0.1:{agent.http_port}/metrics"
    return ["curl", "-sS", "-f", "-o", "/dev/null", "-w", "%{size_download} %{time_total}", url]


def speed(said, points):
    """In MB/s, from what `download` told; each DataPoint is at least a path."""
    size, seconds = map(float, said.split())
    if size < points * len(NAMESPACE):
        raise Unmeasurable(f"only {size} bytes of {points} DataPoints came")
    return size / MB / seconds


def rise(agent, folder):
    """By how many bytes its memory rises at most during some downloads."""
    before = most = sum(agent.private_bytes().values())
    for _ in range(RISE_TIMES):
        with Process(download(agent), folder) as client:
            while client.popen.poll() is None:
                most = max(most, sum(agent.private_bytes().values()))
                time.sleep(0.002)
    return most - before


def of_get(bench):
    folder = bench.begin("all in one GET")
    points = DAY * prefill(bench, folder / "state", DAY)
    with Agent(bench, folder, "--history", str(DAY), "--state-dir", folder / "state") as agent:
        agent.wait_history(DAY)
        yield "rise", rise(agent, folder) / MIB
        speeds = []
        with Sink(bench, folder, port=agent.lines_port, dial=True) as client:
            wait_until(lambda: client.totals()["lines"], "a snapshot comes")
            end = time.monotonic() + LATENESS_S
            before = client.totals()["snapshots"]
            while time.monotonic() < end:
                speeds.append(speed(run(download(agent)), points))
            totals = client.totals()
            if totals["snapshots"] == before:
                raise Unmeasurable(f"no snapshot came in {LATENESS_S} s")
            yield "lateness", totals["late_ns"] / 1e6
        yield "speed", statistics.median(speeds)


def of_replay(bench):
    """
    The target listens only once all is loaded, so that nothing is waited for in between; and the ring has room for
    what the agent adds meanwhile, so that nothing of the day is overwritten.
    """
    folder = bench.begin("all to a target")
    lines = DAY * prefill(bench, folder / "state", DAY)
    port = free_port()
    config = {"graphite": [{"host": "127.0.0.1", "port": port, "replay_rate": 0}]}
    options = ("--history", str(DAY + 3600), "--state-dir", folder / "state")
    with Agent(bench, folder, *options, config=config) as agent:
        agent.wait_history(DAY)
        with Sink(bench, folder, port=port, wanted=lines) as sink:
            wait_until(lambda: sink.totals()["wanted_ns"], "all is replayed", pause_s=0.2)
            totals = sink.totals()
    return lines / (totals["wanted_ns"] - totals["first_ns"]) * 1e9


def measure(bench):
    yield from of_get(bench)
    yield "replay", of_replay(bench)
