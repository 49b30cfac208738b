"""altimeter itself, as it is measured."""

import http.client
import json
import os
import re
import time

from processes import DEADLINE_S, Process, Unmeasurable, free_port, read, run, wait_until

NAMESPACE = "bench.redis.0"
DAY = 86400
SPECIAL = {"/": "system", "/var/vcap/data": "ephemeral", "/var/vcap/store": "persistent"}


class Agent(Process):
    """At interval 1, with all that is not said as it is by default. Ready when it is made."""

    def __init__(self, bench, folder, *options, config=None, target=None, wrapper=()):
        self.http_port, self.lines_port, self.target = free_port(), free_port(), target
        command = [*wrapper, bench.program, "-n", NAMESPACE]
        command += ["--http", f"127.0.0.1:{self.http_port}", "--lines", f"127.0.0.1:{self.lines_port}"]
        if "-i" not in options:
            command += ["-i", "1"]
        if target:
            command += ["--graphite", f"127.0.0.1:{target.port}"]
        if config:
            (folder / "altimeter.json").write_text(json.dumps(config))
            command += ["-c", folder / "altimeter.json"]
        super().__init__([*command, *options], folder)
        try:
            self.wait_port(self.http_port)
        except BaseException:
            self.__exit__()
            raise

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise Unmeasurable(f"altimeter answers {path} with {answer.status}")
            return body
        except (OSError, http.client.HTTPException):
            self.check()  # it may have ended, and another have its port
            raise
        finally:
            connection.close()

    def spend(self, seconds, **options):
        """Also, its target has got a snapshot of each of these seconds: who leaves out some has it easier."""
        before = self.target.totals()["snapshots"]
        spent = super().spend(seconds, **options)
        came = self.target.totals()["snapshots"] - before
        if came < seconds:
            raise Unmeasurable(f"{came} snapshots came in {seconds} s")
        return spent

    def health(self):
        return json.loads(self.get("/healthz"))

    def newest(self):
        """The newest snapshot, as {specific: value}."""
        lines = [line.split() for line in json.loads(self.get("/metrics?quantity=1"))]
        return {path.removeprefix(NAMESPACE + "."): int(value) for path, value, _ in lines}

    def disks(self):
        """The names of the disks that it emits."""
        newest = self.newest()
        return [name.split(".")[2] for name in newest if name.startswith("system.disk.") and name.endswith(".total")]

    def wait_history(self, count, seconds=DEADLINE_S):
        """Until the ring holds so many snapshots."""
        wait_until(lambda: self.health()["ring"]["snapshots"] >= count, f"{count} snapshots", seconds, pause_s=0.1)


def prefill(bench, state, count, interval=1):
    """
    The file of a state_dir with so many snapshots, the newest of just now. Gives how many DataPoints one has.
    """
    newest = int(time.time()) // interval * interval
    said = run([bench.prefill, state, max(65536, 512 * count), count, newest, NAMESPACE, interval], 300)
    return int(said.split()[3])


def mounts_of(names):
    """Mount points of the disks that the agent calls so; of several of one file system only the first."""
    found = {}
    for row in read("/proc/self/mounts").splitlines():
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), row.split()[1])
        found[SPECIAL.get(mount, re.sub("[^A-Za-z0-9_-]", "_", mount[1:]))] = mount
    if not names:
        raise Unmeasurable("altimeter sees no disk here; a container has none unless one of the host is mounted in it")
    missing = [name for name in names if name not in found]
    if missing:
        raise Unmeasurable(f"no mount point is known for the disks {missing}")
    devices = {os.stat(found[name]).st_dev: found[name] for name in reversed(names)}
    return list(reversed(devices.values()))
