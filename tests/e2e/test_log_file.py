"""Where the log is a file that cannot be written: the agent goes on, ends in time, and says later what was lost."""

import errno
import os
import signal
import socket

import agent as agents
import machines
import points
import pytest
import rings
from logs import LOST, assert_goes_on, helpers_of, into, wait_lost
from parachutes import scene  # noqa: F401  (a fixture)

LOG = "/var/log"


def test_file_on_a_disk_that_hangs(scene):
    """
    The log's disk hangs: the agent ticks, its parachute opens, and SIGTERM ends it at once. When the disk is back the
    log has all.
    """
    disk = rings.StallFs(scene.room, LOG)
    log = disk.folder / "agent.log"
    daemon = scene.start(scene.config(scene.command("echo from the command")), wrapper=into(f"{LOG}/agent.log"))
    points.wait_until(lambda: "raw lines" in log.read_text(), "it has begun")
    disk.tell("stall")
    scene.fill(85)
    scene.wait_runs(1)
    disk.wait_stalled()
    assert_goes_on(daemon)
    scene.fill(0)
    scene.wait_activated(False)
    written = log.read_text()
    daemon.stop(log_hangs=True)
    assert log.read_text() == written
    disk.tell("ok")
    points.wait_until(lambda: "stopping: SIGTERM" in log.read_text(), "what it said last is there")
    assert log.read_text().startswith(written)
    assert "from the command" in log.read_text() and not LOST.search(log.read_text())
    agents.assert_no_report(log.read_text())
    daemon.assert_no_helper()


def test_killed_while_the_disk_hangs(agent, room):
    """Even after kill -9 what it said is written when the disk is back, and no process stays behind."""
    disk = rings.StallFs(room, LOG)
    log = disk.folder / "agent.log"
    port = agents.free_port()
    daemon = agent("-g", f"127.0.0.1:{port}", room=room, wrapper=into(f"{LOG}/agent.log"))
    points.wait_until(lambda: "warning: graphite" in log.read_text(), "the target is missed")
    disk.tell("stall")
    with socket.create_server(("127.0.0.1", port)):
        disk.wait_stalled()
        rings.kill(daemon)
    disk.tell("ok")
    points.wait_until(lambda: "up to date" in log.read_text(), "what it said last is there")
    daemon.assert_no_helper()


FAILURES = {"full": errno.ENOSPC, "readonly": errno.EROFS, "broken": errno.EIO}


@pytest.mark.parametrize("mode", FAILURES)
def test_file_on_a_disk_that_fails(agent, room, mode):
    """The log's disk fails from the start: the agent goes on; when the disk is well again the lost lines are counted."""
    disk = rings.StallFs(room, LOG)
    log = disk.folder / "agent.log"
    log.touch()
    disk.tell(mode)
    daemon = agent(room=room, wrapper=into(f"{LOG}/agent.log"))
    assert_goes_on(daemon)
    assert log.read_text() == "" and disk.count()[1] > 0
    disk.tell("ok")
    assert wait_lost(log.read_text) >= 3, "its first words: what it is, and two doors"
    daemon.stop()
    assert log.read_text().endswith("stopping: SIGTERM\n")
    agents.assert_no_report(log.read_text())


def test_file_on_a_full_disk(agent, room):
    """The same on a real disk that is full; it is full too when the agent ends."""
    room.mount("-t", "tmpfs", "-o", "size=64k", "none", "/mnt")
    log, filler = room.path("/mnt/agent.log"), room.path("/mnt/filler")
    log.touch()
    filler.write_bytes(bytes(64 << 10))
    daemon = agent(room=room, wrapper=into("/mnt/agent.log"))
    assert_goes_on(daemon)
    assert log.read_text() == ""
    filler.unlink()
    wait_lost(log.read_text)
    with open(filler, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
    daemon.stop()


def test_file_above_the_limit(agent, folder):
    """A limit on the size of files costs lines, and nothing else."""
    log = folder / "log"
    daemon = agent(wrapper=("sh", "-c", f'ulimit -f 0; exec "$@" 2>>{log}', "sh"))
    assert_goes_on(daemon)
    assert log.read_text() == "" and helpers_of(daemon)


def test_no_descriptor_of_a_file(agent, folder):
    """The running agent holds no file as a standard descriptor: whoever closes one waits for its disk."""
    daemon = agent(wrapper=("sh", "-c", f'exec "$@" <{__file__} >>{folder}/out 2>>{folder}/err', "sh"))
    for number in range(3):
        assert not os.readlink(f"/proc/{daemon.pid}/fd/{number}").startswith(str(folder))
        assert not os.readlink(f"/proc/{daemon.pid}/fd/{number}").endswith(".py")
    assert len(helpers_of(daemon)) == 1


def test_helper_is_killed(agent, folder):
    """The log's own process is killed: there is a new one, and the log goes on."""
    log = folder / "log"
    daemon = agent(wrapper=into(log))
    (old,) = helpers_of(daemon)
    os.kill(old, signal.SIGKILL)
    points.wait_until(lambda: "its process had died" in log.read_text(), "the log goes on")
    (new,) = helpers_of(daemon)
    assert new != old
    daemon.stop()
    assert log.read_text().endswith("stopping: SIGTERM\n")


def test_descriptors_stay(agent, folder):
    """A log that cannot be written for a while leaves no descriptor and no process behind."""
    log = folder / "log"
    daemon = agent(wrapper=into(log))
    before = machines.descriptors(daemon.pid)
    (helper,) = helpers_of(daemon)
    os.kill(helper, signal.SIGSTOP)
    assert_goes_on(daemon)
    os.kill(helper, signal.SIGCONT)
    points.wait_until(lambda: machines.descriptors(daemon.pid) <= before + 1, "the client has gone")
    assert helpers_of(daemon) == [helper]
