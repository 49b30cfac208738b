"""Mistakes in the configuration: each is told in one line, with its place, before anything opens."""

import json
import os
import shutil
import socket
import tempfile
from pathlib import Path

import agent as agents
import pytest
from config_help import assert_refused, disks, parts, refused_file


@pytest.fixture
def taken():
    """A TCP port at which somebody listens already: whoever tried to open it would exit with 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


ADDRESSES = [
    "",
    "127.0.0.1",
    ":7070",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "127.0.0.1:-1",
    "127.0.0.1:+1",
    "127.0.0.1:http",
    "127.0.0.1:7070 ",
    "example.org:7070",
    "::1:7070",
    "[::1]",
    "[::1:7070",
    "unix:",
    "unix:x",
    "unix:/" + "x" * 108,
    "Off",
]
DURATIONS = ["", "0s", "0h", "1x", "1y", "h", "-1h", "+1h", "1 h", "1h ", "1.5h", "1hh", "99999999999999999999h"]
SIZES = ["", "65536", "63K", "1025G", "64k", "64KB", "64 K", "+64K", "0.5M", "K", "0K", "99999999999999999999T"]
NAMES = ["", ".", "a.", ".a", "a..b", "a b", "a/b", "a\nb", "ä", "a\u2028b", "x" * 201]

# Key, and values of which it accepts none.
VALUES = [
    ("interval", [0, 3601, -1, 1.5, "10", "10s", True, None, [], {}, 1e300, 10**30]),
    ("offset", [-1, 10, 3600, 0.5, "1"]),
    ("history", [0, -1, 1.5, 10**12, True, [], "0", "1", "4294967295d", *DURATIONS]),
    ("state_dir", ["", "state", "./state", "/x/../y", "/x//y", 1, None]),
    ("state_size", [65535, 65536.5, 2**40 + 1, 2**53 + 1, -65536, 1e300, True, *SIZES]),
    ("sync", [-1, 3600.001, "10", None]),
    ("run_dir", ["", "run", "/x//y", "/" + "x" * 90, 1, None]),
    ("self_metrics", [1, "true", None]),
    ("namespace", [*NAMES, "a." * 1000 + "a", 1, None, []]),
    ("namespace.node_id", [*NAMES, "a.b", 1]),
    ("instance_id", [*NAMES, "a.b", 1]),
    ("collector.proc", ["", "proc", "/a/../b", 1]),
    ("collector.extra_types", ["zfs", [1], [""], ["a b"], {}]),
    ("collector.exclude_mounts", ["/x", [1], [""], {}]),
    ("collector.names", [[], {"x": "y"}, {"/x": 1}, {"": "x"}, {"/x": "system"}, {"/x": "same", "/y": "same"}]),
    ("collector.names", [{"/x": name} for name in [*NAMES, "a.b"]]),
    ("parachute.interval", [0, -1, 0.01, 3601, "1"]),
    ("parachute.disks", [{"/x": 80}, "/x", 80]),
    ("parachute.disks[0]", ["/x", 80, {"mount": "/x"}, {"threshold": 80}, {}]),
    ("parachute.disks[0].threshold", [-1, 101, 80.5, "80", "80%", None]),
    ("parachute.disks[0].mount", ["", "x", "./x", "/x/../y", "/x//y", 1]),
    ("graphite", ["h:2003", {"host": "h"}, [{"host": f"h{i}"} for i in range(1001)]]),
    ("graphite[0]", ["h:2003", {"port": 2003}, {}]),
    ("graphite[0].host", ["", "a b", "x" * 256, 1]),
    ("graphite[0].port", [0, 65536, -1, "2003", 1.5]),
    ("graphite[0].name", ["", "a b", 1]),
    ("graphite[0].settle", [-1, 3600.001, "60"]),
    ("graphite[0].replay_rate", [-1, 0.5, 10**9 + 1, "10000"]),
    ("graphite[0].max_age", [-1, 2592000.1, "1d", None]),
    ("graphite[0].tls", [True, None, [], "/etc/ssl/ca.pem"]),
    ("http.listen", [*ADDRESSES, True, 7070]),
    ("http.max_connections", [0, -1, 1.5, "64", 10**9]),
    ("http.token_file", ["", "/nowhere/token", "/", 1]),
    ("http.anonymous", [1, "true", None]),
    ("http", [[], "127.0.0.1:7070", False]),
    ("lines.listen", [*ADDRESSES, True, 7071]),
    ("lines.anonymous", [1, "true", None]),
    ("lines", [[], "127.0.0.1:7071", False]),
]

AROUND = {
    "namespace.node_id": lambda value: parts(node_id=value),
    "parachute.disks[0]": lambda value: {"parachute": {"disks": [value]}},
    "parachute.disks[0].threshold": lambda value: disks(("/x", value)),
    "parachute.disks[0].mount": lambda value: disks((value, 80)),
    "graphite[0]": lambda value: {"graphite": [value]},
}


def around(key, value):
    """The configuration in which `key` has this value."""
    if key in AROUND:
        return AROUND[key](value)
    outer, _, inner = key.partition(".")
    if outer == "graphite[0]":
        return {"graphite": [{"host": "h", inner: value}]}
    return {outer: {inner: value} if inner else value}


# Configurations whose parts are good, and the key that is not.
TOGETHER = [
    ({"intervall": 10}, "intervall"),
    ({"": 10}, '""'),
    ({"http": {"port": 80}}, "http.port"),
    ({"lines": {"token_file": "/x"}}, "lines.token_file"),
    ({"collector": {"Proc": "/proc"}}, "collector"),
    ({"parachute": {"disk": []}}, "parachute.disk"),
    ({"parachute": {"disks": [{"mount": "/a", "threshold": 1, "x": 1}]}}, "parachute.disks[0].x"),
    ({"graphite": [{"host": "g"}, {"host": "h", "prefix": "p"}]}, "graphite[1].prefix"),
    (parts(node="n"), "namespace.node"),
    (parts(service_type=None), "service_type"),
    ({"namespace": {}}, "instance_id"),
    ({**parts(), "instance_id": "j"}, "instance_id"),
    ({"interval": 5, "offset": 5}, "offset"),
    ({"interval": 1, "history": "50000d"}, "history"),
    (disks(("/x", 80), ("/y", 80), ("/x", 90)), "parachute.disks[2]"),
    (disks(("/x", 80), ("/x/", 90)), "parachute.disks[1]"),
    ({"graphite": [{"host": "h"}, {"host": "h"}]}, "graphite[1]"),
    ({"graphite": [{"name": "n", "host": "h"}, {"name": "n", "host": "i"}]}, "graphite[1]"),
]


def rows():
    for key, values in VALUES:
        for value in values:
            yield pytest.param(around(key, value), key, id=f"{key} {ascii(value)[:30]}")
    for config, key in TOGETHER:
        yield pytest.param(config, key, id=json.dumps(config)[:50])


@pytest.mark.parametrize("config, key", rows())
def test_bad_value(run, taken, folder, config, key):
    """A mistake in the file is one line with file, line, column, key and what is accepted, before anything opens."""
    doors = [part for door in ("http", "lines") if not key.startswith(door) for part in (f"--{door}", taken)]
    said = refused_file(run, folder / "bad.json", json.dumps(config, indent=2), *doors)[2]
    assert key in said


# The place that is meant is marked by a `@`, which is not in the file.
PLACES = [
    ('{"interval": 1, @"interval": 2}', "interval"),
    ('{"http": {"listen": "off",\n @"listen": "off"}}', "listen"),
    ('{\n\t"interval":\n\t\t@"ten"\n}', "interval"),
    ('{@"unknown": 1}', "unknown"),
    ('{"unknown": 1, "offset": 1}'.replace('"unknown', '@"unknown'), "unknown"),
    ('{\n  "graphite": [\n    {"host": "a"},\n    {"host": "h", "port": @0}\n  ]\n}', "graphite[1].port"),
    ('{"parachute": {"disks": [{"mount": "/a\\"b]}", "threshold": 1}, @{"mount": "/x"}]}}', "parachute.disks[1]"),
    (
        '{"namespace": {"instance_id": "i", "deployment_name": "d", "service_type": "t",\n "node_id": @"a b"}}',
        "node_id",
    ),
    ('{"interval": 5,\n "offset": @5}', "offset"),
    ('{"http": {"listen": @"0.0.0.0:0"}}', "http.listen"),
]


@pytest.mark.parametrize("text, key", PLACES, ids=[text for text, _ in PLACES])
def test_place(run, folder, text, key):
    """The line names the very place of the mistake."""
    before, _, after = text.partition("@")
    line, column, said = refused_file(run, folder / "bad.json", before + after)
    assert key in said
    assert (line, column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


NO_JSON = [
    "",
    " \n ",
    "{",
    '{"interval": 1',
    '{"interval": 1,}',
    "{'interval': 1}",
    '{"interval": 1} // ten',
    '{"interval": 01}',
    '{"interval": 1}}',
    '{"interval": NaN}',
    '{"a\0": 1}',
    '{"namespace": "a\nb"}',
    "\ufeff{}",
    "nul",
    '"x"',
    "1",
    "null",
    '{"namespace": "\udced\udca0\udc80"}',
    '{"namespace": "\udcff"}',
    "[" * 1000,
    '{"a":' * 1000,
    "[" * 100000,
    "{" * 100000,
]


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: ascii(text[:30]))
def test_no_json(run, folder, text):
    """What is not JSON is one line with the place, however deep or broken it is."""
    assert "JSON" in refused_file(run, folder / "bad.json", text)[2]


@pytest.mark.parametrize("text, word", [("[]", "object"), ('{"namespace": "\\u0000"}', "namespace")])
def test_json_of_no_use(run, folder, text, word):
    """Nor is it accepted where it is JSON, but no configuration."""
    assert word in refused_file(run, folder / "bad.json", text)[2]


def test_bad_bytes(run, folder):
    """What is no UTF-8 is refused, and does not reach the terminal."""
    path = folder / "bad.json"
    path.write_bytes(b'{"interval": 1,\n "\xff\x1b[31m": 2}')
    assert_refused(run("-c", str(path)), f"{path}:2:")


def test_too_large_file(run, folder):
    """A file above 1 MiB is refused; one of exactly that size is read."""
    path = folder / "large.json"
    path.write_text("{}" + " " * ((1 << 20) - 2))
    assert run("-c", str(path), "--check").status == 0
    path.write_text("{}" + " " * ((1 << 20) - 1))
    assert_refused(run("-c", str(path), "--check"), str(path), "1 MiB")


@pytest.mark.parametrize("path", ["/nowhere/altimeter.json", "/", "/dev/zero", "", "/nowhere/\n\x1b[31m"], ids=ascii)
def test_file_that_cannot_be_read(run, path):
    """A file that is missing, or that is none, is named in one line."""
    assert_refused(run("-c", path), path.split("\n")[0])


def test_unreadable_file(program, folder):
    """A file that this user may not read is named in one line. (Root may read all, so it becomes nobody.)"""
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        open_to_all = Path(name)
        open_to_all.chmod(0o755)
        path = open_to_all / "secret.json"
        path.write_text("{}")
        path.chmod(0)
        copy = shutil.copy(program, open_to_all)
        assert_refused(agents.run([*nobody, copy, "-c", str(path)], folder), str(path))


# Options that take a value, and values of which they accept none.
OPTIONS = [
    ("--interval", "-i", ["", "0", "3601", "-1", "+1", "1.5", "1s", " 1", "0x10", "9" * 30, "x"]),
    ("--namespace", "-n", NAMES),
    (
        "--graphite",
        "-g",
        [
            "",
            "h",
            "h:",
            ":2003",
            "h:0",
            "h:65536",
            "h:x",
            "h:2003x",
            "a b:2003",
            "::1:2003",
            "[::1]2003",
            "h:2003,i:2003",
            "x" * 256 + ":2003",
        ],
    ),
    ("--http", "--http", [*ADDRESSES, "0.0.0.0:0", "[::]:0", "[::ffff:8.8.8.8]:0"]),
    ("--lines", "--lines", [*ADDRESSES, "0.0.0.0:0", "[::]:0", "[::ffff:8.8.8.8]:0"]),
    (
        "--threshold",
        "--threshold",
        ["", "/x", "=80", "/x=", "x=80", "/x=101", "/x=-1", "/x=80%", "/x=1=", "/x 80", "80", "/x/..=1"],
    ),
    ("--state-dir", "--state-dir", ["", "state", "/x/..", "/x//y"]),
    ("--history", "--history", ["0", "-1", "99999999999", *DURATIONS]),
]
TWICE = [["-g", "h:2003", "--graphite", "h:2003"], ["--threshold", "/x=80", "--threshold", "/x=90"]]


def option_rows():
    for name, option, values in OPTIONS:
        for value in values:
            yield pytest.param([option, value], name, id=f"{option} {ascii(value)[:30]}")
    for args in TWICE:
        yield pytest.param(args, args[2], id=" ".join(args))


@pytest.mark.parametrize("args, name", option_rows())
def test_bad_option(run, taken, args, name):
    """A mistake in an option is one line with the option and what is accepted, before anything opens."""
    doors = [part for door in ("--http", "--lines") if door != name for part in (door, taken)]
    assert_refused(run(*args, *doors), name, "must")
