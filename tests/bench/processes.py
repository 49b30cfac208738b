"""The programs that are measured: started, looked at from the outside, and ended, whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import time

DEADLINE_S = 60  # for anything that should come about soon, on a slow machine too
STOP_S = 5


class Unmeasurable(Exception):
    """A figure could not be had, and why."""


def wait_until(condition, what, seconds=DEADLINE_S, pause_s=0.05):
    """The first true value of the condition."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Unmeasurable(f"waited {seconds} s for: {what}")
        time.sleep(pause_s)
    return value


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def started(command):
    """Says what to do where there is no such program."""
    try:
        yield [str(word) for word in command]
    except FileNotFoundError:
        raise Unmeasurable(f"there is no {command[0]}; make bench installs it, without DEPS=no") from None


def run(command, seconds=DEADLINE_S):
    """The output of a command that ends by itself."""
    with started(command) as words:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise Unmeasurable(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def running():
    """Yields (pid, parent, session) of all processes there are."""
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):
            yield pid, *map(int, read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1:4:2])


class Usage:
    """What the threads of a program have used until now: {thread: ns on a CPU}, {thread: voluntary switches}."""

    def __init__(self, pids):
        self.cpu, self.switches = {}, {}
        for pid in pids:
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{pid}/task"):
                    self._add(f"/proc/{pid}/task/{thread}", thread)

    def _add(self, folder, thread):
        with contextlib.suppress(OSError):
            self.cpu[thread] = int(read(f"{folder}/schedstat").split()[0])
            rows = dict(row.split(":", 1) for row in read(f"{folder}/status").splitlines() if ":" in row)
            self.switches[thread] = int(rows["voluntary_ctxt_switches"])

    def since(self, before):
        """(us on a CPU, voluntary switches) since then. What a thread that is gone used is not known."""
        us = sum(ns - before.cpu.get(thread, 0) for thread, ns in self.cpu.items()) / 1000
        switches = sum(n - before.switches.get(thread, 0) for thread, n in self.switches.items())
        return us, switches


class Process:
    """A program in a session of its own, with its output in a file. A context: at its end, so does the program."""

    def __init__(self, command, folder, **options):
        self.name = os.path.basename(str(command[0]))
        self.log = folder / f"{self.name}.log"
        with open(self.log, "ab") as log, started(command) as words:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            self.popen = subprocess.Popen(words, start_new_session=True, **streams)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pids = self.pids()
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(STOP_S)
        for pid in pids:
            if self._is_ours(pid):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        self.popen.wait()

    def _is_ours(self, pid):
        """Still of the session that began with it."""
        with contextlib.suppress(OSError):
            return os.getsid(pid) == self.popen.pid
        return False

    def pids(self):
        """Itself and all that it started and that started: its session, and children that left it."""
        family = {self.popen.pid}
        for pid, parent, session in running():
            if session == self.popen.pid or parent in family:
                family.add(pid)
        return family

    def check(self):
        """It still runs."""
        if self.popen.poll() is not None:
            raise Unmeasurable(f"{self.name} ended with {self.popen.returncode}: {read(self.log)[-500:].strip()}")
        return True

    def wait_port(self, port):
        """Until it listens there."""

        def listens():
            self.check()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True

        wait_until(listens, f"{self.name} listens")

    def spend(self, seconds, each_second=lambda: None):
        """
        What it uses in so many seconds, from the middle of one to the middle of another: (us on a CPU, voluntary
        switches), a second each.
        """
        time.sleep((1.5 - time.time() % 1) % 1)
        end = time.monotonic()
        before = Usage(self.pids())
        for _ in range(seconds):
            end += 1
            each_second()
            time.sleep(max(0, end - time.monotonic()))
        us, switches = Usage(self.pids()).since(before)
        self.check()
        if us <= 0:
            raise Unmeasurable(f"the system does not tell how long {self.name} was on a CPU")
        return us / seconds, switches / seconds

    def private_bytes(self, kind="Private_Dirty"):
        """
        The memory that it has for itself alone: {name of a process: bytes}. With Pss_Dirty also its share of what it
        has written to and its own children still have in common with it.
        """
        found = {}
        for pid in self.pids():
            with contextlib.suppress(OSError):
                name = read(f"/proc/{pid}/comm").strip()
                rows = read(f"/proc/{pid}/smaps_rollup").splitlines()
                dirty = next(row for row in rows if row.startswith(kind + ":"))
                found[name] = found.get(name, 0) + int(dirty.split()[1]) * 1024
        if not any(found.values()):
            raise Unmeasurable(f"the system does not tell {self.name}'s {kind}")
        return found


class Sink(Process):
    """A server that reads lines as fast as it can, or with `dial` a client; see sink.c."""

    FIELDS = ("connections", "lines", "bytes", "first_ns", "wanted_ns", "snapshots", "late_ns")

    def __init__(self, bench, folder, port=0, dial=False, keep=False, wanted=0):
        self.file = folder / "lines" if keep else None
        command = [bench.tool("sink"), *(["-d"] if dial else []), *(["-f", self.file] if keep else [])]
        super().__init__(
            [*command, "-w", wanted, port], folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.popen.stdout.readline() or 0)
        if not self.port:
            self.popen.wait()
            self.check()

    def __exit__(self, *_):
        super().__exit__()
        self.popen.stdin.close()
        self.popen.stdout.close()

    def totals(self):
        """What came until now, by the names of FIELDS."""
        self.check()
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()
        return dict(zip(self.FIELDS, map(int, self.popen.stdout.readline().split())))

    def require(self, *texts):
        """Each of them is in what came; the file is read anew."""
        self.totals()
        came = read(self.file)
        for text in texts:
            if text not in came:
                raise Unmeasurable(f"the sink got nothing of {text}")
