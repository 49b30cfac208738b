"""The parachute's keys: mistakes in the file, and commands that somebody else could change."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import agent as agents
import pytest
from config_help import assert_refused, refused_file

SIZES = ["", "65536", "8193T", "64k", "64KB", "64 K", "0.5M", "K", "0K", "9999999999999999999T"]
TRUE = ["/bin/true"]

# Key below `parachute`, and values of which it accepts none.
VALUES = [
    ("times", [0, 2, 65, 0.5, "1", None]),
    ("cycles", [0, 65, 1.5, "1", True]),
    ("release_after", [-1, 86400.1, "60", "1m", None]),
    ("latch", [1, "true", None]),
    ("disks[0].min_free", [0, -1, 0.5, 2**53 + 2, True, None, *SIZES]),
    ("disks[0].inodes", [0, -1, 101, 1.5, "90", None]),
    ("disks[0].release", [0, -1, 101, 1.5, "75", None]),
    ("disks[0].missing", [True, 1, "", "Activate", "keep ", None, []]),
    ("on_activate", [[], "/bin/true", TRUE, None, True, {}, {"timeout": 1}, {"command": TRUE, "shell": True}]),
    ("on_release.command", ["/bin/true", {}, None, []]),
    ("on_release.command[0]", [[1], [""], ["true"], ["./true", "x"], ["/bin/../true"], ["//bin/true"]]),
    ("on_release.command[1]", [[*TRUE, 1], [*TRUE, None], [*TRUE, "x" * 4096]]),
    ("on_release.command[64]", [TRUE + 64 * [""]]),
    ("on_activate.timeout", [0, 0.09, -1, 3600.1, "60", None]),
    ("on_activate.retries", [-1, 101, 0.5, "3", None]),
    ("on_activate.user", ["", "no body", "no-such-user", 0, None]),
]


def around(key, value):
    """The configuration in which `key` has this value."""
    outer, _, inner = key.partition(".")
    if outer == "disks[0]":
        return {"parachute": {"disks": [{"mount": "/x", "threshold": 80, inner: value}]}}
    return {"parachute": {outer: {"command": TRUE, inner.partition("[")[0]: value} if inner else value}}


ROWS = [(around(key, value), f"parachute.{key}") for key, values in VALUES for value in values]
TOGETHER = [
    ({"times": 3, "cycles": 2}, "parachute.times: must be at most cycles, which is 2, not 3"),
    (
        {"disks": [{"mount": "/x", "threshold": 80, "release": 81}]},
        "parachute.disks[0]: must have a release of at most its threshold, which is 80 percent, not 81",
    ),
]


@pytest.mark.parametrize("config, said", ROWS, ids=[f"{key} {json.dumps(config)[14:60]}" for config, key in ROWS])
def test_bad_value(run, folder, config, said):
    """A mistake is one line with file, line, column, key and what is accepted."""
    assert said in refused_file(run, folder / "bad.json", json.dumps(config, indent=2))[2]


@pytest.mark.parametrize("parachute, said", TOGETHER, ids=lambda value: json.dumps(value)[:40])
def test_values_that_do_not_fit(run, folder, parachute, said):
    """Two values that do not fit together are both named."""
    assert refused_file(run, folder / "bad.json", json.dumps({"parachute": parachute}))[2] == said


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class Place:
    """A folder that everybody may enter, with the program, a command, and a configuration that runs it."""

    def __init__(self, folder, program):
        self.folder = folder
        self.altimeter = shutil.copy(program, folder)
        self.home = folder / "a" / "b"
        self.home.mkdir(parents=True)
        self.command = self.home / "command"
        self.command.write_text("#!/bin/sh\n")
        self.config = self.home / "altimeter.json"
        self.config.write_text("{}")
        for path in (folder, folder / "a", self.home, self.command):
            path.chmod(0o755)
        self.config.chmod(0o644)

    def check(self, wrapper, command=None, path=None, **more):
        """--check with this command; `more` stands beside it."""
        text = json.dumps({"parachute": {"on_activate": {**more, "command": [str(command or self.command), "x"]}}})
        self.config.write_text(text)
        path = str(path or self.config)
        return agents.run([*wrapper, self.altimeter, "--check", "-c", path], self.folder)

    def link(self, target, name="link"):
        """A link of this name, to this target; gives it."""
        link = self.folder / name
        link.symlink_to(target)
        return link


@pytest.fixture
def place(program):
    """See Place; beside pytest's own folders, which are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        yield Place(Path(name), program)


