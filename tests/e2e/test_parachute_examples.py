"""packaging/parachute: the scripts for monit against a real monit; the units for systemd, with a stand-in for it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import points
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "packaging/parachute"
SCRIPTS = sorted(path for path in EXAMPLES.glob("*/*") if path.suffix == "" and path.is_file())
SMALL = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}  # as the parachute's commands have it

MONITRC = """
set daemon 2
set idfile {folder}/id
set statefile {folder}/state
set pidfile {folder}/pid
set logfile {folder}/log
set httpd unixsocket {folder}/socket
  allow somebody:xyz
check process service with pidfile {folder}/service.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >{folder}/service.pid'"
  stop program = "/bin/sh -c 'kill $(cat {folder}/service.pid)'"
check process other with pidfile {folder}/other.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >{folder}/other.pid'"
  stop program = "/bin/sh -c 'kill $(cat {folder}/other.pid)'"
check process stubborn with pidfile {folder}/stubborn.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >{folder}/stubborn.pid'"
  stop program = "/bin/true" with timeout 1 seconds
"""
SERVICES = ("service", "other", "stubborn")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_scripts(script):
    """Each is a program, for any POSIX shell, and says what it lacks when it is called with nothing."""
    assert os.access(script, os.X_OK) and script.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", script], check=True)
    result = subprocess.run([script], env=SMALL, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(f"{script.parent.name}/{script.name}: "), result.stderr


def test_script_list():
    """The one above looks at all of them."""
    names = {str(path.relative_to(EXAMPLES)) for path in SCRIPTS}
    assert names == {"monit/stop", "postgresql/mode", "postgresql/stop"}


class Monit:
    """A real monit with its services, which it has started."""

    def __init__(self, folder):
        if not shutil.which("monit"):
            pytest.skip("no monit here (Debian's package monit)")
        self.folder = folder
        self.file = folder / "monitrc"
        self.file.write_text(MONITRC.format(folder=folder))
        self.file.chmod(0o600)
        with open(folder / "said", "wb") as said:
            self.process = subprocess.Popen(["monit", "-I", "-c", self.file], stdout=said, stderr=said)

    def wait_started(self):
        """Until monit too knows the processes."""
        for service in SERVICES:
            points.wait_until(
                lambda name=service: self.runs(name) and f" {self.pid(name)}\n" in self.ask("status", name),
                f"{service} is started",
            )

    def ask(self, *words):
        result = subprocess.run(
            ["monit", "-B", "-c", self.file, *words], capture_output=True, text=True, check=False
        )
        return result.stdout

    def monitored(self, service):
        return "monitoring status            Monitored" in self.ask("status", service)

    def pid(self, service):
        try:
            return int((self.folder / f"{service}.pid").read_text())
        except (OSError, ValueError):
            return 0

    def runs(self, service):
        """A zombie does not."""
        try:
            return Path(f"/proc/{self.pid(service)}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def stop(self, *services):
        """The script, as the parachute runs it."""
        return subprocess.run(
            [EXAMPLES / "monit/stop", "-c", self.file, *services],
            env=SMALL,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3 * points.DEADLINE_S,
            check=False,
        )

    def end(self):
        self.process.terminate()
        self.process.wait(points.DEADLINE_S)

    def close(self):
        self.end()
        for service in SERVICES:
            if self.runs(service):
                os.kill(self.pid(service), signal.SIGKILL)


@pytest.fixture
def monit(folder):
    made = Monit(folder)
    try:
        made.wait_started()
        yield made
    finally:
        made.close()


def test_monit(monit):
    """When the script ends the service has ended, and monit leaves it alone; another one goes on. Twice is as once."""
    result = monit.stop("service")
    assert (result.returncode, result.stderr) == (0, "")
    assert not monit.runs("service") and not monit.monitored("service")
    assert monit.runs("other") and monit.monitored("other")
    assert monit.stop("service").returncode == 0
    assert monit.stop("service", "other").returncode == 0
    assert not monit.runs("other") and not monit.monitored("other")


def test_monit_unknown_service(monit):
    """It fails, and says why, but the other one is stopped all the same."""
    result = monit.stop("nope", "service")
    assert result.returncode == 1 and "nope" in result.stderr
    assert not monit.runs("service")


def test_monit_in_vain(monit):
    """monit is content, for its stop program has ended, but the process is still there: the script is not."""
    result = monit.stop("-w", "4", "stubborn")
    assert result.returncode == 1
    assert f"stubborn is not stopped (process {monit.pid('stubborn')})" in result.stderr
    assert monit.runs("stubborn")


def test_monit_without_a_daemon(monit):
    """No daemon runs: monit stops the service itself."""
    monit.end()
    assert monit.runs("service"), "the test's own aim"
    assert monit.stop("service").returncode == 0
    assert not monit.runs("service")


SERVICE = "postgresql@15-main"
UNIT = "altimeter-parachute@"
MOUNT = "/var/vcap/store"
RUN_DIR = "/run/altimeter"


def settings(kind):
    """The unit's settings: key -> value, for the instance."""
    lines = (EXAMPLES / f"systemd/{UNIT}.{kind}").read_text().replace("%i", SERVICE).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize("kind", ["path", "service"])
