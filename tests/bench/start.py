"""How long a start takes, until the first answer; and how long from a full disk to the parachute's command."""

import re
import socket
import statistics
import subprocess
import time

from agents import NAMESPACE
from processes import DEADLINE_S, Process, Sink, Unmeasurable, free_port
from table import Row

STARTS = 15
REQUEST = b"GET /metrics?quantity=1 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"

ROWS = [
    Row("from the start to the first answer", "ms", "start", at_most=20),
    Row("the longest of 15", "ms", "start_longest"),
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


def once(command, folder, port):
    """ms until the whole answer is there."""
    began = time.monotonic()
    with Process(command, folder) as process:
        while not (answer := ask(port)):
            process.check()
            if time.monotonic() > began + DEADLINE_S:
                raise Unmeasurable(f"altimeter does not answer within {DEADLINE_S} s")
            time.sleep(0.0002)
        took = time.monotonic() - began
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] or not body.rstrip().endswith(b"]"):
        raise Unmeasurable(f"the first answer is {answer[:80]!r}")
    return took * 1000


def starts(bench, *options):
    port = free_port()
    command = [bench.program, "-n", NAMESPACE, "-i", "1", "--http", f"127.0.0.1:{port}"]
    command += ["--lines", f"127.0.0.1:{free_port()}", *options]
    folder = bench.begin(f"{STARTS} starts")
    took = [once(command, folder, port) for _ in range(STARTS)]
    return statistics.median(took), max(took)


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
    median, longest = starts(bench)
    yield "start", median
    yield "start_longest", longest
    with Sink(bench, bench.begin("a target")) as sink:
        yield "start_target", starts(bench, "--graphite", f"127.0.0.1:{sink.port}")[0]
    yield "parachute", parachute(bench)
