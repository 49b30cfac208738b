"""The raw lines door: what an operator with netcat sees, and what odd clients cost."""

import os
import shutil
import subprocess
import threading

import agent as agents
import machines
import netcat
import points
import pytest
from lines import Lines
from web import ask

CLIENTS = 64
MIB = 1 << 20


@pytest.fixture
def client():
    """Makes clients: client(port), client("/path")."""
    with netcat.clients() as connect:
        yield connect


@pytest.fixture
def still(agent):
    """An agent with one snapshot, that takes none for half an hour."""
    return agent(config=machines.half_an_hour_off(), without=("-i",))


def the_snapshot(daemon):
    """The one that such an agent has, as lines."""
    return "".join(line + "\n" for line in ask(daemon.http_port, "/metrics").json()).encode()


def test_newest_at_once(still, client):
    """Whoever connects need not wait for the next tick."""
    wanted = the_snapshot(still)
    for _ in range(3):
        one = client(still.lines_port)
        assert b"".join(one.line() for _ in wanted.splitlines()) == wanted


def test_each_new_one(agent):
    """Several clients get every slot from then on, all the same."""
    daemon = agent()
    clients = [daemon.lines() for _ in range(5)]
    clients[0].count(2)
    clients.append(daemon.lines())
    for one in clients:
        one.count(3)
        one.assert_every_slot()
    daemon.stop()
    tails = [one.tail() for one in clients]
    for tail in tails:  # whoever connected after a tick begins with that one
        assert tail == tails[0][-len(tail) :]


def test_half_close_at_once(still, client):
    """A client that has nothing to say and shows it gets the newest snapshot, whole, and the end."""
    wanted = the_snapshot(still)
    for _ in range(3):
        one = client(still.lines_port)
        one.half_close()
        assert one.rest() == wanted


def test_netcat(still):
    """`nc -N HOST PORT </dev/null` shows one snapshot and ends."""
    if not shutil.which("nc"):
        pytest.skip("no nc here (Debian's package netcat-openbsd)")
    wanted = the_snapshot(still)
    shown = subprocess.run(
        ["nc", "-N", "127.0.0.1", str(still.lines_port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=points.DEADLINE_S,
        check=False,
    )
    assert shown.returncode == 0 and shown.stdout == wanted


def test_half_close_later(agent, client):
    """A client that half-closes after some snapshots is closed with the end of a snapshot."""
    one = client(agent().lines_port)
    first = one.line()
    heard = first
    while b" %d\n" % (points.split(first)[2] + 1) not in heard:
        heard += one.line()
    one.half_close()
    snapshots = points.parse(heard + one.rest())
    assert len(snapshots) >= 2
    assert all(list(snapshot) == list(snapshots[0]) for snapshot in snapshots), "each is whole"


def test_half_close_with_much_under_way(agent, folder, client):
    """What is under way to a client when it half-closes still arrives, however narrow the way is."""
    daemon = agent(config={**machines.many_cpus(folder), **machines.half_an_hour_off()}, without=("-i",))
    one = client(daemon.lines_port, narrow=True)
    one.half_close()
    assert one.rest() == the_snapshot(daemon)


def test_one_too_many(still, client):
    """64 clients are served, the 65th is turned away without a line, and when one leaves there is room again."""
    points.wait_until(lambda: still.health()["lines"]["clients"] == 0, "who looked whether it is open has left")
    served = [client(still.lines_port) for _ in range(CLIENTS)]
    assert all(one.line() for one in served)
    assert client(still.lines_port).rest() == b""
    assert still.health()["lines"]["clients"] == CLIENTS
    served[5].close()
    points.wait_until(lambda: still.health()["lines"]["clients"] == CLIENTS - 1, "it has left")
    assert client(still.lines_port).line()
    assert client(still.lines_port).rest() == b""


def test_client_that_never_reads(agent, folder, client):
    """A client for which 1 MiB waits is dropped; memory and the other clients do not feel it."""
    daemon = agent(config={**machines.many_cpus(folder), "history": 2}, environment=machines.TIGHT_MEMORY)
    lines = daemon.lines()
    lines.count(3)
    others = daemon.health()["lines"]["clients"]
    before = machines.resident_bytes(daemon.pid)
    crowd = [client(daemon.lines_port, narrow=True) for _ in range(8)]
    points.wait_until(lambda: daemon.health()["lines"]["clients"] == others + len(crowd), "all are clients")
    points.wait_until(lambda: daemon.health()["lines"]["clients"] == others, "all are dropped")
    # Up to 1 MiB waits for each, and what is added to it before it is dropped.
    assert machines.resident_bytes(daemon.pid) < before + len(crowd) * 2 * MIB
    for one in crowd:
        heard = b""
        try:
            while got := one.socket.recv(1 << 16):
                heard += got
        except ConnectionResetError:
            pass
        assert 0 < len(heard) < 4 * MIB, "it got what lay in the kernel, and then the end"
    lines.next()
    lines.assert_every_slot()


def test_garbage_at_full_speed(agent, client):
    """Clients that write without end are not listened to: they delay nothing, and nothing is kept of it."""
    daemon = agent(environment=machines.TIGHT_MEMORY)
    lines = daemon.lines()
    lines.count(1)
    before = machines.resident_bytes(daemon.pid)
    noise = os.urandom(1 << 16)
    over = threading.Event()
    written = []

    def shout(one):
        total = 0
        while not over.is_set():
            try:
                total += one.socket.send(noise)
            except TimeoutError:
                continue
        written.append(total)

    shouting = [client(daemon.lines_port) for _ in range(3)]
    for one in shouting:
        one.socket.settimeout(0.1)
    threads = [threading.Thread(target=shout, args=(one,)) for one in shouting]
    for thread in threads:
        thread.start()
    try:
        lines.count(4)
        grown = machines.resident_bytes(daemon.pid) - before
    finally:
        over.set()
        for thread in threads:
            thread.join(points.DEADLINE_S)
    assert sum(written) > 32 * MIB, "the test's own aim: it took more than the kernel holds"
    assert grown < 4 * MIB
    lines.assert_every_slot()
    for one in shouting:
        one.socket.settimeout(points.DEADLINE_S)
        assert points.split(one.line()), "it is served all the same"


def test_ipv6(agent):
    """It listens on IPv6 as well."""
    try:
        port = agents.free_port("::1")
    except OSError as failure:
        pytest.skip(f"no IPv6 here: {failure}")
    agent("--lines", f"[::1]:{port}")
    one = points.wait_until(lambda: connected(port), "it listens")
    one.count(1)
    one.close()


def connected(port):
    try:
        return Lines(port, host="::1")
    except OSError:
        return None
