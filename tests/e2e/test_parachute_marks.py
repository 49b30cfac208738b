"""The marker files in a run_dir that is hostile, broken, or taken away: commands run all the same."""

import errno
import os
import shutil
import socket
import stat

import pytest
import rings
from parachutes import MOUNT, NAME, scene  # noqa: F401  (scene is a fixture)
from points import wait_until

NODE = "parachute-activated"
DEFAULT = ("ephemeral", "persistent")  # are observed, too
ALL = sorted([NODE, *(f"{NODE}-{disk}" for disk in (*DEFAULT, NAME))])
COMPLAINT, HEALED = "the marker files cannot be kept", "the marker files are right again"


def said(daemon, words):
    """How often the log has them, of the marker files."""
    return sum("parachute: run_dir" in line and words in line for line in daemon.stderr.splitlines())


def activate(scene, count=1):
    """Fills the disk, until the command is over."""
    scene.fill(85)
    scene.wait_runs(count)


def assert_marker(path):
    """It is a file of ours alone that says activated or not."""
    status = os.lstat(path)
    assert stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o644 and status.st_nlink == 1, path


def link(path, elsewhere):
    path.symlink_to(elsewhere)


def hard_link(path, elsewhere):
    path.hardlink_to(elsewhere)


def bound_socket(path, _):
    with socket.socket(socket.AF_UNIX) as one:
        before = os.getcwd()
        os.chdir(path.parent)  # a socket's path may not be long
        one.bind(path.name)
        os.chdir(before)


def foreign(path, _):
    path.write_text("something")
    os.chown(path, 65534, 65534)
    path.chmod(0o666)


INSTEAD = {
    "dangling": lambda path, _: path.symlink_to("nowhere"),
    "linked": link,
    "absolute": lambda path, elsewhere: path.symlink_to(elsewhere.resolve()),
    "hard": hard_link,
    "fifo": lambda path, _: os.mkfifo(path),
    "socket": bound_socket,
    "foreign": foreign,
    "to_itself": lambda path, _: path.symlink_to(path.name),
}


def names(scene):
    return {path.name for path in (scene.run_dir / "parachute").iterdir()}


@pytest.mark.parametrize("at", ["start", "work"])
def test_instead_of_markers(scene, at):
    """Links, pipes and foreign files in the markers' places give way, and nothing that they lead to is touched."""
    disks = [{"mount": MOUNT, "threshold": 80, "release": 70}]
    disks += [{"mount": f"/var/{name}", "threshold": 80, "missing": "activate"} for name in INSTEAD]
    observed = [NAME, *(f"var_{name}" for name in INSTEAD)]
    for name in INSTEAD:
        scene.mount(f"/var/{name}")
    folder = scene.run_dir / "parachute"
    folder.mkdir(parents=True)
    elsewhere = scene.folder / "elsewhere"
    elsewhere.write_text("something")

    def spoil():
        for name, make in INSTEAD.items():
            path = folder / f"{NODE}-var_{name}"
            path.unlink(missing_ok=True)
            make(path, elsewhere)
        (folder / NODE).unlink(missing_ok=True)  # the last one that is brought in line
        (folder / NODE).symlink_to(elsewhere)
        (folder / "of-others").write_text("something")

    if at == "start":
        spoil()
    daemon = scene.start(scene.config(scene.command(), disks=disks))
    scene.wait_activated(False)
    if at == "work":
        spoil()
    scene.fill(85, "/var/fifo")
    activate(scene)
    wait_until(lambda: not (folder / NODE).is_symlink() and NAME in scene.mark().split(), "the node's marker is right")
    for name in INSTEAD:
        assert_marker(folder / f"{NODE}-var_{name}")
        assert (scene.mark(f"var_{name}") != "") == (name == "fifo"), name
    assert_marker(folder / NODE)
    assert elsewhere.read_text() == "something" and (folder / "of-others").read_text() == "something"
    assert names(scene) == {NODE, "of-others", *(f"{NODE}-{disk}" for disk in [*DEFAULT, *observed])}
    assert said(daemon, "") == 0


@pytest.mark.parametrize("marker", [NODE, f"{NODE}-{NAME}", f"{NODE}-var_other"])
def test_directory_instead_of_a_marker(scene, marker):
    """A directory in a marker's place is told once, by name, and left alone; the other markers are right."""
    scene.mount("/var/other")
    disks = [{"mount": mount, "threshold": 80, "release": 70} for mount in (MOUNT, "/var/other")]
    folder = scene.run_dir / "parachute"
    (folder / marker / "inside").mkdir(parents=True)
    daemon = scene.start(scene.config(scene.command(), disks=disks))
    lines = daemon.lines()
    activate(scene)
    scene.wait_said(f"{COMPLAINT}: {marker}: {os.strerror(errno.EISDIR)}")
    others = {NODE: True, f"{NODE}-{NAME}": True, f"{NODE}-var_other": False}
    truth = others.pop(marker)
    wait_until(lambda: all(((folder / name).read_text() != "") == yes for name, yes in others.items()), "the others")
    assert (folder / marker / "inside").is_dir()
    shutil.rmtree(folder / marker)
    wait_until(lambda: said(daemon, HEALED) == 1, "it is right again")
    assert ((folder / marker).read_text() != "") == truth
    assert said(daemon, COMPLAINT) == 1, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()


def linked_folder(folder, elsewhere):
    folder.symlink_to(elsewhere)


def writable(folder, _):
    folder.mkdir()
    folder.chmod(0o777)


def of_somebody(folder, _):
    folder.mkdir()
    os.chown(folder, 65534, 65534)


