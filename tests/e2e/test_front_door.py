"""The front door: options that need no agent, starts that fail, the ends of output, slots, and how it ends."""

import itertools
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import agent as agents
import machines
import points
import pytest
from web import Connection, request

VERSION = (Path(__file__).resolve().parents[2] / "VERSION").read_text().strip()
OPTIONS = [
    "-c",
    "-n",
    "-i",
    "-g",
    "--http",
    "--lines",
    "--threshold",
    "--history",
    "--once",
    "-t",
    "--check",
    "-q",
    "-v",
    "-V",
    "-h",
]


@pytest.fixture
def taken():
    """A TCP port at which somebody listens already."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(run, option):
    """The version is told in the first line, and nothing else there."""
    result = run(option)
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == f"altimeter {VERSION}".encode()


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(run, option):
    """The help page names every option and fits a screen of 80 columns."""
    result = run(option)
    assert result.status == 0 and result.stderr == ""
    page = result.stdout.decode("ascii")
    assert max(map(len, page.splitlines())) <= 80
    assert [name for name in OPTIONS if not re.search(rf"(?<![\w-]){name}(?![\w-])", page)] == []


def test_help_wins(run):
    """Who asks for help gets it, whatever else is on the command line or in the file."""
    assert run("-i", "0", "-c", "/nowhere", "--help").status == 0


NO_OPTIONS = [
    (["--no-such-option"], "--no-such-option"),
    (["-x"], "-x"),
    (["-qx"], "-x"),
    (["--http"], "--http"),
    (["-c"], "--config"),
    (["-n"], "--namespace"),
    (["--once=1"], "--once"),
    (["--version=1"], "--version"),
    (["stray"], "stray"),
    (["--", "stray"], "stray"),
    (["--once", "stray"], "stray"),
    (["-"], "-"),
    ([""], "must be an option"),
    (["--two\nlines"], "--two\\x0alines"),
    (["-\x1b"], "-\\x1b"),
    ([b"-\xff"], "-\\xff"),
    (["x" * 100000], "xxx"),
]


@pytest.mark.parametrize("args, named", NO_OPTIONS, ids=[ascii(row[1]) for row in NO_OPTIONS])
def test_what_is_no_option(run, args, named):
    """What it does not know it names in one line, with exit status 2."""
    result = run(*args)
    assert result.status == 2 and result.stdout == b""
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("altimeter: "), result.stderr
    assert named in result.stderr


@pytest.mark.parametrize("door", ["http", "lines"])
def test_port_in_use(run, taken, door):
    """A port that somebody has is named in one line, exit status 1."""
    doors = {"http": "off", "lines": "off", door: f"127.0.0.1:{taken}"}
    result = run("-q", "--http", doors["http"], "--lines", doors["lines"])
    assert result.status == 1 and result.stdout == b""
    assert result.stderr.count("\n") == 1, result.stderr
    assert f"127.0.0.1:{taken}" in result.stderr and door in result.stderr


def test_address_of_another_machine(run):
    """An address that this machine has not is named too."""
    result = run("-q", "--http", "[2001:db8::1]:7070", "--lines", "off", config={"http": {"anonymous": True}})
    assert result.status == 1
    assert result.stderr.count("\n") == 1 and "[2001:db8::1]:7070" in result.stderr, result.stderr


def test_restart_at_once(agent):
    """The port is free for the next start as soon as the agent ended, although a client was connected."""
    daemon = agent()
    lines = daemon.lines()
    lines.count(1)
    daemon.stop()
    again = agent("--http", f"127.0.0.1:{daemon.http_port}", "--lines", f"127.0.0.1:{daemon.lines_port}", ready=False)
    points.wait_until(lambda: again.answers(daemon.http_port), "it listens again")


def test_once_needs_no_door(run, taken):
    """--once opens nothing, so that it works beside a running agent."""
    address = f"127.0.0.1:{taken}"
    assert run("--once", "--http", address, "--lines", address, "-n", points.NAMESPACE).snapshot()


def test_once_into_head(program, folder):
    """`altimeter --once | head -1` ends, even where the snapshot is larger than a pipe."""
    config = agents.write_config(folder, machines.many_cpus(folder))
    with subprocess.Popen([program, "--once", "-c", config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as once:
        line = once.stdout.readline()
        once.stdout.close()
        status = once.wait(points.DEADLINE_S)
    assert re.fullmatch(rb"\S+ \d+ \d{10}\n", line)
    assert status in (1, -signal.SIGPIPE)


FULL = {"a full disk": ">/dev/full", "a closed stdout": ">&-", "no standard descriptor": ">&- 2>&- <&-"}


@pytest.mark.parametrize("redirection", FULL.values(), ids=FULL.keys())
@pytest.mark.parametrize("mode", ["--once", "--check"])
def test_output_that_cannot_be_written(program, folder, mode, redirection):
    """What cannot be printed is no success."""
    if redirection == ">/dev/full" and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    result = agents.run(["sh", "-c", f'exec "$0" "$@" {redirection}', program, mode], folder)
    assert result.status == 1
    if "2>" not in redirection:
        assert result.stderr.count("\n") == 1, result.stderr


def test_closed_descriptors(agent):
    """Started without standard descriptors, it takes none of its sockets or files for them."""
    daemon = agent("-v", wrapper=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
    lines = daemon.lines()
    lines.count(2)
    lines.assert_every_slot()
    assert all(os.readlink(f"/proc/{daemon.pid}/fd/{fd}") == "/dev/null" for fd in range(3))


def filled_listener():
    """A listener that answers no SYN any more, and those who fill its queue."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    filling = []
    while True:
        filling.append(socket.socket())
        filling[-1].settimeout(0.5)
        try:
            filling[-1].connect(listener.getsockname())
        except TimeoutError:
            return listener, filling


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_with_a_target_that_never_answers(agent, number):
    """While a connection to Graphite is being tried, it ends in time."""
    listener, filling = filled_listener()
    port = listener.getsockname()[1]
    daemon = agent("-g", f"127.0.0.1:{port}")
    points.wait_until(lambda: daemon.health()["targets"][0]["state"] == "connecting", "it tries to connect")
    daemon.stop(number=number)
    for one in (listener, *filling):
        one.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_with_clients_that_do_not_read(agent, folder, number):
    """Clients of both doors to which much is under way do not hold it."""
    daemon = agent(config=machines.many_cpus(folder))
    clients = [Connection(port, narrow=True) for port in (daemon.http_port, daemon.lines_port) for _ in range(3)]
    for one in clients[:3]:
        one.send(request("/metrics"))
    assert all(one.file.read(1) for one in clients), "the test's own aim: something is under way"
    daemon.stop(number=number)
    for one in clients:
        one.close()


