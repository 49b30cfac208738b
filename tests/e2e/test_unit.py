"""The systemd unit: what systemd says of it, that it hides no mount, and that the agent lives behind what it does use."""

import importlib.util
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import agent as agents
import certificates
import mounts
import points
import pytest
import shared
from peers import Peer

pytestmark = pytest.mark.plain

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "packaging/systemd/altimeter.service"
LIKE_UNIT = Path(__file__).with_name("likeunit.py")
NOBODY = 65534


def analyze(*args):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here (Debian's package systemd)")
    return subprocess.run(("systemd-analyze", *args), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def tree(program, tmp_path_factory):
    """What `make install` made of it below a folder."""
    folder = tmp_path_factory.mktemp("tree")
    where = [f"DESTDIR={folder}", "PREFIX=/usr", f"BUILD={Path(program).parent}"]
    subprocess.run(["make", "-C", ROOT, "install", "DEPS=no", *where], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.parametrize("unit", ["altimeter.service", "altimeter-parachute@x.path", "altimeter-parachute@x.service"])
def test_verify(tree, unit):
    """systemd has nothing to say against the installed units, each key known and each program there."""
    shutil.copy("/usr/bin/true", tree / "usr/bin/systemctl")  # what the parachute's unit runs
    (tree / "bin").mkdir(exist_ok=True)
    shutil.copy("/usr/bin/true", tree / "bin/kill")
    result = analyze("verify", "--man=no", "--recursive-errors=no", f"--root={tree}", unit)
    assert result.returncode == 0, result.stderr
    assert "altimeter" not in result.stderr, result.stderr


def test_exposure():
    """systemd rates it 3.0 or better."""
    result = analyze("security", "--offline=true", "--threshold=30", UNIT)
    assert result.returncode == 0, result.stdout.splitlines()[-1]


def test_reason_is_an_error():
    """A mistake in the configuration, the one line that comes without a priority, is an error in the journal."""
    assert re.search("^SyslogLevel=err$", UNIT.read_text(), re.MULTILINE)


# In a unit each of these makes a mount namespace (systemd 252), so that the agent would see other mounts than the machine has.
MOUNT_OPTIONS = re.compile(
    "^(Protect(System|Home|Proc|Kernel.*|ControlGroups)|Private(Tmp|Devices|Mounts|IPC|Users)|ProcSubset|DynamicUser|"
    "(ReadOnly|ReadWrite|Inaccessible|Exec|NoExec|Bind|BindReadOnly)Paths|TemporaryFileSystem|Root.*|Mount.*|LogNamespace|"
    "LoadCredential.*|SetCredential.*|(Extension|Mount)(Images|Directories)|(IPC|Network)NamespacePath|PrivateNetwork)=",
    re.MULTILINE,
)


def test_no_mount_option():
    """It uses no option that gives the agent mounts of its own."""
    assert not MOUNT_OPTIONS.search(UNIT.read_text())


# What systemd does for an option that the unit does not use, as far as these disks are concerned, and the names that come and go.
READ_ONLY = "mount --bind {0} {0} && mount -o remount,bind,ro {0};"
CLOSED = "mount --bind /run/closed {0};"
DISKS = ("/home", "/srv", "/boot", "/var/tmp")
VIEWS = {
    "ProtectSystem=yes": (READ_ONLY.format("/usr") + READ_ONLY.format("/boot"), {"usr"}, set()),
    "ProtectSystem=strict": ("".join(f"mount -o remount,bind,ro {disk};" for disk in ("/", *DISKS)), set(), set()),
    "ProtectHome=yes": (CLOSED.format("/home"), set(), {"home"}),
    "ProtectHome=read-only": (READ_ONLY.format("/home") + READ_ONLY.format("/root"), {"root"}, set()),
    "ProtectHome=tmpfs": ("mount -t tmpfs -o ro none /home;", set(), {"home"}),
    "PrivateTmp=yes": ("mount --bind /run/private /var/tmp;", set(), {"var_tmp"}),
    "ReadOnlyPaths=/etc": (READ_ONLY.format("/etc"), {"etc"}, set()),
    "InaccessiblePaths=/srv": (CLOSED.format("/srv"), set(), {"srv"}),
    "PrivateDevices=yes": ("mount -t tmpfs -o ro none /dev;", set(), set()),
    "ProtectKernelTunables=yes": (READ_ONLY.format("/proc/sys"), set(), set()),
    "ProtectKernelLogs=yes": ("mount --bind /run/closed-file /proc/kmsg;", set(), set()),
    "ProtectControlGroups=yes": ("mount -o remount,bind,ro /sys/fs/cgroup || " + READ_ONLY.format("/sys"), set(), set()),
    "ProtectProc=invisible": ("mount -t proc -o hidepid=invisible none /proc;", set(), set()),
}


@pytest.fixture(scope="module")
def machine(program, tmp_path_factory):
    """A room with the disks that machines have, and a copy of the program that anyone may run."""
    folder = tmp_path_factory.mktemp("machine")
    made = mounts.Room(folder)
    made.mount("-t", "tmpfs", "-o", "mode=755", "none", "/run")
    for disk in DISKS:
        made.ext4(disk, size="8M")
    made.run("sh", "-c", "mkdir -m 0 /run/closed; mkdir /run/private; touch /run/closed-file")
    shutil.copy(program, made.path("/run/altimeter"))
    yield made
    made.close()


def look(machine, folder, *wrapper):
    """A snapshot of --once there, behind the wrapper."""
    command = [*machine.enter, *wrapper, "/run/altimeter", "-n", points.NAMESPACE, "--once"]
    place = folder / f"look{len(list(folder.iterdir()))}"
    place.mkdir()
    return agents.run(command, place).snapshot()


@pytest.mark.parametrize("option", VIEWS)
def test_options_left_out(machine, folder, option):
    """What each option would do to the disks of `altimeter --once`. (Where both sets are empty it changes nothing there, but mounts all the same.)"""
    script, come, go = VIEWS[option]
    before = set(look(machine, folder).disks())
    if come and "system" not in before:
        pytest.skip("the root of this machine is no disk, so what is bound from it is none either")
    after = set(look(machine, folder, "unshare", "--mount", "sh", "-ec", script + ' exec "$@"', "sh").disks())
    assert {name for name in map(lambda disk: disk[1:].replace("/", "_"), DISKS)} <= before
    assert (after - before, before - after) == (come, go)


def test_proc_subset(machine, folder):
    """ProcSubset=pid would take /proc/stat and the mounts' types away: nothing could be read."""
    script = 'mount -t proc -o subset=pid none /proc; exec "$@"'
    after = look(machine, folder, "unshare", "--mount", "sh", "-ec", script, "sh")
    assert after["system.disk.error"] == after["system.cpu.error"] == 1


def like_unit(user=NOBODY):
    """The wrapper that runs a command as the unit would; see likeunit.py."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    if not importlib.util.find_spec("seccomp") or not shutil.which("systemd-analyze"):
        pytest.skip("no python3-seccomp or systemd-analyze here")
    return [sys.executable, str(LIKE_UNIT), str(UNIT), str(user), str(user), "/"]


def test_once_is_unchanged(machine, folder):
    """As the unit runs it, --once shows just what it shows root, series by series."""
    as_root, as_unit = look(machine, folder), look(machine, folder, *like_unit())
    assert list(as_unit) == list(as_root)
    errors = [name for name in as_root if name.endswith(".error")]
    assert {name: as_unit[name] for name in errors} == {name: as_root[name] for name in errors}


def test_filter_bites(machine):
    """The stand-in for systemd does filter: what the unit forbids, kills."""
    for forbidden in ("import os; os.setuid(65534)", "import socket; socket.socket(socket.AF_PACKET)"):
        done = subprocess.run([*machine.enter, *like_unit(), sys.executable, "-c", forbidden], check=False, stderr=subprocess.PIPE)
        assert done.returncode == -31, (forbidden, done)


class Secret:
    """A server with TLS that keeps what it hears."""

    def __init__(self, pem):
        self.heard = b""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                with self.context.wrap_socket(self.listener.accept()[0], server_side=True) as connection:
                    while got := connection.recv(1 << 16):
                        self.heard += got
        except OSError:
            pass


def test_runs_behind_the_filter(machine, folder, tmp_path_factory):
    """Everything that the agent can do, it can do as the unit runs it: doors, TLS, state, markers, a command, an operator."""
    if not certificates.available():
        pytest.skip("no openssl here (Debian's package openssl)")
    files = certificates.make(tmp_path_factory.mktemp("certificates"))
    work = machine.path("/run/place")
    work.mkdir()
    for name in ("state", "run"):
        (work / name).mkdir()
        os.chown(work / name, NOBODY, NOBODY)
    shutil.copy(files / "ca.crt", work)
    command = work / "command"
    command.write_text('#!/bin/sh\necho "told $PARACHUTE_EVENT" | cat\ndate >/dev/null\necho "$PARACHUTE_EVENT" >/run/place/run/told\n')
    command.chmod(0o755)
    config = {
        "state_dir": "/run/place/state",
        "run_dir": "/run/place/run",
        "self_metrics": True,
        "parachute": {
            "interval": 0.1,
            "disks": [{"mount": "/srv", "threshold": 50, "release": 40}],
            "on_activate": {"command": ["/run/place/command"]},
            "on_release": {"command": ["/run/place/command"]},
            "release_after": 0,
        },
    }
    plain, secret = Peer("good"), Secret(files / "good.pem")
    tls = {"name": "tls", "host": "localhost", "port": secret.port, "tls": {"ca": "/run/place/ca.crt"}}
    config["graphite"] = [plain.target, tls]
    (work / "altimeter.json").write_text(json.dumps(config))
    options = {"room": machine, "wrapper": like_unit()}
    with shared.running("/run/altimeter", folder, "-c", "/run/place/altimeter.json", **options) as daemon:
        daemon.lines().count(2)
        assert daemon.get("/metrics")[0] == 200
        points.wait_until(lambda: plain.heard and secret.heard, "both targets hear of it")
        filler, told = machine.path("/srv/filler"), work / "run/told"
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 4 << 20)
        points.wait_until(lambda: told.exists() and told.read_text() == "activate\n", "the command ran")
        status = ["/run/altimeter", "parachute", "status", "--run-dir", "/run/place/run"]
        said = subprocess.run([*machine.enter, *like_unit(), *status], check=True, stdout=subprocess.PIPE).stdout
        assert b"srv" in said
        filler.unlink()
        points.wait_until(lambda: told.read_text() == "release\n", "the other command ran")
        points.wait_until((work / "state/ring").exists, "the ring has its file")
        assert_confined(daemon.pid)
        assert daemon.stderr.count("succeeded after") == 2 and "signal" not in daemon.stderr, daemon.stderr


def assert_confined(pid):
    """Its user, its capabilities and its filter are those of the unit, for its helpers too."""
    for one in agents.processes_of(pid):
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines() if ":\t" in line)
        assert status["Uid"].split() == [str(NOBODY)] * 4
        assert {status[key].strip("0") for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
