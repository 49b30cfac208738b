"""The parachute over a state_dir whose disk stalls, is full or fails: it acts all the same."""

import errno
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import rings
from parachutes import HELD, let_go, pipe, scene, supervisor_of, wait_begun  # noqa: F401  (scene is a fixture)
from points import wait_until
from states import (  # noqa: F401  (some are fixtures)
    COMPLAINT,
    FILE,
    FINISHED,
    GONE,
    HEALED,
    HURRIED,
    LOST,
    RELEASE_AT,
    RUNNING,
    STATE,
    assert_each_once,
    assert_not_run_again,
    config,
    finish,
    no_leaks,
    result,
    said,
    small,
    stalling,
    take_all_room,
    traced,
    wait_healed,
    wait_stored,
)

def test_stalls_before_the_threshold(scene, stalling):
    """The disk stalls, then comes the threshold: the command starts all the same; that is told, later it is known."""
    given = config(scene, scene.command())
    daemon = scene.start(given)
    lines = daemon.lines()
    rings.wait_written(daemon)
    stalling.tell("stall")
    finish(scene)
    assert said(daemon, HURRIED) == 1
    scene.wait_said(COMPLAINT)
    lines.count(2)
    stalling.tell("ok")
    wait_healed(scene)
    assert_each_once(daemon)
    lines.assert_every_slot()
    assert_not_run_again(scene, given)


def test_stalls_for_good(scene, stalling):
    """On a disk that never answers again each activation has its command, and SIGTERM ends the agent in time."""
    daemon = scene.start(config(scene, scene.command(), scene.command()))
    lines = daemon.lines()
    stalling.tell("stall")
    finish(scene)
    scene.fill(0)
    wait_until(lambda: result(scene, "release") == "finished", "the release")
    finish(scene, 3)
    scene.wait_said(COMPLAINT)
    assert said(daemon, HURRIED) == 3 and said(daemon, COMPLAINT) == 1
    lines.count(2)
    lines.assert_every_slot()
    daemon.stop()


def test_late_supervisor_on_a_stalled_disk(scene, stalling):
    """What watches the command comes up late, and the disk stalls: the command starts all the same."""
    if not shutil.which("strace"):
        pytest.skip("no strace here")
    calls = scene.folder / "calls"
    late = ["-e", "trace=setsid", "-e", "inject=setsid:delay_enter=300000"]  # microseconds
    daemon = scene.start(config(scene, scene.command()), wrapper=traced(calls, *late), environment=no_leaks())
    stalling.tell("stall")
    finish(scene)
    assert said(daemon, HURRIED) == 1
    stalling.tell("ok")


def test_stalls_at_start(scene, stalling):
    """The disk stalls from the start: it judges and acts after its patience, and tells what came too late."""
    given = config(scene, scene.command())
    scene.start(given)
    finish(scene)
    wait_stored(stalling.folder)
    scene.kill()
    stalling.tell("stall")
    daemon = scene.start(given)
    lines = daemon.lines()
    finish(scene, 2)
    assert said(daemon, HURRIED) == 1 and said(daemon, COMPLAINT) == 1
    stalling.tell("ok")
    scene.wait_said(LOST + ": it came too late")
    wait_healed(scene)
    assert_each_once(daemon)
    lines.count(2)
    lines.assert_every_slot()
    assert_not_run_again(scene, given)


def test_stalls_at_the_first_start(scene, stalling):
    """The same where nothing was remembered: then nothing came too late, nothing was gone, and all is well later."""
    stalling.tell("stall")
    given = config(scene, scene.command())
    daemon = scene.start(given)
    scene.wait_said(COMPLAINT)
    stalling.tell("ok")
    wait_healed(scene)
    assert said(daemon, LOST) == said(daemon, GONE) == 0
    finish(scene)
    wait_stored(stalling.folder)
    assert said(daemon, COMPLAINT) == 1
    assert_not_run_again(scene, given)


def test_numbers_after_a_stall_at_start(scene, stalling):
    """The end of a run that came too late is not taken for the end of a later one that vanished."""
    given = config(scene, scene.command())
    scene.start(given)
    finish(scene)
    wait_stored(stalling.folder)
    scene.kill()
    stalling.tell("stall")
    gate = pipe(scene)
    scene.start(config(scene, scene.command(HELD.format(gate), "held")))
    run = wait_begun(scene, 2)
    stalling.tell("ok")
    wait_healed(scene)
    supervisor = supervisor_of(run)
    scene.kill()
    for pid in (supervisor, run.pid):
        os.kill(pid, signal.SIGKILL)
    scene.start(given)
    wait_until(lambda: len(scene.events()) == 2, "the one that vanished runs again")


