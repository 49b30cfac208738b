"""The ring's disk stalls, is full, read-only or broken: no slot is missing, and the file has all in the end."""

import errno
import os

import points
import pytest
import rings

STATE = "/var/state"


def assert_all_kept(agent, room, daemon):
    """All that the agent serves is in the file: the next one serves it after a kill."""
    rings.wait_written(daemon)
    before = daemon.snapshots()
    rings.wait_written(daemon)
    rings.kill(daemon)
    rings.assert_kept(before, agent("--state-dir", STATE, room=room).snapshots())


def assert_said_once(daemon, reason):
    """The log says what the trouble was, and that it is over, once each."""
    noticed = [line for line in daemon.stderr.splitlines() if rings.NOTICED in line]
    assert len(noticed) == 1 and STATE in noticed[0] and reason in noticed[0], daemon.stderr
    assert daemon.stderr.count(rings.HEALED) == 1, daemon.stderr


def test_stalls(agent, room):
    """A disk that stalls while the agent runs costs no slot and no answer; afterwards the file has all."""
    disk = rings.StallFs(room, STATE)
    daemon = agent("--state-dir", STATE, room=room)
    lines = daemon.lines()
    rings.wait_written(daemon)
    disk.tell("stall")
    rings.wait_state(daemon, "stalled")
    points.wait_until(lambda: rings.file_of(daemon)["behind"] >= 3, "three slots pass")
    assert disk.count()[0] == 1, "one call waits, and no more are made"
    disk.tell("ok")
    rings.wait_written(daemon)
    lines.next()
    lines.assert_every_slot()
    assert_said_once(daemon, "does not answer")
    assert_all_kept(agent, room, daemon)


FAILURES = {"full": errno.ENOSPC, "readonly": errno.EROFS, "broken": errno.EIO}


@pytest.mark.parametrize("mode", FAILURES)
def test_fails(agent, room, mode):
    """A disk that fails while the agent runs: told in /healthz and once in the log; afterwards the file has all."""
    reason = os.strerror(FAILURES[mode])
    disk = rings.StallFs(room, STATE)
    daemon = agent("--state-dir", STATE, room=room)
    lines = daemon.lines()
    rings.wait_written(daemon)
    disk.tell(mode)
    assert rings.wait_state(daemon, "failing")["error"] == reason
    points.wait_until(lambda: rings.file_of(daemon)["behind"] >= 3, "three slots pass")
    disk.tell("ok")
    rings.wait_written(daemon)
    lines.next()
    lines.assert_every_slot()
    assert_said_once(daemon, reason)
    assert_all_kept(agent, room, daemon)


def test_sigterm_while_it_stalls(agent, room):
    """Its disk stalls: the agent ends on SIGTERM in time, and what was under way is in the file afterwards."""
    disk = rings.StallFs(room, STATE)
    daemon = agent("--state-dir", STATE, room=room)
    rings.wait_written(daemon)
    before = daemon.snapshots()
    disk.tell("stall")
    disk.wait_stalled()
    daemon.stop()
    disk.tell("ok")
    rings.assert_kept(before, agent("--state-dir", STATE, room=room).snapshots())


def test_stalls_at_start(agent, program, room):
    """A disk that stalls at the start: the agent serves all the same; the old history comes when it can."""
    disk = rings.StallFs(room, STATE)
    rings.prefill(program, disk.folder, 300)
    plain = agent("--state-dir", STATE, room=room)
    before = plain.snapshots()[:300]
    plain.stop()

    disk.tell("stall")
    daemon = agent("--state-dir", STATE, room=room)
    lines = daemon.lines()
    lines.count(2)
    assert rings.wait_state(daemon, "failing")["error"]
    disk.tell("ok")
    points.wait_until(lambda: len(daemon.snapshots()) > 300, "the old history is there")
    rings.assert_kept(before, daemon.snapshots())
    rings.wait_written(daemon)
    heard = {snapshot.timestamp for snapshot in lines.snapshots()}
    assert heard <= {snapshot.timestamp for snapshot in daemon.snapshots()}
    assert_said_once(daemon, "does not answer")
    assert_all_kept(agent, room, daemon)
    assert {path.name for path in disk.folder.iterdir()} == {"ring", "parachute"}, "nothing was wrong with the old one"


