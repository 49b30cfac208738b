"""Peers of the Graphite push that behave badly, and one that behaves well."""

import socket
import struct
import threading

import points


class Peer:
    """
    Listens on a free port and treats each connection as its kind demands:

    good     keeps all that it hears in `heard`
    closes   closes at once
    resets   reads once, then resets
    talks    never stops writing; reads too
    stuck    never reads; its window is small
    """

    def __init__(self, kind, host="127.0.0.1"):
        self.kind, self.host = kind, host
        self.heard = bytearray()
        self.connections = []
        self.changed = threading.Condition()
        self.listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if kind == "stuck":
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.listener.bind((host, 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def target(self):
        """As the agent's configuration wants it."""
        return {"name": f"{self.kind}-{self.port}", "host": self.host, "port": self.port}

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections.append(connection)
                self.changed.notify_all()
            if self.kind != "stuck":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                threading.Thread(target=self.treat, args=(connection,), daemon=True).start()
            if self.kind == "talks":
                threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def treat(self, connection):
        try:
            if self.kind == "closes":
                connection.close()
                return
            while got := connection.recv(1 << 16):
                if self.kind == "resets":
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    connection.close()
                    return
                with self.changed:
                    self.heard += got
                    self.changed.notify_all()
        except OSError:
            pass

    def talk(self, connection):
        try:
            while True:
                connection.sendall(b"500 what is this\r\n" * 100)
        except OSError:
            pass

    def read_on(self):
        """A stuck peer turns good: it reads what its first connection has for it."""
        self.kind = "good"
        (connection,) = self.connections
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        threading.Thread(target=self.treat, args=(connection,), daemon=True).start()

    def wait(self, wanted, what):
        """Until `wanted()` is true, asked whenever something has happened here."""
        with self.changed:
            assert self.changed.wait_for(wanted, points.DEADLINE_S), f"{self.kind}: {what}"

    def snapshots(self, namespace=points.NAMESPACE):
        """All that was heard so far, as snapshots."""
        with self.changed:
            return points.parse(bytes(self.heard), namespace)

    def close(self):
        # shutdown wakes up who waits in accept or recv; close alone does not
        for one in (self.listener, *self.connections):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
