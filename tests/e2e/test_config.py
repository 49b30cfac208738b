"""The configuration from the outside: what is accepted, what is refused and in which words, and what wins."""

import json
import os
import re
import socket

import machines
import points
import pytest

NODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


@pytest.fixture
def taken():
    """A TCP port at which somebody listens already: whoever tried to open it would exit with 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def check(run):
    """What --check prints, as text."""
    def printed(*args, config=None):
        result = run("--check", *args, config=config)
        assert result.status == 0 and result.stderr == "", result.stderr
        return result.stdout.decode()

    return printed


def assert_refused(result, *words):
    """One line, which holds these words, and nothing done."""
    assert result.status == 2, (result.status, result.stderr)
    assert result.stdout == b""
    line = result.stderr
    assert line.count("\n") == 1 and line.endswith("\n") and line[:-1].isascii() and line[:-1].isprintable(), line
    for word in words:
        assert word in line, (word, line)


def disks(*rows):
    return {"parachute": {"disks": [{"mount": mount, "threshold": threshold} for mount, threshold in rows]}}


def parts(**changed):
    fixed = {"instance_id": "i", "deployment_name": "d", "service_type": "t", "node_id": "n", **changed}
    return {"namespace": {name: part for name, part in fixed.items() if part is not None}}


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
    ({"parachute": {"disks": [{"mount": "/a", "threshold": 1}, {"mount": "/b", "threshold": 1, "x": 1}]}}, "parachute.disks[1].x"),
    ({"graphite": [{"host": "h", "prefix": "p"}]}, "graphite[0].prefix"),
    (parts(node="n"), "namespace.node"),
    ('{"interval": 1, @"interval": 2}', "interval"),
    ('{"http": {"listen": "off", @"listen": "off"}}', "listen"),
    ('{\n  "graphite": [\n    {"host": "h", "@port": 0}\n  ]\n}'.replace('"@port": ', '"port": @'), "graphite[0].port"),
    ('{\n\t"interval":\n\t\t@"ten"\n}', "interval"),
    ('{@"unknown": 1}', "unknown"),
    # types and ranges
    *[({"interval": value}, "interval") for value in (0, 3601, -1, 1.5, "10", "10s", True, None, [], {}, 1e300, 10**30)],
    *[({"offset": value}, "offset") for value in (-1, 10, 3600, 0.5, "1")],
    ({"interval": 5, "offset": 5}, "offset"),
    *[({"history": value}, "history") for value in (0, -1, 1.5, "", "0", "0h", "1", "1x", "h", "-1h", "+1h", "1 h", "1h ", "1.5h", "1hh",
                                                    "99999999999999999999h", "4294967295d", 10**12, True, [])],
    ({"interval": 1, "history": "50000d"}, "history"),
    *[({"namespace": value}, "namespace") for value in ("", ".", "a.", ".a", "a..b", "a b", "a/b", "a\nb", "ä", "a\u2028b", "x" * 201, "a." * 1000 + "a",
                                                        1, None, [])],
    *[(parts(node_id=value), "namespace.node_id") for value in ("", "a.b", "a b", "ä", 1)],
    (parts(service_type=None), "service_type"),
    ({"namespace": {}}, "instance_id"),
    ({**parts(), "instance_id": "j"}, "instance_id"),
    *[({"instance_id": value}, "instance_id") for value in ("", "a.b", "a/b", "a b", 1)],
    *[({"collector": {"proc": value}}, "collector.proc") for value in ("", "proc", "/a/../b", 1)],
    *[({"collector": {"extra_types": value}}, "collector.extra_types") for value in ("zfs", [1], [""], ["a b"], {})],
    *[({"collector": {"exclude_mounts": value}}, "collector.exclude_mounts") for value in ("/x", [1], [""])],
    *[({"collector": {"names": value}}, "collector.names") for value in ([], {"x": "y"}, {"/x": 1}, {"/x": ""}, {"/x": "a.b"}, {"/x": "a b"},
                                                                         {"": "x"}, {"/x": "system"}, {"/x": "same", "/y": "same"}, {"/x": "y" * 201})],
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
      for value in ("", "127.0.0.1", ":7070", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:http", "127.0.0.1:7070 ",
                    "example.org:7070", "::1:7070", "[::1]", "[::1:7070", "unix:", "unix:x", "unix:/" + "x" * 108, "Off", True, 7070)],
    *[({"http": {"max_connections": value}}, "http.max_connections") for value in (0, -1, 1.5, "64", 10**9)],
    *[({door: {"anonymous": value}}, f"{door}.anonymous") for door in ("http", "lines") for value in (1, "true", None)],
    *[({"http": {"token_file": value}}, "http.token_file") for value in ("", "/nowhere/token", "/", 1)],
    # what is not JSON, or no object
    *[(text, "JSON") for text in ("", " \n ", "{", '{"interval": 1', '{"interval": 1,}', "{'interval': 1}", '{"interval": 1} // ten', '{"interval": 01}',
                                  '{"interval": 1}}', '{"namespace": "\udced\udca0\udc80"}', '{"namespace": "\udcff"}', '{"a\0": 1}',
                                  "\ufeff{}", "nul", '{"interval": NaN}', '{"namespace": "a\nb"}', "[" * 1000, '{"a":' * 1000, "[" * 100000,
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
        assert (int(place[1]), int(place[2])) == (before.count("\n") + 1, len(before) - before.rfind("\n")), result.stderr


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
    *[(["-i", value], "--interval") for value in ("", "0", "3601", "-1", "+1", "1.5", "1s", " 1", "0x10", "9" * 30, "x")],
    *[(["-n", value], "--namespace") for value in ("", "a..b", "a b", "a\nb", "ä", "x" * 201)],
    *[(["-g", value], "--graphite") for value in ("", "h", "h:", ":2003", "h:0", "h:65536", "h:x", "h:2003x", "a b:2003", "::1:2003", "[::1]2003",
                                                  "h:2003,i:2003", "x" * 256 + ":2003")],
    (["-g", "h:2003", "-g", "h:2003"], "--graphite"),
    *[([option, value], option) for option in ("--http", "--lines")
      for value in ("", "127.0.0.1", "127.0.0.1:65536", "localhost", "unix:x", "unix:", "OFF", "x:1", "0.0.0.0:0", "[::]:0", "[::ffff:8.8.8.8]:0")],
    *[(["--threshold", value], "--threshold") for value in ("", "/x", "=80", "/x=", "x=80", "/x=101", "/x=-1", "/x=80%", "/x=1=", "/x 80", "80", "/x/..=1")],
    (["--threshold", "/x=80", "--threshold", "/x=90"], "--threshold"),
    *[(["--history", value], "--history") for value in ("", "0", "0s", "1y", "-1", "1 h", "99999999999", "99999999999h")],
]


@pytest.mark.parametrize("args, option", BAD_OPTIONS, ids=lambda value: ascii(" ".join(value))[:50] if isinstance(value, list) else "")
def test_bad_option(run, taken, args, option):
    """A mistake in an option is one line with the option and what is accepted, before anything opens."""
    others = [part for door in ("--http", "--lines") if door != option for part in (door, taken)]
    assert_refused(run(*args, *others), option, "must")


OPEN = ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0", "8.8.8.8:7070", "[2001:db8::1]:7070", "128.0.0.1:7070"]
CLOSED = ["127.0.0.1:7070", "127.99.1.2:7070", "[::1]:7070", "[::ffff:127.0.0.1]:7070", "localhost:7070", "unix:/run/x.sock", "off"]


@pytest.mark.parametrize("door", ["http", "lines"])
def test_doors_to_the_network(run, folder, door):
    """A door that others than this machine reach is refused unless that is meant; the token is enough for HTTP only."""
    token = folder / "token"
    token.write_text("t")
    token.chmod(0o600)
    with_token = {"http": {"token_file": str(token)}}
    for address in OPEN:
        assert_refused(run("--check", f"--{door}", address), f"--{door}", address, "anonymous")
        assert_refused(run("--check", config={door: {"listen": address}}), f"{door}.listen", address, "anonymous")
        meant = run("--check", f"--{door}", address, config={door: {"anonymous": True}})
        assert meant.status == 0, meant.stderr
        other = {"http": "lines", "lines": "http"}[door]
        assert_refused(run("--check", f"--{door}", address, config={other: {"anonymous": True}}), address)
        result = run("--check", f"--{door}", address, config=with_token)
        if door == "http":
            assert result.status == 0, result.stderr
        else:
            assert_refused(result, "--lines", address)
    for address in CLOSED:
        assert run("--check", f"--{door}", address).status == 0, address


TOKENS = [(b"secret", 0o600, True), (b"secret\n", 0o600, True), (b"secret\r\n", 0o400, True), (b"secret", 0o640, True), (b"secret", 0o604, False),
          (b"secret", 0o602, False), (b"secret", 0o601, False), (b"", 0o600, False), (b"\n", 0o600, False), (b"two\nlines\n", 0o600, False),
          (b"with space", 0o600, False), (b"with\0nul", 0o600, False), ("schlüssel".encode(), 0o600, False), (b"x" * 4096, 0o600, True),
          (b"x" * 5000, 0o600, False)]


@pytest.mark.parametrize("content, mode, good", TOKENS, ids=range(len(TOKENS)))
def test_token_file(run, folder, content, mode, good):
    """The token is one line in a file to which others have no access; it is never shown."""
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    result = run("--check", config={"http": {"token_file": str(path)}})
    if good:
        assert result.status == 0, result.stderr
    else:
        assert_refused(result, "http.token_file", "must")
    shown = result.stdout + result.stderr.encode()
    assert len(content) < 3 or content.strip() not in shown


def test_token_file_that_is_none(run, folder):
    """A folder, or a pipe in which nobody writes, is no token, and nobody waits for it."""
    os.mkfifo(folder / "pipe", 0o600)
    for path in (folder / "pipe", folder):
        assert_refused(run("--check", config={"http": {"token_file": str(path)}}), "http.token_file")


FULL = {
    "namespace": "a.b-c_D.0", "instance_id": "i-1", "interval": 20, "offset": 7, "history": "2h",
    "collector": {"proc": "/proc", "extra_types": ["zfs", "fuse.x"], "exclude_mounts": ["/mnt/*", "/a b"], "names": {"/srv": "srv", "/ä": "a"}},
    "parachute": {"interval": 0.5, "disks": [{"mount": "/srv", "threshold": 70}, {"mount": "/var/vcap/store", "threshold": 0},
                                             {"mount": "/new\nline", "threshold": 100}]},
    "graphite": [{"name": "one", "host": "graphite.example", "port": 2004}, {"name": "two", "host": "2001:db8::1", "port": 2003}],
    "http": {"listen": "127.0.0.2:8080", "max_connections": 7, "anonymous": True},
    "lines": {"listen": "unix:/run/altimeter/lines", "anonymous": True},
}
CONFIGS = [
    {},
    FULL,
    {"history": 17},
    {"history": "90s"},
    parts(),
    parts(organisation_id="o", space_id="s"),
    {"http": {"listen": "off"}, "lines": {"listen": "off"}},
    disks(("/var/vcap/data", 50)),
    disks(("/" + "x" * 4000, 50)),
    {"graphite": [{"host": "h"}]},
    {"graphite": [{"host": "::1"}]},
    {"parachute": {"interval": 0.1}},
    {"collector": {"names": {"/": "root", "/x": "system"}}},
    {"collector": {"extra_types": []}},
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: json.dumps(config)[:60])
def test_check_prints_what_is_accepted(check, config):
    """What --check prints is a configuration that says the same again."""
    printed = check(config=config)
    assert check(config=printed) == printed


def test_check_prints_all(check):
    """--check shows every key with the value given, and nothing else but the defaults of what was not given."""
    shown = json.loads(check(config=FULL))
    defaults = shown["parachute"]["disks"][3:]
    assert defaults == [{"mount": "/var/vcap/data", "threshold": 80, "when_seen": True}]
    del shown["parachute"]["disks"][3:]
    assert shown == FULL


def test_defaults(check):
    """Without any configuration the defaults of the documentation hold."""
    shown = json.loads(check())
    assert NODE.fullmatch(shown.pop("namespace"))
    assert shown == {
        "interval": 10, "offset": 0, "history": "1h",
        "collector": {"proc": "/proc", "extra_types": ["zfs", "btrfs"], "exclude_mounts": [], "names": {}},
        "parachute": {"interval": 1, "disks": [{"mount": f"/var/vcap/{disk}", "threshold": 80, "when_seen": True} for disk in ("data", "store")]},
        "graphite": [],
        "http": {"listen": "127.0.0.1:7070", "max_connections": 64, "anonymous": False},
        "lines": {"listen": "127.0.0.1:7071", "anonymous": False},
    }


def test_check_opens_nothing(run, taken, folder):
    """--check succeeds where a start would fail, and leaves nothing behind."""
    path = folder / "lines.sock"
    assert run("--check", "--http", taken, "--lines", f"unix:{path}").status == 0
    assert not path.exists()


OPTIONS = [
    (["-n", "other.name"], ["namespace"], "other.name"),
    (["--namespace", "other.name"], ["namespace"], "other.name"),
    (["-i", "30"], ["interval"], 30),
    (["--interval=30"], ["interval"], 30),
    (["-i", "3600"], ["interval"], 3600),
    (["--history", "30m"], ["history"], "30m"),
    (["--history", "360"], ["history"], 360),
    (["--http", "127.0.0.1:1234"], ["http", "listen"], "127.0.0.1:1234"),
    (["--http", "off"], ["http", "listen"], "off"),
    (["--lines", "127.0.0.1:1234"], ["lines", "listen"], "127.0.0.1:1234"),
    (["--lines", "unix:/other"], ["lines", "listen"], "unix:/other"),
    (["--lines", "off"], ["lines", "listen"], "off"),
    (["-g", "h:1"], ["graphite"], [{"name": "h:1", "host": "h", "port": 1}]),
    (["-g", "h:1", "--graphite", "[::1]:2"], ["graphite"], [{"name": "h:1", "host": "h", "port": 1}, {"name": "[::1]:2", "host": "::1", "port": 2}]),
]


@pytest.mark.parametrize("args, path, value", OPTIONS, ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "")
def test_options_win(check, args, path, value):
    """Each option takes the place of its key in the file, wherever it stands, and of nothing else."""
    expected, shown = (json.loads(check(*some, config=FULL)) for some in ([], args))
    place = expected
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value, "the test's own aim: the file says something else"
    place[path[-1]] = value
    assert shown == expected


def test_option_before_the_file(run, folder):
    """An option wins over the file also where it comes first."""
    (folder / "file.json").write_text('{"interval": 20}')
    result = run("-i", "30", "--check", "-c", str(folder / "file.json"))
    assert json.loads(result.stdout)["interval"] == 30


THRESHOLDS = [
    (["/srv=90"], [("/srv", 90), ("/var/vcap/store", 0), ("/new\nline", 100), ("/var/vcap/data", 80)]),
    (["/var/vcap/data=90"], [("/srv", 70), ("/var/vcap/store", 0), ("/new\nline", 100), ("/var/vcap/data", 90)]),
    (["/var/vcap/data=0"], [("/srv", 70), ("/var/vcap/store", 0), ("/new\nline", 100), ("/var/vcap/data", 0)]),
    (["/x=1", "/y=y=100"], [("/srv", 70), ("/var/vcap/store", 0), ("/new\nline", 100), ("/x", 1), ("/y=y", 100), ("/var/vcap/data", 80)]),
    (["/srv/=5", "/var/vcap/store=6"], [("/srv", 5), ("/var/vcap/store", 6), ("/new\nline", 100), ("/var/vcap/data", 80)]),
]


@pytest.mark.parametrize("given, expected", THRESHOLDS, ids=lambda value: " ".join(value) if isinstance(value[0], str) else "")
def test_threshold_option(check, given, expected):
    """--threshold sets its mount's threshold and leaves the others as they are."""
    args = [part for one in given for part in ("--threshold", one)]
    shown = json.loads(check(*args, config=FULL))["parachute"]["disks"]
    assert [(disk["mount"], disk["threshold"]) for disk in shown] == expected
    assert [disk["mount"] for disk in shown if disk.get("when_seen")] == ([] if "data" in given[0] else ["/var/vcap/data"])


def test_configuration_comes_to_be(agent, folder):
    """A running agent is the one that the file describes: interval, history, namespace, names."""
    config = {**machines.many_cpus(folder, 3), "namespace": "from.file", "instance_id": "i", "interval": 2, "history": 1}
    daemon = agent(config=config, without=("-n", "-i"))
    lines = points.parse("".join(line + "\n" for line in json.loads(daemon.get("/v1/instances/i/metrics")[2])).encode(), "from.file")
    assert len(lines) == 1 and "system.cpu2.idle" in lines[0] and "system.cpu3.idle" not in lines[0]
    assert daemon.health()["ring"]["capacity"] == 1
