"""A real carbon-cache from Debian on a folder and a port of its own."""

import json
import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import agent
import points
import pytest

CONFIG = """[cache]
LOCAL_DATA_DIR = {folder}/wsp/
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query_port}
ENABLE_TAGS = False
MAX_CREATES_PER_MINUTE = inf
"""
SCHEMAS = "[all]\npattern = .*\nretentions = 1s:1h\n"


class Carbon:
    """Keeps one value a second for an hour, of all series that come. Is started apart."""

    def __init__(self, folder):
        for program in ("carbon-cache", "whisper-fetch"):
            if not shutil.which(program):
                pytest.skip(f"no {program} here (Debian's package graphite-carbon)")
        self.folder = folder
        self.port = agent.free_port()
        self.process = None
        (folder / "wsp").mkdir(parents=True)
        (folder / "storage-schemas.conf").write_text(SCHEMAS)
        (folder / "carbon.conf").write_text(
            CONFIG.format(folder=folder, port=self.port, query_port=agent.free_port())
        )

    def start(self):
        with open(self.folder / "carbon.log", "ab") as log:
            self.process = subprocess.Popen(
                ["carbon-cache", f"--config={self.folder}/carbon.conf", "--nodaemon", "start"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "GRAPHITE_STORAGE_DIR": str(self.folder),
                    "GRAPHITE_CONF_DIR": str(self.folder),
                },
            )
        points.wait_until(self.listening, "carbon listens")

    def listening(self):
        assert self.process.poll() is None, (self.folder / "carbon.log").read_text(errors="replace")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        """Dies at once, with all that it has not written yet."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(points.DEADLINE_S)

    def fetch(self, specific, first, last):
        """What is on disk of one series: {timestamp: value} of those of first..last."""
        file = self.folder / "wsp" / (f"{points.NAMESPACE}.{specific}".replace(".", "/") + ".wsp")
        if not file.exists():
            return {}
        result = subprocess.run(
            ["whisper-fetch", "--json", f"--from={first - 1}", f"--until={last}", file],
            stdout=subprocess.PIPE,
            check=True,
            timeout=points.DEADLINE_S,
        )
        data = json.loads(result.stdout)
        stamps = range(data["start"], data["end"], data["step"])
        assert data["step"] == 1 and len(stamps) == len(data["values"]), data
        return {stamp: value for stamp, value in zip(stamps, data["values"]) if value is not None}

    def fetch_all(self, specifics, first, last):
        """The same for many series: {specific: {timestamp: value}}."""
        with ThreadPoolExecutor(4) as pool:
            return dict(
                zip(
                    specifics,
                    pool.map(lambda specific: self.fetch(specific, first, last), specifics),
                )
            )
