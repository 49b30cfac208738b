"""libcurl is loaded to connect, by the agent itself only for TLS; it may be missing."""

import points
import pytest
from agent import free_port, state_of
from rings import StallFs
from test_dial import helper_of

LIBRARY = "libcurl.so.4"
FOLDER = "/var/libraries"
SLOTS = 4


@pytest.fixture
def missing(folder):
    """An environment in which libcurl cannot be loaded."""
    place = folder / "libraries"
    place.mkdir()
    (place / LIBRARY).write_bytes(b"")
    return {"LD_LIBRARY_PATH": str(place)}


def loaded(daemon):
    """Whether libcurl is in its memory."""
    with open(f"/proc/{daemon.pid}/maps", encoding="utf-8") as file:
        return LIBRARY in file.read()


def test_without_a_target(agent, missing):
    """Nobody to connect to: libcurl is neither loaded nor missed."""
    assert not loaded(agent())
    assert "curl.so" not in agent(environment=missing).stderr


def test_with_a_target(agent, carbon):
    """With one what is owed arrives, and the agent itself never loads it."""
    carbon.start()
    daemon = agent("--graphite", f"127.0.0.1:{carbon.port}")
    points.wait_until(lambda: daemon.health()["targets"][0]["sent"] > 0, "a snapshot is delivered")
    assert not loaded(daemon)


def test_with_tls(agent):
    """For TLS the agent needs it itself."""
    target = {"host": "127.0.0.1", "port": free_port(), "tls": {}}
    daemon = agent(config={"graphite": [target]})
    points.wait_until(lambda: "connection refused" in daemon.stderr, "it has tried to connect")
    assert loaded(daemon)


def test_missing(agent, missing):
    """Where it cannot be loaded the log says why, and all that needs no connection goes on."""
    daemon = agent("--graphite", "127.0.0.1:9", environment=missing)
    points.wait_until(lambda: f"cannot connect to 127.0.0.1 port 9: {missing['LD_LIBRARY_PATH']}/{LIBRARY}: file too short"
                      in daemon.stderr, "the log says why")
    daemon.next()


def test_version_without(run, missing):
    """--version says that it is missing."""
    result = run("--version", environment=missing)
    assert result.status == 0
    assert b"libcurl is missing, no TLS\n" in result.stdout


def test_library_that_hangs(agent, room):
    """libcurl's disk stalls: that holds up neither slots nor a stop, though the process cannot even be killed."""
    disk = StallFs(room, FOLDER)
    daemon = agent("--graphite", f"127.0.0.1:{free_port()}", room=room, environment={"LD_LIBRARY_PATH": FOLDER})
    lines = daemon.lines()
    points.wait_until(lambda: "connection refused" in daemon.stderr, "an attempt fails")
    disk.tell("stall")
    disk.wait_stalled()
    helper = helper_of(daemon)
    lines.count(SLOTS)
    lines.assert_every_slot()
    assert daemon.health()["targets"][0]["state"] == "connecting"
    daemon.stop()
    assert state_of(helper) == "D"
