"""How often it is woken: voluntary context switches of all threads and helper processes, with the parachute on /; and
what a state_dir costs."""

import time

from agents import Agent
from processes import Sink
from table import Row

WARM_S = 3
OBSERVED = {"parachute": {"interval": 1, "disks": [{"mount": "/", "threshold": 100}]}}

ROWS = [
    Row("voluntary switches per snapshot", "", "plain", at_most=4),
    Row("the same with a state_dir", "", "state"),
    Row("CPU per snapshot with a state_dir, parachute on /", "us", "state_us"),
]


def switches(bench, *options):
    folder = bench.begin(" ".join(("altimeter", *options)))
    if options:
        options += (folder / "state",)
    with Sink(bench, folder) as sink, Agent(bench, folder, *options, config=OBSERVED, target=sink) as agent:
        time.sleep(WARM_S)
        return agent.spend(max(3, bench.seconds // 3))


def measure(bench):
    yield "plain", switches(bench)[1]
    us, woken = switches(bench, "--state-dir")
    yield "state", woken
    yield "state_us", us