def test_sigterm_while_it_stalls_at_start(agent, room):
    """A disk that stalls from the start keeps the agent from nothing, ending included."""
    disk = rings.StallFs(room, STATE)
    disk.tell("stall")
    daemon = agent("--state-dir", STATE, room=room, ready=False)
    disk.wait_stalled()
    daemon.stop()


def test_killed_while_it_stalls(agent, room):
    """Killed while its disk stalls, and started again at once: it serves; the old history comes when it can."""
    disk = rings.StallFs(room, STATE)
    first = agent("--state-dir", STATE, room=room)
    rings.wait_written(first)
    before = first.snapshots()
    disk.tell("stall")
    disk.wait_stalled()
    rings.kill(first)
    second = agent("--state-dir", STATE, room=room)
    second.lines().count(2)
    disk.tell("ok")
    points.wait_until(lambda: second.snapshots()[0].timestamp == before[0].timestamp, "the old history is there")
    rings.assert_kept(before, second.snapshots())
    assert_all_kept(agent, room, second)


def fill(room, path):
    """Takes all the room that is left on a disk. Gives the file that has it."""
    filler = room.path(path) / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as failure:
                assert failure.errno == errno.ENOSPC
    return filler


def test_full_at_start(agent, room):
    """A disk that is full at the start, later has room: the file has all then."""
    room.ext4(STATE, size="4M")
    filler = fill(room, STATE)
    daemon = agent("--state-dir", STATE, room=room)
    lines = daemon.lines()
    assert rings.wait_state(daemon, "failing")["error"] == os.strerror(errno.ENOSPC)
    lines.count(2)
    filler.unlink()
    rings.wait_written(daemon)
    lines.assert_every_slot()
    assert_said_once(daemon, os.strerror(errno.ENOSPC))
    assert_all_kept(agent, room, daemon)


def test_damaged_on_a_full_disk(agent, program, room):
    """A damaged file is not written over either where the disk has room for a new one only later."""
    room.ext4(STATE, size="4M")
    ring = rings.prefill(program, room.path(STATE), 300)
    damaged = bytearray(ring.read_bytes())
    damaged[22000] ^= 1  # in the first block
    ring.write_bytes(damaged)
    filler = fill(room, STATE)
    daemon = agent("--state-dir", STATE, room=room)
    assert rings.wait_state(daemon, "failing")["error"] == os.strerror(errno.ENOSPC)
    held = len(daemon.snapshots())
    assert 200 < held < 300
    filler.unlink()
    rings.wait_written(daemon)
    assert (ring.parent / "ring.aside.1").read_bytes() == damaged
    assert daemon.stderr.count("is damaged") == 1
    assert_all_kept(agent, room, daemon)


def test_full_later(agent, room):
    """The file's room is taken at the start: that the disk is full later does not matter to it."""
    room.ext4(STATE, size="4M")
    daemon = agent("--state-dir", STATE, room=room, config={"state_size": "1M"})
    rings.wait_written(daemon)
    fill(room, STATE)
    daemon.lines().count(3)
    rings.wait_written(daemon)
    assert rings.NOTICED not in daemon.stderr
    assert_all_kept(agent, room, daemon)


def test_read_only_at_start(agent, program, room):
    """A disk that is read-only at the start: the old history is served; writable again, the file has all."""
    room.ext4(STATE, size="4M")
    rings.prefill(program, room.path(STATE), 300)
    room.mount("-o", "remount,ro", STATE)
    daemon = agent("--state-dir", STATE, room=room)
    assert rings.wait_state(daemon, "failing")["error"] == os.strerror(errno.EROFS)
    daemon.lines().count(2)
    assert len(daemon.snapshots()) > 300
    room.mount("-o", "remount,rw", STATE)
    rings.wait_written(daemon)
    assert_said_once(daemon, os.strerror(errno.EROFS))
    assert_all_kept(agent, room, daemon)
