"""The HTTP door: what each request is answered (SPEC 7), and that no request stands in the way of the next."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import agent as agents
import machines
import points
import pytest
import shared
import web
from peers import Peer
from web import Connection, ask, request

VERSION = (Path(__file__).resolve().parents[2] / "VERSION").read_text().strip()
INSTANCE = "i-1"
TOKEN = "s3cret-T0ken"
RIGHT = f"Authorization: Bearer {TOKEN}"
MARK = "hunter2"  # stands in requests; no answer may repeat it


@pytest.fixture(scope="module")
def door(program, tmp_path_factory):
    """Takes a snapshot each second and holds several; no instance id is configured."""
    with shared.running(program, tmp_path_factory.mktemp("door")) as one:
        machines.wait_for_snapshots(one, 3)
        yield one


@pytest.fixture(scope="module")
def still(program, tmp_path_factory):
    """Has one snapshot and takes none for half an hour, so that the same request has the same answer."""
    config = {"namespace": points.NAMESPACE, "instance_id": INSTANCE, **machines.half_an_hour_off()}
    with shared.running(program, tmp_path_factory.mktemp("still"), config=config, without=("-n", "-i")) as one:
        yield one


@pytest.fixture(scope="module")
def locked(program, tmp_path_factory):
    """Wants a token, and logs all that it ever logs."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "token").chmod(0o600)
    config = {"http": {"token_file": str(folder / "token")}, **machines.half_an_hour_off()}
    with shared.running(program, folder, "-v", config=config, without=("-i",)) as one:
        yield one


def test_same_as_the_raw_lines(agent):
    """Both doors show the same lines of the same slots, oldest first."""
    daemon = agent()
    lines = daemon.lines()
    lines.count(3)
    answered = ask(daemon.http_port, "/metrics").snapshots()
    lines.wait(lambda snapshot: True, "the answer's newest", since=answered[-1].timestamp)
    shown = {snapshot.timestamp: snapshot for snapshot in lines.snapshots()}
    assert len(answered) >= 3
    stamps = [snapshot.timestamp for snapshot in answered]
    assert stamps == sorted(set(stamps))
    for snapshot in answered:
        if snapshot.timestamp in shown:
            assert list(snapshot.items()) == list(shown[snapshot.timestamp].items())
    assert set(stamps[-3:]) <= set(shown), "the test's own aim: there was something to compare"


ALL = None
GOOD = [
    ("", ALL),
    ("?", ALL),
    ("?other=0", ALL),
    ("?Quantity=0&QUANTITY=x&quantit=-1&quantity%20=no&quantitya", ALL),
    ("?quantity=1", 1),
    ("?quantity=2", 2),
    ("?quantity=999999999", ALL),
    ("?quantity=%31", 1),
    ("?%71uantit%79=1", 1),
    ("?quantity=1&foo", 1),
    ("?foo&bar=quantity=9&quantity=2&baz=", 2),
    ("?&&quantity=1&&", 1),
]


@pytest.mark.parametrize("query, expected", GOOD)
def test_quantity(door, query, expected):
    """So many of the latest snapshots come, oldest first; all of them where the ring holds no more, or none is asked."""
    before = door.health()
    answered = ask(door.http_port, "/metrics" + query).snapshots()
    after = door.health()
    held = (before["ring"]["snapshots"], after["ring"]["snapshots"])
    least, most = held if expected is ALL else (expected, expected)
    assert least <= len(answered) <= most
    stamps = [snapshot.timestamp for snapshot in answered]
    assert stamps == sorted(set(stamps))
    assert before["newest"]["timestamp_s"] <= stamps[-1] <= after["newest"]["timestamp_s"]


BAD = ["0", "00", "01", "+1", "%2B1", "-1", "1.0", "1e3", "%201", "1%20", "1+", "1,", "1;", "0x1", "1=1", "1%262", "1000000000",
       "0000000001", "9" * 4000, "", "nan", "\xd9\xa1", "%D9%A1", "\xff", "%00", "%001", "1%00", "%", "%3", "%zz", "1%",
       "1&quantity=2", "1&quantity=1", "1&quantity", "%31&%71uantity=1", MARK]


