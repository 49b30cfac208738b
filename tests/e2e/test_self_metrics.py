"""Type `agent`: how the agent itself and its targets are doing, as DataPoints, where that is wanted."""

import os
import signal
import time

import agent as agents
import points
import pytest
from peers import Peer

TARGET = ("connected", "sent", "owed", "lost", "reconnects", "age_s")
OWN = (
    "tick.duration_us",
    "tick.lateness_us",
    "ring.bytes",
    "ring.snapshots",
    "clients.http",
    "clients.lines",
    "disks.stuck",
)


@pytest.fixture
def good():
    peer = Peer("good")
    yield peer
    peer.close()


def type_of(specific):
    return specific.split(".")[0]


def of_agent(snapshot):
    """What it says of type `agent`, in order."""
    return {
        path[len("agent.") :]: value
        for path, value in snapshot.items()
        if type_of(path) == "agent"
    }


def target(snapshot, name):
    """What it says of one target: leaf -> value."""
    return {leaf: snapshot[f"agent.target.{name}.{leaf}"] for leaf in TARGET}


def test_off_unless_wanted(agent, once, good):
    """Without self_metrics there is nothing of it, and --once never has it."""
    daemon = agent(config={"graphite": [good.target]})
    good.wait(lambda: len(good.snapshots()) >= 2, "it gets two snapshots")
    for snapshot in [*daemon.snapshots(), *good.snapshots(), once(config={"self_metrics": True})]:
        assert {type_of(path) for path in snapshot} == {"system", "parachute"}


@pytest.mark.parametrize("kept", (False, True), ids=("memory", "file"))
def test_what_is_there(agent, folder, good, kept):
    """Each snapshot has all of it, last and in order, at every door; targets with equal nodes differ."""
    names = ("relay:a", "relay.a", "relay_a", "\u00e9")
    nodes = ("relay_a", "relay_a_2", "relay_a_3", "__")
    config = {
        "self_metrics": True,
        "graphite": [{**good.target, "name": name, "settle": 0} for name in names],
    }
    if kept:
        (folder / "state").mkdir()
        config["state_dir"] = str(folder / "state")
    expected = [f"target.{node}.{leaf}" for node in nodes for leaf in TARGET]
    expected += [*OWN, *(["file.behind"] if kept else [])]

    daemon = agent(config=config)
    lines = daemon.lines()
    daemon.wait(
        lambda snapshot: all(target(snapshot, node)["sent"] for node in nodes), "all have got one"
    )
    if kept:
        daemon.wait(lambda snapshot: snapshot["agent.file.behind"] == 0, "all is in the file")
    served = daemon.snapshots()
    for snapshot in [*served, *lines.count(2)]:
        assert list(of_agent(snapshot)) == expected
        order = [type_of(path) for path in snapshot]
        assert order == sorted(order, key=("system", "parachute", "agent").index)
    good.wait(lambda: good.heard.count(b".agent.ring.bytes ") > 2, "the target gets them too")


def test_targets_up_and_down(agent, good):
    """What it says of a target that takes everything, and of one that is not there; /healthz agrees."""
    dead = agents.free_port()
    began = time.time()
    daemon = agent(
        config={
            "self_metrics": True,
            "history": 2,
            "graphite": [good.target, {"host": "127.0.0.1", "port": dead}],
        }
    )
    node, down_node = good.target["name"], f"127_0_0_1_{dead}"
    daemon.wait(
        lambda snapshot: target(snapshot, node)["sent"] >= 2
        and target(snapshot, down_node)["lost"] >= 2,
        "two have arrived, two are lost",
    )
    elapsed = time.time() - began
    for snapshot in daemon.snapshots():
        up, down = target(snapshot, node), target(snapshot, down_node)
        assert up["connected"] == 1 and up["lost"] == up["reconnects"] == 0
        assert down["connected"] == down["sent"] == down["reconnects"] == 0
        assert up["age_s"] <= down["age_s"] <= elapsed + 1, "it was never there: since the start"
        assert snapshot["agent.ring.snapshots"] == down["owed"] == 2
        assert snapshot["agent.ring.bytes"] > 0
    newest = daemon.snapshots()[-1]
    said = {found["name"]: found for found in daemon.health()["targets"]}
    assert said[f"127.0.0.1:{dead}"]["lost"] >= target(newest, down_node)["lost"]
    assert said[good.target["name"]]["sent"] >= target(newest, node)["sent"]
    assert target(newest, down_node)["age_s"] >= 2, "it has lost two snapshots meanwhile"

    with_client = daemon.lines()
    daemon.wait(lambda snapshot: snapshot["agent.clients.lines"] == 1, "a client is counted")
    with_client.close()
    daemon.wait(lambda snapshot: snapshot["agent.clients.lines"] == 0, "and gone again")


def test_reconnects(agent):
    """Each connection to a target after the first one counts, and not more than that."""
    fickle = Peer("resets")
    try:
        daemon = agent(config={"self_metrics": True, "graphite": [fickle.target]})
        reconnects = f"agent.target.{fickle.target['name']}.reconnects"
        again = daemon.wait(lambda snapshot: snapshot[reconnects] >= 1, "it was connected again")
        fickle.wait(lambda: len(fickle.connections) > again[reconnects], "as it says itself")
    finally:
        fickle.close()


def test_hung_disk(agent, room):
    """A disk that hangs is stuck, once with two mounts, until it answers; its look took its patience."""
    hanging = room.hangfs("/var/hanging")
    room.path("/var/bound").mkdir()
    room.mount("--bind", "/var/hanging", "/var/bound")
    daemon = agent(
        config={"self_metrics": True, "collector": {"extra_types": ["fuse.hangfs"]}}, room=room
    )
    first = daemon.snapshots()[0]
    assert first["agent.tick.duration_us"] == 0, "there was none before"
    assert daemon.next()["agent.disks.stuck"] == 0

    hanging.tell("hang")
    seen = daemon.wait(lambda snapshot: snapshot["system.disk.var_hanging.error"], "it hangs")
    daemon.wait(lambda snapshot: True, "the next", since=seen.timestamp + 1)
    hung = [one for one in daemon.snapshots() if one["system.disk.var_hanging.error"]]
    assert [one["agent.disks.stuck"] for one in hung] == [1] * len(hung)
    assert hung[1]["agent.tick.duration_us"] >= 500_000, "the first look waited half a second"

    hanging.tell("ok")
    well = daemon.wait(lambda snapshot: snapshot["agent.disks.stuck"] == 0, "it answers")
    assert well["system.disk.var_hanging.error"] == 0
    points.assert_every_slot(daemon.snapshots())


def test_late(agent):
    """A tick that comes late says by how much, and one in time does not."""
    daemon = agent(config={"self_metrics": True})
    daemon.next()
    points.wait_until(lambda: 0.3 < time.time() % 1 < 0.7, "no tick is near")
    os.kill(daemon.pid, signal.SIGSTOP)
    slot = int(time.time()) + 1
    points.wait_until(lambda: time.time() > slot + 0.4, "its slot has begun without it")
    late_us = (time.time() - slot) * 1_000_000
    os.kill(daemon.pid, signal.SIGCONT)
    daemon.wait(lambda snapshot: True, "the late one", since=slot)
    late = next(snapshot for snapshot in daemon.snapshots() if snapshot.timestamp >= slot)
    assert late["agent.tick.lateness_us"] >= int(late_us) - (late.timestamp - slot) * 1_000_000
    daemon.wait(lambda snapshot: snapshot["agent.tick.lateness_us"] < 400_000, "one in time", since=slot + 1)
