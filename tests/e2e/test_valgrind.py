"""The whole program under valgrind's memcheck."""

import shutil

import points
import pytest
from peers import Peer

SANITIZERS = (b"__asan_init", b"__tsan_init", b"__msan_init", b"__lsan_init")
OPTIONS = (
    "--quiet",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect,possible",
    "--errors-for-leak-kinds=definite,indirect,possible",
    "--error-exitcode=99",
    "--child-silent-after-fork=yes",
)


def test_no_error_and_no_leak(agent, program, folder):
    """All doors and the ring's file in use for some slots, then SIGTERM: no invalid access, no leak, status 0."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind here")
    with open(program, "rb") as file:
        code = file.read()
    if any(name in code for name in SANITIZERS):
        pytest.skip("a sanitizer build does not run under valgrind; it finds the same by itself")
    peer = Peer("good")
    try:
        state = ("--state-dir", str(folder / "state"))
        agent(*state).stop()  # so that there is something to be read
        daemon = agent("--graphite", f"127.0.0.1:{peer.port}", *state, wrapper=("valgrind", *OPTIONS))
        lines = daemon.lines()
        lines.count(3)
        for path in (
            "/metrics",
            "/metrics?quantity=1",
            "/metrics?quantity=none",
            "/healthz",
            "/nowhere",
        ):
            daemon.get(path)
        peer.wait(lambda: peer.heard, "hears something")
        daemon.stop(seconds=points.DEADLINE_S)  # valgrind looks for leaks meanwhile
        assert "==" not in daemon.stderr, daemon.stderr
    finally:
        peer.close()