@pytest.mark.parametrize("value", BAD, ids=lambda value: ascii(value[:20]))
def test_odd_quantity(still, value):
    """What is not 1 to 9 digits, at least 1 and given once, is an error, and is not repeated in it."""
    answer = ask(still.http_port, f"/metrics?quantity={value}")
    answer.assert_error(422, "invalidQuantity")
    assert MARK.encode() not in answer.body


@pytest.mark.parametrize("query", ["quantity", "quantity&quantity=1", "a=b&quantity&c", "quantity="])
def test_quantity_without_value(still, query):
    """The name alone is an error too."""
    ask(still.http_port, f"/metrics?{query}").assert_error(422, "invalidQuantity")


def test_space_in_the_target(still):
    """A raw space makes no request line; whoever refuses it, it is no snapshot."""
    assert ask(still.http_port, "/metrics?quantity= 1").status in (400, 422)


def test_instance_path(still):
    """The path with the configured instance id gives the same as the short one."""
    short = ask(still.http_port, "/metrics?quantity=1")
    long = ask(still.http_port, f"/v1/instances/{INSTANCE}/metrics?quantity=1")
    assert long.status == 200 and long.body == short.body
    ask(still.http_port, f"/v1/instances/{INSTANCE}/metrics?quantity=0").assert_error(422, "invalidQuantity")


def test_instance_of_the_six_parts(agent):
    """The instance id that is part of the namespace is the one in the path."""
    parts = {"organisation_id": "o", "space_id": "s", "instance_id": "i", "deployment_name": "d", "service_type": "t",
             "node_id": "n"}
    daemon = agent(config={"namespace": parts}, without=("-n",))
    assert ask(daemon.http_port, "/v1/instances/i/metrics").snapshots("o.s.i.d.t.n")


NOWHERE = ["/", "/metrics/", "/METRICS", "/metrics/x", "/metrics%2f", "/metrics%00", "/metric", "/metricss", "/x/../metrics",
           "//metrics", "/healthz/", "/healthz%00", "/" + MARK, "/" + "x" * 4000, "/\xff\xfe", "/%", "*", "",
           f"/v1/instances/{INSTANCE}", f"/v1/instances/{INSTANCE}/", f"/v1/instances/{INSTANCE}/metrics/",
           "/v1/instances/I-1/metrics", f"/v1/instances/{INSTANCE}x/metrics", "/v1/instances/other/metrics",
           "/v1/instances//metrics", "/v1/instances/metrics", "/v1/instances"]


@pytest.mark.parametrize("target", NOWHERE, ids=lambda target: ascii(target[:40]))
def test_unknown_path(still, target):
    """Every other path and every other instance is not found, whatever the quantity."""
    answer = ask(still.http_port, f"{target}?quantity=0" if target else "?quantity=0")
    answer.assert_error(404, "notFound")
    assert MARK.encode() not in answer.body


@pytest.mark.parametrize("instance", [INSTANCE, "", "(null)", "null", points.NAMESPACE])
def test_no_instance_configured(door, instance):
    """Without a configured instance id there is no instance at all."""
    ask(door.http_port, f"/v1/instances/{instance}/metrics").assert_error(404, "notFound")


@pytest.mark.parametrize("target", ["/%6detrics?quantity=1", "/metrics?quantity=1#there", "http://localhost/metrics?quantity=1",
                                    "http://elsewhere.example:1/metrics?quantity=1"])
def test_other_ways_to_write_it(still, target):
    """Escapes that need not be, a fragment, and the absolute form that a proxy sends are accepted."""
    assert ask(still.http_port, target).body == ask(still.http_port, "/metrics?quantity=1").body


