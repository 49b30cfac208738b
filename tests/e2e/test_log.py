"""The log on stderr: one event, one line, in the form that the place calls for."""

import re
import socket

import agent as agents
import points
import pytest

# Sets JOURNAL_STREAM to what stderr is, or to what is given instead of %s.
JOURNAL = 'export JOURNAL_STREAM={}; exec "$@"'
REAL = "$(stat -L -c %d:%i /proc/self/fd/2)"


def wrapper(stream):
    return ("sh", "-c", JOURNAL.format(stream), "sh")


def test_plain_words(agent):
    """On a terminal or in a file: a start, where to look, an end, each a line without a priority."""
    daemon = agent("-g", f"127.0.0.1:{agents.free_port()}")
    daemon.stop()
    lines = daemon.stderr.splitlines()
    assert all(re.match(r"(error: |warning: )?[a-z]", line) for line in lines), lines
    doors = (str(daemon.http_port), str(daemon.lines_port))
    for word in ("altimeter", points.NAMESPACE, "libevent", *doors, "SIGTERM"):
        assert any(word in line for line in lines), (word, lines)


def test_journal(agent):
    """Where stderr is the journal, each line begins with its priority, and carries no level in words."""
    daemon = agent("-v", "-g", f"127.0.0.1:{agents.free_port()}", wrapper=wrapper(REAL))
    points.wait_until(lambda: daemon.health()["targets"][0]["error"], "there is something to warn of")
    daemon.stop()
    lines = daemon.stderr.splitlines()
    assert lines and all(re.match(r"<[3-7]>(?!error|warning|debug)[a-z]", line) for line in lines), lines
    assert any(line.startswith("<4>") for line in lines) and any(line.startswith("<6>") for line in lines), lines


def test_error_in_the_journal(program, folder):
    """What ends it is an error there too."""
    result = agents.run([*wrapper(REAL), program, "-q", "--http", "off", "--lines", "unix:/nowhere/x"], folder)
    assert result.status == 1
    assert re.fullmatch(r"<3>[a-z].*\n", result.stderr), result.stderr


@pytest.mark.parametrize(
    "stream", ["", "0:0", "x", "1", ":", REAL + "0", REAL + ":1", "$(stat -L -c %d:%i /)", "99999999999999999999:1"]
)
def test_journal_elsewhere(agent, stream):
    """A JOURNAL_STREAM that names something else than stderr is inherited from somebody, and counts for nothing."""
    daemon = agent(wrapper=wrapper(stream))
    daemon.stop()
    assert daemon.stderr and not any(line.startswith("<") for line in daemon.stderr.splitlines())


def test_quiet(agent):
    """With -q a day without trouble leaves no line."""
    daemon = agent("-q")
    daemon.lines().count(2)
    daemon.stop()
    assert daemon.stderr == ""


def test_verbose(agent):
    """With -v there is all that there is without."""
    plain, verbose = agent(), agent("-v")
    for one in (plain, verbose):
        one.stop()
    first_words = [[line.split()[0] for line in one.stderr.splitlines()] for one in (plain, verbose)]
    assert first_words[0] and set(first_words[0]) <= set(first_words[1])


def troubles(daemon):
    return [line for line in daemon.stderr.splitlines() if line.startswith(("warning: ", "error: "))]


def test_trouble_is_told_once(agent):
    """A target that stays down is told once, not at each attempt; that it came is told too, with what was lost."""
    port = agents.free_port()
    daemon = agent("-g", f"127.0.0.1:{port}", config={"history": 1})
    daemon.lines().count(3)  # so there were two attempts at least, the second after 1 s
    told = troubles(daemon)
    assert len(told) == 1 and f"127.0.0.1:{port}" in told[0], daemon.stderr
    with socket.create_server(("127.0.0.1", port)):
        told_so = re.compile(r"^graphite .*: up to date.* (\d+) snapshots.* lost", re.MULTILINE)
        healed = points.wait_until(lambda: told_so.search(daemon.stderr), "it has come")
        assert troubles(daemon) == told
    assert int(healed[1]) >= 2
