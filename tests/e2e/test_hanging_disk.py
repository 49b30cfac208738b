"""A disk that does not answer costs itself only. A FUSE file system that hangs stands for it."""

import errno
import json
import time

import points
import pytest

MODES = ("hang", "mute", "intr", "unread")
CONFIG = {"collector": {"extra_types": ["fuse.hangfs"]}}
BLOCK = 4096
HEALTHY = {"error": 0, "total": 1000 * BLOCK, "used": 600 * BLOCK, "free": 300 * BLOCK}
SLOTS = 4


def readable(snapshot):
    """The names of the disks that could be read."""
    return [name for name in snapshot.disks() if snapshot[f"system.disk.{name}.error"] == 0]


def test_four_ways_to_hang_at_once(agent, room):
    """Disks that hang, each in its way: theirs is an error, one call each; all else is as ever."""
    hanging = {mode: room.hangfs(f"/var/{mode}") for mode in MODES}
    for (
        mode
    ) in (
        MODES
    ):  # each device is mounted twice, and one is watched by the parachute too: still one call
        room.path(f"/var/{mode}_bound").mkdir()
        room.mount("--bind", f"/var/{mode}", f"/var/{mode}_bound")
    room.hangfs("/var/well")
    names = [f"var_{mode}{bound}" for mode in MODES for bound in ("", "_bound")]
    daemon = agent(
        config={**CONFIG, "parachute": {"disks": [{"mount": "/var/hang_bound", "threshold": 90}]}},
        room=room,
    )
    well = daemon.next()
    assert all(well.disk(name) == HEALTHY for name in (*names, "var_well"))
    others = [name for name in readable(well) if name not in names]

    asked = {mode: file_system.tell(mode)[1] for mode, file_system in hanging.items()}
    hung = daemon.wait(
        lambda snapshot: not set(names) & set(readable(snapshot)), "all of them hang"
    ).timestamp
    daemon.wait(lambda snapshot: True, f"{SLOTS} slots with them", since=hung + SLOTS)
    for snapshot in daemon.snapshots():
        if snapshot.timestamp >= hung:
            assert readable(snapshot) == others
            assert all(snapshot.disk(name) == {"error": 1} for name in names)
            assert snapshot["system.disk.error"] == snapshot["system.cpu.error"] == 0
    points.assert_every_slot(daemon.snapshots())
    for mode in ("hang", "mute", "intr"):
        held, now = hanging[mode].count()
        assert (
            held == 1 and now - asked[mode] <= 1
        ), f"{mode}: {held} calls outstanding, {now - asked[mode]} made"

    for file_system in hanging.values():
        file_system.tell("ok")
    daemon.wait(
        lambda snapshot: all(snapshot.disk(name) == HEALTHY for name in names),
        "they answer again",
        since=hung,
    )
    points.assert_every_slot(daemon.snapshots())


@pytest.mark.parametrize("mode", MODES)
def test_sigterm_while_it_hangs(agent, room, mode):
    """With a disk that hangs the agent starts, serves, and ends on SIGTERM in time."""
    hanging = room.hangfs("/var/hanging")
    hanging.tell(mode)
    daemon = agent(config=CONFIG, room=room)
    lines = daemon.lines()
    assert lines.count(1)[0].disk("var_hanging") == {"error": 1}
    if mode != "unread":
        assert hanging.count()[0] == 1, "the test's own aim: a call hangs in it"
    daemon.stop()
    assert lines.tail()


def test_a_look_that_reaches_into_the_next_slot(agent, room):
    """Started late in a slot with a disk that hangs, the first look ends in the next slot: none is lost."""
    room.hangfs("/var/hanging").tell("hang")
    points.wait_until(lambda: 0.6 < time.time() % 1 < 0.8, "it is late in a second")
    daemon = agent(config=CONFIG, room=room)
    daemon.lines().count(2)
    held = [line.encode() + b"\n" for line in json.loads(daemon.get("/metrics")[2])]
    points.assert_every_slot(points.parse(b"".join(held)))


def test_once_with_a_hanging_disk(once, room):
    """--once says what it can and ends, too."""
    room.hangfs("/var/hanging").tell("hang")
    snapshot = once(config=CONFIG, room=room)
    assert snapshot.disk("var_hanging") == {"error": 1}
    assert snapshot["system.cpu.error"] == 0


