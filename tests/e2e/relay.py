"""A real carbon-c-relay in front of a carbon, plain or with TLS; and a wire that can be listened on."""

import shutil
import socket
import subprocess
import threading

import agent
import points
import pytest

CONFIG = """cluster behind forward 127.0.0.1:{behind};
match * send to behind stop;
listen type linemode {transport} 127.0.0.1:{port} proto tcp;
"""


class Relay:
    """
    Forwards what it hears to the port `behind`. `pem` holds its certificate and key; without one it
    is plain. Is started apart.
    """

    def __init__(self, folder, behind, pem=None):
        if not shutil.which("carbon-c-relay"):
            pytest.skip("no carbon-c-relay here (Debian's package of that name)")
        folder.mkdir()
        self.folder = folder
        self.port = agent.free_port()
        self.process = None
        (folder / "relay.conf").write_text(
            CONFIG.format(
                behind=behind,
                transport=f"transport plain ssl {pem}" if pem else "",
                port=self.port,
            )
        )

    def start(self):
        with open(self.folder / "relay.log", "ab") as log:
            self.process = subprocess.Popen(
                ["carbon-c-relay", "-w", "1", "-f", str(self.folder / "relay.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        points.wait_until(self.listening, "the relay listens")

    @property
    def log(self):
        return (self.folder / "relay.log").read_text(errors="replace")

    def listening(self):
        assert self.process.poll() is None, self.log
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        """Dies at once, with all that it has not forwarded yet."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(points.DEADLINE_S)


class Wire:
    """A port before another one, which keeps what is said towards it in `heard`."""

    def __init__(self, behind):
        self.behind = behind
        self.heard = bytearray()
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                near, _ = self.sockets[0].accept()
                far = socket.create_connection(("127.0.0.1", self.behind))
                self.sockets += near, far
                for one, other, keeps in (near, far, True), (far, near, False):
                    threading.Thread(
                        target=self.carry, args=(one, other, keeps), daemon=True
                    ).start()
        except OSError:
            pass

    def carry(self, one, other, keeps):
        try:
            while got := one.recv(1 << 16):
                if keeps:
                    self.heard += got
                other.sendall(got)
        except OSError:
            pass
        for end in one, other:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
