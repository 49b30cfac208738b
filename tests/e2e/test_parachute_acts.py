"""The parachute's commands: when they run, with what, and what becomes of them."""

import os
import re
import signal

import pytest
from parachutes import (  # noqa: F401  (scene is a fixture)
    HELD,
    MOUNT,
    NAME,
    SIZE,
    alive,
    let_go,
    pipe,
    scene,
    supervisor_of,
    wait_begun,
)
from points import NAMESPACE, wait_until

def test_once_for_each_activation(scene):
    """The command runs once when the disk reaches its threshold, and again only for the next time."""
    daemon = scene.start(scene.config(scene.command()))
    daemon.next()
    assert scene.runs() == [] and scene.marked() is False
    for count in (1, 2):
        scene.fill(85)
        scene.wait_runs(count)
        scene.wait_activated()
        scene.wait_activated(disk=NAME)
        assert daemon.next()["parachute.activated"] == 1
        scene.fill(0)
        scene.wait_activated(False)
        assert scene.mark(NAME) == ""
        assert daemon.next()["parachute.activated"] == 0
    assert len(scene.runs()) == 2


def test_environment(scene):
    """It gets the small environment that is promised, its arguments whole, and nothing else."""
    environ = scene.folder / "environ"
    body = f"cd {scene.folder}; cat /proc/$$/environ >environ; cat /proc/$$/cmdline >cmdline; ls /proc/$$/fd >fds"
    command = {"command": [scene.command(body), "an argument", "", "$HOME;*"]}
    scene.start(scene.config(command), environment={"SECRET": "1"})
    scene.fill(85)
    scene.wait_runs(1)
    given = dict(entry.split("=", 1) for entry in environ.read_text().split("\0") if entry)
    used = int(given.pop("PARACHUTE_USED"))
    free = int(given.pop("PARACHUTE_FREE"))
    assert used + free == SIZE and given.pop("PARACHUTE_PERCENT") == str(100 * used // SIZE)
    assert given == {
        "PARACHUTE_EVENT": "activate",
        "PARACHUTE_DISKS": NAME,
        "PARACHUTE_NAMESPACE": NAMESPACE,
        "PARACHUTE_DISK": NAME,
        "PARACHUTE_MOUNT": MOUNT,
        "PARACHUTE_THRESHOLD": "80",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    assert (scene.folder / "cmdline").read_text().split("\0")[2:] == ["an argument", "", "$HOME;*", ""]
    # the shell opens 10 and up for itself
    assert {int(fd) for fd in (scene.folder / "fds").read_text().split()} - set(range(10, 300)) <= {0, 1, 2}


def test_output_is_logged(scene):
    """What the command prints on stdout and stderr stands in the log, line by line."""
    daemon = scene.start(scene.config(scene.command("echo to stdout; echo to stderr >&2; printf 'no end'")))
    scene.fill(85)
    scene.wait_runs(1)
    for words in ("to stdout", "to stderr", "no end", "succeeded"):
        wait_until(lambda w=words: w in daemon.stderr, f"{words} is logged")


def test_release(scene):
    """on_release runs when the last disk is released, and not before."""
    scene.mount("/var/other")
    disks = [{"mount": mount, "threshold": 80, "release": 70} for mount in (MOUNT, "/var/other")]
    command = scene.command()
    daemon = scene.start(scene.config(command, command, disks=disks))
    scene.fill(85)
    scene.wait_runs(1)
    scene.fill(85, "/var/other")
    scene.wait_activated(disk="var_other")
    scene.fill(0)
    scene.wait_activated(False, disk=NAME)
    assert scene.marked() is True and daemon.next()["parachute.activated"] == 1
    assert scene.events() == ["activate"], "two disks, one activation; and it is not over yet"
    scene.fill(0, "/var/other")
    scene.wait_activated(False)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]


def test_two_mounts_of_one_device(scene):
    """Two observed mounts of one device are two verdicts and one activation."""
    scene.room.path("/var/again").mkdir()
    scene.room.mount("--bind", MOUNT, "/var/again")
    disks = [{"mount": mount, "threshold": 80} for mount in (MOUNT, "/var/again")]
    daemon = scene.start(scene.config(scene.command(), disks=disks))
    scene.fill(85)
    scene.wait_activated(disk="var_again")
    snapshot = daemon.next()
    assert [snapshot.disk(name, "parachute")["activated"] for name in (NAME, "var_again")] == [1, 1]
    scene.wait_runs(1)


def test_release_waits_for_the_activation(scene):
    """A release comes after the activation's command, however long that takes; the agent goes on meanwhile."""
    gate = pipe(scene)
    daemon = scene.start(scene.config(scene.command(HELD.format(gate), "slow"), scene.command()))
    lines = daemon.lines()
    scene.fill(85)
    wait_begun(scene)
    scene.fill(0)
    scene.wait_activated(False)
    lines.count(2)
    assert [run.event for run in scene.runs()] == ["activate"]
    let_go(gate)
    assert [run.event for run in scene.wait_runs(2)] == ["activate", "release"]
    lines.assert_every_slot()


def test_tried_again(scene):
    """A command that fails twice and then succeeds is run three times, and that was it."""
    count = scene.folder / "count"
    body = f"echo x >>'{count}'; test $(wc -l <'{count}') -gt 2"
    daemon = scene.start(scene.config({"command": [scene.command(body)], "retries": 3}))
    scene.fill(85)
    wait_until(lambda: len(scene.events()) == 3, "three runs")
    assert [run.status for run in scene.runs()] == [1, 1, 0]
    wait_until(lambda: scene.status()["on_activate"]["state"] == "finished", "it is finished")
    daemon.next()
    assert len(scene.runs()) == 3


def test_failed_for_good(scene):
    """One that goes on failing is given up after its retries, seen as failed, and run at the next activation."""
    daemon = scene.start(scene.config({"command": [scene.command("exit 3")], "retries": 1}))
    scene.fill(85)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "failed", "it has failed")
    assert len(scene.runs()) == 2
    scene.fill(0)
    scene.wait_activated(False)
    assert scene.status()["on_activate"]["state"] == "failed"
    assert daemon.next()["parachute.activated"] == 0
    scene.fill(85)
    wait_begun(scene, 3)


