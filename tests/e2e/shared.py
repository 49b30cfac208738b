"""An agent that the tests of a module share, where they only ask and starting one for each would take too long."""

from contextlib import contextmanager
from pathlib import Path

import agent as agents
import machines
import points

VERSION = (Path(__file__).resolve().parents[2] / "VERSION").read_text().strip()
INSTANCE = "i-1"  # of a still agent


@contextmanager
def running(program, folder, *args, **options):
    """Starts it as the fixture `agent` does, and holds it to the same at its end."""
    one = agents.Agent(program, folder)
    try:
        one.start(args, **options)
        yield one
        one.stop()
    finally:
        one.clean()
    one.assert_no_helper()


def still(program, folder):
    """One with a single snapshot, that takes none for half an hour."""
    config = {"namespace": points.NAMESPACE, "instance_id": INSTANCE, **machines.half_an_hour_off()}
    return running(program, folder, config=config, without=("-n", "-i"))
