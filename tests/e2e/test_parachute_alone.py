"""The parachute's file and folder are one agent's alone, and are written before a command starts."""

import errno
import json
import os
import re
import shutil

import pytest
from operators import NOBODY
from parachutes import NAME, SCRIPT, scene  # noqa: F401  (scene is a fixture)
from points import wait_until
from states import (  # noqa: F401  (some are fixtures)
    FILE,
    HURRIED,
    assert_each_once,
    assert_not_run_again,
    config,
    finish,
    no_leaks,
    said,
    traced,
    wait_stored,
)


def test_no_permission(scene):
    """Where the agent may not write, and not even look, commands run all the same; it is told once."""
    scene.state.mkdir(mode=0o700)
    here = scene.folder  # its parents may be closed to others
    scene.room.path("/var/here").mkdir()
    scene.room.mount("--bind", str(here), "/var/here")
    here.chmod(0o755)
    scene.journal.chmod(0o666)
    scene.run_dir.mkdir()
    os.chown(scene.run_dir, NOBODY, NOBODY)
    scene.script("command", SCRIPT.format(journal="/var/here/journal", body="true"))
    given = {**config(scene, "/var/here/command"), "run_dir": "/var/here/run", "state_dir": "/var/here/state"}
    (here / "given").write_text(json.dumps(given))
    shutil.copy(scene.program, here / "altimeter")
    setpriv = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    (here / "start").write_text(f'shift; exec {setpriv} /var/here/altimeter -c /var/here/given "$@"')
    daemon = scene.start(None, wrapper=("sh", "/var/here/start"))
    lines = daemon.lines()
    scene.fill(85)
    scene.wait_runs(1)
    wait_until(lambda: said(daemon, os.strerror(errno.EACCES)) == 1, "that is told")
    lines.count(2)
    lines.assert_every_slot()
    assert_each_once(daemon)
    daemon.stop()
    assert list(scene.state.iterdir()) == []


def test_second_agent(scene, run):
    """A second agent with the same state_dir is refused, and does the first one's file and markers no harm."""
    given = config(scene, scene.command())
    daemon = scene.start(given)
    finish(scene)
    wait_stored(scene.state)
    scene.wait_activated()
    before = (scene.state / FILE).read_bytes()
    others = config(scene, disks=[{"mount": "/", "threshold": 100}])
    for _ in range(3):
        second = run("--http", "off", "--lines", "off", config=others)
        assert second.status == 1 and str(scene.state) in second.stderr
        assert (scene.state / FILE).read_bytes() == before
    assert scene.marked() and scene.marked(NAME)
    assert not (scene.state / (FILE + ".aside")).exists()
    scene.fill(0)
    scene.wait_activated(False)
    finish(scene, 2)
    assert said(daemon, "state_dir") == 0
    assert_not_run_again(scene, given)


def test_second_agent_of_the_run_dir(scene, run):
    """A second agent with the same run_dir only is refused as well, and the first one's markers stay."""
    scene.start(config(scene, scene.command()))
    finish(scene)
    scene.wait_activated()
    others = config(scene, disks=[{"mount": "/", "threshold": 100}])
    for number in range(3):
        others["state_dir"] = str(scene.folder / f"other{number}")
        second = run("--http", "off", "--lines", "off", config=others)
        assert second.status == 1 and str(scene.run_dir) in second.stderr
    assert scene.marked() and scene.marked(NAME)


def test_written_down_before_it_starts(scene):
    """That a command starts is on the disk before it does: the sync comes before the exec."""
    if not shutil.which("strace"):
        pytest.skip("no strace here")
    calls = scene.folder / "calls"
    wrapper = traced(calls, "-y", "-e", "trace=fdatasync,execve,pwrite64")
    command = scene.command()
    daemon = scene.start(config(scene, command), wrapper=wrapper, environment=no_leaks())
    wrote = re.compile(r"pwrite64\(\d+<%s/parachute>, \"ALTIPARA" % re.escape(str(scene.state)))
    synced = re.compile(r"fdatasync\(\d+<%s/parachute>\) += 0|fdatasync resumed>\) += 0" % re.escape(str(scene.state)))
    in_time = 0
    for count in range(1, 6):
        scene.fill(0)
        scene.wait_activated(False)
        begun, hurried = len(calls.read_text()), said(daemon, HURRIED)
        finish(scene, count)
        if said(daemon, HURRIED) > hurried:
            continue  # a slow machine: it did not wait for ever, as it should
        told = calls.read_text()[begun:]
        started = re.search(r"execve\(\"%s\"" % re.escape(command), told)
        assert started, told
        written = wrote.search(told, 0, started.start())
        assert written, told
        assert synced.search(told, written.end(), started.start()), told
        in_time += 1
    assert in_time > 0, "the disk was never in time"