def test_second_signal(agent):
    """A second signal does not wait for what is unsent."""
    listener = socket.create_server(("127.0.0.1", 0))
    daemon = agent("-g", f"127.0.0.1:{listener.getsockname()[1]}")
    accepted, _ = listener.accept()
    daemon.process.send_signal(signal.SIGINT)
    points.wait_until(lambda: "stopping" in daemon.stderr, "it has heard the first")
    daemon.stop()
    accepted.close()
    listener.close()


def test_signals_to_the_end(agent):
    """Who is told again and again to stop, until it is gone, ends with its own status."""
    daemon = agent()

    def again_and_again():
        for number in itertools.cycle([signal.SIGTERM, signal.SIGINT]):
            if daemon.process.poll() is not None:
                return
            daemon.process.send_signal(number)

    daemon.stop(meanwhile=again_and_again)


def test_slots_are_aligned(agent):
    """Each timestamp is a multiple of the interval plus the offset, that of the slot that runs at the start too."""
    slots = [(2, 0), (2, 1), (3, 2)]
    before = time.time()
    daemons = [agent("-i", str(interval), config={"offset": offset}) for interval, offset in slots]
    clients = [daemon.lines() for daemon in daemons]
    for lines, (interval, offset) in zip(clients, slots):
        stamps = [snapshot.timestamp for snapshot in lines.count(2)]
        assert [stamp % interval for stamp in stamps] == [offset] * len(stamps)
        assert before - interval < stamps[0] < before + 2 * interval
        lines.assert_every_slot(interval)


def test_first_slot(agent):
    """The slot that runs at the start is taken at once, and carries its beginning as its time."""
    config = machines.half_an_hour_off()
    stamp = agent(config=config, without=("-i",)).health()["newest"]["timestamp_s"]
    assert stamp % 3600 == config["offset"]
    assert 1700 < time.time() - stamp < 1900, "half an hour ago"


def test_once_is_of_now(run):
    """--once carries the present second, whatever the interval."""
    before = int(time.time())
    assert before <= run("--once", "-i", "3600", "-n", points.NAMESPACE).snapshot().timestamp <= time.time()
