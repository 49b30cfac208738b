"""Marks of the tests that are a scene, see stage.py."""

import pytest

alone = pytest.mark.alone


def scene(function, **options):
    """What a test plays, and with what; `stage` is how its stage is set up."""
    return pytest.mark.scene.with_args(function, **options)
