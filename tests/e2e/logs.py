"""The log in the tests: where it is written to, who writes it, and what it tells of itself."""

import errno
import os
import re
import select

import agent as agents
import points

LOST = re.compile(r"^(?:warning: |<4>)log: (\d+) lines? (?:was|were) lost$", re.MULTILINE)
# What the script makes of its descriptors is what the program gets.
PREPARED = "import os, socket, sys\n{}\nos.execv(sys.argv[1], sys.argv[1:])"


def into(path):
    """Both outputs go to this file."""
    return ("sh", "-c", f'exec "$@" >>{path} 2>&1', "sh")


def prepared(script):
    return ("/usr/bin/python3", "-c", PREPARED.format(script))


def helpers_of(daemon):
    """The processes that write its log."""
    return agents.processes_of(daemon.pid, "altimeter-log")


def assert_goes_on(daemon):
    """It takes its snapshots, all of them, and answers."""
    lines = daemon.lines()
    lines.count(3)
    lines.assert_every_slot()
    assert daemon.health()["status"] == "ok"


def wait_lost(read):
    """Until the log, as read() gives it, tells of lost lines. Gives how many."""
    return int(points.wait_until(lambda: LOST.search(read()), "the log tells what was lost")[1])


def fill(descriptor):
    """Writes until there is no more room. A terminal carries on what it has, and then has room again for a while."""
    os.set_blocking(descriptor, False)
    while select.select([], [descriptor], [], 0.3)[1]:
        for size in (4096, 1):
            try:
                while True:
                    os.write(descriptor, b"\n" * size)
            except BlockingIOError:
                pass


class Reader:
    """Who should read the log, at the other end of what it is written to."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self.descriptor, self.bytes = descriptor, b""

    def read(self):
        """All that came so far, without the filling."""
        try:
            while got := os.read(self.descriptor, 1 << 16):
                self.bytes += got
        except OSError as failure:
            if failure.errno not in (errno.EAGAIN, errno.EIO):  # EIO: no end of the terminal is open any more
                raise
        return self.text()

    def text(self):
        return self.bytes.decode().replace("\r", "").lstrip("\n")
