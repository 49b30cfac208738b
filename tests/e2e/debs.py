"""The Debian package, built as an operator builds it, and bare machines of Debian 12 to install it on."""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import mounts
import points
import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()
LIKE_UNIT = Path(__file__).with_name("likeunit.py")
UNIT = "/lib/systemd/system/altimeter.service"
BUILD_S, APT_S = 600, 300
QUIET = ("apt-get", "-q", "-y", "--no-install-recommends")
ENDS = []  # what is to be done when all tests are over


def call(command, seconds=points.DEADLINE_S):
    """Runs a command that must succeed, and gives what it says."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, timeout=seconds, check=False, **pipes)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{command}: {done.returncode}\n{said[-4000:]}"
    return said


def demand(*tools):
    """Skips the test where the machine cannot do it."""
    if os.geteuid() != 0:
        pytest.skip("only root can do this")
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"no {tool} here")


class Built:
    """
    Two builds of one source, side by side: `ours` from this folder, by us; `theirs` in the unpacked tarball, by nobody,
    without git and network, with another umask and time zone. Both are folders with what `make deb` made.
    """

    def __init__(self, folder):
        folder.chmod(0o755)
        self.ours, source = folder / "ours", folder / "theirs"
        self.theirs = source / f"altimeter-{VERSION}" / "build"
        name = f"altimeter-{VERSION}.tar.gz"
        call(["make", "-C", ROOT, "dist", f"BUILD={self.ours}"])
        source.mkdir()
        call(["tar", "-xzf", self.ours / name, "-C", source, "--no-same-owner"])
        call(["chown", "-R", "nobody:nogroup", source])
        environment = {"PATH": os.environ["PATH"], "HOME": str(source), "TZ": "Pacific/Auckland"}
        nobody = ["unshare", "--net", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        with open(folder / "log", "wb") as log:
            theirs = subprocess.Popen(
                [*nobody, "sh", "-c", "umask 077; exec make deb DEPS=no"],
                cwd=self.theirs.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            call([ROOT / "packaging/make-deb", self.ours / name, self.ours], BUILD_S)
            assert theirs.wait(BUILD_S) == 0, (folder / "log").read_text()[-4000:]
        finally:
            if theirs.poll() is None:
                theirs.kill()

    @property
    def deb(self):
        (found,) = self.ours.glob(f"altimeter_{VERSION}_*.deb")
        return found


@functools.cache
def built():
    """See Built; once for all tests."""
    demand("dpkg-buildpackage", "dh", "unshare", "setpriv")
    folder = Path(tempfile.mkdtemp(prefix="altimeter-deb-"))
    ENDS.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    return Built(folder)


@pytest.fixture(scope="session", autouse=True)
def cleaned():
    """Nothing of it stays behind."""
    yield
    while ENDS:
        ENDS.pop()()


def mirror():
    """Where this machine itself gets Debian 12 from."""
    targets = ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(targets, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    found = [line.split()[2] for line in said.splitlines() if line.startswith("bookworm main http")]
    return found[0] if found else "http://deb.debian.org/debian"


@functools.cache
def base():
    """
    The folder of a minimal Debian 12, with the packages that ours depends on in apt's cache but not installed. It is made once,
    which takes the network and a minute, and kept below build/ until those are others. Nobody changes it: see Machine.
    """
    demand("debootstrap", "chroot", "unshare")
    depends = call(["dpkg-deb", "-f", built().deb, "Depends"])
    kept = ROOT / f"build/debootstrap-{hashlib.sha256(depends.encode()).hexdigest()[:12]}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix="debootstrap-new-", dir=kept.parent))  # closed to others, with all that is in it
        try:
            debootstrap(new / "root")
            new.rename(kept)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return kept / "root"


def debootstrap(folder):
    log = folder.with_name("log")
    with open(log, "wb") as file:
        command = ["debootstrap", "--variant=minbase", "bookworm", folder, mirror()]
        made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=BUILD_S, check=False)
    if made.returncode != 0:
        pytest.skip(f"debootstrap cannot make a Debian 12 here: {log.read_text(errors='replace').splitlines()[-1:]}")
    shutil.copy(built().deb, folder / "altimeter.deb")
    for command in ("apt-get", "-q", "update"), (*QUIET, "install", "--download-only", "./altimeter.deb"):
        if subprocess.run(["chroot", folder, *command], check=False, stdin=subprocess.DEVNULL, timeout=APT_S).returncode != 0:
            pytest.skip("the new Debian 12 cannot get packages here")
    (folder / "altimeter.deb").unlink()


class Machine:
    """A Debian 12 of its own, with mounts and a network of its own, but without a systemd that runs."""

    def __init__(self, folder):
        demand("ip", "nsenter")
        below = base()
        self.room = mounts.Room(folder)
        self.agent = None
        # In the room /var is another one, but what we need lies elsewhere.
        top = folder / "top"
        top.mkdir()
        self.inside = folder / "machine"
        self.inside.mkdir()
        self.room.mount("-t", "tmpfs", "none", top)
        self.room.run("mkdir", "-m", "755", top / "upper", top / "work")
        options = f"lowerdir={below},upperdir={top}/upper,workdir={top}/work"
        command = [*self.room.enter, "mount", "-t", "overlay", "-o", options, "none", self.inside]
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode != 0:
            self.room.close()
            pytest.skip("no overlay can be mounted here")
        self.room.mount("-t", "proc", "none", self.inside / "proc")
        self.network = subprocess.Popen(
            [*self.room.enter, "unshare", "--net", "sh", "-c", f"ip link set lo up && {mounts.KEEPER}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.network.stdout.readline() == b"ready\n"

    def path(self, inside):
        """The path by which we reach what is at `inside` there."""
        return self.room.path(self.inside) / str(inside).lstrip("/")

    def run(self, *command):
        """Runs a command there, as root, and gives what it says."""
        enter = [*self.room.enter, "chroot", self.inside, "env", "DEBIAN_FRONTEND=noninteractive"]
        return call([*enter, *command], APT_S)

    def install(self, deb):
        """Installs a package file, and what it depends on."""
        shutil.copy(deb, self.path("/altimeter.deb"))
        try:
            return self.run(*QUIET, "install", "./altimeter.deb")
        finally:
            self.path("/altimeter.deb").unlink()

    def user(self):
        """The package's user, a line of passwd as a list; None where there is none."""
        lines = [line.split(":") for line in self.path("/etc/passwd").read_text().splitlines()]
        return next((line for line in lines if line[0] == "altimeter"), None)

    def start(self):
        """Starts the agent as systemd would by the installed unit, which also makes its directories."""
        _, _, uid, gid, *_ = self.user()
        for directory, mode in ("/var/lib/altimeter", 0o750), ("/run/altimeter", 0o755):
            self.path(directory).mkdir(exist_ok=True)
            self.path(directory).chmod(mode)
            os.chown(self.path(directory), int(uid), int(gid))
        # likeunit.py takes its parts from our machine before it enters the other.
        like_unit = [sys.executable, LIKE_UNIT, self.inside / UNIT[1:], uid, gid, self.inside]
        command = ["nsenter", f"--target={self.network.pid}", "--net", *self.room.enter, *like_unit]
        with open(self.room.folder / "agent.log", "ab") as log:
            self.agent = subprocess.Popen(
                [*command, "/usr/bin/altimeter", "-c", "/etc/altimeter/altimeter.json"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        points.wait_until(lambda: self.ask("/healthz") is not None, "the agent answers")

    @property
    def log(self):
        return (self.room.folder / "agent.log").read_text(errors="replace")

    def stop(self):
        self.agent.terminate()
        assert self.agent.wait(points.DEADLINE_S) == 0, self.log

    def client(self, *command):
        """What a client says there; None where it cannot connect."""
        assert self.agent.poll() is None, self.log
        enter = ["nsenter", f"--target={self.network.pid}", "--net"]
        done = subprocess.run([*enter, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30, check=False)
        return done.stdout if done.returncode == 0 else None

    def ask(self, path):
        return self.client("curl", "-s", f"http://127.0.0.1:7070{path}")

    def close(self):
        if self.agent and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait()
        mounts.end(self.network)
        self.room.close()
