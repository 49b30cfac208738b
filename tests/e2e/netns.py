"""Two machines of one's own with a cable between them: network namespaces, whose packets can be dropped."""

import contextlib
import ctypes
import os
import shutil
import subprocess

import pytest
from mounts import COMMAND_S, KEEPER, end

NEAR, FAR = "10.77.0.2", "10.77.0.1"
CLONE_NEWNET = 0x40000000


class Cable:
    """
    Two network namespaces, near and far, each kept by a process; with the processes all of it
    vanishes. The machine's own network is not touched.
    """

    def __init__(self):
        for program in ("ip", "iptables"):
            if not shutil.which(program):
                pytest.skip(f"no {program} here (Debian's packages iproute2, iptables)")
        self.keepers = []
        try:
            near, far = keep(self.keepers), keep(self.keepers)
            self.enter_near, self.enter_far = enter(near), enter(far)
            pair = f"ip link add near type veth peer name far netns {far}"
            if said := fails(self.enter_near, pair):
                pytest.skip(f"no veth pair can be made here: {said}")
            for where, name, address in (
                (self.enter_near, "near", NEAR),
                (self.enter_far, "far", FAR),
            ):
                run(where, "ip link set lo up")
                run(where, f"ip addr add {address}/24 dev {name}")
                run(where, f"ip link set {name} up")
        except BaseException:
            self.close()
            raise

    def drop(self, port):
        """From now on no packet comes through to that port of the far side."""
        if said := fails(self.enter_far, f"iptables -A INPUT -p tcp --dport {port} -j DROP"):
            pytest.skip(f"no packets can be dropped here: {said}")

    def let_through(self, port):
        run(self.enter_far, f"iptables -D INPUT -p tcp --dport {port} -j DROP")

    @contextlib.contextmanager
    def near(self):
        """This thread, its sockets, and the processes and threads that it starts, are on the near side."""
        with (
            open("/proc/thread-self/ns/net", "rb") as home,
            open(f"/proc/{self.keepers[0].pid}/ns/net", "rb") as namespace,
        ):
            move(namespace)
            try:
                yield
            finally:
                move(home)

    def close(self):
        for keeper in self.keepers:
            end(keeper)


def keep(keepers):
    """A new namespace; gives the pid of the process that keeps it."""
    keepers.append(
        subprocess.Popen(
            ["unshare", "--net", "sh", "-c", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    )
    said = keepers[-1].stdout.readline()
    if said != b"ready\n":
        why = said.decode().strip()
        pytest.skip(f"no network namespace can be made here (it takes root): {why}")
    return keepers[-1].pid


def enter(pid):
    return ["nsenter", f"--target={pid}", "--net"]


def fails(where, command):
    """Runs a command there; what it says if it fails, else nothing."""
    result = subprocess.run(
        [*where, *command.split()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_S,
        check=False,
    )
    return f"{command}: {result.stdout.decode().strip()}" if result.returncode else None


def run(where, command):
    assert not (said := fails(where, command)), said


def move(namespace):
    """Only the calling thread moves."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
