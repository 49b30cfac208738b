"""HTTP on a plain socket: for requests that no library would send, and answers as they really come."""

import http.client
import json
import socket

import points


class Answer:
    """One answer: `status`, `headers` (names in any case), `body` without its framing."""

    def __init__(self, version, status, headers, body):
        self.version, self.status, self.headers, self.body = version, status, headers, body

    def json(self):
        assert self.headers["Content-Type"] == "application/json", self.headers
        return json.loads(self.body)

    def snapshots(self, namespace=points.NAMESPACE):
        """What a 200 of /metrics holds."""
        assert self.status == 200, self.body
        return points.parse("".join(line + "\n" for line in self.json()).encode(), namespace)

    def assert_error(self, status, word):
        """It is this error, in the form that all errors have."""
        assert self.status == status, (self.status, self.body)
        error = self.json()
        assert list(error) == ["error", "description"]
        assert error["error"] == word
        assert error["description"].endswith("."), "a sentence"


def request(target, method="GET", headers=(), version="HTTP/1.1"):
    """The bytes of a request without a body; `target` and `headers` may hold any Latin-1."""
    lines = [f"{method} {target} {version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


class Connection:
    """A connection to the HTTP door. `narrow`: hardly anything fits into the kernel's buffers on the way."""

    def __init__(self, port, narrow=False):
        self.socket = socket.socket()
        self.socket.settimeout(points.DEADLINE_S)
        if narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def ask(self, target, method="GET", **options):
        """One request and its answer."""
        self.send(request(target, method, **options))
        return self.answer(method)

    def answer(self, method="GET"):
        """The next answer; fails where the connection ends before one."""
        line = self.file.readline()
        assert line, "closed without an answer"
        version, status, _ = line.decode("latin-1").split(" ", 2)
        headers = http.client.parse_headers(self.file)
        return Answer(version, int(status), headers, b"" if method == "HEAD" else self.body(headers))

    def body(self, headers):
        if headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self.chunk, b""))
        length = headers.get("Content-Length")
        return self.file.read() if length is None else self.exactly(int(length))

    def chunk(self):
        data = self.exactly(int(self.file.readline(), 16))
        assert self.file.readline() == b"\r\n", "a chunk's end"
        return data

    def exactly(self, length):
        data = self.file.read(length)
        assert len(data) == length, f"{len(data)} bytes of {length}"
        return data

    def rest(self):
        """All that still comes, until the other side closes."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()


def ask(port, target, method="GET", **options):
    """One request on a connection of its own."""
    with Connection(port) as connection:
        return connection.ask(target, method, **options)
