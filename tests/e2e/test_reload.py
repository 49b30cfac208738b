"""SIGHUP: another configuration is taken up in full or not at all, and nothing is lost by it."""

import contextlib
import os
import signal
import time
from pathlib import Path

import agent as agents
import points
import pytest
import rings
from agent import processes_of
from peers import Peer
from reloads import ask, counts, refuse, reload

FILE_ONLY = ("-i",)  # left to the configuration


def base(**more):
    return {"interval": 1, **more}


def test_good_bad_good(agent):
    """Good, bad, good: the bad one is named with file and line, counted, and changes nothing at all."""
    daemon = agent(config=base(), without=FILE_ONLY)
    assert daemon.health()["configuration"] == {"reloads": 0, "refused": 0, "last_s": None, "error": None}
    reload(daemon, base(self_metrics=True))
    daemon.wait(lambda snapshot: "agent.tick.lateness_us" in snapshot, "type agent is there")
    why = refuse(daemon, '{"interval": 1,\n "self_metrics": false,\n "history": 0}')
    assert why.startswith(f"{daemon.folder}/altimeter.json:3:13: history: must be "), why
    assert why in daemon.stderr
    after = daemon.next()
    assert "agent.tick.lateness_us" in after, "the one before is in force, in full"
    reload(daemon, base())
    daemon.wait(lambda snapshot: "agent.tick.lateness_us" not in snapshot, "type agent is gone")
    assert daemon.health()["configuration"]["error"] is None
    points.assert_every_slot(daemon.snapshots())


def test_interval(agent):
    """Another interval begins at once, forward and back; no slot comes twice, the history keeps its time."""
    daemon = agent(config=base(history="1m"), without=FILE_ONLY)
    daemon.lines().count(2)
    assert daemon.health()["ring"]["capacity"] == 60
    reload(daemon, {"interval": 2, "history": "1m"})
    assert daemon.health()["ring"]["capacity"] == 30
    first = int(time.time())
    daemon.wait(lambda snapshot: True, "two slots of two seconds", since=first + 3)
    stamps = [snapshot.timestamp for snapshot in daemon.snapshots() if snapshot.timestamp > first]
    assert all(stamp % 2 == 0 for stamp in stamps), stamps
    reload(daemon, base(history="1m"))
    back = daemon.next().timestamp
    daemon.wait(lambda snapshot: True, "two more", since=back + 2)
    stamps = [snapshot.timestamp for snapshot in daemon.snapshots()]
    assert stamps == sorted(set(stamps)), stamps
    points.assert_every_slot([one for one in daemon.snapshots() if one.timestamp >= back])


def test_there_and_back(agent):
    """Another interval and back within one second: no slot comes twice, none is missing."""
    daemon = agent(config=base(history="1m"), without=FILE_ONLY)
    for other in (7, 2, 3600):
        daemon.next()
        reload(daemon, {"interval": other, "history": "1m"})
        reload(daemon, base(history="1m"))
        daemon.next()
    daemon.next()
    points.assert_every_slot(daemon.snapshots())


def test_a_longer_interval(agent):
    """A longer interval makes the same history fewer snapshots: none of those there are is lost by that, nor owed no more."""
    config = {"history": "8s", "graphite": [{"host": "127.0.0.1", "port": agents.free_port()}]}
    daemon = agent(config=base(**config), without=FILE_ONLY)
    daemon.wait(lambda snapshot: len(daemon.snapshots()) >= 6, "some are owed")
    before = [snapshot.timestamp for snapshot in daemon.snapshots()]
    reload(daemon, {"interval": 4, **config})
    after = [snapshot.timestamp for snapshot in daemon.snapshots()]
    assert after[: len(before)] == before
    (target,) = daemon.health()["targets"]
    assert target["lost"] == 0 and target["owed"] >= len(before)
    points.wait_until(lambda: daemon.health()["ring"]["capacity"] == 2, "it is as short as it is to be")
    assert len(daemon.snapshots()) == 2


