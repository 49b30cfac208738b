"""`altimeter parachute status | reset | test`: what an operator sees, and what he can do."""

import json
import os
import re
import signal
import subprocess

import points
import pytest
from operators import MISSING, NOBODY, QUIET, operate  # noqa: F401  (a fixture)

DISK = "/var/vcap/data"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


def fill(room, percent):
    """Makes the tmpfs of 16 MiB at DISK so full."""
    with open(room.path(DISK) / "fill", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 16 * 1024 * 1024 * percent // 100 + 4096)


@pytest.fixture
def disk(room):
    """The room, with a tmpfs of 16 MiB at DISK."""
    room.mount("-t", "tmpfs", "-o", "size=16M", "none", DISK)
    return room


def rows(result):
    """The table's lines as name -> the rest of the line."""
    assert result.status == 0, result.stderr
    return dict(line.split(None, 1) for line in result.stdout.decode().splitlines() if " " in line)


def test_status_from_ok_to_reset(operate, disk):
    """A disk fills up, the command runs, the disk is emptied: each step is told, and only a reset ends the latch."""
    one = operate({"latch": True, "disks": [{"mount": DISK, "threshold": 60}]}, "echo done", room=disk)
    table = rows(one.ask("status"))
    assert table["node:"] == "not activated"
    assert re.fullmatch(rf"{DISK} +0% +60% +ok +-", table["ephemeral"]), table
    assert re.fullmatch(r"/var/vcap/store +- +80% +never seen +-", table["persistent"]), table
    assert re.fullmatch(rf"{one.folder}/on_activate +none yet +-", table["on_activate"]), table
    assert re.fullmatch(r"- +not configured +-", table["on_release"]), table

    fill(disk, 75)
    one.wait(lambda status: status["on_activate"]["state"] == "finished", "the command has run")
    table = rows(one.ask("status"))
    assert re.fullmatch(rf"activated since {TIME} \(for \d+ s\)", table["node:"]), table
    assert re.fullmatch(rf"{DISK} +75% +60% +activated, latched +{TIME} \(\d+ s ago\)", table["ephemeral"]), table
    assert re.search(rf" finished \(status 0\) +{TIME} \(\d+ s ago\)$", table["on_activate"]), table
    refused = one.ask("reset", DISK)
    assert (refused.status, refused.stdout) == (1, b"")
    assert refused.stderr == (
        "altimeter: ephemeral is still over its threshold: 75% used, threshold 60%; "
        "--force releases it all the same\n"
    )

    (disk.path(DISK) / "fill").unlink()
    one.wait(lambda status: status["disks"][0]["used_percent"] == 0, "it is seen to be empty")
    assert one.disk("ephemeral")["state"] == "activated"
    done = one.ask("reset", "ephemeral")
    assert done.status == 0 and b"ephemeral: released\n" in done.stdout, done.stderr
    status = one.status()
    assert not status["activated"] and status["disks"][0]["state"] == "ok"
    assert one.daemon.stderr.count(": done\n") == 1


def test_reset_by_force_holds_off(operate, disk):
    """Forced, a disk that is still full stays released until it has been below; then it counts again."""
    one = operate({"disks": [{"mount": DISK, "threshold": 60}]}, room=disk)
    fill(disk, 75)
    one.wait(lambda status: status["activated"], "it is activated")
    assert one.ask("reset").status == 1
    done = one.ask("reset", "--force")
    assert done.status == 0, done.stderr
    assert b"ephemeral: released, and held off: 75% used, threshold 60%" in done.stdout
    before = one.daemon.next()
    assert before["parachute.activated"] == 0 and one.disk("ephemeral")["state"] == "held off"
    (disk.path(DISK) / "fill").unlink()
    one.wait(lambda status: status["disks"][0]["state"] == "ok", "it is watched again")
    fill(disk, 75)
    one.wait(lambda status: status["activated"], "it is activated again")


def test_reset_forgets_a_failed_command(operate, disk):
    """A command that failed for good is seen to have failed until a reset."""
    one = operate({"disks": [{"mount": DISK, "threshold": 60}]}, "exit 7", room=disk)
    fill(disk, 75)
    one.wait(lambda status: status["on_activate"]["state"] == "failed", "the command has failed")
    assert "failed (exit status 7, 1 attempt)" in one.ask("status").stdout.decode()
    assert (one.status()["on_activate"]["status"], one.status()["on_activate"]["result"]) == (7, "exit status 7")
    assert one.ask("reset", "ephemeral").status == 1, "not while it is full"
    assert one.status()["on_activate"]["state"] == "failed"
    assert one.ask("reset", "ephemeral", "--force").status == 0
    assert one.status()["on_activate"]["state"] == "none"


def test_what_would_be_run_can_be_pasted(operate, folder):
    """`test` shows decision, command and environment and runs nothing; pasted, the command gets the same words."""
    script = f'printf "%s\\n" "$@" >> {folder}/ran\n'
    one = operate(QUIET, script)
    result = one.ask("test", "/")
    assert result.status == 0, result.stderr
    lines = result.stdout.decode().splitlines()
    assert re.fullmatch(r"system: \d+% used, threshold 100%: not activated; it would be at 100%", lines[0])
    assert not (folder / "ran").exists()
    (command,) = [line for line in lines if line.startswith(f"  {folder}")]
    subprocess.run(command, shell=True, check=True)
    assert (folder / "ran").read_text() == "it's\na b\n"
    environment = {line.strip() for line in lines if line.startswith("  PA")}
    assert {"PARACHUTE_EVENT=activate", "PARACHUTE_DISKS=system", "PARACHUTE_DISK=system",
            "PARACHUTE_MOUNT=/", "PARACHUTE_THRESHOLD=100"} < environment


def test_a_rehearsal_has_that_environment(operate):
    """--run runs the command once; its output comes through, and its environment is the one that was shown."""
    one = operate(QUIET, "env | sort; echo; printf 'no newline \\033' >&2")
    shown, ran = one.ask("test", "system"), one.ask("test", "system", "--run")
    assert ran.status == 0, ran.stderr
    output = ran.stdout.decode().partition("it runs:\n")[2].splitlines()
    fixed = {"PARACHUTE_EVENT", "PARACHUTE_DISKS", "PARACHUTE_NAMESPACE", "PARACHUTE_MOUNT", "PATH"}
    for line in shown.stdout.decode().splitlines():
        if line.startswith("  ") and line.split("=")[0].strip() in fixed:
            assert line.strip() in output, (line, output)
    assert output[-3:] == ["", "no newline \\x1b", "on_activate has finished: exit status 0"]
    assert one.status()["on_activate"]["state"] == "none", "it is no run of the plan"


@pytest.mark.parametrize("script, words", [("exit 3", "exit status 3"), ("kill -9 $$", "ended by signal 9 (Killed)")])
def test_a_rehearsal_that_fails(operate, script, words):
    """What the command ends with decides the exit status; it is not tried again."""
    one = operate(QUIET, script)
    result = one.ask("test", "system", "--run")
    assert result.status == 1
    assert result.stderr == f"altimeter: on_activate has failed: {words}\n"


def test_a_rehearsal_may_take_its_time(operate):
    """A command that says nothing for longer than an agent may is waited for."""
    one = operate(QUIET, "echo begun; sleep 6; echo slept")
    result = one.ask("test", "system", "--run")
    assert result.status == 0 and b"slept\n" in result.stdout, result.stderr


def test_no_command_no_rehearsal(operate):
    """Without on_activate there is nothing to run."""
    one = operate(QUIET)
    assert b"on_activate: not configured" in one.ask("test", "system").stdout
    result = one.ask("test", "system", "--run")
    assert result.status == 1 and "on_activate is not run: " in result.stderr


def test_two_rehearsals_at_once(operate, folder):
    """The second one is refused while the first is running."""
    os.mkfifo(folder / "gate")
    one = operate(QUIET, f"echo waiting; read line < {folder}/gate")
    command = [one.program, "parachute", "test", "/", "--run", "--run-dir", str(one.run_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        while first.stdout.readline() != b"waiting\n":
            pass
        second = one.ask("test", "/", "--run")
        (folder / "gate").write_text("go\n")
        assert second.status == 1 and "on_activate is not run: " in second.stderr
        assert first.wait(points.DEADLINE_S) == 0


def test_the_agent_stops_meanwhile(operate, folder):
    """Whoever waits for a rehearsal's end is told that the agent stops; the command is left alone."""
    os.mkfifo(folder / "gate")
    one = operate(QUIET, f"echo waiting; read line < {folder}/gate; echo $line > {folder}/went")
    command = [one.program, "parachute", "test", "/", "--run", "--run-dir", str(one.run_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        while client.stdout.readline() != b"waiting\n":
            pass
        one.daemon.stop()
        assert client.wait(points.DEADLINE_S) == 1
        assert b"the agent stops" in client.stderr.read()
    (folder / "gate").write_text("on\n")
    points.wait_until(lambda: (folder / "went").exists(), "the command has gone on")


def test_the_agent_dies_meanwhile(operate, folder):
    """Killed, it ends its clients with an error."""
    os.mkfifo(folder / "gate")
    one = operate(QUIET, f"echo waiting; read line < {folder}/gate")
    command = [one.program, "parachute", "test", "/", "--run", "--run-dir", str(one.run_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        while client.stdout.readline() != b"waiting\n":
            pass
        one.daemon.process.kill()
        one.daemon.stopped = True
        assert client.wait(points.DEADLINE_S) == 1
        assert b"has ended, or hung up" in client.stderr.read()
    (folder / "gate").write_text("go\n")


def test_json_is_whole(operate):
    """--json has what the table has, as numbers, and null where nothing is known."""
    one = operate(MISSING)
    status = one.wait(lambda status: status["activated"], "it is activated")
    (disk,) = [disk for disk in status["disks"] if disk["mount"] == "/nowhere/at/all"]
    assert (disk["state"], disk["error"], disk["used_percent"]) == ("activated", "not mounted", None)
    assert disk["threshold_percent"] == 50 and disk["since_s"] >= status["since_s"] - 1 > 0
    assert status["on_activate"] is None and status["on_release"] is None
    text = one.ask("status", "--json").stdout
    assert json.loads(text) and text.endswith(b"}\n")


def test_not_mounted_may_count_as_full(operate):
    """Such a disk is not reset either, but by force."""
    one = operate(MISSING)
    one.wait(lambda status: status["activated"], "it is activated")
    refused = one.ask("reset")
    assert refused.status == 1 and "still counts as full: not mounted; --force" in refused.stderr
    assert one.ask("reset", "--force").status == 0
    assert not one.status()["activated"]


def test_a_disk_that_is_not_known(operate):
    """The disks that are known are named."""
    one = operate(QUIET)
    for words in (("reset", "dat"), ("test", "dat"), ("test", "/var")):
        result = one.ask(*words)
        assert result.status == 1
        assert f'no disk "{words[1]}" is observed; known are: system (/), ephemeral (/var/vcap/data)' in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_do_what(operate, folder):
    """The group may look, nobody else; only root and the agent's own user may change something."""
    one = operate(MISSING, f"echo x >> {folder}/ran; exit 0")
    one.wait(lambda status: status["on_activate"]["state"] == "finished", "the command has run")
    group = os.getegid()
    for words in (("status",), ("reset", "--force"), ("test", "/nowhere/at/all", "--run")):
        result = one.ask_as(NOBODY, NOBODY, *words)
        assert result.status == 1 and "not allowed to ask" in result.stderr, result.stderr
    assert one.ask_as(NOBODY, group, "status").status == 0
    assert one.ask_as(NOBODY, group, "test", "/nowhere/at/all").status == 0
    for words, what in ((("reset", "--force"), "reset"), (("test", "/nowhere/at/all", "--run"), "test --run")):
        result = one.ask_as(NOBODY, group, *words)
        assert (result.status, result.stdout) == (1, b"")
        assert result.stderr == f"altimeter: {what} is for root and the agent's own user only\n"
    assert one.status()["activated"] and (folder / "ran").read_text() == "x\n"


def test_a_stopped_agent_is_noticed(operate):
    """One that does not answer is no reason to wait for ever; afterwards it is well."""
    one = operate(QUIET)
    one.daemon.process.send_signal(signal.SIGSTOP)
    try:
        result = one.ask("status")
    finally:
        one.daemon.process.send_signal(signal.SIGCONT)
    assert result.status == 1 and "has said nothing for 5 s" in result.stderr, result.stderr
    assert one.ask("status").status == 0
