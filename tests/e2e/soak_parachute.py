"""500 random runs of the parachute: filled, emptied, killed with -9 at any moment."""

import pytest
from parachutes import scene  # noqa: F401  (a fixture)
from random_runs import live

LIVES, RUNS = 10, 50


@pytest.mark.parametrize("seed", range(1000, 1000 + LIVES))
def test_random_lives(scene, seed):
    """Fifty runs of one life."""
    live(scene, seed, RUNS)
    print(f"parachute, seed {seed}: {RUNS} runs, {len(scene.runs())} commands")
