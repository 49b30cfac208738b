"""The Debian package's life on a bare Debian 12: installed, run by its unit, reloaded, upgraded, removed, purged."""

import hashlib
import json
import os
import re
import signal
import stat

import debs
import points
import pytest
from debs import cleaned  # noqa: F401

pytestmark = [pytest.mark.plain, pytest.mark.xdist_group("deb")]

CONFIG = "/etc/altimeter/altimeter.json"
# What the tools of packages write for themselves.
OTHERS = re.compile("^(/proc|/run/adduser|/var/(log|cache|lib/apt|lib/dpkg)|/etc/(g?shadow|passwd|group|sub[ug]id)-)(/|$)")


@pytest.fixture
def machine(folder):
    """See debs.Machine; ours is not installed yet."""
    made = debs.Machine(folder)
    yield made
    made.close()


def tree(machine):
    """All that lies there: path -> mode, owner, and what is in it."""
    top = os.fspath(machine.path("/")).rstrip("/")
    found = {}
    for folder, folders, files in os.walk(top):
        inside = folder[len(top) :]
        folders[:] = [name for name in folders if not OTHERS.match(f"{inside}/{name}")]
        for name in folders + files:
            if OTHERS.match(f"{inside}/{name}"):
                continue
            status = os.lstat(f"{folder}/{name}")
            what = (status.st_mode, status.st_uid, status.st_gid)
            if stat.S_ISREG(status.st_mode):
                with open(f"{folder}/{name}", "rb") as file:
                    what += (hashlib.sha256(file.read()).hexdigest(),)
            found[f"{inside}/{name}"] = what
    return found


def of_other_packages(machine):
    """The files of all packages that are installed, under both names of those below /usr."""
    lists = machine.path("/var/lib/dpkg/info").glob("*.list")
    paths = {line for path in lists for line in path.read_text().splitlines()}
    return paths | {"/usr" + path for path in paths}


def configure(machine, **changes):
    """What an operator does with an editor."""
    path = machine.path(CONFIG)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}, indent=2) + "\n")


def upgraded(deb, folder):
    """The package again, under a higher version."""
    there = folder / "higher"
    debs.call(["dpkg-deb", "-R", deb, there])
    control = there / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"Version: {debs.VERSION}\n", f"Version: {debs.VERSION}+1\n"))
    debs.call(["dpkg-deb", "--root-owner-group", "-b", there, folder / "higher.deb"])
    return folder / "higher.deb"


def oldest(machine):
    """The timestamp of the oldest snapshot that the agent has."""
    return int(json.loads(machine.ask("/metrics"))[0].split()[2])


def test_life(machine, folder):
    """It runs as its own user; an upgrade keeps configuration and state, a removal the configuration, a purge nothing."""
    before = tree(machine)
    deb = debs.built().deb
    machine.install(deb)
    _, _, uid, _, _, home, shell = machine.user()
    assert int(uid) < 1000 and home == "/nonexistent" and shell == "/usr/sbin/nologin"
    links = machine.path("/etc/systemd/system/multi-user.target.wants")
    assert os.readlink(links / "altimeter.service") == debs.UNIT, "it starts at the next boot"
    assert machine.run("/usr/bin/altimeter", "--version").startswith(f"altimeter {debs.VERSION}")
    machine.run("setpriv", f"--reuid={uid}", "--regid=altimeter", "--clear-groups", "altimeter", "-c", CONFIG, "--check")

    configure(machine, interval=1, namespace=points.NAMESPACE, self_metrics=True)
    machine.start()
    answer = json.loads(machine.ask("/metrics?quantity=1"))
    (snapshot,) = points.parse("".join(line + "\n" for line in answer).encode())
    (raw,) = points.parse(machine.client("nc", "-N", "127.0.0.1", "7071"))
    assert set(raw) == set(snapshot) and "system.memory.total" in raw and "agent.file.behind" in raw
    assert machine.path("/run/altimeter/parachute/parachute-activated").read_text() == ""

    machine.install(upgraded(deb, folder))
    assert machine.agent.poll() is None, "there is no systemd here to restart it, so nobody has touched it"
    assert json.loads(machine.path(CONFIG).read_text())["namespace"] == points.NAMESPACE
    first = oldest(machine)
    machine.stop()
    machine.start()
    assert oldest(machine) == first, "the history survives"

    machine.stop()
    machine.run("apt-get", "-q", "-y", "remove", "altimeter")
    assert not machine.path("/usr/bin/altimeter").exists()
    assert machine.path(CONFIG).exists() and machine.path("/var/lib/altimeter/ring").exists()
    machine.path("/etc/altimeter/token").write_text("what an operator puts there\n")
    machine.run("apt-get", "-q", "-y", "purge", "altimeter")
    assert_nothing_left(machine, before)


