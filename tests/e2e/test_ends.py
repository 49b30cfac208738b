"""How the agent ends, and what it does after it was stopped for a while."""

import os
import signal
import time

import points
import pytest
import terminals
from agent import processes_of


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it(agent, number):
    """Both signals end it in time with exit status 0, doors closed and no helper left."""
    daemon = agent()
    lines = daemon.lines()
    daemon.stop(number=number)
    assert lines.tail(), "the newest snapshot comes at once, and the client sees the end"
    daemon.assert_no_helper()


def test_helpers_end_with_a_killed_agent(agent):
    """Even after kill -9 no helper process stays behind."""
    daemon = agent()
    assert len(processes_of(daemon.pid)) > 1, "the test's own aim: it has helpers"
    daemon.process.kill()
    daemon.process.wait(points.DEADLINE_S)
    daemon.stopped = True
    daemon.assert_no_helper()


def test_slots_that_passed_are_left_out(agent):
    """Stopped over some slots, it leaves them out, invents none, repeats none, and goes on."""
    daemon = agent()
    lines = daemon.lines()
    lines.count(1)
    os.kill(daemon.pid, signal.SIGSTOP)
    stopped = time.time()
    points.wait_until(lambda: time.time() > stopped + 3.2, "three slots have passed")
    woken = time.time()
    os.kill(daemon.pid, signal.SIGCONT)
    lines.wait(lambda snapshot: True, "going on", since=int(woken) + 2)
    stamps = [snapshot.timestamp for snapshot in lines.snapshots()]
    assert stamps == sorted(set(stamps))
    gap = [stamp for stamp in range(int(stopped) + 2, int(woken)) if stamp in stamps]
    assert not gap, f"slots that nobody looked at: {gap}"
    after = [stamp for stamp in stamps if stamp > woken]
    assert after == list(range(after[0], after[-1] + 1)), stamps


# Started by somebody careless: with both signals blocked, or with a log that nobody reads any more.
BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})"
FULL_LOG = """
reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True:
        os.write(writer, bytes(4096))
except BlockingIOError:
    os.set_blocking(writer, True)
os.dup2(writer, 2)
os.set_inheritable(reader, True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("carelessly", [BLOCKED, FULL_LOG], ids=["signals blocked", "log full"])
def test_started_carelessly(agent, carelessly, number):
    """It takes its snapshots and obeys its signals, whatever mask and log it was given."""
    script = f"import os, signal, sys\n{carelessly}\nos.execv(sys.argv[1], sys.argv[1:])"
    daemon = agent("-v", wrapper=("/usr/bin/python3", "-c", script))
    daemon.lines().count(2)
    daemon.stop(number=number)


# The terminal at sys.argv[1] becomes its own, as that of whoever starts it by hand.
AT_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR), termios.TIOCSCTTY, 0)
if sys.argv[2] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.mark.parametrize("how", ["by hand", "nohup"])
def test_terminal_closes(agent, how):
    """Started by hand it ends with its terminal, of which no reload is meant; under nohup it stays."""
    master, slave = terminals.open_pair()
    daemon = agent(wrapper=("/usr/bin/python3", "-c", AT_TERMINAL, os.ttyname(slave), how))
    os.kill(daemon.pid, signal.SIGHUP)  # a reload, as long as the terminal is there
    points.wait_until(lambda: daemon.health()["configuration"]["reloads"] == 1, "it was read again")
    os.close(slave)
    os.close(master)
    if how == "nohup":
        points.wait_until(lambda: daemon.health()["configuration"]["reloads"] == 2, "it goes on")
        return
    assert daemon.process.wait(points.DEADLINE_S) == 0
    daemon.stopped = True
    assert "its terminal was closed" in daemon.stderr
