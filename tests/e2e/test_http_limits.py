"""Clients of the HTTP door that are slow, many, or gone: each costs only itself, and memory stays flat."""

import json
import resource
import select
import socket
import time

import machines
import points
import pytest
import shared
import web
from web import Connection, ask, request

MIB = 1 << 20
LIMIT_S = (9, 16)  # deadlines are 10 s, looked at each second; the machine may be slow, but not early
CONNECTIONS = 64


class Slow:
    """A client that should be closed: what it has said before, and the bytes that it still says, one a second."""

    def __init__(self, port, whole=b"", drip=b""):
        self.connection = Connection(port)
        self.drip = list(drip)
        self.closed_s = None
        self.heard = b""
        if whole:
            self.connection.send(whole)
            self.connection.answer()
        self.began = time.monotonic()

    def say(self):
        if self.drip and self.closed_s is None:
            try:
                self.connection.send(bytes([self.drip.pop(0)]))
            except (BrokenPipeError, ConnectionResetError):
                pass

    def listen(self):
        """There is something to read: the end, or what should not come."""
        try:
            got = self.connection.socket.recv(4096)
        except ConnectionResetError:
            got = b""
        self.heard += got
        if not got:
            self.closed_s = time.monotonic() - self.began


def count_closed(sockets):
    """How many of them the other side has closed."""
    poll = select.poll()
    for one in sockets:
        poll.register(one, select.POLLIN)
    return len(poll.poll(0))


def test_slow_clients_are_closed(agent):
    """A byte a second, or none, is closed without an answer 10 s after it began; meanwhile others are served."""
    daemon = agent()
    lines = daemon.lines()
    port = daemon.http_port
    # Deadlines hold in spite of a crowd of which many were turned away.
    crowd = []
    for _ in range(2 * CONNECTIONS):
        crowd.append(Slow(port, drip=b"G"))
        crowd[-1].say()
    points.wait_until(lambda: count_closed([one.connection.socket for one in crowd]) >= CONNECTIONS, "a crowd")
    for one in crowd:
        one.connection.close()

    long = request("/metrics", headers=["X: " + "x" * 100])
    body = request("/metrics", "POST", ["Content-Length: 100"])
    slow = {
        "says nothing": Slow(port),
        "a byte a second": Slow(port, drip=long),
        "stops within the request line": Slow(port, drip=b"G"),
        "nothing after an answer": Slow(port, whole=request("/metrics?quantity=1")),
        "a byte a second after an answer": Slow(port, whole=request("/metrics?quantity=1"), drip=long),
        "a body, a byte a second": Slow(port, drip=body[-1:] + b"x" * 99),
    }
    slow["a body, a byte a second"].connection.send(body[:-1])
    try:
        end = time.monotonic() + LIMIT_S[1] + 4
        while time.monotonic() < end and any(one.closed_s is None for one in slow.values()):
            for one in slow.values():
                one.say()
            second = time.monotonic() + 1
            while (left := second - time.monotonic()) > 0:
                waiting = {one.connection.socket: one for one in slow.values() if one.closed_s is None}
                for readable in select.select(list(waiting), [], [], left)[0]:
                    waiting[readable].listen()
            assert ask(port, "/metrics?quantity=1").status == 200
        for what, one in slow.items():
            assert one.heard == b"", (what, one.heard)
            assert one.closed_s and LIMIT_S[0] < one.closed_s < LIMIT_S[1], (what, one.closed_s)
    finally:
        for one in slow.values():
            one.connection.close()
    lines.assert_every_slot()