def test_user_that_is_there(machine):
    """A system user altimeter that has no group of that name gets it, since the unit asks for both."""
    machine.run("useradd", "--system", "--gid", "nogroup", "altimeter")
    machine.install(debs.built().deb)
    assert re.search("^altimeter:", machine.path("/etc/group").read_text(), re.MULTILINE)
    machine.start()
    machine.stop()
    machine.run("apt-get", "-q", "-y", "purge", "altimeter")
    assert "altimeter" not in machine.path("/etc/passwd").read_text() + machine.path("/etc/group").read_text()


def assert_nothing_left(machine, before):
    """Only what other packages have brought is new; nothing that was there is another, or away."""
    after, others = tree(machine), of_other_packages(machine)
    caches = {"/etc/ld.so.cache"}
    new = {path for path in set(after) - set(before) if path not in others}
    assert new == set(), "purge leaves these"
    assert set(before) - set(after) == set()
    changed = {path for path in before if before[path] != after[path] and path not in others | caches}
    assert changed == set()


UNIT = "altimeter.service"
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/told
case "$*" in *is-enabled*) echo enabled ;; esac
"""


def test_what_systemd_is_told(machine, folder):
    """Where systemd runs, an installation starts the agent, an upgrade restarts it, a removal stops it. (A stand-in is told.)"""
    machine.path("/run/systemd/system").mkdir(parents=True)
    machine.path("/usr/bin/systemctl").write_text(SYSTEMCTL)
    machine.path("/usr/bin/systemctl").chmod(0o755)
    told = machine.path("/told")

    def verbs():
        lines = [line.split() for line in told.read_text().splitlines()]
        told.write_text("")
        return [(words[-2], words[-1]) for words in lines if words[-2:-1] and words[-2] in ("start", "restart", "stop")]

    machine.install(debs.built().deb)
    assert verbs() == [("start", UNIT)]
    machine.install(upgraded(debs.built().deb, folder))
    assert verbs() == [("restart", UNIT)]
    machine.run("apt-get", "-q", "-y", "remove", "altimeter")
    assert verbs() == [("stop", UNIT), ("stop", "altimeter-parachute@*.path")]


def reload(machine, what, wanted):
    """Tells the agent to read its configuration again, and waits until /healthz counts it under `what`."""
    machine.agent.send_signal(signal.SIGHUP)

    def counted():
        return json.loads(machine.ask("/healthz"))["configuration"][what] == wanted

    points.wait_until(counted, f"{wanted} {what}")


def tells_of_itself(machine):
    """Whether the newest snapshot has self_metrics."""
    return ".agent." in json.loads(machine.ask("/metrics?quantity=1"))[-1]


def test_reload(machine):
    """SIGHUP as the unit's ExecReload= sends it: a good configuration is taken, a wrong one refused, a good one taken."""
    machine.install(debs.built().deb)
    assert re.search(r"^ExecReload=/bin/kill -HUP \$MAINPID$", machine.path(debs.UNIT).read_text(), re.MULTILINE)
    configure(machine, interval=1, namespace=points.NAMESPACE)
    machine.start()
    assert not tells_of_itself(machine)
    configure(machine, self_metrics=True)
    reload(machine, "reloads", 1)
    points.wait_until(lambda: tells_of_itself(machine), "the new configuration is in force")
    good = machine.path(CONFIG).read_text()
    configure(machine, interval=0)
    reload(machine, "refused", 1)
    assert re.search(rf"{CONFIG}:\d+:\d+: interval: ", machine.log), machine.log
    assert json.loads(machine.ask("/healthz"))["configuration"]["reloads"] == 1
    machine.path(CONFIG).write_text(good.replace("true", "false"))
    reload(machine, "reloads", 2)
    points.wait_until(lambda: not tells_of_itself(machine), "this one too")
    machine.stop()