def test_over_its_timeout(scene):
    """A command that hangs, ignores TERM and forks children that do as well is ended whole; it counts as failed."""
    hang = "tail -f /dev/null & echo $! >>'{0}'; "
    body = "trap '' TERM; " + 2 * hang + "wait; wait; wait"
    children = scene.folder / "children"
    command = {"command": [scene.command(body.format(children))], "timeout": 0.3, "retries": 0}
    daemon = scene.start(scene.config(command))
    lines = daemon.lines()
    scene.fill(85)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "failed", "it has failed")
    pids = [*map(int, children.read_text().split()), scene.runs()[0].pid]
    wait_until(lambda: not any(map(alive, pids)), "all of it is gone")
    assert "0.3 s" in daemon.stderr
    lines.assert_every_slot()


def test_prints_a_gigabyte(scene):
    """One that prints 1 GiB ends, does not flood the log, and costs nobody a slot."""
    daemon = scene.start(scene.config(scene.command("yes | head -c 1073741824")))
    lines = daemon.lines()
    scene.fill(85)
    scene.wait_runs(1)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "finished", "it is finished")
    assert len(daemon.stderr) < 1 << 20
    lines.count(3)
    lines.assert_every_slot()


def test_not_there_at_the_time(scene):
    """A command that is gone when it is needed is an attempt that failed, told with the reason; back again, it runs."""
    command = scene.command()
    daemon = scene.start(scene.config({"command": [command], "retries": 100}))
    os.rename(command, command + ".away")
    scene.fill(85)
    wait_until(lambda: re.search(r"activate, attempt 1 .*could not be run", daemon.stderr), "it is missed")
    os.rename(command + ".away", command)
    scene.wait_runs(1)


def test_replaced_by_others(scene):
    """A command that others can write to by the time it is needed is not run, and that is said."""
    command = scene.command()
    daemon = scene.start(scene.config({"command": [command], "retries": 0}))
    os.chmod(command, 0o777)
    scene.fill(85)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "failed", "it is refused")
    assert "writable by others" in daemon.stderr
    assert scene.runs() == []


