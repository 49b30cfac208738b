"""Where the log goes to somebody who does not read it: the agent goes on, ends in time, and says later what was lost."""

import os
import re
import signal
import socket
import termios

import points
import pytest
import terminals
from logs import Reader, assert_goes_on, fill, helpers_of, into, prepared, wait_lost


@pytest.fixture
def pipe(folder):
    """A named pipe; whoever opened it for both holds it open."""
    path = folder / "pipe"
    os.mkfifo(path)
    opened = []

    def opener(flags):
        opened.append(os.open(path, flags | os.O_NONBLOCK))
        return opened[-1]

    opener.path, opener.opened = path, opened
    yield opener
    for descriptor in opened:
        os.close(descriptor)


def assert_opened_again(daemon, path):
    """It has a way of its own to write there, that does not block; the one that it shares is as it was."""
    blocking = []
    for number in os.listdir(f"/proc/{daemon.pid}/fd"):
        try:
            there = os.readlink(f"/proc/{daemon.pid}/fd/{number}")
            with open(f"/proc/{daemon.pid}/fdinfo/{number}", encoding="ascii") as file:
                flags = int(re.search(r"flags:\s*(\d+)", file.read())[1], 8)
        except FileNotFoundError:  # it was closed meanwhile
            continue
        if there == str(path):
            blocking.append((int(number) > 2, bool(flags & os.O_NONBLOCK)))
    assert sorted(blocking)[-1] == (True, True) and (False, True) not in blocking, blocking


def assert_recovers(daemon, reader):
    """As long as nobody reads the agent goes on; then the log tells what was lost, and has its end."""
    assert_goes_on(daemon)
    assert wait_lost(reader.read) >= 3
    daemon.stop()
    assert reader.read().endswith("stopping: SIGTERM\n")


def test_full_pipe(agent, pipe):
    """A pipe that nobody reads is full; later somebody reads."""
    reader = pipe(os.O_RDWR)
    fill(reader)
    daemon = agent(wrapper=into(pipe.path))
    assert not helpers_of(daemon), "that takes no process"
    assert_opened_again(daemon, pipe.path)
    assert_recovers(daemon, Reader(reader))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_ends_with_a_full_pipe(agent, pipe, end):
    """A pipe becomes full while the agent runs, and stays so: it ends all the same."""
    reader = pipe(os.O_RDWR)
    daemon = agent(wrapper=into(pipe.path))
    fill(reader)
    assert_goes_on(daemon)
    daemon.stop(number=end)


def test_closed_pipe(agent, pipe):
    """Who read the log has gone."""
    pipe(os.O_RDONLY)
    daemon = agent(wrapper=into(pipe.path))
    os.close(pipe.opened.pop())
    assert_goes_on(daemon)
    daemon.stop()


def test_pipe_of_somebody_else(agent, pipe):
    """A full pipe that may not be opened a second time goes through a process, which ends with the agent."""
    reader = pipe(os.O_RDWR)
    # by a descriptor, since he may not come to where the program lies
    script = f"""
program = os.open(sys.argv[1], os.O_RDONLY)
os.dup2(os.open({str(pipe.path)!r}, os.O_WRONLY), 2)
os.fchmod(2, 0)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
os.execve(program, sys.argv[1:], os.environ)
"""
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    fill(reader)
    daemon = agent(wrapper=prepared(script))
    assert helpers_of(daemon)
    assert_goes_on(daemon)
    daemon.stop()
    assert not helpers_of(daemon)


@pytest.mark.parametrize("how", ["stopped", "unread"])
def test_terminal(agent, how):
    """A terminal that was stopped with ^S, or whose window does not read."""
    master, slave = terminals.open_pair()
    if how == "stopped":
        termios.tcflow(slave, termios.TCOOFF)
    else:
        fill(slave)
    daemon = agent(wrapper=into(os.ttyname(slave)))
    assert_opened_again(daemon, os.ttyname(slave))
    assert_goes_on(daemon)
    if how == "stopped":
        assert Reader(master).read() == ""
        termios.tcflow(slave, termios.TCOON)
    # The first line that found little room was begun, so the lost ones may be fewer than its first words.
    reader = Reader(master)
    assert wait_lost(reader.read) >= 1
    daemon.stop()
    points.wait_until(lambda: reader.read().endswith("stopping: SIGTERM\n"), "its last word")
    os.close(slave)
    os.close(master)


def test_terminal_of_the_foreground(agent):
    """A terminal that stops those in its background that write to it (stty tostop) does not stop the agent."""
    master, slave = terminals.open_pair()
    attributes = termios.tcgetattr(slave)
    attributes[3] |= termios.TOSTOP
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    # The agent leads the session, in the background; a child, which ends with it, is the foreground.
    script = f"""
import ctypes, fcntl, signal, termios
terminal = os.open({os.ttyname(slave)!r}, os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
done, say_done = os.pipe()
if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    os.write(say_done, b"1")
    signal.pause()
os.read(done, 1)
os.dup2(terminal, 2)
"""
    daemon = agent(wrapper=prepared(script))
    reader = Reader(master)
    assert_goes_on(daemon)
    points.wait_until(lambda: "raw lines" in reader.read(), "it writes there")
    os.close(slave)
    daemon.stop()
    os.close(master)


def test_journal_that_does_not_read(agent, folder):
    """The journal's socket is full; later it is read, and the lines have their priority."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "journal"))
    listener.listen()
    script = f"""
link = socket.socket(socket.AF_UNIX)
link.connect({str(folder / 'journal')!r})
link.setblocking(False)
try:
    while True:
        link.send(b"\\n" * 1024)
except BlockingIOError:
    link.setblocking(True)
os.dup2(link.fileno(), 2)
of = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{{of.st_dev}}:{{of.st_ino}}"
"""
    daemon = agent(wrapper=prepared(script))
    journal, _ = listener.accept()
    assert not helpers_of(daemon)
    reader = Reader(journal.fileno())
    assert_recovers(daemon, reader)
    journal.close()
    listener.close()
    assert all(re.match(r"<[3-7]>[a-z]", line) for line in reader.text().splitlines()), reader.text()


def test_journal_that_goes(agent, folder):
    """The journal's socket is closed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "journal"))
    listener.listen()
    script = f"""
link = socket.socket(socket.AF_UNIX)
link.connect({str(folder / 'journal')!r})
os.dup2(link.fileno(), 2)
"""
    daemon = agent(wrapper=prepared(script))
    listener.accept()[0].close()
    assert_goes_on(daemon)
    daemon.stop()
    listener.close()
