"""Random lives of the parachute, in their short form; soak_parachute.py has the long one."""

import pytest
from parachutes import scene  # noqa: F401  (a fixture)
from random_runs import live


@pytest.mark.parametrize("seed", range(4))
def test_random_lives(scene, seed):
    """Filled, emptied, killed with -9 at any moment: nothing is run twice for one turn, skipped, or doubled."""
    live(scene, seed, 8)