@pytest.fixture
def many_descriptors():
    """Lets this process have as many sockets as a crowd needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may have {hard} descriptors only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


FEW = 8  # connections that are just being closed


@pytest.mark.parametrize("greeting", [b"", b"G"], ids=["silent", "half a request"])
def test_a_thousand_connections(agent, many_descriptors, greeting):
    """1000 clients at once: no more than 64 are kept, memory is flat, ticks are on time, and all is well after."""
    daemon = agent(environment=machines.TIGHT_MEMORY)
    lines = daemon.lines()
    lines.count(2)
    for _ in range(CONNECTIONS):
        assert ask(daemon.http_port, "/metrics").status == 200
    idle = machines.descriptors(daemon.pid)
    before = machines.resident_bytes(daemon.pid)
    most = 0
    crowd = []
    try:
        for number in range(1000):
            crowd.append(socket.create_connection(("127.0.0.1", daemon.http_port), points.DEADLINE_S))
            try:
                crowd[-1].send(greeting)
            except (BrokenPipeError, ConnectionResetError):
                pass  # turned away already
            most = max(most, machines.descriptors(daemon.pid))
            # A newcomer takes the place of who is idle longest, so that it is served at any time.
            if not greeting and number % 100 == 0:
                assert ask(daemon.http_port, "/metrics?quantity=1").status == 200
        points.wait_until(lambda: count_closed(crowd) >= 1000 - CONNECTIONS, "the others are turned away")
        assert count_closed(crowd) <= 1000 - CONNECTIONS + FEW, "64 are kept until they are late"
        assert most <= idle + CONNECTIONS + FEW
        lines.next()
        assert machines.resident_bytes(daemon.pid) < before + 2 * MIB
    finally:
        for one in crowd:
            one.close()
    points.wait_until(lambda: machines.descriptors(daemon.pid) <= idle, "all are gone")
    assert ask(daemon.http_port, "/metrics").status == 200
    lines.next()
    lines.assert_every_slot()


def assert_closed(connection):
    """It was closed without an answer."""
    assert connection.rest() == b""


def test_max_connections(agent):
    """With four places the fifth client takes that of the longest idle; where none is idle it is turned away."""
    daemon = agent(config={"http": {"max_connections": 4}})
    four = [Connection(daemon.http_port) for _ in range(4)]
    for one in four:
        assert one.ask("/metrics?quantity=1").status == 200
    fifth = Connection(daemon.http_port)
    assert fifth.ask("/metrics?quantity=1").status == 200
    assert_closed(four[0])

    busy = [*four[1:], fifth]
    for one in busy:
        one.send(request("/metrics?quantity=1")[:-2])
    points.wait_until(lambda: not machines.unread_bytes(daemon.http_port), "it has begun to read all four")
    with Connection(daemon.http_port) as late:
        assert_closed(late)
    for one in busy:
        one.send(b"\r\n")
        assert one.answer().status == 200
    assert ask(daemon.http_port, "/metrics?quantity=1").status == 200
    for one in (four[0], *busy):
        one.close()


HISTORY = 4


def large_options(folder):
    """An agent whose ring holds four large snapshots, so that the whole of it is a few MB of text."""
    return {"config": {**machines.many_cpus(folder), "history": HISTORY}, "environment": machines.TIGHT_MEMORY}


@pytest.fixture(scope="module")
def large(program, tmp_path_factory):
    """Such an agent, with a full ring, for the tests that only ask."""
    folder = tmp_path_factory.mktemp("large")
    with shared.running(program, folder, **large_options(folder)) as one:
        machines.wait_for_snapshots(one, HISTORY)
        yield one


def slots_of(answer):
    """The timestamps of an answer's snapshots, each of which is whole."""
    lines = answer.json()
    stamps = {}
    for line in lines:
        stamp = int(line.rsplit(" ", 1)[1])
        stamps[stamp] = stamps.get(stamp, 0) + 1
    assert list(stamps) == sorted(stamps), "oldest first"
    assert len(set(stamps.values())) == 1, f"a snapshot is not whole: {stamps}"
    return list(stamps)


def test_slow_readers_of_everything(agent, folder):
    """Readers of a whole answer that are slow or stop take no memory, delay no tick; who goes on gets JSON."""
    daemon = agent(**large_options(folder))
    machines.wait_for_snapshots(daemon, HISTORY)
    port = daemon.http_port
    lines = daemon.lines()
    whole = ask(port, "/metrics")
    assert len(slots_of(whole)) == HISTORY
    ask(port, "/metrics")
    before = machines.resident_bytes(daemon.pid)

    readers = [Connection(port, narrow=True) for _ in range(8)]
    asked = time.time()
    for one in readers:
        one.send(request("/metrics"))
    assert all(one.file.read(1) == b"H" for one in readers)
    lines.wait(lambda snapshot: True, "the ring turns over", since=int(asked) + HISTORY + 1)
    # Each may have one snapshot's text under way; eight whole answers would be eight times four.
    snapshot_bytes = len(whole.body) // HISTORY
    grown = machines.resident_bytes(daemon.pid) - before
    assert grown < len(readers) * 2 * snapshot_bytes, f"{grown} bytes for {len(whole.body)} each"

    goes_on, leaves = readers[:2]
    leaves.close()
    rest = goes_on.file.readline()
    headers = web.http.client.parse_headers(goes_on.file)
    answer = web.Answer("", 200, headers, goes_on.body(headers))
    assert rest.startswith(b"TTP/1.1 200 ")
    stamps = slots_of(answer)
    assert stamps and stamps[-1] <= asked + 1, "nothing that came after the request"
    assert goes_on.ask("/metrics?quantity=1").status == 200, "and the connection goes on"
    lines.assert_every_slot()
    daemon.stop()
    for one in readers:
        one.close()


@pytest.mark.parametrize(
    "version, header",
    [
        ("HTTP/1.0", "X: y"),
        ("HTTP/1.0", "Connection: keep-alive"),
        ("HTTP/1.1", "Connection: close"),
        ("HTTP/1.1", "X: y"),
    ],
)
def test_streamed_to_all_versions(large, version, header):
    """An answer too large for one piece comes whole to each kind of client; HEAD is told of it without a body."""
    with Connection(large.http_port) as connection:
        assert connection.ask("/metrics", "HEAD").status == 200
        answer = connection.ask("/metrics", version=version, headers=[header])
        assert len(slots_of(answer)) == HISTORY
        assert len(answer.body) > 2 * MIB
        if version == "HTTP/1.0" or header == "Connection: close":
            assert connection.rest() == b""


def test_half_closed_while_streamed(large):
    """A client that shuts its sending side behind its request gets all of a large answer."""
    with Connection(large.http_port, narrow=True) as connection:
        connection.send(request("/metrics"))
        connection.half_close()
        assert len(slots_of(connection.answer())) >= 1
        assert connection.rest() == b""


def test_readers_that_leave(large):
    """Clients that ask for everything and go in the middle leave nothing behind."""
    open_before = machines.descriptors(large.pid)
    for _ in range(2):
        leaving = [Connection(large.http_port, narrow=True) for _ in range(20)]
        for number, one in enumerate(leaving):
            one.send(request("/metrics") * (1 + number % 3))
            if number % 2:
                one.file.read(1000 * number)
        for one in leaving:
            one.close()
    points.wait_until(lambda: machines.descriptors(large.pid) <= open_before, "all are gone")
    assert json.loads(ask(large.http_port, "/metrics").body)
