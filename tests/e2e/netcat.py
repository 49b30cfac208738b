"""Clients of the raw lines door that read when they are told to, as an operator's netcat or a worse one."""

import socket
from contextlib import contextmanager

import points


class Client:
    """A client that hears what it asks to hear."""

    def __init__(self, address, narrow=False):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(points.DEADLINE_S)
        if narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.socket.connect(address if isinstance(address, str) else ("127.0.0.1", address))
        self.file = self.socket.makefile("rb")

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def line(self):
        return self.file.readline()

    def rest(self):
        """All that comes until the door closes."""
        return self.file.read()

    def close(self):
        self.file.close()
        self.socket.close()


@contextmanager
def clients():
    """Gives what makes clients, and closes them at the end."""
    made = []

    def connect(address, **options):
        made.append(Client(address, **options))
        return made[-1]

    yield connect
    for one in made:
        one.close()
