"""Completion in a real bash and a real zsh: every option, the values that can be known, and no disk is asked for it."""

import subprocess

import manuals
import pytest
from shells import FILES, Shell

pytestmark = pytest.mark.plain

SCRIPTS = {"bash": FILES / "altimeter.bash", "zsh": FILES / "_altimeter"}


@pytest.fixture(params=["bash", "zsh"])
def kind(request):
    return request.param


@pytest.fixture
def shells(kind, folder):
    """Starts a shell whose home is the test's folder."""
    started = []

    def start(room=None):
        started.append(Shell(kind, folder, room.enter if room else ()))
        return started[-1]

    yield start
    for shell in started:
        shell.close()


@pytest.fixture
def shell(shells):
    return shells()


def names(words):
    """As they are in the program's help: zsh adds = where an option may have its value so."""
    return {word.removesuffix("=") for word in words}


def of_help(page):
    options = manuals.help_options(page)
    return {f"--{name}" for name in options} | {f"-{letter}" for letter, _ in options.values() if letter}


def test_syntax(kind):
    """The shell finds no mistake in its file."""
    result = subprocess.run([kind, "-n", SCRIPTS[kind]], capture_output=True, text=True, timeout=20)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_options(shell, program, folder):
    """All options of the help are offered, and no others."""
    page = manuals.Program(program, folder).run("--help").stdout
    assert len(of_help(page)) == 25
    assert names(shell.words("altimeter -")) == of_help(page)
    assert names(shell.words("altimeter -q --st")) == {"--state-dir"}


def test_parachute_options(shell, program, folder):
    """So are those of altimeter parachute, where each verb has its own."""
    whole = of_help(manuals.Program(program, folder).run("parachute", "--help").stdout)
    own = {"status": {"--json"}, "reset": {"--force"}, "test": {"--run"}}
    common = whole - set().union(*own.values())
    assert set(shell.words("altimeter parachute ")) == set(own)
    for verb, options in own.items():
        assert names(shell.words(f"altimeter parachute {verb} -")) == common | options


def test_first_word(shell):
    """parachute is offered where it can stand, and only there."""
    assert shell.words("altimeter p") == ["parachute"]
    assert shell.words("altimeter -q p") == []


FIXED = [
    ("altimeter -i ", {"1", "10", "60"}),
    ("altimeter --interval=6", {"--interval=60"}),
    ("altimeter --history 1", {"1h", "10m", "1d"}),
    ("altimeter --http 127", {"127.0.0.1:7070"}),
    ("altimeter --http 127.0.0.1:", {"127.0.0.1:7070"}),
    ("altimeter --lines=o", {"--lines=off"}),
    ("altimeter --lines 0", {"0.0.0.0:7071"}),
    ("altimeter --http=unix:/et", {"--http=unix:/etc"}),
    ("altimeter --threshold /x=8", {"/x=80"}),
    ("altimeter --threshold=/x=8", {"--threshold=/x=80"}),
    ("altimeter -g ", set()),
    ("altimeter --namespace ", set()),
]


def test_values(shell):
    """What can be known of a value is offered, in whatever way it is typed; what cannot is left alone."""
    for line, words in FIXED:
        assert {word.removesuffix("/") for word in shell.words(line)} == words, line


def test_files(shell, folder):
    """Files where there is to be a file, directories only where there is to be one."""
    (folder / "conf one.json").touch()
    (folder / "conf-two").mkdir()
    for option in ("-c ", "--config ", "--config="):
        line = f"altimeter {option}conf"
        front = option.strip() if "=" in option else ""
        words = {word.removeprefix(front).removesuffix("/") for word in shell.words(line)}
        assert words == {r"conf\ one.json", "conf-two"}
    for line in ("altimeter --state-dir conf", "altimeter --run-dir conf", "altimeter parachute --run-dir conf"):
        assert [word.rstrip("/") for word in shell.words(line)] == ["conf-two"]
    assert len(shell.words("altimeter parachute -c conf")) == 2


def test_mounts(shells, room):
    """The mount points of disks are offered, of others not, whatever is in their names."""
    for mount in ("/var/vcap/data", "/var/a b", "/var/it's"):
        room.ext4(mount)
    room.path("/var/memory").mkdir()
    room.mount("-t", "tmpfs", "none", "/var/memory")
    shell = shells(room)
    assert names(shell.words("altimeter --threshold /var/")) == {"/var/vcap/data", r"/var/a\ b", r"/var/it\'s"}
    assert shell.tab("altimeter --threshold /var/v") == "altimeter --threshold /var/vcap/data="
    assert shell.tab("altimeter --threshold=/var/v") == "altimeter --threshold=/var/vcap/data="
    assert shell.words("altimeter parachute test /var/v") == ["/var/vcap/data"]
    assert shell.words("altimeter parachute reset --force /var/a") == [r"/var/a\ b"]
    assert "/var/vcap/data" not in shell.words("altimeter parachute status ")


def test_disks(shell, folder):
    """The observed disks are offered by the names that the marker files have."""
    markers = folder / "run/parachute"
    markers.mkdir(parents=True)
    for name in ("", "-persistent", "-srv"):
        (markers / f"parachute-activated{name}").touch()
    for verb in ("reset", "test"):
        asked = f"altimeter parachute --run-dir {folder}/run {verb} "
        assert shell.words(asked) == ["persistent", "srv"]
        assert shell.words(f"{asked}p") == ["persistent"]
        assert not {"persistent", "srv"} & set(shell.words(f"{asked}srv "))


LINES = [
    "altimeter -",
    "altimeter --threshold /",
    "altimeter --threshold=/",
    "altimeter parachute test /",
    "altimeter parachute reset ",
]


@pytest.mark.parametrize("mode", ["hang", "unread"])
def test_hanging_disk(shells, room, mode):
    """A disk that hangs does not hang the shell, and is not asked."""
    hung = room.hangfs("/var/hung")
    shell = shells(room)
    before = hung.count()
    hung.tell(mode)
    for line in LINES:
        assert shell.complete(line).startswith(line)
    assert hung.tell("ok")[1] == before[1]


def test_no_disk_is_touched(shells, room, folder):
    """Not even to see what a mount point is: its path goes to the kernel in no call."""
    room.ext4("/var/vcap/data")
    shell = shells(room)
    calls = folder / "calls"
    tracing = ["strace", "-f", "-p", str(shell.pid), "-o", str(calls), "-e", "trace=%file"]
    tracer = subprocess.Popen(tracing, stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in tracer.stderr.readline()
        for line in LINES:
            shell.complete(line)
            shell.tab(f"{line}v" if line.endswith("/") else line)
    finally:
        tracer.terminate()
        tracer.communicate(timeout=20)
    assert "/proc/self/mounts" in calls.read_text() and "/var/vcap/data" not in calls.read_text()
