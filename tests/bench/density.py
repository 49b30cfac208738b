"""
How many bytes the ring takes for a DataPoint: a day of a model of a node, and what this machine records while
load.py works on it. No time is in it, so one round does.
"""

import json
import sys
from pathlib import Path

from agents import DAY, Agent, prefill
from processes import Process
from table import Row

ONCE = True
LOAD = Path(__file__).with_name("load.py")
BLOCK = 512  # snapshots in a block of the ring: only whole ones are like those of a day

ROWS = [
    Row("bytes per DataPoint held, a model's day at 1 s", "bytes", "model", at_most=1, once=True),
    Row("the same, recorded here under load", "bytes", "recorded", at_most=1, once=True),
    Row("the recording", "snapshots", "snapshots", once=True),
]


def of_model(bench):
    folder = bench.begin("a model's day")
    series = prefill(bench, folder / "state", DAY)
    with Agent(bench, folder, "--history", str(DAY), "--state-dir", folder / "state") as agent:
        agent.wait_history(DAY)
        return agent.health()["ring"]["bytes"] / (DAY * series)


def of_recording(bench):
    wanted = BLOCK * max(1, bench.seconds // 60)
    folder = bench.begin(f"a recording under load, of {wanted} s")
    with Process([sys.executable, LOAD, folder], folder) as load, Agent(bench, folder) as agent:
        agent.wait_history(wanted, 2 * wanted)
        ring = agent.health()["ring"]
        points = len(json.loads(agent.get("/metrics")))
        load.check()
        return ring["bytes"] / points, ring["snapshots"]


def measure(bench):
    yield "model", of_model(bench)
    recorded, snapshots = of_recording(bench)
    yield "recorded", recorded
    yield "snapshots", snapshots
