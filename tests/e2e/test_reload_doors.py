"""SIGHUP and the doors: only those whose address changed reopen, and one that cannot changes nothing."""

import socket

import agent as agents
import points
import pytest
from reloads import ask, counts, refuse, reload
from web import Connection, request

OWN = ("-i", "--http", "--lines")


def base(daemon_http, daemon_lines, **http):
    return {
        "interval": 1,
        "http": {"listen": daemon_http, **http},
        "lines": {"listen": daemon_lines},
    }


class Doors:
    """An agent whose doors are in its file, and what that says of them."""

    def __init__(self, agent):
        self.ports = [agents.free_port() for _ in range(4)]
        self.http, self.lines = (f"127.0.0.1:{port}" for port in self.ports[:2])
        self.daemon = agent(config=self.config(), without=OWN, ready=False)
        self.daemon.http_port, self.daemon.lines_port = self.ports[:2]
        points.wait_until(lambda: self.daemon.answers(self.ports[0]), "its doors are open")

    def config(self, **http):
        return base(self.http, self.lines, **http)


@pytest.fixture
def doors(agent):
    return Doors(agent)


def test_only_what_changed(doors):
    """HTTP moves to another port; whoever is at the raw lines stays connected and misses no slot."""
    lines = doors.daemon.lines()
    lines.count(2)
    doors.http = f"127.0.0.1:{doors.ports[2]}"
    move(doors)
    assert refused_connection(doors.ports[0]), "the old one is closed"
    lines.count(4)
    points.assert_every_slot(lines.snapshots())


def move(doors):
    """A reload after which /healthz is elsewhere."""

    ask(doors.daemon, doors.config())
    doors.daemon.http_port = int(doors.http.rpartition(":")[2])
    points.wait_until(lambda: doors.daemon.answers(doors.daemon.http_port), "the new one is open")
    points.wait_until(lambda: counts(doors.daemon)[0] > 0, "it was taken up")


def refused_connection(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_a_token(doors, folder):
    """A token is asked for from now on, also of whoever is connected already; the connection stays."""
    token = folder / "token"
    token.write_text("secret\n")
    token.chmod(0o600)
    with Connection(doors.ports[0]) as connection:
        connection.socket.sendall(request("/metrics?quantity=1"))
        assert connection.answer().status == 200


        ask(doors.daemon, doors.config(token_file=str(token)))
        points.wait_until(lambda: doors.daemon.get("/metrics")[0] == 401, "the token is asked for")
        connection.socket.sendall(request("/metrics?quantity=1"))
        assert connection.answer().status == 401
        connection.socket.sendall(request("/metrics?quantity=1", headers=("Authorization: Bearer secret",)))
        assert connection.answer().status == 200


def test_a_port_that_is_taken(doors):
    """Where a door cannot be opened all stays as it was, the other door too, and the log says which."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        lines = doors.daemon.lines()
        lines.count(1)
        config = base(f"127.0.0.1:{taken}", f"127.0.0.1:{doors.ports[3]}")
        refuse(doors.daemon, config)
        assert f"http: cannot listen on 127.0.0.1:{taken}: address already in use" in doors.daemon.stderr
        assert refused_connection(doors.ports[3])
        seen = len(lines.snapshots())
        lines.count(seen + 2)
        points.assert_every_slot(lines.snapshots())
    assert doors.daemon.get("/metrics?quantity=1")[0] == 200


def test_the_same_port_wider(doors):
    """From loopback to all addresses of the same port, and back."""
    for address in ("0.0.0.0", "127.0.0.1"):
        doors.http = f"{address}:{doors.ports[0]}"
        reload(doors.daemon, doors.config(anonymous=True))
        assert doors.daemon.get("/metrics?quantity=1")[0] == 200


def test_off_and_on(doors):
    """A door that is off, and on again."""
    lines = doors.lines
    doors.lines = "off"
    reload(doors.daemon, doors.config())
    assert refused_connection(doors.ports[1])
    doors.lines = lines
    reload(doors.daemon, doors.config())
    assert doors.daemon.lines().count(1)


def test_swapped(doors):
    """Each takes the other's address."""

    doors.http, doors.lines = doors.lines, doors.http
    ask(doors.daemon, doors.config())
    doors.daemon.http_port, doors.daemon.lines_port = doors.ports[1], doors.ports[0]

    points.wait_until(lambda: counts(doors.daemon)[0] == 1, "they are swapped")
    assert doors.daemon.lines().count(1)
