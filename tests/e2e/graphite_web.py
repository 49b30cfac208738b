"""A real graphite-web from Debian, that shows what a carbon-cache has stored."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import urllib.parse

import agent
import points
import pytest

SETTINGS = """
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
TIME_ZONE = "UTC"
LOG_DIR = {log!r}
STORAGE_DIR = CONF_DIR = {folder!r}
INDEX_FILE = {folder!r} + "/index"
WHISPER_DIR = {whisper!r}
STANDARD_DIRS = [WHISPER_DIR]
CARBONLINK_HOSTS = ["127.0.0.1:{query_port}"]
DATABASES = {{"default": {{"NAME": {folder!r} + "/web.db", "ENGINE": "django.db.backends.sqlite3"}}}}
"""
# As the whisper library says it.
IN_THE_MAKING = (b"Unable to read header", b"Unable to read archive", b"unpack requires a buffer")


class GraphiteWeb:
    """Reads the folder of `carbon`, and asks it for what is not on disk yet. Is started apart."""

    def __init__(self, folder, carbon):
        if not shutil.which("graphite-manage"):
            pytest.skip("no graphite-manage here (Debian's package graphite-web)")
        self.folder, self.port = folder, agent.free_port()
        self.process = None
        (folder / "log").mkdir(parents=True)
        (folder / "web_settings.py").write_text(
            SETTINGS.format(
                folder=str(folder),
                log=str(folder / "log"),
                whisper=str(carbon.folder / "wsp"),
                query_port=carbon.query_port,
            )
        )
        self.environment = {
            **os.environ,
            "GRAPHITE_SETTINGS_MODULE": "web_settings",
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def manage(self, *args):
        """Starts graphite-manage, which writes into the folder only."""
        with open(self.folder / "web.log", "ab") as log:
            return subprocess.Popen(
                ["graphite-manage", *args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.folder,
            )

    def start(self):
        self.process = self.manage("migrate", "--run-syncdb")
        assert self.process.wait(points.DEADLINE_S) == 0, self.said()
        self.process = self.manage("runserver", "--noreload", f"127.0.0.1:{self.port}")
        points.wait_until(self.listening, "graphite-web listens")

    def said(self):
        return (self.folder / "web.log").read_text(errors="replace")

    def listening(self):
        assert self.process.poll() is None, self.said()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(points.DEADLINE_S)

    def ask(self, path, **form):
        """
        The JSON that it answers to a POST, as Grafana asks; what fails, fails the test. But it trips over a
        file that carbon is just making: then it is asked again.
        """

        def answered():
            status, body = self.post(path, form)
            if status != 200 and any(words in body for words in IN_THE_MAKING):
                return None
            assert status == 200, f"{path} {form}: {status} {body[-2000:]!r}"
            return body

        return json.loads(points.wait_until(answered, "no file is in the making"))

    def post(self, path, form):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=points.DEADLINE_S)
        try:
            connection.request(
                "POST",
                path,
                urllib.parse.urlencode(form, doseq=True),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def render(self, targets, since, until, points_at_most):
        """{name: {timestamp: value}} of what has a value, and an empty one of a series that has none."""
        answer = self.ask(
            "/render",
            target=targets,
            **{"from": since},
            until=until,
            format="json",
            maxDataPoints=points_at_most,
            noCache=1,
        )
        shown = {}
        for series in answer:
            assert series["target"] not in shown, f"two series called {series['target']!r} in {targets}"
            shown[series["target"]] = {
                stamp: value for value, stamp in series["datapoints"] if value is not None
            }
        return shown

    def expand(self, query):
        """The full paths that fit."""
        return self.ask("/metrics/expand", query=query)["results"]
