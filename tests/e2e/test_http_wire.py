"""The HTTP door: connections with many requests, odd requests, and what is no request; all keep to themselves."""

import json
import time
from email.utils import parsedate_to_datetime

import points
import pytest
import rings
import shared
from web import Connection, ask, request


@pytest.fixture(scope="module")
def still(program, tmp_path_factory):
    """Has one snapshot and takes none for half an hour, so that the same request has the same answer."""
    with shared.still(program, tmp_path_factory.mktemp("still")) as one:
        yield one


def test_keep_alive(still):
    """One connection serves request after request, refused ones among them."""
    with Connection(still.http_port) as connection:
        for _ in range(20):
            assert connection.ask("/metrics?quantity=1").status == 200
            connection.ask("/metrics?quantity=0").assert_error(422, "invalidQuantity")
            connection.ask("/nowhere").assert_error(404, "notFound")


def test_pipelining(still):
    """Requests that come in one piece are answered one by one, in their order."""
    targets = ["/metrics", "/nowhere", "/healthz", "/metrics?quantity=x"] * 25
    with Connection(still.http_port) as connection:
        connection.send(b"".join(map(request, targets)))
        answers = [connection.answer() for _ in targets]
    assert [answer.status for answer in answers] == [200, 404, 200, 422] * 25
    assert len({answer.body for answer in answers[::4]}) == 1


def test_byte_by_byte(still):
    """A request that comes in pieces of one byte is a request all the same."""
    with Connection(still.http_port) as connection:
        for byte in request("/metrics?quantity=1"):
            connection.send(bytes([byte]))
        assert connection.answer().status == 200


def test_half_closed(still):
    """A client that has shut its sending side gets its answers, then the end."""
    with Connection(still.http_port) as connection:
        connection.send(request("/metrics") * 2)
        connection.half_close()
        assert connection.answer().body == connection.answer().body
        assert connection.rest() == b""


@pytest.mark.parametrize(
    "version, header, kept",
    [
        ("HTTP/1.0", "X: y", False),
        ("HTTP/1.0", "Connection: keep-alive", True),
        ("HTTP/1.1", "Connection: close", False),
        ("HTTP/1.1", "X: y", True),
    ],
)
def test_versions(still, version, header, kept):
    """An old client is served as well, and the connection ends or stays as the client asked."""
    with Connection(still.http_port) as connection:
        answer = connection.ask("/metrics?quantity=1", headers=[header], version=version)
        assert answer.snapshots()
        if kept:
            assert connection.ask("/metrics?quantity=1", version=version).body == answer.body
        else:
            assert connection.rest() == b""


BROKEN_OFF = {
    "nothing": b"",
    "newlines": b"\r\n" * 1000,
    "half a method": b"GE",
    "half a request": b"GET /metrics HTTP/1.1\r\nHost: x\r\n",
    "half a body": request("/metrics", "POST", ["Content-Length: 10"]) + b"x" * 9,
}


