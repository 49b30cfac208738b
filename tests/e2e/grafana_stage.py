"""Agents that feed a real Graphite with all that the dashboard shows, and its panels as Grafana would fill them."""

import json
import socket
import time

import agent as agents
import carbon as carbons
import grafana
import graphite_web
import mounts
import points

BOARD = grafana.load()
VARIABLES = grafana.variables(BOARD)
QUERIES = grafana.queries(BOARD)

SIX = {
    "organisation_id": "org",
    "space_id": "space",
    "instance_id": "i-1",
    "deployment_name": "pg",
    "service_type": "postgresql",
    "node_id": "0",
}
NAMESPACES = {"alone": "alone", "redis.0": "redis.0", "org.space.i-1.pg.postgresql.0": SIX}
OTHERS = ("other.load.load1", "other.system.disk.load.total", "other.system.load", "system.load.error")  # no namespaces
STORE = "/var/vcap/store"
MINUTE = 60
MINUTES = f"[minutes]\npattern = ^boot{MINUTE}\\.\nretentions = {MINUTE}s:2h\n\n"  # the others have a value a second
PIXELS = 800  # as many points as a panel asks for, at most


class Graphite:
    """Carbon and graphite-web, an agent a namespace in a room with two observed disks, all with everything on."""

    def __init__(self, program, folder, ends):
        self.room = mounts.Room(self.place(folder, "room"))
        ends.callback(self.room.close)
        self.room.ext4("/var/vcap/data")
        self.image = self.room.ext4(STORE)
        self.carbon = carbons.Carbon(folder / "carbon", history="2h")
        ends.callback(self.carbon.kill)
        self.web = graphite_web.GraphiteWeb(folder / "web", self.carbon)
        ends.callback(self.web.kill)
        schemas = self.carbon.folder / "storage-schemas.conf"
        schemas.write_text(MINUTES + schemas.read_text())
        self.carbon.start()
        self.send(*(f"{path} 1 {int(time.time())}" for path in OTHERS))
        self.known = {}
        self.agents = {name: agents.Agent(program, self.place(folder, name)) for name in NAMESPACES}
        for name, one in self.agents.items():
            ends.callback(one.clean)
            one.start([], self.config(name, one), self.room, without=("-n",), ready=False)
        self.web.start()
        for one in self.agents.values():
            points.wait_until(lambda now=one: now.answers(now.http_port), "the agents' doors are open")

    def place(self, folder, name):
        (folder / name).mkdir()
        return folder / name

    def config(self, name, one):
        return {
            "namespace": NAMESPACES[name],
            "self_metrics": True,
            "state_dir": str(self.place(one.folder, "state")),
            "graphite": [{"host": "127.0.0.1", "port": self.carbon.port, "name": "carbon"}],
        }

    def snapshots(self, namespace):
        """Timestamp -> snapshot, of all that this agent's ring holds."""
        one = self.agents[namespace]
        _, _, body = one.get("/metrics")
        lines = "".join(line + "\n" for line in json.loads(body))
        return {snapshot.timestamp: snapshot for snapshot in points.parse(lines.encode(), namespace)}

    def disks(self, namespace):
        """What the list of disks offers, once the agent's are all in it."""

        def offered():
            found = grafana.options(VARIABLES["disk"], self.web, {"namespace": namespace})
            snapshots = self.snapshots(namespace)
            return found if snapshots and found == sorted(snapshots[max(snapshots)].disks()) else None

        if namespace not in self.known:
            self.known[namespace] = points.wait_until(offered, f"the disks of {namespace} are offered")
        return self.known[namespace]

    def values(self, namespace):
        """The variables as they are when the dashboard is opened and this namespace chosen."""
        chosen = VARIABLES["disk"]["current"]["value"]
        return {"namespace": namespace, "disk": [disk for disk in chosen if disk in self.disks(namespace)]}

    def ask(self, queries, values, since_s=None, pixels=PIXELS, named=True):
        """What targets show that Grafana asks for together: {name: {timestamp: value}}."""
        since_s = since_s or queries[0].since_s
        if queries[0].repeated:
            values = {**values, "disk": ["persistent"]}
        now = int(time.time())
        targets = [query.named(values) if named else query(values) for query in queries]
        shown = self.web.render(targets, now - since_s, now, pixels)
        if not named:
            return shown
        refs = {query.ref for query in queries}
        assert all(name.rpartition(" ")[2] in refs for name in shown), set(shown)
        return {name.rpartition(" ")[0]: series for name, series in shown.items()}

    def panel(self, title, values, **options):
        """What a panel shows."""
        return self.ask([query for query in QUERIES if query.panel == title], values, **options)

    def now(self, title, values, since_s=MINUTE, **options):
        """The last values that it shows."""
        shown = self.panel(title, values, since_s=since_s, **options)
        return {name: newest(series) for name, series in shown.items()}

    def send(self, *lines):
        """Lines of nodes that there are not."""
        with socket.create_connection((self.carbon.host, self.carbon.port), points.DEADLINE_S) as sender:
            sender.sendall("".join(line + "\n" for line in lines).encode())


def newest(series):
    """The last value that is not null, as a stat shows it."""
    return series[max(series)] if series else None
