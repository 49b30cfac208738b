"""The configuration changed while the agent runs."""

import http.client
import os
import signal

import agent as agents
import points


def counts(daemon):
    """(reloads that were done, that were refused), as /healthz has them; a door may be moving just now."""

    def asked():
        try:
            return daemon.health()["configuration"]
        except (OSError, http.client.HTTPException):
            return None

    said = points.wait_until(asked, "/healthz answers")
    return said["reloads"], said["refused"]


def ask(daemon, config=None):
    """Writes another configuration, or leaves the one there is, and sends SIGHUP."""
    if config is not None:
        path = daemon.folder / "altimeter.json"
        (daemon.folder / "new").mkdir(exist_ok=True)
        new = agents.write_config(daemon.folder / "new", config)
        os.replace(new, path)  # as a configuration tool does it
    os.kill(daemon.pid, signal.SIGHUP)


def reload(daemon, config=None):
    """Has another configuration taken up; waits until it is in force."""
    done, refused = counts(daemon)
    ask(daemon, config)
    points.wait_until(lambda: counts(daemon) != (done, refused), "the configuration is read again")
    assert counts(daemon) == (done + 1, refused), daemon.stderr


def refuse(daemon, config):
    """Offers a configuration that is not taken; gives the reason that /healthz tells."""
    done, refused = counts(daemon)
    ask(daemon, config)
    points.wait_until(lambda: counts(daemon) != (done, refused), "the configuration is read again")
    assert counts(daemon) == (done, refused + 1), daemon.stderr
    return daemon.health()["configuration"]["error"]
