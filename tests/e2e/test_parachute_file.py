"""The parachute's file is damaged, none of ours, or taken away, or its state_dir is: it acts all the same."""

import errno
import os
import shutil

import pytest
from parachutes import scene  # noqa: F401  (a fixture)
from points import wait_until
from states import (  # noqa: F401  (some are fixtures)
    COMPLAINT,
    END,
    FILE,
    GONE,
    HEALED,
    LOST,
    SLOT,
    assert_each_once,
    assert_not_run_again,
    config,
    finish,
    result,
    said,
    small,
    take_all_room,
    wait_known,
    wait_healed,
    wait_stored,
)


def flip(at):
    """A bit in the content of a slot."""

    def damage(path):
        data = bytearray(path.read_bytes())
        data[at + 30] ^= 1
        path.write_bytes(data)

    return damage


def all_of(*damages):
    def damage(path):
        for one in damages:
            one(path)

    return damage


def instead(make):
    """Something else in its place, which is to be set aside as it is."""

    def damage(path):
        path.unlink()
        make(path)

    return damage


def link_to_elsewhere(make):
    def damage(path):
        elsewhere = path.parent.parent / "elsewhere"
        elsewhere.write_bytes(path.read_bytes())
        path.unlink()
        make(elsewhere, path)

    return damage


def folder_with_something(path):
    path.mkdir()
    (path / "inside").write_text("something")


# what is done to the file, and whether it then still knows what was in it
DAMAGES = {
    "first state": (flip(0), True),
    "second state": (flip(SLOT), True),
    "end": (flip(END), True),
    "first state and end": (all_of(flip(0), flip(END)), None),
    "both states": (all_of(flip(0), flip(SLOT)), False),
    "foreign": (lambda path: path.write_text("something\n" * 100), False),
    "foreign of the same size": (lambda path: path.write_bytes(b"something\n" * 7168), None),
    "empty": (lambda path: path.write_bytes(b""), False),
    "cut": (lambda path: os.truncate(path, SLOT + 100), False),
    "directory": (instead(folder_with_something), False),
    "fifo": (instead(os.mkfifo), False),
    "symlink": (link_to_elsewhere(lambda elsewhere, path: path.symlink_to(elsewhere)), False),
    "dangling symlink": (instead(lambda path: path.symlink_to("nowhere")), False),
    "hard link": (link_to_elsewhere(lambda elsewhere, path: path.hardlink_to(elsewhere)), False),
}


@pytest.fixture(scope="module")
def kept():
    """The bytes of a file that knows of a finished command."""
    return {}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged(scene, kept, damage):
    """What is damaged is told; what is none of ours is set aside, untouched; the agent acts, and remembers anew."""
    change, knows = DAMAGES[damage]
    given = config(scene, scene.command())
    file = scene.state / FILE
    scene.fill(85)
    if not kept:
        scene.start(given)
        finish(scene)
        wait_stored(scene.state)
        scene.kill()
        kept["file"] = file.read_bytes()
        scene.journal.write_text("")
        shutil.rmtree(scene.state)
    scene.state.mkdir()
    file.write_bytes(kept["file"])
    change(file)
    before = os.lstat(file)
    daemon = scene.start(given, ready=False)
    wait_known(scene)
    if knows is not None:
        assert len(scene.runs()) == (0 if knows else 1)
    if knows is False:
        assert said(daemon, LOST) == 1, daemon.stderr
        aside = scene.state / (FILE + ".aside")
        after = os.lstat(aside)
        assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)
        if (scene.folder / "elsewhere").exists():
            assert (scene.folder / "elsewhere").read_bytes() == kept["file"]
        if aside.is_dir() and not aside.is_symlink():
            assert (aside / "inside").read_text() == "something"
    assert_each_once(daemon)
    wait_stored(scene.state)
    wait_until(lambda: said(daemon, COMPLAINT) == said(daemon, HEALED), "all is well")
    assert_not_run_again(scene, given)


def test_damaged_on_a_full_disk(scene, kept, small):
    """A damaged file that cannot be made anew, since the disk is full, is told once; later all is known."""
    (small / FILE).write_bytes(b"something")
    filler = take_all_room(small)
    given = config(scene, scene.command())
    daemon = scene.start(given)
    finish(scene)
    wait_until(lambda: said(daemon, COMPLAINT) == 1, "that is told")
    filler.unlink()
    wait_healed(scene)
    assert said(daemon, LOST) == 1 and said(daemon, GONE) == 0
    assert_each_once(daemon)
    assert_not_run_again(scene, given)


def replaced(path):
    path.rename(path.with_name("old"))
    path.write_text("something")


def folder_gone(path):
    shutil.rmtree(path.parent)


def folder_moved(path):
    path.parent.rename(path.parent.with_name("moved"))


# what happens to the file while the agent runs, and what is said then
TAKEN = {
    "deleted": (os.unlink, GONE),
    "replaced": (replaced, LOST),
    "cut": (lambda path: os.truncate(path, 100), LOST),
    "directory": (instead(folder_with_something), LOST),
    "folder gone": (folder_gone, GONE),
    "folder moved": (folder_moved, GONE),
}


@pytest.mark.parametrize("taken", TAKEN)
def test_taken_while_it_runs(scene, taken):
    """The file, or its folder, is taken away while the agent runs: told once, and what comes next is remembered."""
    change, told = TAKEN[taken]
    given = config(scene, scene.command(), scene.command(name="release"))
    daemon = scene.start(given)
    lines = daemon.lines()
    finish(scene)
    wait_stored(scene.state)
    change(scene.state / FILE)
    scene.fill(0)
    wait_until(lambda: result(scene, "release") == "finished", "the release")
    scene.fill(85)
    scene.wait_runs(3)
    wait_stored(scene.state)
    assert said(daemon, told) == 1 and said(daemon, COMPLAINT) == 0, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()
    assert_each_once(daemon)
    assert_not_run_again(scene, given)


def test_a_file_in_place_of_the_folder(scene):
    """Something else has the state_dir's name while it runs: commands run, it is told once, and later all is known."""
    given = config(scene, scene.command())
    daemon = scene.start(given)
    lines = daemon.lines()
    shutil.rmtree(scene.state)
    scene.state.write_text("something")
    finish(scene)
    wait_until(lambda: said(daemon, os.strerror(errno.ENOTDIR)) == 1, "that is told")
    assert scene.state.read_text() == "something"
    scene.state.unlink()
    wait_healed(scene)
    lines.count(2)
    lines.assert_every_slot()
    assert_each_once(daemon)
    assert_not_run_again(scene, given)