def test_as_another_user(scene):
    """`user` runs the command as that user, without root's groups."""
    script = scene.room.path("/var/who")
    script.write_text("#!/bin/sh\nid -u; id -G >/dev/stderr; ls /root\n")
    script.chmod(0o755)
    daemon = scene.start(scene.config({"command": ["/var/who"], "user": "nobody", "retries": 0}))
    scene.fill(85)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "failed", "root's folder is closed to it")
    said = re.findall(r"attempt 1 of 1: (65534|.*Permission denied)", daemon.stderr)
    assert said[:2] == ["65534", "65534"] and len(said) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_the_command_alone(scene, number):
    """The agent stops at once; the command runs on, its end is written down, and it is not run again."""
    gate = pipe(scene)
    daemon = scene.start(scene.config(scene.command(HELD.format(gate) + "; echo to nobody")))
    scene.fill(85)
    run = wait_begun(scene)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "running", "it is known to run")
    daemon.stop(number=number)
    assert alive(run.pid)
    supervisor = supervisor_of(run)
    let_go(gate)
    wait_until(lambda: scene.runs()[0].status == 0, "it ends by itself")
    wait_until(lambda: not alive(supervisor), "its supervisor has written that down")
    daemon = scene.start(scene.config(scene.command(HELD.format(gate))))
    wait_until(lambda: scene.status()["on_activate"]["state"] == "finished", "that is known")
    daemon.next()
    assert len(scene.runs()) == 1


def test_without_a_state_dir(scene):
    """Without a state_dir commands run all the same; a warning says what that means."""
    config = scene.config(scene.command())
    del config["state_dir"]
    daemon = scene.start(config)
    assert "state_dir" in daemon.stderr
    scene.fill(85)
    scene.wait_runs(1)


def test_votes(scene):
    """With times and cycles, one reading over the threshold is not enough; unreadable ones tell nothing."""
    daemon = scene.start(scene.config(scene.command(), times=2, cycles=2))
    scene.wait_activated(False)
    scene.fill(85)
    scene.wait_runs(1)
    wait_until(lambda: daemon.next()["parachute.activated"] == 1, "it is activated")


def test_too_few_votes(scene):
    """While too few readings agree, it is not activated, though it is over."""
    daemon = scene.start(scene.config(scene.command(), times=64, cycles=64, interval=1))
    scene.fill(85)
    wait_until(lambda: daemon.next().disk(NAME, "parachute").get("used_percent", 0) >= 80, "it is over")
    assert scene.marked() is False and scene.runs() == []


def test_missing_counts(scene):
    """missing: "activate": a disk that is not mounted counts as full; one without keeps its verdict."""
    disks = [
        {"mount": "/var/nowhere", "threshold": 80},
        {"mount": "/var/gone", "threshold": 80, "missing": "activate"},
    ]
    daemon = scene.start(scene.config(scene.command(), disks=disks))
    scene.wait_runs(1)
    snapshot = daemon.next()
    assert snapshot.disk("var_nowhere", "parachute") == {"error": 1, "used_threshold": 80, "activated": 0}
    assert snapshot.disk("var_gone", "parachute") == {"error": 1, "used_threshold": 80, "activated": 1}
    scene.mount("/var/gone")
    scene.wait_activated(False)


def test_free_bytes_and_inodes(scene):
    """min_free and inodes activate where the used percent does not."""
    room = scene.room
    for mount, options in (("/var/few", "size=4m,nr_inodes=100"), ("/var/small", "size=4m")):
        room.path(mount).mkdir()
        room.mount("-t", "tmpfs", "-o", options, "none", mount)
    disks = [
        {"mount": "/var/few", "threshold": 99, "inodes": 50},
        {"mount": "/var/small", "threshold": 99, "min_free": "3M"},
    ]
    scene.start(scene.config(scene.command(), disks=disks))
    scene.fill(20, "/var/small")
    scene.daemon.next()
    assert scene.runs() == []
    for number in range(60):
        (room.path("/var/few") / str(number)).touch()
    scene.wait_activated(disk="var_few")
    scene.fill(40, "/var/small")
    scene.wait_activated(disk="var_small")
    scene.wait_runs(1)
    assert "inodes" in scene.daemon.stderr and "min_free" in scene.daemon.stderr