def test_systemd_verify(folder, kind):
    """systemd has nothing to say against the units."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    for each in ("path", "service"):
        shutil.copy(EXAMPLES / f"systemd/{UNIT}.{each}", folder)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", folder / f"{UNIT}{SERVICE}.{kind}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


class Systemd:
    """
    Stands in for systemd and its systemctl: looks at the marker as the service's condition does, and records what
    systemctl would have been told.
    """

    def __init__(self, room, folder):
        self.path, self.service = settings("path"), settings("service")
        self.marker = room.path(self.path["PathChanged"])
        self.record = folder / "told"
        self.systemctl = folder / "systemctl"
        self.systemctl.write_text(f'#!/bin/sh\necho "$*" >>{self.record}\n')
        self.systemctl.chmod(0o755)

    def condition(self):
        assert self.service["ConditionFileNotEmpty"] == self.path["PathChanged"]
        return self.marker.stat().st_size > 0

    def trigger(self):
        """The path unit has triggered the service."""
        if self.condition():
            program, *words = self.service["ExecStart"].split()
            assert program == "/usr/bin/systemctl"
            subprocess.run([self.systemctl, *words], env=SMALL, check=True)

    def begin(self):
        """The path unit is started; of what is there already PathChanged= says nothing."""
        if self.path.get("Wants") == f"altimeter-parachute@{SERVICE}.service":
            self.trigger()

    def told(self):
        return self.record.read_text().splitlines() if self.record.exists() else []


def test_systemd(room, folder, agent):
    """
    With no systemd here, a stand-in: the agent's marker lies where the units look, says nothing at first, and by its
    change has the service stopped; when it is released, nothing more is stopped. Each change is another file, which is
    what PathChanged= hears of.
    """
    room.mount("-t", "tmpfs", "none", "/run")
    room.ext4(MOUNT)
    config = {"run_dir": RUN_DIR, "parachute": {"interval": 0.1, "disks": [{"mount": MOUNT, "threshold": 50}]}}
    agent(config=config, room=room)
    systemd = Systemd(room, folder)
    points.wait_until(systemd.marker.exists, "there is a marker")
    systemd.begin()
    assert systemd.told() == []
    files = [systemd.marker.stat().st_ino]
    room.run("fallocate", "-l", "20M", f"{MOUNT}/fill")
    points.wait_until(systemd.condition, "it says: activated")
    files.append(systemd.marker.stat().st_ino)
    systemd.trigger()
    assert systemd.told() == [f"stop {SERVICE}"]
    systemd.begin()
    assert systemd.told() == 2 * [f"stop {SERVICE}"], "whoever comes late looks first"
    room.run("rm", f"{MOUNT}/fill")
    points.wait_until(lambda: not systemd.condition(), "it says: released")
    files.append(systemd.marker.stat().st_ino)
    systemd.trigger()
    assert len(systemd.told()) == 2
    assert files[0] != files[1] != files[2]
