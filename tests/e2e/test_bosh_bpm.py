"""packaging/bosh under bpm: what the job sees of the node's disks in bpm's mounts, and how it stops services there."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bosh
import bpm
import points
import pytest

pytestmark = pytest.mark.plain

STOP = bosh.ROOT / "packaging/parachute/monit/stop"
CONFIG = f"{bosh.INSTALLED}/config/altimeter.json"

# The node's monit, where BOSH has it. What it runs ends with the node.
MONITRC = """
set daemon 1
set idfile /var/vcap/monit/id
set statefile /var/vcap/monit/state
set pidfile /var/vcap/monit/pid
set logfile /var/vcap/monit/log
set httpd unixsocket /var/vcap/monit/socket
  allow somebody:xyz
check process postgres with pidfile /var/vcap/monit/postgres.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >/var/vcap/monit/postgres.pid'"
  stop program = "/bin/sh -c 'kill $(cat /var/vcap/monit/postgres.pid); echo postgres >>/var/vcap/monit/stopped'"
check process web with pidfile /var/vcap/monit/web.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >/var/vcap/monit/web.pid'"
  stop program = "/bin/sh -c 'kill $(cat /var/vcap/monit/web.pid); echo web >>/var/vcap/monit/stopped'"
check process other with pidfile /var/vcap/monit/other.pid
  start program = "/bin/sh -c 'sleep 1000 & echo $! >/var/vcap/monit/other.pid'"
  stop program = "/bin/sh -c 'kill $(cat /var/vcap/monit/other.pid); echo other >>/var/vcap/monit/stopped'"
"""

# Monit 5.2, which is BOSH's, in what matters here: it knows no -B, and status takes no name.
OLD_MONIT = """#!/bin/sh
case "$1 $#" in
    "stop 2") echo "$2" >>{folder}/stopped ;;
    "status 1")
        echo "The Monit daemon 5.2.5 uptime: 3m"
        for service in web postgres; do
            echo
            echo "Process '$service'"
            monitoring=monitored
            ! grep -qx $service {folder}/stopped || monitoring="not monitored"
            echo "  status                            $monitoring"
            echo "  monitoring status                 $monitoring"
            [ "$monitoring" != monitored ] || echo "  pid                               $(cat {folder}/$service.pid)"
            [ "$monitoring" != monitored ] || echo "  parent pid                        1"
        done
        echo
        echo "System 'system_localhost'"
        echo "  monitoring status                 monitored" ;;
    *) echo "monit: invalid argument -- $*"; exit 1 ;;
esac
"""


# Puts a filter in force as bpm's is for what altimeter calls, and becomes the program: close_range(2) gives EPERM.
FILTER = """
import ctypes, os, struct, sys
code = struct.pack("=" + 4 * "HBBI", 0x20, 0, 0, 0, 0x15, 0, 1, 436, 0x06, 0, 0, 0x50001, 0x06, 0, 0, 0x7FFF0000)
text = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack("@HP", 4, ctypes.addressof(text)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])
"""


def ports(pid):
    """The TCP sockets that a process has open; what it closes meanwhile is left out."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(os.readlink(link))
    known = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    return {link for link in found if link[len("socket:[") : -1] in known}