@pytest.mark.parametrize("data", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_broken_off(still, data):
    """A request that ends before it is whole is not answered."""
    with Connection(still.http_port) as connection:
        connection.send(data)
        connection.half_close()
        assert connection.rest() == b""


GARBAGE = {
    "NULs": b"\0" * 5000 + b"\r\n\r\n",
    "noise": bytes(range(256)) * 16 + b"\r\n\r\n",
    "no version": b"GET /metrics\r\n\r\n",
    "another version": b"GET /metrics HTTP/9.9\r\n\r\n",
    "no version that is": b"GET /metrics HTTP/x.y\r\n\r\n",
    "another protocol": b"GET /metrics SIP/2.0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /metrics\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + b"\xa5" * 200,
    "header without colon": b"GET /metrics HTTP/1.1\r\nno colon here\r\n\r\n",
    "header that goes on": b"GET /metrics HTTP/1.1\r\n goes on\r\n\r\n",
    "negative length": b"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "no host": b"GET /metrics HTTP/1.1\r\n\r\n",
    "two hosts": request("/metrics", headers=["Host: y"]),
    "two tokens": request("/metrics", headers=["Authorization: Bearer x"] * 2),
    "two lengths": request("/metrics", headers=["Content-Length: 1", "Content-Length: 2"]) + b"xx",
    "length and chunks": request("/metrics", headers=["Content-Length: 5", "Transfer-Encoding: chunked"])
    + b"0\r\n\r\n",
    "another coding": request("/metrics", headers=["Transfer-Encoding: gzip"]),
    "bare newlines": b"GET /metrics HTTP/1.1\nHost: x\n\n",
    "bare carriage return": request("/metrics", headers=["X: y\rAuthorization: z"]),
    "space before the colon": request("/metrics", headers=["X : y"]),
    "long body": b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100000,
    "long chunked body": b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 30,
    "9 KiB of one header": request("/metrics", headers=["X: " + "x" * 9 * 1024]),
    "9 KiB of many headers": request("/metrics", headers=[f"X-{i}: {'x' * 56}" for i in range(9 * 16)]),
    "9 KiB of empty headers": request("/metrics", headers=["a:"] * 2304),
    "9 KiB of target": request("/metrics?" + "x" * 9 * 1024),
    "a line without end": b"GET /" + b"x" * (1 << 20),
    "a header without end": b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 20),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage(still, data):
    """What is no request is refused, also to who goes on sending, and costs nobody else anything."""
    with Connection(still.http_port) as connection:
        connection.send(data)
        answer = connection.answer()
        answer.assert_error(400, "badRequest")
        assert answer.headers["Connection"] == "close"
        connection.half_close()
        assert connection.socket.recv(1) == b""
    assert ask(still.http_port, "/metrics").status == 200


@pytest.mark.parametrize(
    "headers", [["X: " + "x" * 7 * 1024], [f"X-{i}: {'x' * 50}" for i in range(100)]], ids=["one", "many"]
)
def test_headers_within_the_limit(still, headers):
    """7 KiB of headers are still a request."""
    assert ask(still.http_port, "/metrics", headers=headers).status == 200


def test_body_on_get(still):
    """A GET with a body is answered, and the body is not taken for the next request."""
    with Connection(still.http_port) as connection:
        for _ in range(2):
            body = b"GET /nowhere HTTP/1.1\r\n"
            connection.send(request("/metrics?quantity=1", headers=[f"Content-Length: {len(body)}"]) + body)
            assert connection.answer().status == 200


def test_body_with_a_refused_method(still):
    """A body that nobody wants is taken off the wire, and the connection serves the next request."""
    with Connection(still.http_port) as connection:
        for _ in range(2):
            connection.send(request("/metrics", "POST", ["Content-Length: 5000"]) + b"x" * 5000)
            connection.answer().assert_error(405, "methodNotAllowed")
        assert connection.ask("/metrics").status == 200


@pytest.mark.parametrize(
    "header, body",
    [
        ("Content-Length: 500000", b"x" * 500000),
        ("Transfer-Encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"10000\r\n" + b"x" * 0x10000),
    ],
    ids=["long", "chunked", "half chunked"],
)
def test_body_that_is_not_read(still, header, body):
    """Behind a body that is too long or in chunks no request is looked for: the answer comes, then the end."""
    with Connection(still.http_port) as connection:
        connection.send(request("/metrics", "PUT", [header]) + body + request("/metrics"))
        answer = connection.answer()
        answer.assert_error(405, "methodNotAllowed")
        assert answer.headers["Connection"] == "close"
        assert connection.socket.recv(1) == b""


def test_date(still):
    """Every answer tells when it was made."""
    with Connection(still.http_port) as connection:
        for target in ("/metrics?quantity=1", "/metrics", "/nowhere"):
            made = parsedate_to_datetime(connection.ask(target).headers["Date"])
            assert abs(made.timestamp() - time.time()) < points.DEADLINE_S


def test_expect_without_a_body(still):
    """There is nothing to wait for then, and the connection is kept."""
    with Connection(still.http_port) as connection:
        for _ in range(2):
            connection.send(request("/metrics?quantity=1", headers=["Expect: 100-continue"]))
            assert connection.answer().status == 200


def test_late_bytes(agent, program, folder):
    """What a client still sends while its last answer is under way costs it nothing of that."""
    (folder / "state").mkdir()
    rings.prefill(program, folder / "state", 20000)
    daemon = agent("--state-dir", str(folder / "state"), "--history", "20000")
    points.wait_until(lambda: daemon.health()["ring"]["snapshots"] >= 20000, "the history is there")
    with Connection(daemon.http_port) as connection:
        connection.send(b"GET /metrics HTTP/1.0\r\n\r\n")
        first = connection.socket.recv(1000)
        connection.send(b"\r\n")
        body = (first + connection.rest()).partition(b"\r\n\r\n")[2]
    assert len(json.loads(body)) > 20000
