"""Mistakes in the configuration: each is told in one line, with its place, before anything opens."""

import json
import os
import re
import socket

import pytest
from config_help import assert_refused, disks, parts


@pytest.fixture
def taken():
    """A TCP port at which somebody listens already: whoever tried to open it would exit with 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


# What the file holds, and the key that the line must name. Where the text has a `@`, which is taken out,
# that is the place that the line must name.
BAD = [
    # keys
    ({"intervall": 10}, "intervall"),
    ({"": 10}, '""'),
    ({"http": {"port": 80}}, "http.port"),
    ({"lines": {"token_file": "/x"}}, "lines.token_file"),
    ({"collector": {"Proc": "/proc"}}, "collector"),
    ({"parachute": {"disk": []}}, "parachute.disk"),
    ({"parachute": {"disks": [{"mount": "/a", "threshold": 1}, {"mount": "/b", "threshold": 1, "x": 1}]}},
        "parachute.disks[1].x"),
    ({"graphite": [{"host": "h", "prefix": "p"}]}, "graphite[0].prefix"),
    (parts(node="n"), "namespace.node"),
    ('{"interval": 1, @"interval": 2}', "interval"),
    ('{"http": {"listen": "off", @"listen": "off"}}', "listen"),
    ('{\n  "graphite": [\n    {"host": "h", "@port": 0}\n  ]\n}'.replace('"@port": ', '"port": @'), "graphite[0].port"),
    ('{\n\t"interval":\n\t\t@"ten"\n}', "interval"),
    ('{@"unknown": 1}', "unknown"),
    # types and ranges
    *[({"interval": value}, "interval") for value in (0, 3601, -1, 1.5, "10", "10s", True, None, [], {}, 1e300,
        10**30)],
    *[({"offset": value}, "offset") for value in (-1, 10, 3600, 0.5, "1")],
    ({"interval": 5, "offset": 5}, "offset"),
    *[({"history": value}, "history") for value in (0, -1, 1.5, "", "0", "0h", "1", "1x", "h", "-1h", "+1h", "1 h",
        "1h ", "1.5h", "1hh",
                                                    "99999999999999999999h", "4294967295d", 10**12, True, [])],
    ({"interval": 1, "history": "50000d"}, "history"),
    *[({"namespace": value}, "namespace") for value in ("", ".", "a.", ".a", "a..b", "a b", "a/b", "a\nb", "ä",
        "a\u2028b", "x" * 201, "a." * 1000 + "a",
                                                        1, None, [])],
    *[(parts(node_id=value), "namespace.node_id") for value in ("", "a.b", "a b", "ä", 1)],
    (parts(service_type=None), "service_type"),
    ({"namespace": {}}, "instance_id"),
    ({**parts(), "instance_id": "j"}, "instance_id"),
    *[({"instance_id": value}, "instance_id") for value in ("", "a.b", "a/b", "a b", 1)],
    *[({"collector": {"proc": value}}, "collector.proc") for value in ("", "proc", "/a/../b", 1)],
    *[({"collector": {"extra_types": value}}, "collector.extra_types") for value in ("zfs", [1], [""], ["a b"], {})],
    *[({"collector": {"exclude_mounts": value}}, "collector.exclude_mounts") for value in ("/x", [1], [""])],
    *[({"collector": {"names": value}}, "collector.names") for value in ([], {"x": "y"}, {"/x": 1}, {"/x": ""},
        {"/x": "a.b"}, {"/x": "a b"},
                                                                         {"": "x"}, {"/x": "system"}, {"/x": "same",
                                                                             "/y": "same"}, {"/x": "y" * 201})],
    *[({"parachute": {"interval": value}}, "parachute.interval") for value in (0, -1, 0.01, 3601, "1")],
    *[(disks(("/x", value)), "parachute.disks[0].threshold") for value in (-1, 101, 80.5, "80", "80%")],
    *[(disks((value, 80)), "parachute.disks[0].mount") for value in ("", "x", "./x", "/x/../y", 1)],
    (disks(("/x", 80), ("/y", 80), ("/x", 90)), "parachute.disks[2]"),
    (disks(("/x", 80), ("/x/", 90)), "parachute.disks[1]"),
    ({"parachute": {"disks": [{"mount": "/x"}]}}, "threshold"),
    ({"parachute": {"disks": [{"threshold": 80}]}}, "mount"),
    ({"parachute": {"disks": {"/x": 80}}}, "parachute.disks"),
    ({"parachute": {"disks": ["/x"]}}, "parachute.disks[0]"),
    *[({"graphite": [{"host": "h", "port": value}]}, "graphite[0].port") for value in (0, 65536, -1, "2003", 1.5)],
    *[({"graphite": [{"host": value}]}, "graphite[0].host") for value in ("", "a b", "x" * 256, 1)],
    ({"graphite": [{"port": 2003}]}, "host"),
    ({"graphite": "h:2003"}, "graphite"),
    ({"graphite": ["h:2003"]}, "graphite[0]"),
    ({"graphite": [{"host": "h"}, {"host": "h"}]}, "graphite[1]"),
    ({"graphite": [{"name": "n", "host": "h"}, {"name": "n", "host": "i"}]}, "graphite[1]"),
    ({"graphite": [{"host": f"h{i}"} for i in range(1001)]}, "graphite"),
    *[({door: {"listen": value}}, f"{door}.listen") for door in ("http", "lines")
      for value in ("", "127.0.0.1", ":7070", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1",
          "127.0.0.1:http", "127.0.0.1:7070 ",
                    "example.org:7070", "::1:7070", "[::1]", "[::1:7070", "unix:", "unix:x", "unix:/" + "x" * 108,
                        "Off", True, 7070)],
    *[({"http": {"max_connections": value}}, "http.max_connections") for value in (0, -1, 1.5, "64", 10**9)],
    *[({door: {"anonymous": value}}, f"{door}.anonymous") for door in ("http", "lines") for value in (1, "true", None)],
    *[({"http": {"token_file": value}}, "http.token_file") for value in ("", "/nowhere/token", "/", 1)],
    # what is not JSON, or no object
    *[(text, "JSON") for text in ("", " \n ", "{", '{"interval": 1', '{"interval": 1,}', "{'interval': 1}",
        '{"interval": 1} // ten', '{"interval": 01}',
                                  '{"interval": 1}}', '{"namespace": "\udced\udca0\udc80"}',
                                      '{"namespace": "\udcff"}', '{"a\0": 1}',
                                  "\ufeff{}", "nul", '{"interval": NaN}', '{"namespace": "a\nb"}', "[" * 1000,
                                      '{"a":' * 1000, "[" * 100000,
                                  "{" * 100000)],
    ('{"namespace": "\\u0000"}', "namespace"),
    *[(text, "JSON") for text in ('"x"', "1", "null", "true")],
    ("[]", "object"),
]


def name(row):
    return row[1] + " " + (row[0] if isinstance(row[0], str) else json.dumps(row[0]))[:50]


@pytest.mark.parametrize("config, key", BAD, ids=map(name, BAD))
def test_bad_file(run, taken, folder, config, key):
    """A mistake in the file is one line with file, line, column, key and what is accepted, before anything opens."""
    text = config if isinstance(config, str) else json.dumps(config, indent=2)
    before, mark, after = text.partition("@")
    path = folder / "bad.json"
    path.write_bytes((before + after).encode("utf-8", "surrogateescape"))
    args = [part for door in ("http", "lines") if f"{door}.listen" != key for part in (f"--{door}", taken)]
    result = run("-c", str(path), *args)
    assert_refused(result)
    place = re.match(rf"{re.escape(str(path))}:(\d+):(\d+): (.*must.*)", result.stderr)
    assert place and key in place[3], result.stderr
    if mark:
        marked = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert (int(place[1]), int(place[2])) == marked, result.stderr


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


def test_unreadable_file(run, folder, program):
    """A file that this user may not read is named in one line."""
    path = folder / "secret.json"
    path.write_text("{}")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert_refused(run("-c", str(path)), str(path))


BAD_OPTIONS = [
    *[(["-i", value], "--interval") for value in ("", "0", "3601", "-1", "+1", "1.5", "1s", " 1", "0x10", "9" * 30,
        "x")],
    *[(["-n", value], "--namespace") for value in ("", "a..b", "a b", "a\nb", "ä", "x" * 201)],
    *[(["-g", value], "--graphite") for value in ("", "h", "h:", ":2003", "h:0", "h:65536", "h:x", "h:2003x",
        "a b:2003", "::1:2003", "[::1]2003",
                                                  "h:2003,i:2003", "x" * 256 + ":2003")],
    (["-g", "h:2003", "-g", "h:2003"], "--graphite"),
    *[([option, value], option) for option in ("--http", "--lines")
      for value in ("", "127.0.0.1", "127.0.0.1:65536", "localhost", "unix:x", "unix:", "OFF", "x:1", "0.0.0.0:0",
          "[::]:0", "[::ffff:8.8.8.8]:0")],
    *[(["--threshold", value], "--threshold") for value in ("", "/x", "=80", "/x=", "x=80", "/x=101", "/x=-1",
        "/x=80%", "/x=1=", "/x 80", "80", "/x/..=1")],
    (["--threshold", "/x=80", "--threshold", "/x=90"], "--threshold"),
    *[(["--history", value], "--history") for value in ("", "0", "0s", "1y", "-1", "1 h", "99999999999",
        "99999999999h")],
]


@pytest.mark.parametrize("args, option", BAD_OPTIONS,
    ids=lambda value: ascii(" ".join(value))[:50] if isinstance(value, list) else "")
def test_bad_option(run, taken, args, option):
    """A mistake in an option is one line with the option and what is accepted, before anything opens."""
    others = [part for door in ("--http", "--lines") if door != option for part in (door, taken)]
    assert_refused(run(*args, *others), option, "must")