@pytest.mark.parametrize("path", ["/metrics", "/healthz", f"/v1/instances/{INSTANCE}/metrics"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods(still, method, path):
    """Other than GET and HEAD is refused, before the quantity is looked at, and nothing is echoed."""
    answer = ask(still.http_port, f"{path}?quantity=0", method, headers=[f"X-Mark: {MARK}"])
    answer.assert_error(405, "methodNotAllowed")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert MARK.encode() not in answer.body


@pytest.mark.parametrize("method, target", [("CONNECT", "localhost:80"), ("CONNECT", "/metrics"), ("FOO", "/metrics"), ("get", "/metrics"),
                                            ("GET\0", "/metrics"), ("X" * 5000, "/metrics")],
                         ids=["CONNECT", "CONNECT path", "FOO", "get", "NUL", "long"])
def test_methods_that_are_none(still, method, target):
    """A method that HTTP has no use for here, or that is none, is an error, and the door stays open for others."""
    with Connection(still.http_port) as connection:
        connection.send(request(target, method))
        connection.half_close()
        said = connection.rest()
    assert not said or said.split()[1][:1] in (b"4", b"5"), said[:200]
    assert b"system.cpu" not in said
    assert ask(still.http_port, "/metrics").status == 200


def test_body_with_a_refused_method(still):
    """A body that nobody wants is taken off the wire, and the connection serves the next request."""
    with Connection(still.http_port) as connection:
        for _ in range(2):
            connection.send(request("/metrics", "POST", ["Content-Length: 5000"]) + b"x" * 5000)
            connection.answer().assert_error(405, "methodNotAllowed")
            connection.send(request("/metrics", "PUT", ["Transfer-Encoding: chunked"]) + b"3\r\nabc\r\n0\r\n\r\n")
            connection.answer().assert_error(405, "methodNotAllowed")
        assert connection.ask("/metrics").status == 200


HEADS = ["/metrics", "/metrics?quantity=1", "/metrics?quantity=0", "/nowhere", f"/v1/instances/{INSTANCE}/metrics"]


@pytest.mark.parametrize("target", HEADS)
def test_head(still, target):
    """HEAD is answered as GET is, less the body."""
    with Connection(still.http_port) as connection:
        get, head, again = (connection.ask(target, method) for method in ("GET", "HEAD", "GET"))
    assert head.status == get.status == again.status
    assert sans_date(head) == sans_date(get)
    assert int(head.headers["Content-Length"]) == len(get.body) > 0
    assert again.body == get.body, "the answer after it begins where it should"


def sans_date(answer):
    return [(name, value) for name, value in answer.headers.items() if name != "Date"]


def test_head_of_health_and_of_no_token(still, locked):
    """HEAD works where the answer is another each time, and where it is refused."""
    head = ask(still.http_port, "/healthz", "HEAD")
    assert head.status == 200 and head.headers["Content-Type"] == "application/json" and not head.body
    head = ask(locked.http_port, "/metrics", "HEAD")
    assert head.status == 401 and head.headers["WWW-Authenticate"] == "Bearer" and not head.body


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


@pytest.mark.parametrize("version, header, kept", [("HTTP/1.0", "X: y", False), ("HTTP/1.0", "Connection: keep-alive", True),
                                                   ("HTTP/1.1", "Connection: close", False), ("HTTP/1.1", "X: y", True)])
def test_versions(still, version, header, kept):
    """An old client is served as well, and the connection ends or stays as the client asked."""
    with Connection(still.http_port) as connection:
        answer = connection.ask("/metrics?quantity=1", headers=[header], version=version)
        assert answer.snapshots()
        if kept:
            assert connection.ask("/metrics?quantity=1", version=version).body == answer.body
        else:
            assert connection.rest() == b""


GARBAGE = {
    "nothing": b"",
    "newlines": b"\r\n" * 1000,
    "NULs": b"\0" * 5000 + b"\r\n\r\n",
    "noise": bytes(range(256)) * 16 + b"\r\n\r\n",
    "half a method": b"GE",
    "half a request": b"GET /metrics HTTP/1.1\r\nHost: x\r\n",
    "no version": b"GET /metrics\r\n\r\n",
    "another version": b"GET /metrics HTTP/9.9\r\n\r\n",
    "no version that is": b"GET /metrics HTTP/x.y\r\n\r\n",
    "another protocol": b"GET /metrics SIP/2.0\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + b"\xa5" * 200,
    "header without colon": b"GET /metrics HTTP/1.1\r\nno colon here\r\n\r\n",
    "header that goes on": b"GET /metrics HTTP/1.1\r\n goes on\r\n\r\n",
    "negative length": b"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "long body": b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100000,
    "long chunked body": b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n" * 30,
    "chunk of no size": b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunk of a negative size": b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    "9 KiB of one header": request("/metrics", headers=["X: " + "x" * 9 * 1024]),
    "9 KiB of many headers": request("/metrics", headers=[f"X-{i}: {'x' * 56}" for i in range(9 * 16)]),
    "9 KiB of target": request("/metrics?" + "x" * 9 * 1024),
    "a line without end": b"GET /" + b"x" * (1 << 20),
    "a header without end": b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 20),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage(still, data):
    """What is no request is refused or simply closed, whole or broken off, and costs nobody else anything."""
    with Connection(still.http_port) as connection:
        try:
            connection.send(data)
            connection.half_close()
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed before it had all
        said = connection.rest()
    assert not said or said.split()[1] in (b"400", b"405", b"413", b"414", b"501"), said[:200]
    assert ask(still.http_port, "/metrics").status == 200


@pytest.mark.parametrize("headers", ["X: " + "x" * 7 * 1024, *[[f"X-{i}: {'x' * 50}" for i in range(100)]]], ids=["one", "many"])
def test_headers_within_the_limit(still, headers):
    """7 KiB of headers are still a request."""
    headers = [headers] if isinstance(headers, str) else headers
    assert ask(still.http_port, "/metrics", headers=headers).status == 200


def test_body_on_get(still):
    """A GET with a body is answered, and the body is not taken for the next request."""
    with Connection(still.http_port) as connection:
        for _ in range(2):
            connection.send(request("/metrics?quantity=1", headers=["Content-Length: 23"]) + b"GET /nowhere HTTP/1.1\r\n")
            assert connection.answer().status == 200


TOKENS = [
    ("none", [], 401),
    ("right", [RIGHT], 200),
    ("scheme in small letters", [f"authorization: bearer {TOKEN}"], 200),
    ("scheme in any letters", [f"AUTHORIZATION: bEaReR {TOKEN}"], 200),
    ("another scheme", [f"Authorization: Basic {TOKEN}"], 401),
    ("no scheme", [f"Authorization: {TOKEN}"], 401),
    ("scheme without space", [f"Authorization: Bearer{TOKEN}"], 401),
    ("empty", ["Authorization: Bearer "], 401),
    ("scheme only", ["Authorization: Bearer"], 401),
    ("nothing at all", ["Authorization:"], 401),
    ("its beginning", [f"Authorization: Bearer {TOKEN[:-1]}"], 401),
    ("it twice", [f"Authorization: Bearer {TOKEN * 2}"], 401),
    ("it and more", [f"Authorization: Bearer {TOKEN}x"], 401),
    ("another of its length", [f"Authorization: Bearer {'x' * len(TOKEN)}"], 401),
    ("in capitals", [f"Authorization: Bearer {TOKEN.upper()}"], 401),
    ("in another header", [f"X-Authorization: Bearer {TOKEN}"], 401),
]


@pytest.mark.parametrize("headers, status", [row[1:] for row in TOKENS], ids=[row[0] for row in TOKENS])
def test_token(locked, headers, status):
    """With the token there is an answer, without it, or with a wrong one, there is none."""
    answer = ask(locked.http_port, "/metrics?quantity=1", headers=headers)
    if status == 200:
        assert answer.snapshots()
    else:
        answer.assert_error(401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("target", [f"/metrics?token={TOKEN}", f"/metrics?quantity={TOKEN}", f"/{TOKEN}"])
def test_token_elsewhere(locked, target):
    """A token in the target opens nothing."""
    ask(locked.http_port, target).assert_error(401, "unauthorized")


ORDER = [
    ([], "/nowhere", "POST", 401, "unauthorized"),
    ([RIGHT], "/nowhere", "POST", 404, "notFound"),
    ([], "/metrics", "POST", 401, "unauthorized"),
    ([RIGHT], "/metrics", "POST", 405, "methodNotAllowed"),
    ([], "/metrics", "GET", 401, "unauthorized"),
    ([RIGHT], "/metrics", "GET", 422, "invalidQuantity"),
]


@pytest.mark.parametrize("headers, path, method, status, word", ORDER)
def test_order_of_checks(locked, headers, path, method, status, word):
    """Of a request with several faults the token counts first, then path, method, quantity."""
    ask(locked.http_port, f"{path}?quantity=0", method, headers=headers).assert_error(status, word)


def test_health_without_token(locked):
    """Whoever has no token learns whether the agent is well, and its version; with one all the rest."""
    assert ask(locked.http_port, "/healthz").json() == {"status": "ok", "version": VERSION}
    assert ask(locked.http_port, "/healthz", headers=["Authorization: Bearer x"]).json() == {"status": "ok", "version": VERSION}
    assert "ring" in ask(locked.http_port, "/healthz", headers=[RIGHT]).json()
    ask(locked.http_port, "/healthz", "POST").assert_error(405, "methodNotAllowed")


def test_token_stays_secret(locked):
    """The token is in no answer and in no line of the log, even where the request has it."""
    heard = b""
    for target in ("/metrics", "/healthz", "/nowhere", "/metrics?quantity=0", f"/{TOKEN}", f"/metrics?quantity={TOKEN}"):
        for method in ("GET", "HEAD", "POST", "TRACE", "OPTIONS", "FOO"):
            for headers in ([], [RIGHT], ["Authorization: Bearer x"], [RIGHT, "no colon"], [RIGHT, "X: " + "x" * 9000]):
                with Connection(locked.http_port) as connection:
                    try:
                        connection.send(request(target, method, [*headers, "Connection: close"]))
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    heard += connection.rest()
    assert heard.count(b"HTTP/1.1 ") > 100, "the test's own aim: there were answers"
    assert TOKEN.encode() not in heard
    assert TOKEN not in locked.stderr


def test_health(agent):
    """/healthz tells version, start, newest snapshot, the ring's fill, and how each target fares."""
    good = Peer("good")
    dead = agents.free_port()
    try:
        began = int(time.time())
        daemon = agent(config={"history": 2, "graphite": [good.target, {"host": "127.0.0.1", "port": dead}]})
        points.wait_until(lambda: daemon.health()["targets"][0]["sent"] >= 3, "three snapshots have arrived")
        points.wait_until(lambda: daemon.health()["targets"][1]["lost"] >= 1, "the ring overwrites what nobody takes")
        with Connection(daemon.http_port) as connection, Connection(daemon.http_port):
            health = connection.ask("/healthz").json()
        now = int(time.time())
    finally:
        good.close()
    assert health["status"] == "ok" and health["version"] == VERSION
    assert began - 1 <= health["start_time_s"] <= now and 1 <= health["uptime_s"] <= now - began + 1
    assert now - 3 <= health["newest"]["timestamp_s"] <= now and 0 <= health["newest"]["age_s"] <= 3
    assert health["ring"]["snapshots"] == health["ring"]["capacity"] == 2 and health["ring"]["bytes"] > 0
    assert health["http"]["clients"] >= 2 and health["lines"]["clients"] >= 0
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


def test_curl(still):
    """What the README shows works: curl gets JSON that a program understands."""
    try:
        said = subprocess.run(["curl", "-sS", f"127.0.0.1:{still.http_port}/metrics?quantity=1"], check=True,
                              stdout=subprocess.PIPE, timeout=points.DEADLINE_S).stdout
    except FileNotFoundError:
        pytest.skip("no curl here")
    assert len(json.loads(said)) > 10 and web.Answer("", 200, {"Content-Type": "application/json"}, said).snapshots()
