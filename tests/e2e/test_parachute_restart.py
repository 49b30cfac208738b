"""The parachute over kill -9 and restarts: nothing is forgotten, nothing done twice."""

import os
import signal

from parachutes import (  # noqa: F401  (scene is a fixture)
    HELD,
    NAME,
    alive,
    let_go,
    pipe,
    scene,
    supervisor_of,
    wait_begun,
)
from points import wait_until


def state(scene, event="activate"):
    return scene.status()["on_" + event]["state"]


def wait_gone(pid):
    wait_until(lambda: not alive(pid), f"{pid} is gone")


def wait_state(scene, wanted, event="activate"):
    wait_until(lambda: state(scene, event) == wanted, f"{event} is {wanted}")


def test_finished_is_not_run_again(scene):
    """Killed after the command: still activated, since the same moment, and the command is not run again."""
    config = scene.config(scene.command())
    scene.start(config)
    scene.fill(85)
    wait_state(scene, "finished")
    before = scene.status()
    scene.kill()
    daemon = scene.start(config)
    assert daemon.next()["parachute.activated"] == 1
    after = scene.status()
    assert after["activated"] and after["since_s"] == before["since_s"]
    assert after["disks"][0]["since_s"] == before["disks"][0]["since_s"]
    daemon.next()
    assert len(scene.runs()) == 1 and scene.marked() is True
    scene.fill(0)
    scene.wait_activated(False)
    scene.fill(85)
    scene.wait_runs(2)


def test_still_running_is_waited_for(scene):
    """Killed during the command, and started again: it is waited for, not doubled, and its end is known."""
    gate = pipe(scene)
    config = scene.config(scene.command(HELD.format(gate)), scene.command(name="after"))
    scene.start(config)
    scene.fill(85)
    run = wait_begun(scene)
    wait_state(scene, "running")
    scene.kill()
    daemon = scene.start(config)
    assert state(scene) == "running" and scene.status()["on_activate"]["pid"] == run.pid
    scene.fill(0)
    scene.wait_activated(False)
    daemon.next()
    assert len(scene.runs()) == 1, "the release waits for the activation"
    let_go(gate)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]
    wait_state(scene, "finished")
    wait_state(scene, "finished", "release")


def test_ended_while_no_agent_ran(scene):
    """Killed during the command, which fails meanwhile: that is known after the start, and it is tried again."""
    gate = pipe(scene)
    config = scene.config({"command": [scene.command(HELD.format(gate) + '; test "$line" = good')], "retries": 1})
    scene.start(config)
    scene.fill(85)
    supervisor = supervisor_of(wait_begun(scene))
    wait_state(scene, "running")
    scene.kill()
    gate.write_text("bad\n")
    wait_gone(supervisor)
    scene.start(config)
    wait_begun(scene, 2)
    gate.write_text("good\n")
    scene.wait_runs(2)
    wait_state(scene, "finished")
    assert [run.status for run in scene.runs()] == [1, 0]


def test_vanished_runs_again(scene):
    """The agent, the command and its supervisor killed, as by a power cut: it runs again."""
    gate = pipe(scene)
    config = scene.config(scene.command(HELD.format(gate)))
    scene.start(config)
    scene.fill(85)
    run = wait_begun(scene)
    wait_state(scene, "running")
    supervisor = supervisor_of(run)
    scene.kill()
    for pid in (supervisor, run.pid):
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
    scene.start(config)
    wait_begun(scene, 2)
    let_go(gate)
    wait_state(scene, "finished")
    assert [one.status for one in scene.runs()] == [None, 0]


def test_only_the_supervisor_is_killed(scene):
    """Without its supervisor the command is waited for; then, since nobody knows how it ended, it is tried again."""
    gate = pipe(scene)
    daemon = scene.start(scene.config(scene.command(HELD.format(gate))))
    scene.fill(85)
    wait_begun(scene)
    os.kill(supervisor_of(scene.runs()[0]), signal.SIGKILL)
    daemon.next()
    assert len(scene.runs()) == 1
    let_go(gate)
    wait_begun(scene, 2)
    let_go(gate)
    scene.wait_runs(2)


def test_an_orphan_keeps_its_timeout(scene):
    """Agent and supervisor killed: the command is waited for no longer than its timeout; then the release comes."""
    gate = pipe(scene)
    hangs = {"command": [scene.command(HELD.format(gate))], "timeout": 1}
    config = scene.config(hangs, scene.command(name="after"))
    scene.start(config)
    scene.fill(85)
    run = wait_begun(scene)
    wait_state(scene, "running")
    supervisor = supervisor_of(run)
    scene.kill()
    os.kill(supervisor, signal.SIGKILL)
    scene.start(config)
    scene.fill(0)
    wait_gone(run.pid)
    assert wait_begun(scene, 2).event == "release"


def test_waiting_for_its_next_attempt(scene):
    """Killed while a failed command waits for its next attempt: that comes at once after the start."""
    flag = scene.folder / "flag"
    config = scene.config({"command": [scene.command(f"test -e '{flag}'")], "retries": 100})
    scene.start(config)
    scene.fill(85)
    wait_until(lambda: len(scene.events()) >= 3, "three attempts; the next one is 4 s off")
    scene.kill()
    flag.touch()
    count = len(scene.runs())
    scene.start(config)
    wait_until(lambda: len(scene.events()) == count + 1, "one more")
    wait_state(scene, "finished")


def test_released_while_it_was_down(scene):
    """Space is made while no agent runs: the release is found at the start, and its command runs."""
    config = scene.config(scene.command(), scene.command())
    scene.start(config)
    scene.fill(85)
    wait_state(scene, "finished")
    scene.kill()
    scene.fill(0)
    scene.start(config)
    scene.wait_activated(False)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]


def test_latched_over_a_restart(scene):
    """A latched disk stays activated over a restart, though there is space again, until it is reset."""
    config = scene.config(scene.command(), latch=True)
    scene.start(config)
    scene.fill(85)
    wait_state(scene, "finished")
    scene.kill()
    scene.fill(0)
    daemon = scene.start(config)
    daemon.next()
    assert scene.status()["activated"] and scene.marked() is True
    assert scene.parachute("reset", NAME)[0] == 0
    scene.wait_activated(False)
    assert len(scene.runs()) == 1


def test_markers_are_brought_in_line(scene):
    """Markers that tell a tale are set right at the start, those of disks that are no longer observed go."""
    folder = scene.run_dir / "parachute"
    folder.mkdir(parents=True)
    for name in ("parachute-activated", f"parachute-activated-{NAME}", "parachute-activated-of-old", "of-others"):
        (folder / name).write_text("1\n")
    scene.start(scene.config(scene.command()))
    scene.wait_activated(False)
    scene.wait_activated(False, NAME)
    names = {path.name for path in folder.iterdir()}
    assert "parachute-activated-of-old" not in names and "of-others" in names