def test_error_after_the_hang_is_no_recovery(agent, room):
    """A hanging call that fails in the end makes no disk healthy; the verdict is kept meanwhile."""
    hanging = room.hangfs("/var/hanging")
    hanging.tell("nums 1000 100 100")
    config = {**CONFIG, "parachute": {"disks": [{"mount": "/var/hanging", "threshold": 90}]}}
    daemon = agent(config=config, room=room)
    assert daemon.next()["parachute.disk.var_hanging.activated"] == 1

    blind = {"error": 1, "used_threshold": 90, "activated": 1}
    hanging.tell("hang")
    hung = daemon.wait(lambda snapshot: snapshot["system.disk.var_hanging.error"], "it hangs")
    points.wait_until(lambda: hanging.count()[0] == 1, "a call hangs in it")
    hanging.tell(f"err {errno.EIO}")
    daemon.next()
    failed = daemon.next()
    for snapshot in daemon.snapshots():
        if hung.timestamp < snapshot.timestamp <= failed.timestamp:
            assert snapshot.disk("var_hanging") == {"error": 1}
            assert snapshot.disk("var_hanging", "parachute") == blind
            assert snapshot["parachute.error"] == snapshot["parachute.activated"] == 1

    hanging.tell("nums 1000 500 500")
    well = daemon.wait(
        lambda snapshot: not snapshot["parachute.error"], "judged again", since=failed.timestamp + 1
    )
    assert well.disk("var_hanging", "parachute") == {
        "error": 0,
        "total": 1000 * BLOCK,
        "used": 500 * BLOCK,
        "free": 500 * BLOCK,
        "used_percent": 50,
        "used_threshold": 90,
        "activated": 0,
    }
    points.assert_every_slot(daemon.snapshots())


def test_as_many_hang_as_there_are_helpers(agent, room):
    """15 disks that hang blind no other; with more of them the agent still serves and recovers."""
    names = [f"var_many{number}" for number in range(20)]
    first = room.hangfs(*(f"/var/many{number}" for number in range(15)))
    rest = room.hangfs(*(f"/var/many{number}" for number in range(15, 20)))
    daemon = agent(config=CONFIG, room=room)
    well = readable(daemon.next())
    assert set(names) < set(well)

    first.tell("hang")
    daemon.wait(lambda snapshot: len(readable(snapshot)) < len(well), "they hang")
    begun = daemon.next().timestamp
    last = daemon.wait(lambda snapshot: True, "a slot later", since=begun + 1).timestamp
    for snapshot in daemon.snapshots():
        if begun <= snapshot.timestamp <= last:
            assert readable(snapshot) == [name for name in well if name not in names[:15]]

    rest.tell("hang")
    hung = daemon.wait(
        lambda snapshot: not set(names) & set(readable(snapshot)), "all of them hang"
    ).timestamp
    assert first.count()[0] + rest.count()[0] <= 16, "no more helpers than that hang"
    first.tell("ok")
    rest.tell("ok")
    daemon.wait(lambda snapshot: readable(snapshot) == well, "all answer again", since=hung)
    points.assert_every_slot(daemon.snapshots())


ABSURD = [
    (
        "free above size",
        (1000, 2000, 300),
        {"error": 0, "total": 1000 * BLOCK, "used": 0, "free": 300 * BLOCK},
    ),
    (
        "available above free",
        (1000, 400, 900),
        {"error": 0, "total": 1000 * BLOCK, "used": 600 * BLOCK, "free": 900 * BLOCK},
    ),
    (
        "available below zero",
        (1000, 400, 2**64 - 5),
        {"error": 0, "total": 1000 * BLOCK, "used": 600 * BLOCK, "free": 0},
    ),
    ("full", (1000, 0, 0), {"error": 0, "total": 1000 * BLOCK, "used": 1000 * BLOCK, "free": 0}),
    (
        "more than fits",
        (2**63, 2**62, 2**61),
        {"error": 0, "total": 2**53, "used": 2**53, "free": 2**53},
    ),
]


@pytest.mark.parametrize(
    "numbers, expected", [row[1:] for row in ABSURD], ids=[row[0] for row in ABSURD]
)
def test_absurd_numbers(once, room, numbers, expected):
    """Numbers that no disk has still make valid lines, held to what a value may be."""
    room.hangfs("/var/absurd").tell("nums {} {} {}".format(*numbers))
    assert once(config=CONFIG, room=room).disk("var_absurd") == expected


def test_nothing_of_size_zero_is_a_disk(once, room):
    """A file system of 0 blocks is none, and one that answers with an error is in error."""
    room.hangfs("/var/nothing").tell("nums 0 0 0")
    room.hangfs("/var/broken").tell(f"err {errno.EIO}")
    snapshot = once(config=CONFIG, room=room)
    assert not snapshot.disk("var_nothing")
    assert snapshot.disk("var_broken") == {"error": 1}


def test_type_is_not_a_disk_unless_allowed(once, room):
    """Without extra_types a FUSE file system is left alone: not even asked."""
    left_alone = room.hangfs("/var/other")
    assert not once(room=room).disk("var_other")
    assert left_alone.count()[1] == 0
