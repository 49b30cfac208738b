"""The program under test: started with a configuration and ports of its own, and ended again."""

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import time

import points
from lines import Lines

REPORTS = ("Sanitizer: ", "runtime error: ")
LOG_S = 2  # for the log to be written, where nothing hangs
STOP_S = 2  # SIGTERM ends the agent within this, in every state of the network and the disks


# Below those that the kernel gives to outgoing connections, and for each of the workers side by side its own.
PORTS, PORTS_A_WORKER = 10000, 2500
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
next_port = itertools.count(os.getpid() * 61)


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on now, nor will before it is used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(PORTS_A_WORKER):
        port = PORTS + WORKER * PORTS_A_WORKER + next(next_port) % PORTS_A_WORKER
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def assert_no_report(stderr):
    """No sanitizer has complained."""
    for report in REPORTS:
        assert report not in stderr, stderr


def write_config(folder, config):
    """The configuration as a file; `config` is a dict, or text that is written as it is."""
    path = folder / "altimeter.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return path


def processes_of(session, name=None):
    """The pids of the processes of a session that still run (a zombie does not), or of those that have this name."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                head, _, tail = file.read().rpartition(")")
        except OSError:
            continue
        state, _, _, of = tail.split()[:4]
        if int(of) == session and state not in "ZX" and name in (None, head.partition("(")[2]):
            found.append(int(pid))
    return found


def state_of(pid):
    """The letter of its state, as ps shows it; X where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def children_of(pid, name):
    """Its children of that name; any may end meanwhile."""
    found, children = [], []
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    for child in children:
        with contextlib.suppress(OSError), open(f"/proc/{child}/comm", encoding="utf-8", errors="replace") as file:
            found += [child] if file.read().strip() == name else []
    return found


class Finished:
    """A program that ran to its end: `status`, `stdout` (bytes), `stderr` (text)."""

    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr

    def snapshot(self):
        """The one snapshot of --once."""
        assert self.status == 0, self.stderr
        snapshots = points.parse(self.stdout)
        assert len(snapshots) == 1, f"{len(snapshots)} timestamps in one snapshot"
        return snapshots[0]


def run(command, folder, environment=None, seconds=points.DEADLINE_S):
    """
    Runs a command that ends by itself. Its output goes to files: a helper that hangs on a dead disk
    would keep a pipe open.
    """
    with open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        finally:
            if process.poll() is None:
                process.kill()
    stderr = (folder / "stderr").read_text(errors="replace")
    assert_no_report(stderr)
    return Finished(status, (folder / "stdout").read_bytes(), stderr)


class Agent:
    """The daemon. Made first, started then; `clean` is safe after either."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.http_port, self.lines_port = free_port(), free_port()
        self.process = None
        self.clients = []
        self.room = None
        self.stopped = False

    def start(
        self, args, config=None, room=None, wrapper=(), environment=None, without=(), ready=True
    ):
        """
        Namespace, interval (1 s) and doors (free ports) are given as options, except those that
        `args` has or `without` names. Returns when the doors are open; with ready=False at once.
        """
        own = {
            "-n": points.NAMESPACE,
            "-i": "1",
            "--http": f"127.0.0.1:{self.http_port}",
            "--lines": f"127.0.0.1:{self.lines_port}",
        }
        self.room = room
        command = [*(room.enter if room else ()), *wrapper, self.program]
        if config is not None:
            command += ["-c", str(write_config(self.folder, config))]
        for option, value in own.items():
            if option not in args and option not in without:
                command += [option, value]
        lines_on = "--lines" not in args and "--lines" not in without
        port = self.lines_port if lines_on else self.http_port
        with open(self.folder / "agent.log", "wb") as log:
            self.process = subprocess.Popen(
                [*command, *args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        if ready:
            points.wait_until(lambda: self.answers(port), "the agent's doors are open")

    @property
    def pid(self):
        return self.process.pid

    def settle(self):
        """Until the process that writes the log has nothing to do (or hangs: that is not waited for)."""
        end = time.monotonic() + LOG_S
        for pid in children_of(self.pid, "altimeter-log"):
            while (state := state_of(pid)) in "RD" and time.monotonic() < end - (LOG_S / 2 if state == "D" else 0):
                time.sleep(0.002)

    @property
    def stderr(self):
        """What it has logged so far."""
        self.settle()
        return (self.folder / "agent.log").read_text(errors="replace")

    def answers(self, port):
        """Whether it listens there; fails where it has ended."""
        assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.stderr}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def lines(self):
        """A new client of the raw lines door."""
        client = Lines(self.lines_port)
        self.clients.append(client)
        return client

    def get(self, path, method="GET", headers=None):
        """One request: (status, headers, body)."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.http_port, timeout=points.DEADLINE_S
        )
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def snapshots(self, quantity=""):
        """All that the ring holds, over HTTP, or the latest `quantity`."""
        answer = json.loads(self.get("/metrics" + (f"?quantity={quantity}" if quantity else ""))[2])
        return points.parse("".join(line + "\n" for line in answer).encode())

    def wait(self, wanted, what, since=0):
        """The first snapshot seen with a timestamp of at least `since` that is wanted."""

        def newest():
            (snapshot,) = self.snapshots(1)
            return snapshot if snapshot.timestamp >= since and wanted(snapshot) else None

        return points.wait_until(newest, what)

    def next(self):
        """The first snapshot of a slot that begins after now, so of nothing older."""
        return self.wait(lambda snapshot: True, "the next one", since=int(time.time()) + 1)

    def health(self):
        """What /healthz says."""
        return json.loads(self.get("/healthz")[2])

    def stop(self, seconds=STOP_S, number=signal.SIGTERM, meanwhile=lambda: None, log_hangs=False):
        """
        Ends it as an operator does; it must obey in time, with status 0 and a clean record. The log is whole then,
        unless it hangs.
        """
        self.stopped = True
        began = time.monotonic()
        self.process.send_signal(number)
        meanwhile()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"still there {seconds} s after {number.name}: {self.stderr}"
            ) from None
        took = time.monotonic() - began
        if not log_hangs:
            points.wait_until(lambda: not processes_of(self.pid, "altimeter-log"), "the log is written")
        assert_no_report(self.stderr)
        assert status == 0, f"exit status {status}: {self.stderr}"
        return took

    def clean(self):
        """Whatever happened: nothing of it stays behind."""
        for client in self.clients:
            client.close()
        if self.process and self.process.poll() is None:
            self.process.kill()

    def assert_no_helper(self):
        """With the agent all its helper processes end, as soon as no disk holds them."""
        if self.room:
            self.room.release()
        if self.process:
            points.wait_until(
                lambda: not processes_of(self.pid), "all of the agent's helpers have ended"
            )