@pytest.fixture(params=["ourselves", "nobody"])
def who(request):
    """The program is run by us, and where we are root by nobody too, to whom none of the files belongs."""
    if request.param == "ourselves":
        return []
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    return NOBODY


def writable(path, mode):
    path.chmod(path.stat().st_mode | mode)


def open_folder(place):
    folder = place.folder / "open"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


# What is done to the command, and what is said then; it may give another path to run.
BAD_COMMANDS = {
    "missing": (lambda place: place.command.unlink(), "command is not there"),
    "folder missing": (lambda place: place.home / "c" / "command", "c is not there"),
    "below a file": (lambda place: place.config / "command", "altimeter.json cannot be"),
    "not executable": (lambda place: place.command.chmod(0o644), "command cannot be executed"),
    "a folder": (lambda place: place.home, "is a directory"),
    "a pipe": (lambda place: (place.command.unlink(), os.mkfifo(place.command, 0o755)) and None, "regular file"),
    "file writable by its group": (lambda place: writable(place.command, 0o020), "command is writable by others"),
    "file writable by all": (lambda place: writable(place.command, 0o002), "command is writable by others"),
    "folder writable by its group": (lambda place: writable(place.home, 0o020), "/a/b is writable by others"),
    "folder writable by all": (lambda place: writable(place.home, 0o002), "/a/b is writable by others"),
    "folder above writable": (lambda place: writable(place.home.parent, 0o002), "/a is writable by others"),
    "link to a missing one": (lambda place: place.link(place.home / "c"), "c is not there"),
    "link to itself": (lambda place: place.link("loop", "loop"), "symbolic links"),
    "link to a writable file": (
        lambda place: writable(place.command, 0o002) or place.link(place.command),
        "command is writable by others",
    ),
    "link into a writable folder": (
        lambda place: writable(place.home, 0o002) or place.link("a/b/command"),
        "/a/b is writable by others",
    ),
    "link in a writable folder": (
        lambda place: (open_folder(place), place.link(place.command, "open/link"))[1],
        "open is writable by others",
    ),
    "linked folder": (
        lambda place: writable(place.home, 0o002) or place.link("a/b") / "command",
        "/a/b is writable by others",
    ),
}


@pytest.mark.parametrize("change, said", BAD_COMMANDS.values(), ids=BAD_COMMANDS)
def test_bad_command(place, who, change, said):
    """A command that cannot run, or that others could change, is refused at its place with the reason."""
    assert place.check(who).status == 0, "the test's own aim: before the change it is good"
    command = change(place) or place.command
    place.config = place.folder / "apart.json"
    result = place.check(who, command)
    column = place.config.read_text().index("[") + 1
    assert_refused(result, f"{place.config}:1:{column}: parachute.on_activate.command: must be a program ", said)


GOOD_COMMANDS = {
    "as it is": lambda place: None,
    "no reading": lambda place: place.command.chmod(0o711),
    "a sticky folder": lambda place: place.home.chmod(0o1777),
    "a link": lambda place: place.link("a/b/command"),
    "a linked folder": lambda place: place.link(place.home) / "command",
    "a link in a sticky folder": lambda place: (
        open_folder(place).chmod(0o1777),
        place.link("../a/b/command", "open/link"),
    )[1],
    "a system's own": lambda place: "/bin/sh",
}


