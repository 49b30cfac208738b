"""A client of the raw lines door that sorts what it hears into snapshots."""

import socket
import threading
import time

import points


class Lines:
    """
    Listens until it is closed. A snapshot is whole once a line of the next one has come; the last
    one may still be growing, and is only in `tail()`.
    """

    def __init__(self, port, namespace=points.NAMESPACE, host="127.0.0.1"):
        self.namespace = namespace
        self.heard = []
        self.failure = None
        self.ended = False
        self.changed = threading.Condition()
        self.socket = socket.create_connection((host, port), timeout=points.DEADLINE_S)
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        rest = b""
        try:
            while True:
                got = self.socket.recv(1 << 16)
                lines = (rest + got).splitlines(keepends=True)
                rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
                with self.changed:
                    for line in lines:
                        points.add(self.heard, line, self.namespace)
                    self.changed.notify_all()
                if not got:
                    break
        except OSError:
            pass
        except AssertionError as failure:
            self.failure = failure
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def snapshots(self):
        """All whole snapshots so far; fails where a line was none."""
        with self.changed:
            if self.failure:
                raise self.failure
            return self.heard[:-1]

    def newest(self):
        """The timestamp of the last line heard."""
        with self.changed:
            return self.heard[-1].timestamp

    def wait(self, wanted, what, since=0, seconds=points.DEADLINE_S):
        """The first whole snapshot with a timestamp of at least `since` that is wanted."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for snapshot in self.snapshots():
                    if snapshot.timestamp >= since and wanted(snapshot):
                        return snapshot
                left = end - time.monotonic()
                assert (
                    left > 0
                ), f"no snapshot within {seconds} s: {what}; the last one: {self.heard[-1:]}"
                assert not self.ended, f"the door closed while waiting for: {what}"
                self.changed.wait(left)

    def next(self):
        """The first whole snapshot of a slot that begins after now, so of nothing older."""
        now = int(time.time())
        return self.wait(lambda snapshot: True, "the next one", since=now + 1)

    def count(self, number):
        """Waits until `number` snapshots are whole, and gives them."""
        self.wait(lambda snapshot: len(self.heard) > number, f"{number} of them")
        return self.snapshots()

    def assert_every_slot(self, interval=1):
        points.assert_every_slot(self.snapshots(), interval)

    def tail(self):
        """After the agent ended: all that was heard, the unfinished one too."""
        self.thread.join(points.DEADLINE_S)
        assert self.ended, "the door was not closed"
        if self.failure:
            raise self.failure
        return self.heard

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(points.DEADLINE_S)
        self.socket.close()
