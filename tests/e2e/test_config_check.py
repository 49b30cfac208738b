"""The configuration that is accepted: what --check prints, what wins, and what a running agent makes of it."""

import json
import re
import socket

import machines
import pytest
from config_help import disks, parts
from web import ask

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


TARGET = {"settle": 60, "replay_rate": 10000, "max_age": 0}  # what a target has by default
FULL = {
    "namespace": "a.b-c_D.0",
    "instance_id": "i-1",
    "interval": 20,
    "offset": 7,
    "history": "2h",
    "state_dir": "/var/lib/altimeter",
    "state_size": "3M",
    "sync": 0.5,
    "run_dir": "/run/altimeter",
    "self_metrics": True,
    "collector": {
        "proc": "/proc",
        "extra_types": ["zfs", "fuse.x"],
        "exclude_mounts": ["/mnt/*", "/a b"],
        "names": {"/srv": "srv", "/ä": "a"},
    },
    "parachute": {
        "interval": 0.5,
        "times": 3,
        "cycles": 5,
        "release_after": 0.5,
        "latch": True,
        "disks": [
            {"mount": "/srv", "threshold": 70, "min_free": "512M", "inodes": 90, "release": 5, "missing": "activate"},
            {"mount": "/var/vcap/store", "threshold": 0},
            {"mount": "/new\nline", "threshold": 100, "release": 100},
        ],
    },
    "graphite": [
        {"name": "one", "host": "graphite.example", "port": 2004, **TARGET},
        {
            "name": "two",
            "host": "2001:db8::1",
            "port": 2003,
            "settle": 1.5,
            "replay_rate": 0,
            "max_age": 2592000,
            "tls": {},
        },
    ],
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
    {"graphite": [{"host": "h", "settle": 0.001, "max_age": 2591999.999, "replay_rate": 1000000000}]},
    {"history": 129},
    {"state_size": 65537, "sync": 0},
    {"state_size": "64K", "sync": 3600},
    {"state_size": "1T"},
    {"state_dir": "/"},
    {"graphite": [{"host": "::1"}]},
    {"parachute": {"interval": 0.1}},
    {"parachute": {"release_after": 0}},
    {"parachute": {"release_after": 86399.999, "cycles": 64, "times": 64}},
    {"parachute": {"disks": [{"mount": "/x", "threshold": 9, "min_free": 2**53, "missing": "keep"}]}},
    {"parachute": {"disks": [{"mount": "/x", "threshold": 9, "min_free": 1000, "release": 9}]}},
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
    assert defaults == [{"mount": "/var/vcap/data", "threshold": 80, "release": 80, "when_seen": True}]
    del shown["parachute"]["disks"][3:]
    assert shown == FULL


def test_defaults(check):
    """Without any configuration the defaults of the documentation hold."""
    shown = json.loads(check())
    assert NODE.fullmatch(shown.pop("namespace"))
    assert shown == {
        "interval": 10,
        "offset": 0,
        "history": "1h",
        "state_size": "180K",
        "sync": 10,
        "self_metrics": False,
        "collector": {"proc": "/proc", "extra_types": ["zfs", "btrfs"], "exclude_mounts": [], "names": {}},
        "parachute": {
            "interval": 1,
            "times": 1,
            "cycles": 1,
            "release_after": 0,
            "latch": False,
            "disks": [
                {"mount": f"/var/vcap/{disk}", "threshold": 80, "release": 80, "when_seen": True}
                for disk in ("data", "store")
            ],
        },
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
    (["--state-dir", "/other/"], ["state_dir"], "/other"),
    (["--run-dir", "/other/"], ["run_dir"], "/other"),
    (["--http", "127.0.0.1:1234"], ["http", "listen"], "127.0.0.1:1234"),
    (["--http", "off"], ["http", "listen"], "off"),
    (["--lines", "127.0.0.1:1234"], ["lines", "listen"], "127.0.0.1:1234"),
    (["--lines", "unix:/other"], ["lines", "listen"], "unix:/other"),
    (["--lines", "off"], ["lines", "listen"], "off"),
    (["-g", "h:1"], ["graphite"], [{"name": "h:1", "host": "h", "port": 1, **TARGET}]),
    (
        ["-g", "h:1", "--graphite", "[::1]:2"],
        ["graphite"],
        [{"name": "h:1", "host": "h", "port": 1, **TARGET}, {"name": "[::1]:2", "host": "::1", "port": 2, **TARGET}],
    ),
]


@pytest.mark.parametrize(
    "args, path, value", OPTIONS, ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else ""
)
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
    (
        ["/x=1", "/y=y=100"],
        [("/srv", 70), ("/var/vcap/store", 0), ("/new\nline", 100), ("/x", 1), ("/y=y", 100), ("/var/vcap/data", 80)],
    ),
    (
        ["/srv/=5", "/var/vcap/store=6"],
        [("/srv", 5), ("/var/vcap/store", 6), ("/new\nline", 100), ("/var/vcap/data", 80)],
    ),
]


@pytest.mark.parametrize(
    "given, expected", THRESHOLDS, ids=lambda value: " ".join(value) if isinstance(value[0], str) else ""
)
def test_threshold_option(check, given, expected):
    """--threshold sets its mount's threshold and leaves the others as they are."""
    args = [part for one in given for part in ("--threshold", one)]
    shown = json.loads(check(*args, config=FULL))["parachute"]["disks"]
    assert [(disk["mount"], disk["threshold"]) for disk in shown] == expected
    when_seen = [disk["mount"] for disk in shown if disk.get("when_seen")]
    assert when_seen == ([] if "data" in given[0] else ["/var/vcap/data"])


def test_configuration_comes_to_be(agent, folder):
    """A running agent is the one that the file describes: interval, history, namespace, names."""
    config = {
        **machines.many_cpus(folder, 3),
        "namespace": "from.file",
        "instance_id": "i",
        "interval": 2,
        "history": 1,
    }
    daemon = agent(config=config, without=("-n", "-i"))
    snapshots = ask(daemon.http_port, "/v1/instances/i/metrics").snapshots("from.file")
    assert len(snapshots) == 1 and "system.cpu2.idle" in snapshots[0] and "system.cpu3.idle" not in snapshots[0]
    assert daemon.health()["ring"]["capacity"] == 1