FOLDERS = {
    "link": linked_folder,
    "dangling link": lambda folder, _: folder.symlink_to("nowhere"),
    "file": lambda folder, _: folder.write_text("something"),
    "fifo": lambda folder, _: os.mkfifo(folder),
    "writable": writable,
    "somebody's": of_somebody,
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_instead_of_the_folder(scene, kind):
    """What should be the folder is a link, a file, or open to others: told once, not touched; commands run."""
    elsewhere = scene.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{NODE}-old").write_text("something")
    scene.run_dir.mkdir()
    folder = scene.run_dir / "parachute"
    FOLDERS[kind](folder, elsewhere)
    before = os.lstat(folder)
    daemon = scene.start(scene.config(scene.command()))
    lines = daemon.lines()
    activate(scene)
    scene.wait_said(COMPLAINT + ": parachute: ")
    after = os.lstat(folder)
    for field in ("st_ino", "st_mode", "st_size", "st_uid", "st_mtime_ns"):
        assert getattr(after, field) == getattr(before, field), field
    assert [path.name for path in elsewhere.iterdir()] == [f"{NODE}-old"]
    folder.rename(scene.folder / "away")
    scene.wait_said(HEALED)
    assert scene.marked() and scene.marked(NAME)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert said(daemon, COMPLAINT) == 1, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()


@pytest.mark.parametrize("what", ["folder", "run_dir", "markers", "moved"])
def test_taken_while_it_runs(scene, what):
    """The folder, all of run_dir, or what is in it goes while the agent runs: the next change makes it anew."""
    daemon = scene.start(scene.config(scene.command()))
    lines = daemon.lines()
    folder = scene.run_dir / "parachute"
    wait_until(lambda: folder.is_dir() and sorted(path.name for path in folder.iterdir()) == ALL, "all stand there")
    lines.count(2)  # and whoever made them has had time to look around
    if what == "markers":
        for path in folder.iterdir():
            path.unlink()
    elif what == "moved":
        folder.rename(scene.folder / "away")
    else:
        shutil.rmtree(folder if what == "folder" else scene.run_dir)
    activate(scene)
    scene.wait_activated()
    scene.wait_activated(disk=NAME)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755 and stat.S_IMODE(scene.run_dir.stat().st_mode) == 0o755
    if what == "moved":
        assert [path.read_text() for path in (scene.folder / "away").iterdir()] == [""] * len(ALL)
    assert said(daemon, "") == 0
    lines.count(2)
    lines.assert_every_slot()


@pytest.fixture
def stalling(scene):
    """The folder of the markers, and only that, on a disk that does what it is told."""
    folder = scene.run_dir / "parachute"
    folder.mkdir(parents=True)
    disk = rings.StallFs(scene.room, str(folder))
    disk.folder.chmod(0o755)
    return disk


def wait_marked(folder):
    marker = folder / NODE
    wait_until(lambda: marker.exists() and marker.read_text() != "", "it is marked as activated")


@pytest.mark.parametrize("when", ["start", "work"])
def test_stalls(scene, stalling, when):
    """The markers' disk stalls, at start or later: commands run and are known; it is told once; later all is right."""
    if when == "start":
        stalling.tell("stall")
    daemon = scene.start(scene.config(scene.command(), scene.command()))
    lines = daemon.lines()
    if when == "work":
        wait_until((stalling.folder / NODE).exists, "there are markers")
        stalling.tell("stall")
    activate(scene)
    wait_until(lambda: scene.status()["on_activate"]["state"] == "finished", "it is finished")
    scene.fill(0)
    wait_until(lambda: scene.status()["on_release"]["state"] == "finished", "the release")
    activate(scene, 3)
    scene.wait_said("the disk does not answer")
    stalling.tell("ok")
    wait_marked(stalling.folder)
    scene.wait_said(HEALED)
    assert said(daemon, COMPLAINT) == said(daemon, HEALED) == 1, daemon.stderr
    lines.count(2)
    lines.assert_every_slot()


def test_sigterm_while_it_stalls(scene, stalling):
    """SIGTERM ends the agent in time while the markers' disk stalls; what it gave last is there afterwards."""
    scene.start(scene.config(scene.command()))
    wait_until((stalling.folder / NODE).exists, "there are markers")
    stalling.tell("stall")
    activate(scene)
    scene.daemon.stop()
    stalling.tell("ok")
    wait_marked(stalling.folder)


FAILURES = {"full": errno.ENOSPC, "readonly": errno.EROFS, "broken": errno.EIO}


@pytest.mark.parametrize("mode", FAILURES)
def test_fails(scene, stalling, mode):
    """The markers' disk fails: commands run, it is told once with the reason, and later all is right."""
    daemon = scene.start(scene.config(scene.command()))
    lines = daemon.lines()
    wait_until((stalling.folder / NODE).exists, "there are markers")
    stalling.tell(mode)
    activate(scene)
    scene.wait_said(f"{COMPLAINT}: {NODE}-{NAME}: {os.strerror(FAILURES[mode])}")
    stalling.tell("ok")
    wait_marked(stalling.folder)
    scene.wait_said(HEALED)
    assert said(daemon, COMPLAINT) == said(daemon, HEALED) == 1, daemon.stderr
    assert sorted(path.name for path in stalling.folder.iterdir()) == ALL
    lines.count(2)
    lines.assert_every_slot()


@pytest.mark.parametrize("umask", ["077", "000"])
def test_umask(scene, umask):
    """Whatever the agent's umask is, others can read the markers and nobody else can write to them."""
    wrapper = ("sh", "-c", f'umask {umask}; exec "$@"', "sh")
    scene.start(scene.config(scene.command()), wrapper=wrapper)
    activate(scene)
    scene.wait_activated()
    folder = scene.run_dir / "parachute"
    assert stat.S_IMODE(scene.run_dir.stat().st_mode) == stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert_marker(folder / NODE)
    assert_marker(folder / f"{NODE}-{NAME}")