@pytest.mark.parametrize("change", GOOD_COMMANDS.values(), ids=GOOD_COMMANDS)
def test_good_command(place, who, change):
    """A command that nobody else can change is taken, and --check shows it with its defaults; read again it is same."""
    command = change(place) or place.command
    result = place.check(who, command)
    assert result.status == 0, result.stderr
    shown = json.loads(result.stdout)["parachute"]
    assert shown["on_activate"] == {"command": [str(command), "x"], "timeout": 60, "retries": 3}
    place.config.write_bytes(result.stdout)
    again = agents.run([*who, place.altimeter, "--check", "-c", place.config], place.folder)
    assert again.stdout == result.stdout, again.stderr


# What is done to the configuration, and what is said then; it may give another path to it.
BAD_FILES = {
    "writable by its group": (lambda place: writable(place.config, 0o020), "altimeter.json is writable by others"),
    "writable by all": (lambda place: writable(place.config, 0o002), "altimeter.json is writable by others"),
    "folder above writable": (lambda place: writable(place.home.parent, 0o020), "/a is writable by others"),
    "link in a writable folder": (
        lambda place: (open_folder(place), place.link(place.config, "open/link"))[1],
        "open is writable by others",
    ),
}


@pytest.mark.parametrize("change, said", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(place, who, change, said):
    """Who can change the configuration could name a command of his own: refused, but only where there is a command."""
    path = change(place) or place.config
    assert_refused(
        place.check(who, "/bin/true", path),
        f"{path}:1:31: parachute.on_activate: must be in a configuration file that others cannot change (",
        said,
    )
    place.config.write_text('{"parachute": {"times": 2, "cycles": 2}}')
    assert agents.run([*who, place.altimeter, "--check", "-c", path], place.folder).status == 0


def test_file_by_a_path_from_here(place, who, monkeypatch):
    """The check goes up from the working directory where the path does not begin at the root."""
    monkeypatch.chdir(place.home)
    for path in ("altimeter.json", "./altimeter.json", "../b/altimeter.json", "../../a/b/altimeter.json"):
        assert place.check(who, path=path).status == 0
    writable(place.folder / "a", 0o002)
    assert_refused(place.check(who, "/bin/true", path="altimeter.json"), "altimeter.json:1:31: ", "/a is writable")


def test_file_through_a_pipe(place, who):
    """A pipe is anybody's: refused where there is a command. The same file as standard input is good."""
    assert place.check(who).status == 0
    shell = [*who, "sh", "-c"]
    program = f"{place.altimeter} --check -c /dev/stdin"
    piped = agents.run([*shell, f"cat {place.config} | {program}"], place.folder)
    assert_refused(piped, "/dev/stdin:1:31: parachute.on_activate: must be in a ", "no regular file")
    assert agents.run([*shell, f"{program} < {place.config}"], place.folder).status == 0


def test_user_is_for_root_only(place):
    """Only root can run a command as another user."""
    wrapper = NOBODY if os.geteuid() == 0 else []
    assert_refused(place.check(wrapper, user="daemon"), ":1:40: parachute.on_activate.user: ", "not run as root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can name a user")
def test_user(place):
    """The user must be there, and must be able to reach the command and to execute it."""
    result = place.check([], user="nobody")
    assert result.status == 0, result.stderr
    assert json.loads(result.stdout)["parachute"]["on_activate"]["user"] == "nobody"
    assert_refused(place.check([], user="no-such-user"), ":1:40: parachute.on_activate.user: ", "no such user")
    place.command.chmod(0o744)
    assert place.check([]).status == 0
    assert_refused(place.check([], user="nobody"), "command cannot be executed")
    place.command.chmod(0o755)
    place.home.chmod(0o700)
    assert_refused(place.check([], user="nobody"), "/a/b cannot be entered")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner(place):
    """What belongs to somebody else than root and ourselves is his to change, whatever its mode."""
    os.chown(place.command, 65533, 65533)
    for wrapper in ([], NOBODY):
        assert_refused(place.check(wrapper), "command belongs to user 65533")
    os.chown(place.command, 65534, 65534)
    assert place.check(NOBODY).status == 0
    assert_refused(place.check([]), "command belongs to user 65534")
