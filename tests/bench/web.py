"""How many requests a second are answered."""

from agents import Agent
from peers import Nginx, NodeExporter, wrk
from table import Row

PATH = "/metrics?quantity=1"

ROWS = [
    Row("/metrics?quantity=1, beside nginx, same bytes", "requests/s", "altimeter", "nginx", at_least=0.8),
    Row("the same, beside node_exporter's /metrics", "requests/s", "altimeter", "node_exporter", at_least=20),
]


def measure(bench):
    seconds = max(3, bench.seconds // 10)
    with Agent(bench, bench.begin("altimeter")) as agent:
        body = agent.get(PATH)
        yield "altimeter", wrk(agent.http_port, PATH, seconds)
    with Nginx(bench.begin("nginx"), body, bench.user) as peer:
        peer.wait_port(peer.port)
        yield "nginx", wrk(peer.port, "/metrics", seconds)
    with NodeExporter(bench.begin("node_exporter")) as peer:
        peer.wait_port(peer.port)
        peer.require()
        yield "node_exporter", wrk(peer.port, "/metrics", seconds)
