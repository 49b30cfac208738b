"""Pseudo-terminals, where the machine has them."""

import os
import pty

import pytest


def open_pair():
    """A terminal: the test's end, and the one that a program is given."""
    try:
        master, slave = os.openpty()
        os.ttyname(slave)
        return master, slave
    except OSError as error:
        pytest.skip(f"no terminal can be made here (/dev/pts): {error}")


def fork():
    """A child at a terminal of its own: pty.fork()."""
    for end in open_pair():
        os.close(end)
    return pty.fork()
