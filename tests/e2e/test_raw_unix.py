"""The raw lines door on a unix socket: whose it is, and what may be in the way."""

import os
import socket
import stat

import netcat
import points
import pytest


@pytest.fixture
def client():
    """Makes clients: client(port), client("/path")."""
    with netcat.clients() as connect:
        yield connect


@pytest.fixture
def unix(agent, folder):
    """Starts an agent that listens at `lines.sock` in the test's folder, and gives it and the path."""
    path = folder / "lines.sock"

    def start(**options):
        daemon = agent("--lines", f"unix:{path}", **options)
        points.wait_until(path.is_socket, "the socket is there")
        return daemon, path

    return start


def test_unix_socket(unix, client):
    """On a unix socket it is the same door, for owner and group only, and the path is free again at the end."""
    daemon, path = unix()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    one, done = client(str(path)), client(str(path))
    done.half_close()
    assert len(points.parse(done.rest())) == 1
    assert points.split(one.line())
    daemon.stop()
    assert one.rest().endswith(b"\n")
    assert not path.exists()


def test_stale_socket_is_replaced(unix, client, folder):
    """A socket that somebody left behind is no hindrance."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "lines.sock"))
    _, path = unix()
    points.wait_until(lambda: reached(path), "somebody listens again")
    assert points.split(client(str(path)).line())


def reached(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def test_socket_after_kill(unix, client):
    """After kill -9 the next start finds its own socket and replaces it."""
    daemon, path = unix()
    daemon.process.kill()
    daemon.process.wait(points.DEADLINE_S)
    daemon.stopped = True
    assert path.is_socket()
    unix()
    points.wait_until(lambda: reached(path), "somebody listens again")
    assert points.split(client(str(path)).line())


def refused(run, path):
    """Starts it there; it must give up in one line that names the path."""
    result = run("-q", "--http", "off", "--lines", f"unix:{path}")
    assert result.status == 1
    assert result.stdout == b""
    assert result.stderr.count("\n") == 1 and str(path) in result.stderr, result.stderr


def test_live_socket_is_refused(run, folder):
    """A socket at which somebody listens is theirs."""
    path = folder / "live.sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen()
        inode = path.stat().st_ino
        refused(run, path)
        assert path.stat().st_ino == inode
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(path))


def test_busy_socket_is_refused(run, folder):
    """A listener whose queue is full is alive too, and nobody waits for it."""
    path = folder / "busy.sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen(0)
        waiting = []
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            if waiting[-1].connect_ex(str(path)) != 0:
                break
        refused(run, path)
        assert path.is_socket()
        for one in waiting:
            one.close()


def test_what_is_no_socket_is_refused(run, folder):
    """A file, folder, pipe or link in the way is left as it is."""
    file, directory, pipe, link = (folder / name for name in ("file", "directory", "pipe", "link"))
    file.write_text("mine")
    directory.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(file)
    before = [path.lstat() for path in (file, directory, pipe, link)]
    for path in (file, directory, pipe, link):
        refused(run, path)
    assert file.read_text() == "mine"
    after = [path.lstat() for path in (file, directory, pipe, link)]
    assert [(s.st_ino, s.st_mode, s.st_mtime) for s in after] == [(s.st_ino, s.st_mode, s.st_mtime) for s in before]


@pytest.mark.parametrize("place", ["absent/lines.sock", "file/lines.sock"])
def test_no_folder_for_the_socket(run, folder, place):
    """Where the folder does not exist, or is none, it says so and ends."""
    (folder / "file").write_text("")
    refused(run, folder / place)


def test_folder_that_cannot_be_written(run):
    """Where nobody, not even root, may make a socket, it says so and ends."""
    refused(run, "/proc/lines.sock")
