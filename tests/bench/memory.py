"""Memory of its own, with an hour of history at 10 s."""

import time

from agents import Agent, prefill
from peers import NodeExporter
from processes import Sink
from table import Row

SNAPSHOTS, INTERVAL_S = 360, 10
SCRAPES = 60
MIB = 1 << 20

ROWS = [
    Row("memory of its own, an hour at 10 s", "MiB", "altimeter", at_most=2),
    Row("the same, beside node_exporter", "MiB", "altimeter", "node_exporter", at_most=1 / 10),
    Row("the same without a state_dir", "MiB", "plain", "node_exporter"),
    Row("the first with what its processes share (Pss_Dirty)", "MiB", "pss", "node_exporter_pss"),
]


def scraped(process, scrape):
    """Its memory after so many requests: that of each process, and the sum with what they share."""
    for _ in range(SCRAPES):
        scrape()
        time.sleep(0.1)
    return process.private_bytes(), sum(process.private_bytes("Pss_Dirty").values()) / MIB


def of_agent(bench, snapshots=0):
    """With a target, and after one request for all of its history: (memory, the ring's, the sum with what is shared)."""
    folder = bench.begin("altimeter" + " with a state_dir" * (snapshots > 0))
    options = ["-i", str(INTERVAL_S)]
    if snapshots:
        prefill(bench, folder / "state", snapshots, INTERVAL_S)
        options += ["--state-dir", folder / "state"]
    with Sink(bench, folder) as sink, Agent(bench, folder, *options, target=sink) as agent:
        agent.wait_history(snapshots)
        agent.get("/metrics")
        private, pss = scraped(agent, lambda: agent.get("/metrics?quantity=1"))
        return private, agent.health()["ring"]["bytes"], pss


def of_node_exporter(bench):
    with NodeExporter(bench.begin("node_exporter")) as peer:
        peer.wait_port(peer.port)
        private, pss = scraped(peer, peer.scrape)
        return sum(private.values()), pss


def measure(bench):
    """
    Without a state_dir an hour cannot be waited for: there what the hour takes in the ring is added. Beside the sums,
    what each of altimeter's processes has.
    """
    agent, ring, pss = of_agent(bench, snapshots=SNAPSHOTS)
    plain, ring_of_plain, _ = of_agent(bench)
    node_exporter, node_exporter_pss = of_node_exporter(bench)
    yield "altimeter", sum(agent.values()) / MIB
    yield from ((f"of which {name}", size / MIB) for name, size in agent.items())
    yield "plain", (sum(plain.values()) - ring_of_plain + ring) / MIB
    yield "node_exporter", node_exporter / MIB
    yield "pss", pss
    yield "node_exporter_pss", node_exporter_pss
