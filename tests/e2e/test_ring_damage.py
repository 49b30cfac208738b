"""Files that are damaged, cut, or none of ours: served is what is sound, told what is lost, kept what was found."""

import os
import re

import machines
import points
import pytest
import rings

SNAPSHOTS, NEWEST = 300, 1594380000
CONFIG = {"history": 2 * SNAPSHOTS, "state_size": "64K", **machines.half_an_hour_off()}
BLOCK = SNAPSHOTS // 4 + 1  # snapshots that one damaged place may cost
HEADERS, SLOT, DATA = 0, 4096, 20480  # places in the file: see emitter/ring/ringfile.h
LOST = re.compile(r"(\d+) snapshots are lost")


@pytest.fixture
def serve(agent):
    """Starts an agent on a folder: (what it serves of what was there before, what it logged)."""

    def once(state):
        daemon = agent("--state-dir", state, config=CONFIG, without=("-i",))
        rings.wait_written(daemon)
        found = [snapshot for snapshot in daemon.snapshots() if snapshot.timestamp <= NEWEST]
        daemon.stop()
        return found, daemon.stderr

    return once


@pytest.fixture
def sound(program, folder, serve):
    """The bytes of a sound file, and what it has: {timestamp: snapshot}."""
    place = folder / "sound"
    data = rings.prefill(program, place, SNAPSHOTS, NEWEST, size=65536).read_bytes()
    found, log = serve(place)
    points.assert_every_slot(found)
    assert len(found) == SNAPSHOTS and "lost" not in log
    return data, {snapshot.timestamp: snapshot for snapshot in found}


def made(folder, data):
    """A folder with such a file."""
    folder.mkdir()
    (folder / "ring").write_bytes(data)
    return folder


def assert_sound(found, sound):
    """Each that is served is one of those there were, unchanged, in order and once."""
    stamps = [snapshot.timestamp for snapshot in found]
    assert stamps == sorted(set(stamps)) and set(stamps) <= set(sound)
    assert rings.whole(found) == rings.whole(sound[stamp] for stamp in stamps)


def asides(state):
    return sorted(path.name for path in state.glob("ring.aside.*"))


def places(data):
    """Where a byte is flipped: in each part of the file, and evenly over the blocks."""
    fixed = [HEADERS, 9, 20, 27, 28, 2048, 2070, SLOT, SLOT + 9, SLOT + 100, SLOT + 8192 + 20, DATA, DATA + 5]
    return fixed + [DATA + 5 + (len(data) - DATA - 6) * n // 10 for n in range(1, 11)]


def test_flipped(serve, folder, sound):
    """A byte flipped anywhere costs one block at most; whatever is lost is told, and the file is set aside."""
    data, snapshots = sound
    costs = []
    for place in places(data):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        state = made(folder / f"flip{place}", flipped)
        found, log = serve(state)
        assert_sound(found, snapshots)
        costs.append(len(snapshots) - len(found))
        assert costs[-1] <= BLOCK, place
        told = LOST.search(log)
        if costs[-1]:
            assert told and int(told[1]) == costs[-1], (place, log)
        if "is damaged" in log:
            assert asides(state) == ["ring.aside.1"]
            assert (state / "ring.aside.1").read_bytes() == flipped
            again, log = serve(state)
            assert rings.whole(again) == rings.whole(found) and "lost" not in log
    assert sum(costs) > BLOCK and costs.count(0) > 5, "the test's own aim"


def test_cut(serve, folder, sound):
    """A file cut anywhere has what lies before the cut, and tells how many are lost."""
    data, snapshots = sound
    lengths = [1, 27, 28, 4095, 4096, 5000, DATA, DATA + 1, len(data) - 2, len(data) - 1]
    for length in lengths + [DATA + (len(data) - DATA) * n // 5 for n in range(1, 5)]:
        state = made(folder / f"cut{length}", data[:length])
        found, log = serve(state)
        assert_sound(found, snapshots)
        assert not found or found[0].timestamp == min(snapshots)
        assert (len(found) == len(snapshots)) == (length == len(data) - 1)  # that one only ends the last block
        if length < 28:
            assert "ring is no ring" in log and asides(state) == ["ring.aside.1"]
        elif length >= SLOT + 8192 + 1000 and len(found) < len(snapshots):  # the positions say how many there were
            told = LOST.search(log)
            assert told and int(told[1]) == len(snapshots) - len(found), (length, log)


def test_three_are_kept(serve, folder, sound):
    """Of the damaged files the newest three are kept, the newest with the lowest number."""
    data, snapshots = sound
    state = made(folder / "state", data)
    for number in range(5):
        damaged = bytearray(data)
        damaged[DATA + 5] ^= 1
        damaged[100] = number  # a place that nobody reads
        (state / "ring").write_bytes(damaged)
        found, _ = serve(state)
        assert_sound(found, snapshots)
    assert asides(state) == ["ring.aside.1", "ring.aside.2", "ring.aside.3"]
    assert [(state / name).read_bytes()[100] for name in asides(state)] == [4, 3, 2]


def directory(path):
    path.mkdir()
    (path / "inside").write_text("something")


def symlink(path):
    (path.parent / "elsewhere").write_text("something")
    path.symlink_to("elsewhere")


FOREIGN = {
    "text": lambda path: path.write_text("something\n" * 1000),
    "directory": directory,
    "fifo": os.mkfifo,
    "symlink": symlink,
    "dangling symlink": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("name", ["ring", "ring.next"])
@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign(serve, folder, make, name):
    """What is there under the file's name and is none of ours is set aside, unchanged, and told."""
    state = folder / "state"
    state.mkdir()
    make(state / name)
    before = os.lstat(state / name)
    _, log = serve(state)
    after = os.lstat(state / "ring.aside.1")
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)
    assert asides(state) == ["ring.aside.1"] and "it is set aside as ring.aside.1" in log
    assert (state / "ring").is_file() and not (state / "ring").is_symlink()
    for path in state.rglob("inside"):
        assert path.read_text() == "something"
    if (state / "elsewhere").exists():
        assert (state / "elsewhere").read_text() == "something"
    assert "ring" not in serve(state)[1], "the next start has nothing to say"


def test_empty(serve, folder):
    """An empty file is as good as none."""
    state = made(folder / "state", b"")
    assert "no ring" not in serve(state)[1] and asides(state) == []
    assert (state / "ring").stat().st_size > DATA


def test_unreadable(agent, folder, program, room):
    """A file that the disk cannot read is not written over: it is set aside."""
    disk = rings.StallFs(room, "/var/state")
    ring = rings.prefill(program, disk.folder, SNAPSHOTS)
    data = ring.read_bytes()
    disk.tell("broken")
    daemon = agent("--state-dir", "/var/state", room=room)
    rings.wait_state(daemon, "failing")
    disk.tell("ok")
    rings.wait_written(daemon)
    assert data in [path.read_bytes() for path in disk.folder.glob("ring.aside.*")]
