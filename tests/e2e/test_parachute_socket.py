"""The control socket itself: where it is, who finds it, and what may come in through it."""

import os
import socket
import stat
import subprocess
import time

import points
import pytest
from operators import MISSING, NOBODY, QUIET, Raw, operate  # noqa: F401  (a fixture)

USAGE = b"err the agent does not know this request\nexit 2\n"


def test_the_socket_is_there_and_goes(operate):
    """run_dir is made, the socket is for owner and group, and at the end it is gone."""
    one = operate(QUIET)
    assert stat.S_IMODE(one.run_dir.stat().st_mode) == 0o755
    assert stat.S_IMODE(one.socket.stat().st_mode) == 0o660
    one.daemon.stop()
    assert not one.socket.exists()


def test_no_agent(run, folder):
    """It says where it has looked, and how to look elsewhere."""
    for where in ("nowhere", "."):
        result = run("parachute", "status", "--run-dir", str(folder / where))
        assert (result.status, result.stdout) == (1, b"")
        assert result.stderr == (
            f"altimeter: no agent answers at {folder / where}/control (No such file or directory): is altimeter "
            "running, and run_dir set to this? --run-dir DIR or --config FILE names another one\n"
        )


def test_a_dead_agents_socket(operate, run):
    """Killed, the agent leaves its socket behind: nobody answers there, and the next agent replaces it."""
    one = operate(QUIET)
    one.daemon.process.kill()
    one.daemon.process.wait(points.DEADLINE_S)
    one.daemon.stopped = True
    assert one.socket.is_socket()
    result = one.ask("status")
    assert result.status == 1 and "(Connection refused): is altimeter running" in result.stderr
    assert operate(QUIET).ask("status").status == 0


def test_two_agents_of_one_run_dir(operate, run):
    """The second one gives up in one line; the first one keeps its socket."""
    one = operate(QUIET)
    result = run("-q", "--http", "off", "--lines", "off", config={"run_dir": str(one.run_dir)})
    assert result.status == 1
    assert f"unix:{one.socket}" in result.stderr and "in use" in result.stderr, result.stderr
    assert one.ask("status").status == 0


@pytest.mark.parametrize("place", ["absent/run", "file"])
def test_run_dir_that_cannot_be(run, folder, place):
    """Only its last part is made; what is no folder is an error at once."""
    (folder / "file").write_text("mine")
    result = run("-q", "--http", "off", "--lines", "off", config={"run_dir": str(folder / place)})
    assert result.status == 1 and str(folder / place) in result.stderr
    assert (folder / "file").read_text() == "mine"


def test_run_dir_of_a_configuration(operate, run, folder):
    """--config finds the agent that was started with it; without run_dir in it there is none to find."""
    one = operate(QUIET)
    result = run("parachute", "status", "--config", str(one.daemon.folder / "altimeter.json"))
    assert result.status == 0 and result.stdout.startswith(b"node: not activated")
    (folder / "none.json").write_text("{}")
    result = run("parachute", "status", "-c", str(folder / "none.json"))
    assert result.status == 2 and "sets run_dir" in result.stderr
    (folder / "bad.json").write_text('{"run_dir": 5}')
    result = run("parachute", "status", "-c", str(folder / "bad.json"))
    assert result.status == 2 and "run_dir" in result.stderr


@pytest.mark.parametrize(
    "words, named",
    [
        ((), "status, reset or test"),
        (("stat",), "stat"),
        (("status", "--nonsense"), "--nonsense"),
        (("status", "-x"), "-x"),
        (("status", "ephemeral"), "no other word"),
        (("status", "--force"), "--force: must go with parachute reset"),
        (("status", "--json=yes"), "--json: must have no value"),
        (("reset", "a", "b"), "one disk"),
        (("reset", "a\tforce"), "tabs"),
        (("reset", ""), "a disk's name"),
        (("test",), "followed by a disk"),
        (("test", "a" * 5000), "too long"),
        (("status", "--run-dir"), "--run-dir: must have a value"),
        (("status", "--run-dir", ""), "--run-dir: must be a directory"),
        (("--verbose", "status"), "--verbose"),
    ],
)
def test_wrong_command_line(run, words, named):
    """What is wrong is named in one line, and nobody is asked."""
    result = run("parachute", *words)
    assert (result.status, result.stdout) == (2, b"")
    assert result.stderr.count("\n") == 1 and named in result.stderr, result.stderr


def test_help_fits_a_screen(run):
    """24 lines of 80 columns."""
    for words in (("--help",), ("status", "-h"), ("-h", "nonsense")):
        result = run("parachute", *words)
        assert result.status == 0 and result.stderr == ""
        lines = result.stdout.decode().splitlines()
        assert len(lines) <= 24 and max(map(len, lines)) <= 80


def test_stdout_that_is_full(operate):
    """What cannot be printed is no success."""
    one = operate(QUIET)
    result = one.ask("status", wrapper=["sh", "-c", 'exec "$@" >/dev/full', "sh"])
    assert result.status == 1 and "cannot write to stdout" in result.stderr


