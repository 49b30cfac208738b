"""What a service manager is told: the notify and watchdog protocol of sd_notify(3), against a socket of the test's own."""

import os
import signal
import socket
import time

import agent as agents
import points
import pytest
from peers import Peer
from reloads import ask, counts

BEAT_S = 0.2  # of the watchdog in these tests: a quarter of its period


class Manager:
    """The socket that NOTIFY_SOCKET names; what came, in order, with the time at which it was read."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self.socket.settimeout(points.DEADLINE_S)
        self.name = name

    def environment(self, **more):
        return {"NOTIFY_SOCKET": self.name, **more}

    def next(self):
        return self.socket.recv(4096).decode()

    def until(self, wanted):
        """All messages up to the first that is wanted."""
        got = []
        while not got or wanted not in got[-1]:
            got.append(self.next())
        return got

    def drain(self):
        """What is there now."""
        got = []
        self.socket.setblocking(False)
        try:
            while True:
                got.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return got
        finally:
            self.socket.settimeout(points.DEADLINE_S)


@pytest.fixture(params=["path", "abstract"])
def manager(request, folder):
    name = str(folder / "notify") if request.param == "path" else f"@altimeter-test-{os.getpid()}-{time.time_ns()}"
    made = Manager(name)
    yield made
    made.socket.close()


def watched(manager):
    return manager.environment(WATCHDOG_USEC=str(int(BEAT_S * 4 * 1e6)))


def test_ready_and_stopping(agent, manager):
    """READY once there is a snapshot and the doors are open, not before; STOPPING at the end."""
    daemon = agent(environment=manager.environment(), ready=False)
    assert manager.next() == "READY=1\nSTATUS="
    assert daemon.get("/metrics?quantity=1")[0] == 200, "the doors are open by then, with a snapshot behind them"
    daemon.lines().count(1)
    daemon.stop()
    assert manager.drain() == ["STOPPING=1"]


def test_reloading(agent, manager):
    """A reload begins and ends for the manager too, also one that is refused."""
    daemon = agent(config={"interval": 1}, without=("-i",), environment=manager.environment())
    assert manager.next().startswith("READY=1\n")
    for config, status in (({"interval": 2}, ""), ({"interval": 0}, "the last reload was refused: ")):
        ask(daemon, config)
        said = manager.next().splitlines()
        assert said[0] == "RELOADING=1" and said[1].startswith("MONOTONIC_USEC="), said
        assert 0 <= time.monotonic() - int(said[1].split("=")[1]) / 1e6 < points.DEADLINE_S
        assert manager.next().startswith(f"READY=1\nSTATUS={status}")
    assert counts(daemon) == (1, 1)


def test_not_ready_without_a_door(program, folder, manager):
    """Where a port is taken it never says READY, and ends."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = agents.run(
            [program, "--http", f"127.0.0.1:{other.getsockname()[1]}", "--lines", "off"], folder, manager.environment()
        )
    assert result.status == 1
    assert "READY=1" not in "".join(manager.drain())


def test_watchdog(agent, manager):
    """It is pinged while ticks come, with a dead Graphite and at an interval of an hour all the same."""
    dead = Peer("stuck")
    daemon = agent(
        "-i", "3600", "-g", f"127.0.0.1:{agents.free_port()}", "-g", f"{dead.host}:{dead.port}", environment=watched(manager)
    )
    manager.until("READY=1")
    began = time.monotonic()
    for _ in range(8):
        assert manager.next() == "WATCHDOG=1"
    assert time.monotonic() - began > BEAT_S * 4, "not all at once"
    daemon.stop(seconds=4)
    dead.close()


def test_watchdog_of_somebody_else(agent, manager):
    """WATCHDOG_PID that names another process: no pings are wanted of us."""
    agent(environment={**watched(manager), "WATCHDOG_PID": "1"}).lines().count(3)
    assert manager.drain() == ["READY=1\nSTATUS="]


def test_a_stopped_agent_is_silent(agent, manager):
    """One that does not turn its loop sends no pings, and after it goes on they come again."""
    daemon = agent(environment=watched(manager))
    manager.until("WATCHDOG=1")
    os.kill(daemon.pid, signal.SIGSTOP)
    manager.drain()
    stopped = time.monotonic()
    points.wait_until(lambda: time.monotonic() > stopped + BEAT_S * 4, "a period has passed")
    assert manager.drain() == []
    os.kill(daemon.pid, signal.SIGCONT)
    assert "WATCHDOG=1" in manager.until("WATCHDOG=1")[-1]


@pytest.mark.parametrize("name", ["", "relative", "vsock:2:1234", "/" + "x" * 200, "/nowhere/socket"])
def test_a_socket_that_is_none(agent, name):
    """A NOTIFY_SOCKET that leads nowhere is told in the log, and costs nothing else."""
    daemon = agent(environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "junk"})
    daemon.lines().count(2)
    daemon.stop()
    words = "cannot tell the service manager" if name.startswith("/nowhere") else "NOTIFY_SOCKET is no path"
    assert words in daemon.stderr, daemon.stderr