def test_bad_and_mended_at_once(agent):
    """A mistake that is mended while it is still being read: what is asked last is taken up, whoever is not gone yet."""
    daemon = agent(config=base(), without=FILE_ONLY)
    for _ in range(100):
        done, refused = counts(daemon)
        ask(daemon, '{"interval": 0}')
        ask(daemon, base())
        points.wait_until(
            lambda: counts(daemon)[0] > done and daemon.health()["configuration"]["error"] is None,
            "the mended one is in force",
        )
    assert "still hangs" not in daemon.stderr


FIXED = {
    "namespace": ({}, {"namespace": "other.0"}),
    "history": ({"history": "1h"}, {"history": "2h"}),
    "state_dir": ({"state_dir": "{}/a"}, {"state_dir": "{}/b"}),
    "state_size": ({"state_size": "1M"}, {"state_size": "2M"}),
    "run_dir": ({"run_dir": "{}/a"}, {"run_dir": "{}/b"}),
    "sync": ({"sync": 1}, {"sync": 2}),
}


@pytest.mark.parametrize("key", FIXED)
def test_needs_a_restart(agent, folder, key):
    """What only a restart can change says so, with its line; nothing else of that file is taken up either."""

    def fill(config):
        return {k: v.replace("{}", str(folder)) if isinstance(v, str) else v for k, v in config.items()}

    before, after = (fill(one) for one in FIXED[key])
    without = (*FILE_ONLY, "-n") if key == "namespace" else FILE_ONLY
    if key == "namespace":
        before = {"namespace": points.NAMESPACE}
    daemon = agent(config=base(**before), without=without)
    why = refuse(daemon, base(self_metrics=True, **after))
    assert "altimeter.json:4:" in why and f": {key}: must stay as it is" in why, why
    assert "agent.tick.lateness_us" not in daemon.next()


def test_targets(agent):
    """
    A target that stays keeps its connection and its counters, one that moves is owed all that was under way,
    one that is new gets all that the ring holds, and one that is gone is left alone.
    """
    stays, moves, goes, comes = (Peer("good") for _ in range(4))

    def names(**peers):
        return [{"name": name, "host": peer.host, "port": peer.port} for name, peer in peers.items()]

    daemon = agent(config=base(graphite=names(stays=stays, moves=moves, goes=goes)), without=FILE_ONLY)
    daemon.lines().count(3)
    for peer in (stays, moves, goes):
        peer.wait(lambda peer=peer: bytes(peer.heard).count(b"load.load1 ") >= 2, "two snapshots")
    before = {target["name"]: target for target in daemon.health()["targets"]}
    new = Peer("good")
    reload(daemon, base(graphite=names(comes=comes, stays=stays, moves=new)))
    after = {target["name"]: target for target in daemon.health()["targets"]}
    assert list(after) == ["comes", "stays", "moves"]
    assert after["stays"]["sent"] >= before["stays"]["sent"] > 0 and after["stays"]["reconnects"] == 0
    assert after["moves"]["sent"] >= before["moves"]["sent"] > 0, "its counters go on"
    seen = daemon.next().timestamp
    for peer in (stays, new, comes):
        peer.wait(lambda peer=peer: f" {seen}\n".encode() in bytes(peer.heard), "it goes on")
    whole = [snapshot.timestamp for snapshot in daemon.snapshots()]
    assert len(stays.connections) == 1

    def has_all():
        got = {snapshot.timestamp for snapshot in comes.snapshots()}
        return got >= set(whole)

    comes.wait(has_all, "a new one gets the whole ring")
    both = {one.timestamp for peer in (moves, new) for one in peer.snapshots()}
    assert both >= set(whole), "the old and the new place have each slot between them"
    assert len(goes.connections) == 1
    for peer in (stays, moves, goes, comes, new):
        peer.close()