GARBAGE = [
    (b"\n", USAGE),
    (b"GET / HTTP/1.1\r\n", USAGE),
    (b"status\txml\n", USAGE),
    (b"reset\ta\tb\tc\n", USAGE),
    (b"\t\t\n", USAGE),
    (b"\xff\xfe\x1b[2J\n", USAGE),
    (b"status\0\n", b"err the request is no line of text\nexit 2\n"),
    (b"a" * 4096, b"err the request is too long\nexit 2\n"),
    (b"a" * 1_000_000, b"err the request is too long\nexit 2\n"),
    (b"test\t\x1b]0;x\x07\n", None),
]


def test_garbage(operate):
    """Whatever comes in is answered in words, and the next one is served."""
    one = operate(QUIET)
    for request, expected in GARBAGE:
        client = Raw(one.socket)
        try:
            client.say(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was too much
        answer = client.answer()
        assert answer == expected or expected is None and answer.startswith(b'err no disk "\\x1b]0;x\\x07"'), request
    for request in (b"", b"stat"):
        client = Raw(one.socket).say(request)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer() == b""
    assert one.ask("status").status == 0


def test_many_ask_at_once(operate):
    """A hundred clients in turns, connected before the first one asks: as many as there is room for are served."""
    one = operate(QUIET)
    clients = [Raw(one.socket) for _ in range(100)]
    answers = []
    for client in clients:
        try:
            client.say(b"status\n")
        except BrokenPipeError:
            pass  # turned away; it was told why
        answers.append(client.answer())
    turned_away = [answer for answer in answers if answer == b"err too many ask at once; try again\nexit 1\n"]
    served = [answer for answer in answers if answer.endswith(b"\nexit 0\n")]
    assert len(served) + len(turned_away) == 100 and len(served) >= 16
    assert one.ask("status").status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_only_looks_keeps_nobody_out(operate):
    """However many members of the group sit there and say nothing, root is served."""
    one = operate(MISSING)
    guests = [Raw(one.socket, uid=NOBODY) for _ in range(20)]
    assert guests[-1].answer().startswith(b"err too many")
    assert one.ask("reset", "--force").status == 0
    for guest in guests:
        guest.socket.close()


def test_who_says_nothing_is_closed(operate):
    """Ten seconds are enough for a request, also where it comes byte by byte."""
    one = operate(QUIET)
    began = time.monotonic()
    silent, slow = Raw(one.socket), Raw(one.socket)
    slow.socket.settimeout(0.5)
    while True:
        try:
            slow.say(b"s")
            assert slow.socket.recv(1) == b""
            break
        except TimeoutError:
            assert time.monotonic() - began < points.DEADLINE_S
        except (BrokenPipeError, ConnectionResetError):
            break
    assert time.monotonic() - began > 9
    assert silent.answer() == b""


def test_no_descriptor_is_left(operate):
    """After all of them are gone, the agent has no descriptor more than before."""
    one = operate(QUIET)

    def descriptors():
        return len(os.listdir(f"/proc/{one.daemon.pid}/fd"))

    one.ask("status")
    before = points.wait_until(descriptors, "it has some")
    for _ in range(3):
        clients = [Raw(one.socket) for _ in range(30)]
        for client in clients[::2]:
            try:
                client.say(b"status\tjson\n")
            except BrokenPipeError:
                pass
        for client in clients:
            client.socket.close()
    points.wait_until(lambda: descriptors() <= before, "they are all closed")


@pytest.mark.parametrize("owner, mode, why", [(NOBODY, 0o755, "belongs to another user"), (0, 0o777, "chmod go-w")])
def test_run_dir_of_others(run, folder, owner, mode, why):
    """A run_dir in which others could put their own socket is refused at once."""
    run_dir = folder / "run"
    run_dir.mkdir()
    os.chown(run_dir, owner, owner)
    run_dir.chmod(mode)
    result = run("-q", "--http", "off", "--lines", "off", config={"run_dir": str(run_dir)})
    assert result.status == 1 and why in result.stderr, result.stderr
    assert list(run_dir.iterdir()) == []


ANSWERS = {"escapes": (b"out \x1b]0;owned\x07\x9b\nexit 0\n", 0), "no-end": (b"x" * 5000000, 1)}


@pytest.mark.parametrize("answer, status", ANSWERS.values(), ids=ANSWERS)
def test_who_answers_is_no_agent(program, folder, answer, status):
    """What answers at the socket may be anybody: it does nothing to the operator's terminal or memory."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "control"))
        listener.listen(1)
        asking = subprocess.Popen(
            [program, "parachute", "status", "--run-dir", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        peer, _ = listener.accept()
        with peer:
            try:
                peer.sendall(answer)
            except BrokenPipeError:
                assert status == 1
            out, err = asking.communicate(timeout=points.DEADLINE_S)
    assert asking.returncode == status and b"\x1b" not in out + err and b"\x9b" not in out + err, (out, err)
    assert b"is no agent" in err if status else out == b"\\x1b]0;owned\\x07\\x9b\n"
