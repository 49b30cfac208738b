"""SIGHUP and the parachute: what it knows of a disk stays, and a command runs neither twice nor never."""

import points
from parachutes import MOUNT, NAME, HELD, let_go, pipe, scene, wait_begun  # noqa: F401 (a fixture)
from reloads import reload


def disk(threshold=80, release=70, mount=MOUNT, **more):
    return {"mount": mount, "threshold": threshold, "release": release, **more}


def start(scene, *commands, **options):
    return scene.start(scene.config(*commands, **options))


def test_an_activated_disk_stays(scene):
    """A reload of something else: it stays activated since when it was, the command does not run again."""
    command = scene.command()
    daemon = start(scene, command, command)
    scene.fill(85)
    scene.wait_runs(1)
    before = scene.status()
    for flag in (True, False):
        reload(daemon, {**scene.config(command, command), "self_metrics": flag})
    scene.fill(85)
    daemon.next()
    after = scene.status()
    assert after["since_s"] == before["since_s"] and after["disks"][0]["since_s"] == before["disks"][0]["since_s"]
    assert scene.marked() and scene.marked(NAME)
    scene.wait_runs(1)
    scene.fill(10)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]


def test_threshold(scene):
    """Lowered below what is used it activates; raised above that again it releases."""
    command = scene.command()
    daemon = start(scene, command, command)
    scene.fill(60)
    daemon.next()
    reload(daemon, scene.config(command, command, disks=[disk(50, 40)]))
    scene.wait_runs(1)
    reload(daemon, scene.config(command, command, disks=[disk(90, 80)]))
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]
    snapshot = daemon.next()
    assert snapshot.disk(NAME, "parachute")["used_threshold"] == 90
    assert snapshot["parachute.activated"] == 0


def test_a_disk_goes_and_comes(scene):
    """The activated disk is named no more: released, its marker gone. Named again: activated once more."""
    command = scene.command()
    scene.room.path("/var/other").mkdir()
    scene.mount("/var/other")
    other = disk(mount="/var/other")
    daemon = start(scene, command, command, disks=[disk(), other])
    scene.fill(85)
    scene.wait_runs(1)
    reload(daemon, scene.config(command, command, disks=[other]))
    scene.wait_runs(2)
    points.wait_until(lambda: scene.marked(NAME) is None, "its marker is gone")
    assert daemon.next().disk(NAME, "parachute") == {}
    reload(daemon, scene.config(command, command, disks=[other, disk()]))
    assert [run.event for run in scene.wait_runs(3)] == ["activate", "release", "activate"]
    assert daemon.next().disks("parachute") == ["var_other", NAME]


def test_while_a_command_runs(scene):
    """A command that runs goes on, once; its end counts, and the next one is the new configuration's."""
    gate = pipe(scene)
    held = scene.command(HELD.format(gate), name="held")
    other = scene.command("true", name="other")
    daemon = start(scene, held, other)
    scene.fill(85)
    run = wait_begun(scene)
    reload(daemon, scene.config(other, held))
    assert scene.status()["on_activate"]["pid"] == run.pid
    daemon.next()
    let_go(gate)
    (done,) = scene.wait_runs(1)
    assert (done.pid, done.status) == (run.pid, 0)
    points.wait_until(lambda: scene.status()["on_activate"]["state"] == "finished", "its end counts")
    scene.fill(10)
    wait_begun(scene, 2)
    let_go(gate)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]
