"""A real carbon-cache from Debian on a folder and a port of its own."""

import os
import shutil
import socket
import struct
import subprocess

import agent
import points
import pytest

CONFIG = """[cache]
LOCAL_DATA_DIR = {folder}/wsp/
LINE_RECEIVER_INTERFACE = {host}
LINE_RECEIVER_PORT = {port}
PICKLE_RECEIVER_PORT = 0
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query_port}
ENABLE_TAGS = False
MAX_CREATES_PER_MINUTE = inf
"""
SCHEMAS = "[all]\npattern = .*\nretentions = 1s:{history}\n"


class Carbon:
    """
    Keeps one value a second for `history`, of all series that come; `enter` is put before its
    command. Is started apart.
    """

    def __init__(self, folder, host="127.0.0.1", port=None, history="1h", enter=()):
        if not shutil.which("carbon-cache"):
            pytest.skip("no carbon-cache here (Debian's package graphite-carbon)")
        self.whisper = pytest.importorskip("whisper", reason="no whisper here (comes with carbon)")
        self.folder = folder
        self.host, self.port = host, port or agent.free_port()
        self.query_port = agent.free_port()  # where graphite-web asks for what is not on disk yet
        self.enter = enter
        self.process = None
        (folder / "wsp").mkdir(parents=True)
        (folder / "storage-schemas.conf").write_text(SCHEMAS.format(history=history))
        (folder / "carbon.conf").write_text(
            CONFIG.format(folder=folder, host=host, port=self.port, query_port=self.query_port)
        )

    def start(self):
        with open(self.folder / "carbon.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.enter,
                    "carbon-cache",
                    f"--config={self.folder}/carbon.conf",
                    "--nodaemon",
                    "start",
                ],
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
            socket.create_connection((self.host, self.port), 1).close()
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
        try:
            fetched = self.whisper.fetch(str(file), first - 1, last)
        except (FileNotFoundError, self.whisper.CorruptWhisperFile, struct.error):
            return {}  # or it is just being made
        if not fetched:
            return {}  # all of it is older than the file goes back
        (start, end, step), values = fetched
        stamps = range(start, end, step)
        assert step == 1 and len(stamps) == len(values), (start, end, step, len(values))
        return {stamp: value for stamp, value in zip(stamps, values) if value is not None}

    def fetch_all(self, specifics, first, last):
        """The same for many series: {specific: {timestamp: value}}."""
        return {specific: self.fetch(specific, first, last) for specific in specifics}
