"""How long a start takes, until the first answer; and how long from a full disk to the parachute's command."""

import re
import socket
import statistics
import subprocess
import time

from agents import NAMESPACE
from processes import DEADLINE_S, Sink, Unmeasurable, free_port, read
from table import Row

STARTS = 15
REQUEST = b"GET /metrics?quantity=1 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"

ROWS = [
    Row("from the start to the first answer", "ms", "start", at_most=20),
    Row("the same with a target", "ms", "start_target", at_most=20),
    Row("from the reading to the parachute's command", "ms", "parachute", at_most=100),
]


def ask(port):
    """The answer to a request, b"" while nobody listens."""
    with socket.socket() as client:
        client.settimeout(DEADLINE_S)
        try:
            client.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            return b""
        client.sendall(REQUEST)
        answer = b""
        while part := client.recv(1 << 16):
            answer += part
        return answer


def once(command, log, port):
    """ms until the whole answer is there."""
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        try:
            while not (answer := ask(port)):
                if process.poll() is not None or time.monotonic() > began + DEADLINE_S:
                    raise Unmeasurable(f"altimeter does not start: {read(log.name)[-500:].strip()}")
                time.sleep(0.0002)
            took = time.monotonic() - began
        finally:
            process.terminate()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] or not body.rstrip().endswith(b"]"):
        raise Unmeasurable(f"the first answer is {answer[:80]!r}")
    return took * 1000


def starts(bench, *options):
    port = free_port()
    command = [bench.program, "-n", NAMESPACE, "-i", "1", "--http", f"127.0.0.1:{port}"]
    command += ["--lines", f"127.0.0.1:{free_port()}", *options]
    with open(bench.begin(f"{STARTS} starts") / "log", "wb") as log:
        return statistics.median(once(command, log, port) for _ in range(STARTS))


def parachute(bench):
    """Its program ends with 1 where its own bound is missed; the table says that too."""
    bench.begin("the parachute's command")
    done = subprocess.run(
        [bench.tool("parachute_start"), "11"], capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    median = re.search(r"median ([0-9.]+) ms", done.stdout)
    if not median:
        raise Unmeasurable(f"parachute_start ended with {done.returncode}: {done.stderr.strip()}")
    return float(median[1])


def measure(bench):
    yield "start", starts(bench)
    with Sink(bench, bench.begin("a target")) as sink:
        yield "start_target", starts(bench, "--graphite", f"127.0.0.1:{sink.port}")
    yield "parachute", parachute(bench)
