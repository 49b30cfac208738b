"""The HTTP door: what each request is answered (SPEC 7)."""

import json
import subprocess

import machines
import points
import pytest
import shared
import web
from shared import INSTANCE
from web import Connection, ask, request

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
    with shared.still(program, tmp_path_factory.mktemp("still")) as one:
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
    """So many of the latest snapshots come, oldest first; all of them where the ring holds no more or none is asked."""
    before = door.health()
    answered = ask(door.http_port, "/metrics" + query).snapshots()
    after = door.health()
    held = (before["ring"]["snapshots"], after["ring"]["snapshots"])
    least, most = held if expected is ALL else (expected, expected)
    assert least <= len(answered) <= most
    stamps = [snapshot.timestamp for snapshot in answered]
    assert stamps == sorted(set(stamps))
    assert before["newest"]["timestamp_s"] <= stamps[-1] <= after["newest"]["timestamp_s"]


BAD = [
    "0",
    "00",
    "01",
    "+1",
    "%2B1",
    "-1",
    "1.0",
    "1e3",
    "%201",
    "1%20",
    "1+",
    "1,",
    "1;",
    "0x1",
    "1=1",
    "1%262",
    "1000000000",
    "0000000001",
    "9" * 4000,
    "",
    "nan",
    "\xd9\xa1",
    "%D9%A1",
    "\xff",
    "%00",
    "%001",
    "1%00",
    "%",
    "%3",
    "%zz",
    "1%",
    "1&quantity=2",
    "1&quantity=1",
    "1&quantity",
    "%31&%71uantity=1",
    MARK,
]


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
    """A raw space makes no request line."""
    ask(still.http_port, "/metrics?quantity= 1").assert_error(400, "badRequest")


def test_instance_path(still):
    """The path with the configured instance id gives the same as the short one."""
    short = ask(still.http_port, "/metrics?quantity=1")
    long = ask(still.http_port, f"/v1/instances/{INSTANCE}/metrics?quantity=1")
    assert long.status == 200 and long.body == short.body
    ask(still.http_port, f"/v1/instances/{INSTANCE}/metrics?quantity=0").assert_error(422, "invalidQuantity")


def test_instance_of_the_six_parts(agent):
    """The instance id that is part of the namespace is the one in the path."""
    parts = {
        "organisation_id": "o",
        "space_id": "s",
        "instance_id": "i",
        "deployment_name": "d",
        "service_type": "t",
        "node_id": "n",
    }
    daemon = agent(config={"namespace": parts}, without=("-n",))
    assert ask(daemon.http_port, "/v1/instances/i/metrics").snapshots("o.s.i.d.t.n")


NOWHERE = [
    "/",
    "/metrics/",
    "/METRICS",
    "/metrics/x",
    "/metrics%2f",
    "/metrics%00",
    "/metric",
    "/metricss",
    "/x/../metrics",
    "//metrics",
    "/healthz/",
    "/healthz%00",
    "/" + MARK,
    "/" + "x" * 4000,
    "/\xff\xfe",
    "/%",
    "*",
    "",
    f"/v1/instances/{INSTANCE}",
    f"/v1/instances/{INSTANCE}/",
    f"/v1/instances/{INSTANCE}/metrics/",
    "/v1/instances/I-1/metrics",
    f"/v1/instances/{INSTANCE}x/metrics",
    "/v1/instances/other/metrics",
    "/v1/instances//metrics",
    "/v1/instances/metrics",
    "/v1/instances",
]


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


@pytest.mark.parametrize(
    "target",
    [
        "/%6detrics?quantity=1",
        "/metrics?quantity=1#there",
        "http://localhost/metrics?quantity=1",
        "http://elsewhere.example:1/metrics?quantity=1",
    ],
)
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


@pytest.mark.parametrize(
    "method, target, status, word",
    [
        ("CONNECT", "localhost:80", 404, "notFound"),
        ("CONNECT", "/metrics", 405, "methodNotAllowed"),
        ("FOO", "/metrics", 405, "methodNotAllowed"),
        ("get", "/metrics", 405, "methodNotAllowed"),
        ("X" * 5000, "/metrics", 405, "methodNotAllowed"),
        ("GET\0", "/metrics", 400, "badRequest"),
        ("", "/metrics", 400, "badRequest"),
    ],
    ids=["CONNECT", "CONNECT path", "FOO", "get", "long", "NUL", "none"],
)
def test_methods_that_are_none(still, method, target, status, word):
    """A method that HTTP has no use for here, or that is none, is an error, and the door stays open for others."""
    ask(still.http_port, target, method).assert_error(status, word)
    assert ask(still.http_port, "/metrics").status == 200


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


def test_curl(still):
    """What the README shows works: curl gets JSON that a program understands."""
    try:
        said = subprocess.run(
            ["curl", "-sS", f"127.0.0.1:{still.http_port}/metrics?quantity=1"],
            check=True,
            stdout=subprocess.PIPE,
            timeout=points.DEADLINE_S,
        ).stdout
    except FileNotFoundError:
        pytest.skip("no curl here")
    assert len(json.loads(said)) > 10 and web.Answer("", 200, {"Content-Type": "application/json"}, said).snapshots()
