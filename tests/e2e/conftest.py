"""
What all end-to-end tests share: the program, started and ended; rooms with private mounts; servers.

The program is build/altimeter, or what the environment's ALTIMETER names (a sanitizer build is as
good).
"""

import os
from pathlib import Path

import agent as agents
import carbon as carbons
import mounts
import points
import pytest
import stage

ROOT = Path(__file__).resolve().parents[2]
os.environ["PATH"] += ":/usr/sbin:/sbin"  # mkfs.ext4 is there, also for who became root by su


def pytest_collection_modifyitems(items):
    """What takes longest begins first, and the others fill the time beside it."""
    items.sort(key=lambda item: not item.path.name.startswith("test_deb"))


@pytest.fixture(scope="session")
def program():
    """The path of the program under test."""
    path = Path(os.environ.get("ALTIMETER", ROOT / "build" / "altimeter")).resolve()
    assert os.access(path, os.X_OK), f"there is no program {path}: run make first"
    return str(path)


@pytest.fixture
def folder(tmp_path):
    """A folder for one test, which everybody may enter."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def room(folder):
    """A private mount namespace; the test is skipped where there can be none."""
    (folder / "room").mkdir()
    made = mounts.Room(folder / "room")
    yield made
    made.close()


@pytest.fixture
def agent(program, folder):
    """
    Starts the agent, as often as it is called. At the test's end each one that still runs must end
    on SIGTERM in time, with status 0, without a sanitizer's report and without a helper left.
    """
    started = []

    def start(*args, **options):
        place = folder / f"agent{len(started)}"
        place.mkdir()
        started.append(agents.Agent(program, place))
        started[-1].start(args, **options)
        return started[-1]

    yield start
    try:
        for one in started:
            if not one.stopped:
                one.stop()
    finally:
        for one in started:
            one.clean()
    for one in started:
        one.assert_no_helper()


@pytest.fixture
def run(program, folder):
    """Runs the program to its end: run("--check", config={...}) gives an agent.Finished."""
    runs = []

    def once(*args, config=None, room=None, environment=None):
        place = folder / f"run{len(runs)}"
        place.mkdir()
        runs.append(place)
        command = [*(room.enter if room else ()), program]
        if config is not None:
            command += ["-c", str(agents.write_config(place, config))]
        return agents.run([*command, *args], place, environment)

    return once


@pytest.fixture
def once(run):
    """The one snapshot of --once, under points.NAMESPACE."""

    def snapshot(*args, **options):
        return run("-n", points.NAMESPACE, "--once", *args, **options).snapshot()

    return snapshot


@pytest.fixture
def carbon(folder):
    """A carbon-cache that is not started yet."""
    made = carbons.Carbon(folder / "carbon")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def scenes(request, program, tmp_path_factory):
    """
    The module's tests that are a scene (see stage.py). They mostly wait, so those that were asked
    for are played side by side, but the ones that are marked `alone`.
    """
    asked = [item for item in request.session.items if item.path == request.node.path]
    with stage.Scenes(program, tmp_path_factory) as scenes:
        for item in asked:
            if item.get_closest_marker("scene") and not item.get_closest_marker("alone"):
                scenes.begin(item)
        yield scenes


@pytest.fixture
def played(scenes, request):
    """played() waits for the end of the test's scene, and gives what came of it."""
    return lambda: scenes.row(request.node)
