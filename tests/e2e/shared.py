"""An agent that the tests of a module share, where they only ask and starting one for each would take too long."""

from contextlib import contextmanager

import agent as agents


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