def on_the_node(program, room):
    """The snapshot of --once in the node's own mounts."""
    result = subprocess.run(
        [*room.enter, program, "-n", points.NAMESPACE, "--once"], capture_output=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    (snapshot,) = points.parse(result.stdout)
    return snapshot


def sizes(snapshot):
    """name -> total bytes."""
    return {name: snapshot.disk(name)["total"] for name in snapshot.disks()}


def test_view(room, program):
    """As vcap in bpm's mounts: the node's system, ephemeral and persistent disk with its numbers, and no other."""
    node = bpm.Node(room, program, bosh.render())
    outside = sizes(on_the_node(program, room))
    inside = node.once("-c", CONFIG)
    expected = {name: total for name, total in outside.items() if name in ("system", "ephemeral", "persistent")}
    assert {"ephemeral", "persistent"} <= set(expected)
    assert sizes(inside) == expected
    for name, mount in (("ephemeral", "/var/vcap/data"), ("persistent", "/var/vcap/store")):
        assert inside.disk(name, "parachute")["total"] == room.statfs(mount)["total"]
        assert inside.disk(name, "parachute")["used_threshold"] == 80


def test_view_with_further_disk(room, program):
    """A disk that was asked for is there too, under its name; one that is not there is reported, and no obstacle."""
    room.ext4("/var/wal", "16M")
    properties = {
        "collector.disks": ["/var/wal"],
        "collector.names": {"/var/wal": "wal"},
        "parachute.disks": [{"mount": "/", "threshold": 99}, {"mount": "/nowhere", "threshold": 50}],
    }
    snapshot = bpm.Node(room, program, bosh.render(properties)).once("-c", CONFIG)
    assert snapshot.disk("wal")["total"] == room.statfs("/var/wal")["total"]
    assert snapshot.disk("system", "parachute")["used_threshold"] == 99
    assert snapshot.disk("nowhere", "parachute")["error"] == 1


def test_view_without_persistent_disk(room, program):
    """/var/vcap/store is not mounted, and no disk of the node passes for it."""
    snapshot = bpm.Node(room, program, bosh.render(persistent_disk=0)).once("-c", CONFIG)
    assert "persistent" not in snapshot.disks() and snapshot.disk("persistent", "parachute") == {}
    assert snapshot["parachute.error"] == 0


def test_view_without_our_configuration(room, program):
    """Why it takes names and exclusions: to a process under bpm, / is the ephemeral disk, and each mount a disk."""
    snapshot = bpm.Node(room, program, bosh.render()).once()
    assert snapshot.disk("system")["total"] == room.statfs("/var/vcap/data")["total"]
    assert {"tmp", "var_tmp", "var_vcap_data_altimeter", "var_vcap_sys_run_altimeter"} <= set(snapshot.disks())


def test_system_calls(agent, folder):
    """Without close_range(2), which bpm's filter lacks, no helper keeps a port of the agent's."""
    config = {"state_dir": str(folder / "state"), "run_dir": str(folder / "run")}
    one = agent(wrapper=[sys.executable, "-c", FILTER], config=config)
    children = Path(f"/proc/{one.pid}/task/{one.pid}/children")
    helpers = children.read_text().split()
    assert len(helpers) >= 2
    ours = ports(one.pid)
    assert len(ours) >= 2
    points.wait_until(lambda: not any(ports(helper) & ours for helper in helpers), "they have let go of them")


def test_stop(room, program, folder):
    """
    The ephemeral disk fills up: the node's monit, which bpm's mounts do not show, has stopped the services that were
    named, and leaves the other one alone; the marker and the state lie where README.md says.
    """
    if not shutil.which("monit"):
        pytest.skip("no monit here")
    files = bosh.render({"services_to_stop": ["web", "postgres"], "http.listen": "off", "lines.listen": "off"})
    node = bpm.Node(room, program, files)
    script = room.path("/var/vcap/data/packages/altimeter/lib/altimeter/parachute/monit/stop")
    monit = room.path("/var/vcap/bosh/bin/monit")
    for path in (script, monit, room.path("/var/vcap/monit/monitrc")):
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(STOP, script)
    monit.write_text('#!/bin/sh\nexec /usr/bin/monit -c /var/vcap/monit/monitrc "$@"\n')
    monit.chmod(0o755)
    room.path("/var/vcap/monit/monitrc").write_text(MONITRC)
    room.path("/var/vcap/monit/monitrc").chmod(0o600)
    bare = ["nsenter", f"--target={room.keeper.pid}", "--mount", "test", "-e", "/var/vcap/monit"]  # as bpm.yml has it
    if subprocess.run(bare, check=False).returncode != 0:
        pytest.skip("in a chroot, which is no node: its mounts have another root")
    running = [room.path(f"/var/vcap/monit/{name}.pid") for name in ("postgres", "web", "other")]
    stopped = room.path("/var/vcap/monit/stopped")
    marker = room.path("/var/vcap/sys/run/altimeter/root/parachute/parachute-activated")
    log = folder / "log"
    with open(log, "wb") as said:
        process = subprocess.Popen(
            node.command(["-c", CONFIG], before="/var/vcap/bosh/bin/monit"),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        points.wait_until(lambda: all(path.exists() for path in running), "monit has started its services")
        points.wait_until(lambda: process.poll() is not None or marker.exists(), "the agent runs")
        assert process.poll() is None and marker.read_text() == "", log.read_text()
        assert not stopped.exists()
        room.run("fallocate", "-l", str(room.statfs("/var/vcap/data")["free"] * 9 // 10), "/var/vcap/data/fill")
        points.wait_until(lambda: stopped.exists() and len(stopped.read_text().split()) == 2, "both are stopped")
        assert sorted(stopped.read_text().split()) == ["postgres", "web"]
        assert "ephemeral" in marker.read_text()
        points.wait_until(lambda: "succeeded" in log.read_text(), "the command has ended well")
        status = room.run("/var/vcap/packages/altimeter/bin/altimeter", "parachute", "status", "-c", CONFIG)
        assert b"ephemeral" in status, "an operator on the node reaches it"
        assert room.path("/var/vcap/data/altimeter/root/parachute").exists()
    finally:
        process.kill()
        process.wait(points.DEADLINE_S)


def test_old_monit(folder):
    """What monit 5.2 says of its services is understood, by a stand-in for it: the script waits for the process."""
    monit = folder / "monit"
    monit.write_text(OLD_MONIT.format(folder=folder))
    monit.chmod(0o755)
    (folder / "stopped").touch()
    service = subprocess.Popen(["sleep", "1000"])
    try:
        (folder / "postgres.pid").write_text(str(service.pid))
        (folder / "web.pid").write_text("none")
        command = [STOP, "-m", monit, "-w", "1", "web", "postgres"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 1 and f"postgres is not stopped (process {service.pid})" in result.stderr
        assert (folder / "stopped").read_text().split() == ["web", "postgres"], "the order given"
    finally:
        service.kill()
        service.wait()
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
