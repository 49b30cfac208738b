"""Connecting without TLS is the work of a process of its own: what becomes of it costs no slot, and nothing stays."""

import os
import signal
import socket

import points
import pytest
from agent import children_of, state_of
from peers import Peer
from test_peers import cover

SLOTS = 4
HELPER = "altimeter-dial"


@pytest.fixture
def silence():
    """A name server that never answers, at an address of its own: others may play one meanwhile."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        for last in range(10, 30):
            try:
                server.bind((f"127.0.0.{last}", 53))
                break
            except OSError as problem:
                failure = problem
        else:
            pytest.skip(f"no name server can be played on port 53 here: {failure}")
        server.settimeout(points.DEADLINE_S)
        yield server


@pytest.fixture
def peer():
    one = Peer("good")
    yield one
    one.close()


def ask(room, server):
    """What /etc/hosts does not have, that one is asked for."""
    cover(room, "resolv.conf", f"nameserver {server.getsockname()[0]}\n")
    cover(room, "nsswitch.conf", "hosts: files dns\n")


def helper_of(daemon):
    """The process that connects."""
    return int(points.wait_until(lambda: children_of(daemon.pid, HELPER), "a process connects")[0])


def assert_gone(daemon):
    """No process is left of it, not even a dead one, which keeps its name."""
    points.wait_until(lambda: not children_of(daemon.pid, HELPER), "nothing is left of it")


def test_killed(agent, room, peer, silence):
    """Killed while it looks up the name: that attempt failed, and to the next one all is delivered."""
    hosts = cover(room, "hosts", "127.0.0.1 localhost\n")
    ask(room, silence)
    daemon = agent("--graphite", f"graphite.example:{peer.port}", room=room)
    assert b"graphite" in silence.recv(512), "the test's own aim: the name server is asked"
    hosts.write_text("127.0.0.1 localhost graphite.example\n")
    os.kill(helper_of(daemon), signal.SIGKILL)
    points.wait_until(lambda: "the process that was to connect has died; trying again" in daemon.stderr, "the log says so")
    peer.wait(lambda: peer.heard, "the next attempt succeeds")
    daemon.next()
    assert_gone(daemon)
    held = daemon.snapshots()
    peer.wait(lambda: peer.heard.endswith(b" %d\n" % held[-1].timestamp), "has the last slot")
    heard = {snapshot.timestamp: snapshot for snapshot in peer.snapshots()}
    assert [heard.get(snapshot.timestamp) for snapshot in held] == held
    points.assert_every_slot(held)
    daemon.stop()


def test_name_server_that_is_silent(agent, room, silence):
    """While it waits for a name server the slots go on, and the end of the agent is its end."""
    ask(room, silence)
    daemon = agent("--graphite", "graphite.example:2003", room=room)
    lines = daemon.lines()
    assert silence.recv(512)
    lines.count(SLOTS)
    lines.assert_every_slot()
    helper = helper_of(daemon)
    daemon.stop()
    points.wait_until(lambda: state_of(helper) in "ZX", "it is gone")
