"""Other receivers than carbon, as scenes: each is asked through its own query, or what lies behind it."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import agent as agents
import points
import pytest
import relay as relays
from faults import some_slots, unbroken


class Victoria:
    """A real victoria-metrics with its Graphite door. Is started apart."""

    def __init__(self, folder):
        if not shutil.which("victoria-metrics"):
            pytest.skip("no victoria-metrics here (Debian's package of that name)")
        self.folder = folder
        self.port, self.http_port = agents.free_port(), agents.free_port()
        self.process = None

    def start(self):
        with open(self.folder / "victoria.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    "victoria-metrics",
                    f"-storageDataPath={self.folder}/data",
                    f"-httpListenAddr=127.0.0.1:{self.http_port}",
                    f"-graphiteListenAddr=127.0.0.1:{self.port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        points.wait_until(self.ready, "victoria-metrics answers")

    def ready(self):
        assert self.process.poll() is None, (self.folder / "victoria.log").read_text()
        try:
            return self.get("/health") == b"OK"
        except OSError:
            return False

    def get(self, path):
        url = f"http://127.0.0.1:{self.http_port}{path}"
        with urllib.request.urlopen(url, timeout=points.DEADLINE_S) as answer:
            return answer.read()

    def fetch_all(self, specifics, first, last):
        """As carbon's."""
        self.get("/internal/force_flush")
        query = urllib.parse.urlencode(
            {
                "match[]": f'{{__name__=~"{points.NAMESPACE}.*"}}',
                "start": first,
                "end": last,
            }
        )
        stored = {specific: {} for specific in specifics}
        for row in self.get(f"/api/v1/export?{query}").splitlines():
            series = json.loads(row)
            specific = series["metric"]["__name__"].removeprefix(points.NAMESPACE + ".")
            stamps = [stamp // 1000 for stamp in series["timestamps"]]
            stored.setdefault(specific, {}).update(zip(stamps, series["values"]))
        return stored

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(points.DEADLINE_S)


def victoria(stage, seconds):
    """victoria-metrics as the target: every slot is found through its own query."""
    server = Victoria(stage.place("victoria"))
    stage.ends.callback(server.kill)
    server.start()
    daemon = stage.agent(config={"graphite": [stage.target(server)]})
    some_slots(stage, daemon, seconds)
    unbroken(daemon)
    return stage.row("victoria-metrics as target", daemon, [server])


def relay(stage, seconds):
    """carbon-c-relay as the target: every slot is found in the carbon behind it."""
    carbon = stage.carbon()
    server = relays.Relay(stage.place("relay") / "it", behind=carbon.port)
    stage.ends.callback(server.kill)
    carbon.start()
    server.start()
    daemon = stage.agent(config={"graphite": [stage.target(server)]})
    some_slots(stage, daemon, seconds)
    unbroken(daemon)
    return stage.row("carbon-c-relay as target", daemon, [carbon])