def test_a_hanging_file(agent, room):
    """
    Where the disk of what the configuration names hangs, ticks go on, the one in force stays, and both are said;
    asked again meanwhile nothing piles up; once it answers the next reload goes through.
    """
    disk = rings.StallFs(room, "/var/stalls")
    token = room.path("/var/stalls/token")
    token.write_text("secret\n")
    token.chmod(0o600)
    daemon = agent(config=base(), without=FILE_ONLY, room=room)
    disk.tell("stall")
    helpers = len(processes_of(daemon.pid))
    ask(daemon, base(http={"token_file": "/var/stalls/token"}))
    disk.wait_stalled()
    points.wait_until(lambda: counts(daemon) == (0, 1), "it is given up")
    assert "does a disk hang?" in daemon.health()["configuration"]["error"]
    ask(daemon)
    points.wait_until(lambda: counts(daemon) == (0, 2), "and is not begun again")
    assert "still hangs" in daemon.health()["configuration"]["error"]
    assert len(processes_of(daemon.pid)) <= helpers + 1
    points.assert_every_slot(daemon.snapshots())
    disk.tell("ok")
    points.wait_until(lambda: len(processes_of(daemon.pid)) <= helpers, "it ends")
    ask(daemon)
    points.wait_until(lambda: daemon.get("/metrics")[0] == 401, "the token is in force")


def test_without_a_file(agent):
    """Without a file there is nothing to change, and SIGHUP ends nobody."""
    daemon = agent()
    os.kill(daemon.pid, signal.SIGHUP)
    points.wait_until(lambda: counts(daemon) == (1, 0), "it was read again")
    daemon.next()


def test_a_relative_path(program, folder):
    """The file is found again from where the agent was started."""
    (folder / "here").mkdir()
    port = agents.free_port()
    config = {"interval": 1, "namespace": points.NAMESPACE, "lines": {"listen": "off"}}
    config["http"] = {"listen": f"127.0.0.1:{port}"}
    agents.write_config(folder / "here", config)
    daemon = agents.Agent(program, folder)
    daemon.http_port = port
    cwd = os.getcwd()
    os.chdir(folder / "here")
    try:
        daemon.start(
            ["-c", "altimeter.json"], without=("-n", "-i", "--http", "--lines"), ready=True
        )
    finally:
        os.chdir(cwd)
    try:
        os.kill(daemon.pid, signal.SIGHUP)
        points.wait_until(lambda: counts(daemon) == (1, 0), "it was read again")
        daemon.stop()
    finally:
        daemon.clean()


def opened(pid):
    """What a process has open."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            found.add(os.readlink(link))
    return found


def test_through_a_pipe(agent, folder):
    """A configuration that came through a pipe cannot be read again, and that is said."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # there before the reader, for whom a pipe without a writer is at its end
    os.write(writer, b'{"self_metrics": true}')
    daemon = agent("-c", str(pipe), ready=False)
    points.wait_until(lambda: str(pipe) in opened(daemon.pid), "it reads")
    os.close(writer)
    points.wait_until(lambda: daemon.answers(daemon.lines_port), "it is there")
    os.kill(daemon.pid, signal.SIGHUP)
    points.wait_until(lambda: counts(daemon) == (0, 1), "it was refused")
    assert "through a pipe" in daemon.health()["configuration"]["error"]
    assert "agent.tick.lateness_us" in daemon.next()


def test_at_the_very_start(program, folder):
    """A SIGHUP that comes while the agent starts kills nobody; what it asked for is done once it runs."""
    daemon = agents.Agent(program, folder)
    daemon.start([], config=base(), without=FILE_ONLY, ready=False)
    try:
        # From its first line on: its own signal mask shows that it holds them back.
        def held():
            with open(f"/proc/{daemon.pid}/status", encoding="ascii") as file:
                status = dict(line.split(":", 1) for line in file)
            hup = 1 << (signal.SIGHUP - 1)
            return int(status["SigBlk"], 16) & hup or int(status["SigCgt"], 16) & hup

        points.wait_until(held, "it holds SIGHUP back")
        for _ in range(50):
            os.kill(daemon.pid, signal.SIGHUP)
        points.wait_until(lambda: daemon.answers(daemon.lines_port), "its doors are open")
        points.wait_until(lambda: counts(daemon)[0] >= 1, "it was read again")
        daemon.stop()
    finally:
        daemon.clean()
