"""The end of it all, by itself or by a signal: nothing that was started outlives us."""

import contextlib
import ctypes
import os
import signal
import time

from processes import STOP_S, running

PR_SET_CHILD_SUBREAPER = 36
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def prepare():
    """
    Orphans of what we start become our children, where end_all() finds them. The first signal ends us by SystemExit;
    a second one does not disturb that. A signal that we were started to ignore, as nohup does, we ignore.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number, _):
    be_deaf()
    with contextlib.suppress(OSError):  # the terminal may be gone
        os.write(2, b"ending what was started\n")
    raise SystemExit(128 + number)


def be_deaf():
    """From now on no signal disturbs us."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def end_all():
    """Kills what still runs of all that was started. Only what that does not end, as on a disk that hangs, stays."""
    end = time.monotonic() + STOP_S
    with contextlib.suppress(ChildProcessError):  # there is none any more
        while time.monotonic() < end:
            for pid, parent, _ in running():
                if parent == os.getpid():
                    os.kill(pid, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.01)