@pytest.mark.parametrize("again", [False, True], ids=["same agent", "next agent"])
def test_stalls_during_the_command(scene, stalling, again):
    """The disk stalls while the command runs, and recovers: its end is remembered, whoever was there to hear it."""
    gate = pipe(scene)
    given = config(scene, scene.command(HELD.format(gate)))
    daemon = scene.start(given)
    lines = daemon.lines()
    scene.fill(85)
    supervisor = supervisor_of(wait_begun(scene))
    wait_stored(stalling.folder, RUNNING)
    stalling.tell("stall")
    if again:
        scene.kill()
        let_go(gate)
        scene.wait_runs(1)
        stalling.tell("ok")
        wait_until(lambda: not Path(f"/proc/{supervisor}").exists(), "its end is written down")
    else:
        let_go(gate)
        scene.wait_runs(1)
        scene.wait_said(COMPLAINT)
        assert result(scene) == "finished"
        stalling.tell("ok")
        wait_healed(scene)
        lines.count(2)
        lines.assert_every_slot()
        assert_each_once(daemon)
    assert_not_run_again(scene, given)


def test_killed_while_it_writes(scene, stalling):
    """Killed while its last write hangs, and another one is there already: that write does not undo the other's."""
    given = config(scene, scene.command())
    first = scene.start(given)
    rings.wait_written(first)
    stalling.tell("stall")
    finish(scene)
    scene.wait_said(COMPLAINT)
    scene.kill()
    second = scene.start(given)
    lines = second.lines()
    finish(scene, 2)  # nobody can know that it was run
    scene.fill(0)
    scene.wait_activated(False)
    finish(scene, 3)
    stalling.tell("ok")
    wait_healed(scene)
    lines.count(2)
    lines.assert_every_slot()
    since = scene.status()["since_s"]
    assert_not_run_again(scene, given)
    assert scene.status()["since_s"] == since


FAILURES = {"full": errno.ENOSPC, "readonly": errno.EROFS, "broken": errno.EIO}


@pytest.mark.parametrize(
    "when, mode", [*(("at start", mode) for mode in FAILURES), ("later", "readonly"), ("later", "broken")]
)
def test_fails(scene, stalling, when, mode):
    """The disk fails, at the start or later: commands run, it is told once with the reason, and later all is known."""
    given = config(scene, scene.command())
    if when == "at start":
        stalling.tell(mode)
    daemon = scene.start(given)
    lines = daemon.lines()
    stalling.tell(mode)
    finish(scene)
    scene.wait_said(f"{os.strerror(FAILURES[mode])}; what it remembers {COMPLAINT}")
    stalling.tell("ok")
    wait_healed(scene)
    assert said(daemon, COMPLAINT) == said(daemon, HEALED) == 1, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()
    assert_not_run_again(scene, given)


def test_full_before_there_is_a_file(scene, small):
    """A disk that is full at the start costs no command; once it has room all is written."""
    filler = take_all_room(small)
    given = config(scene, scene.command())
    daemon = scene.start(given)
    finish(scene)
    scene.wait_said(os.strerror(errno.ENOSPC))
    filler.unlink()
    wait_healed(scene)
    assert said(daemon, COMPLAINT) == 1 and said(daemon, GONE) == 0, daemon.stderr
    assert_not_run_again(scene, given)


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_full_later(scene, small, when):
    """Its room was taken when the file was made: a disk that is full before, during or after a command is no matter."""
    gate = pipe(scene)
    given = config(scene, scene.command(HELD.format(gate)), scene.command(name="release"))
    daemon = scene.start(given)
    rings.wait_written(daemon)
    wait_until(lambda: (small / FILE).exists(), "there is a file")
    if when == "before":
        take_all_room(small)
    scene.fill(85)
    wait_begun(scene)
    if when == "during":
        take_all_room(small)
    let_go(gate)
    scene.wait_runs(1)
    wait_stored(small)
    if when == "after":
        take_all_room(small)
        scene.fill(0)
        scene.wait_runs(2)
        wait_stored(small, FINISHED, RELEASE_AT)
        scene.kill()
        daemon = scene.start(given)
        assert result(scene, "release") == "finished" and not scene.status()["activated"]
    else:
        daemon = assert_not_run_again(scene, given)
    assert said(daemon, COMPLAINT) == 0, daemon.stderr


def test_read_only_at_start(scene, small):
    """On a disk that became read-only what is remembered still counts; new commands run, and later that is known."""
    given = config(scene, scene.command())
    scene.start(given)
    finish(scene)
    wait_stored(small)
    scene.kill()
    remount = [*scene.room.enter, "mount", "-o", "remount,ro", STATE]  # busy until the helpers are gone
    wait_until(lambda: subprocess.call(remount, stderr=subprocess.DEVNULL) == 0, "the disk is read-only")
    daemon = scene.start(given)
    lines = daemon.lines()
    assert daemon.next()["parachute.activated"] == 1 and result(scene) == "finished"
    assert len(scene.runs()) == 1
    scene.fill(0)
    scene.wait_activated(False)
    finish(scene, 2)
    scene.wait_said(os.strerror(errno.EROFS))
    scene.room.mount("-o", "remount,rw", STATE)
    wait_healed(scene)
    assert said(daemon, COMPLAINT) == said(daemon, HEALED) == 1 and said(daemon, LOST) == 0, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()
    assert_not_run_again(scene, given)
