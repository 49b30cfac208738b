"""GET /healthz: the agent's state, and when it is unwell."""

import os
import signal
import time

import agent as agents
import machines
import points
from peers import Peer
from shared import VERSION
from web import Connection, ask, request


def test_health(agent):
    """/healthz tells version, start, newest snapshot, the ring's fill, and how each target fares."""
    good = Peer("good")
    dead = agents.free_port()
    try:
        began = int(time.time())
        daemon = agent(config={"history": 2, "graphite": [good.target, {"host": "127.0.0.1", "port": dead}]})
        points.wait_until(lambda: daemon.health()["targets"][0]["sent"] >= 3, "three snapshots have arrived")
        points.wait_until(lambda: daemon.health()["targets"][1]["lost"] >= 1, "the ring overwrites what nobody takes")
        with Connection(daemon.http_port):
            points.wait_until(lambda: daemon.health()["http"]["clients"] == 2, "it counts this client and who asks")
        health = daemon.health()
        now = int(time.time())
    finally:
        good.close()
    assert health["status"] == "ok" and health["version"] == VERSION
    assert began - 1 <= health["start_time_s"] <= now and 1 <= health["uptime_s"] <= now - began + 1
    assert now - 3 <= health["newest"]["timestamp_s"] <= now and 0 <= health["newest"]["age_s"] <= 3
    assert health["ring"]["snapshots"] == health["ring"]["capacity"] == 2 and health["ring"]["bytes"] > 0
    up, down = health["targets"]
    assert (up["name"], up["state"], up["error"], up["lost"]) == (good.target["name"], "up", None, 0)
    assert down["name"] == f"127.0.0.1:{dead}" and down["state"] in ("down", "connecting") and down["error"]
    assert down["sent"] == 0 and down["owed"] <= 2 and up["reconnects"] == down["reconnects"] == 0


def test_health_when_stale(agent, folder):
    """/healthz is 503 as long as the newest snapshot is older than three intervals, and 200 again with the next."""
    # Woken after four intervals, the agent takes its next snapshot only when the disk's helper, which
    # stays stopped, has had its half second; a request that waits already is answered meanwhile.
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "filesystems").write_text("\text4\n")
    (proc / "self" / "mountinfo").write_text("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
    daemon = agent(config={"collector": {"proc": str(proc)}})
    machines.wait_for_snapshots(daemon, 1)
    helpers = [pid for pid in agents.processes_of(daemon.pid) if pid != daemon.pid]
    assert helpers, "the test's own aim: a disk is read by a helper"
    with Connection(daemon.http_port) as connection:
        points.wait_until(lambda: 0.3 < time.time() % 1 < 0.6, "no snapshot is being taken")
        for pid in (daemon.pid, *helpers):
            os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        connection.send(request("/healthz"))
        points.wait_until(lambda: time.monotonic() > stopped + 4.5, "four slots have passed")
        os.kill(daemon.pid, signal.SIGCONT)
        answer = connection.answer()
        for pid in helpers:
            os.kill(pid, signal.SIGCONT)
        assert answer.status == 503
        assert answer.json()["status"] == "stale" and answer.json()["newest"]["age_s"] > 3
        points.wait_until(lambda: connection.ask("/healthz").status == 200, "well again")


def test_head(agent):
    """HEAD tells well from unwell without a body."""
    head = ask(agent().http_port, "/healthz", "HEAD")
    assert head.status == 200 and head.headers["Content-Type"] == "application/json" and not head.body
