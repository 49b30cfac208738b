"""CPU per snapshot: altimeter, the floor, and the peers, one after the other, each for so many seconds."""

import time

from agents import Agent, mounts_of
from peers import Netdata, NodeExporter, collectd
from processes import Process, Sink
from table import Row

WARM_S = 5
PEER_WARM_S = 20  # collectd and netdata go on with their start that long

ROWS = [
    Row("CPU per snapshot, beside the floor", "us", "altimeter", "floor", at_most=1.8),
    Row("CPU per snapshot, beside collectd", "us", "altimeter", "collectd", at_most=1 / 4),
    Row("CPU per snapshot, beside node_exporter", "us", "altimeter", "node_exporter", at_most=1 / 8),
    Row("CPU per snapshot, beside netdata", "us", "altimeter", "netdata", at_most=1 / 8),
    Row("CPU per snapshot, beside a lean netdata", "us", "altimeter", "netdata_lean", at_most=1 / 8),
]


def of_agent(bench):
    """Gives (us a snapshot, bytes that a snapshot has, its disks)."""
    folder = bench.begin("altimeter")
    with Sink(bench, folder) as sink, Agent(bench, folder, target=sink) as agent:
        time.sleep(WARM_S)
        before = sink.totals()
        us, _ = agent.spend(bench.seconds)
        after = sink.totals()
        size = round((after["bytes"] - before["bytes"]) / (after["snapshots"] - before["snapshots"]))
        return us, size, agent.disks()


def of_floor(bench, size, mounts):
    folder = bench.begin("floor")
    with Sink(bench, folder) as sink:
        with Process([bench.tool("floor"), sink.port, size, *mounts], folder) as floor:
            time.sleep(WARM_S)
            return floor.spend(bench.seconds)[0]


def of_collectd(bench, mounts):
    folder = bench.begin("collectd")
    with Sink(bench, folder, keep=True) as sink, collectd(folder, sink, mounts) as peer:
        time.sleep(PEER_WARM_S)
        us, _ = peer.spend(bench.seconds)
        sink.require("bench.load.", "bench.cpu-0.", "bench.memory.", "bench.swap.", "bench.df-")
        return us


def of_node_exporter(bench):
    with NodeExporter(bench.begin("node_exporter")) as peer:
        peer.wait_port(peer.port)
        peer.require()
        peer.spend(PEER_WARM_S, each_second=peer.scrape)
        return peer.spend(bench.seconds, each_second=peer.scrape)[0]


def of_netdata(bench, lean):
    with Netdata(bench.begin("netdata" + ", lean" * lean), bench.user, lean) as peer:
        time.sleep(PEER_WARM_S)
        us, _ = peer.spend(bench.seconds)
        peer.require("system.cpu", "cpu.cpu0", "system.load", "system.ram", "disk_space._")
        return us


def measure(bench):
    us, size, disks = of_agent(bench)
    mounts = mounts_of(disks)
    yield "altimeter", us
    yield "floor", of_floor(bench, size, mounts)
    yield "collectd", of_collectd(bench, mounts)
    yield "node_exporter", of_node_exporter(bench)
    yield "netdata", of_netdata(bench, lean=False)
    yield "netdata_lean", of_netdata(bench, lean=True)
