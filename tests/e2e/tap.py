"""A port that notes when lines come in, and passes them on; and the raw lines door, read with a clock."""

import re
import socket
import threading
import time

STAMP = re.compile(rb" (\d{10})\n")


class Ledger:
    """When lines came: `first` tells it of each slot's first line, in wall clock time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.lines = 0
        self.first = {}
        self.rest = b""

    def hear(self, got, now):
        whole, newline, rest = (self.rest + got).rpartition(b"\n")
        self.rest = rest
        stamps = STAMP.findall(whole + newline)
        with self.lock:
            self.lines += len(stamps)
            for stamp in dict.fromkeys(stamps):
                self.first.setdefault(int(stamp), now)
        return len(stamps)


class Connection:
    """One connection to a tap: from when to when, and how many lines had come by when."""

    def __init__(self):
        self.opened = time.time()
        self.closed = None
        self.came = []  # (time, lines up to then)

    def above(self, rate):
        """How far the lines were ever ahead of that rate, in seconds."""
        return max((lines / rate - (at - self.opened) for at, lines in self.came), default=0)


class Tap:
    """
    Listens before the port `behind`, or before nobody: then it only notes. With `linger_s` it
    closes each connection so many seconds after it accepted it.
    """

    def __init__(self, behind=None, linger_s=None):
        self.behind, self.linger_s = behind, linger_s
        self.ledger = Ledger()
        self.connections = []
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.sockets[0].accept()
            except OSError:
                return
            far = None
            try:
                if self.behind:
                    far = socket.create_connection(("127.0.0.1", self.behind))
            except OSError:
                near.close()
                continue
            self.sockets += [near, *([far] if far else [])]
            connection = Connection()
            self.connections.append(connection)
            threading.Thread(target=self.carry, args=(connection, near, far), daemon=True).start()
            if far:
                threading.Thread(target=self.watch, args=(near, far), daemon=True).start()
            if self.linger_s is not None:
                threading.Timer(self.linger_s, shut, (near,)).start()

    def carry(self, connection, near, far):
        lines = 0
        self.ledger.rest = b""
        try:
            while got := near.recv(1 << 16):
                now = time.time()
                lines += self.ledger.hear(got, now)
                connection.came.append((now, lines))
                if far:
                    far.sendall(got)
        except OSError:
            pass
        connection.closed = time.time()
        shut(near, far)

    @staticmethod
    def watch(near, far):
        """When the one behind goes, so does the one before."""
        try:
            while far.recv(1 << 16):
                pass
        except OSError:
            pass
        shut(near, far)

    def latest(self):
        """
        By how many seconds a slot was ever late whose time came while a connection was open, or
        that was the newest one when it was opened.
        """
        worst = 0
        with self.ledger.lock:
            first = dict(self.ledger.first)
        for connection in self.connections:
            closed = connection.closed or max(first.values(), default=0)
            for slot in range(int(connection.opened), int(closed) - 1):
                if slot in first:
                    worst = max(worst, first[slot] - max(slot, connection.opened))
        return worst

    def above(self, rate):
        """How far the lines were ever ahead of that rate, in seconds."""
        return max((connection.above(rate) for connection in self.connections), default=0)

    def close(self):
        shut(*self.sockets)
        for one in self.sockets:
            one.close()


class Clock:
    """A client of the raw lines door that notes how late each snapshot comes."""

    def __init__(self, port):
        self.ledger = Ledger()
        self.socket = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            while got := self.socket.recv(1 << 16):
                self.ledger.hear(got, time.time())
        except OSError:
            pass

    def latest_ms(self):
        """The most by which one was late; of the first one, which is old already, nothing is known."""
        with self.ledger.lock:
            late = [now - slot for slot, now in self.ledger.first.items()]
        return round(1000 * max(late[1:]))

    def close(self):
        shut(self.socket)
        self.socket.close()


def shut(*sockets):
    """Wakes up who waits in accept or recv, which close alone does not."""
    for one in sockets:
        try:
            if one:
                one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
