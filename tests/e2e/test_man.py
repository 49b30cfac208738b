"""The man pages: clean and readable; altimeter(8) true to the program's options, metrics, errors and variables."""

import os
import re
import subprocess

import manuals
import points
import pytest
from agent import free_port

pytestmark = pytest.mark.plain

PAGE = manuals.PAGES[0]
PARACHUTE = manuals.section(PAGE, "THE PARACHUTE")


def screen(*command):
    """What a command shows on a terminal of 80 columns."""
    environment = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert result.returncode == 0, result.stderr
    return re.sub(r".\x08|\x1b\[[0-9;]*m", "", result.stdout), result.stderr


@pytest.mark.parametrize("page", manuals.PAGES, ids=lambda page: page.name)
def test_lint(page):
    """mandoc has nothing to say, of the style neither."""
    assert screen("mandoc", "-Tlint", "-Wstyle", str(page)) == ("", "")


@pytest.mark.parametrize("page", manuals.PAGES, ids=lambda page: page.name)
def test_man(page):
    """man shows the page, all of it, in 80 columns and without a complaint."""
    text, complaints = screen("man", "--warnings", "-l", str(page))
    assert complaints == ""
    assert [line for line in text.splitlines() if len(line) > 80] == []
    shown = [line for line in text.splitlines() if re.match(r"[A-Z]", line)]
    assert [name for name in re.findall(r"^\.Sh (.*)", page.read_text(), re.M) if name not in shown] == []
    assert text.startswith(f"{page.name.rpartition('.')[0].upper()}({page.name[-1]})")


def test_options(program, folder):
    """The options are those of the program and of its help: the same names, letters and values."""
    asked = manuals.Program(program, folder)
    shown = manuals.page_options(manuals.section(PAGE, "DESCRIPTION"))
    assert len(shown) == 16
    assert shown == manuals.help_options(asked.run("--help").stdout) == manuals.source_options("agent/options.c")


def test_parachute_options(program, folder):
    """So are those of altimeter parachute."""
    asked = manuals.Program(program, folder)
    shown = manuals.page_options(PARACHUTE)
    assert len(shown) == 6
    assert shown == manuals.help_options(asked.run("parachute", "--help").stdout)
    assert shown == manuals.source_options("agent/control/operator.c")


def test_synopsis():
    """The synopsis has every option that the page tells of, and no other."""
    told = {**manuals.page_options(manuals.section(PAGE, "DESCRIPTION")), **manuals.page_options(PARACHUTE)}
    synopsis = manuals.section(PAGE, "SYNOPSIS").replace("Fl qv", "Fl q Fl v").replace("V | h", "V Fl h")
    words = re.findall(r"Fl (-?[\w-]+)", synopsis)
    letters = {letter: name for name, (letter, _) in told.items()}
    assert {letters.get(word, word.lstrip("-")) for word in words} == set(told)


def test_verbs(program, folder):
    """What altimeter parachute can be asked is what the program names."""
    heads = [head for head, _ in manuals.items(PARACHUTE, "Cm")]
    verbs = [head.split()[1] for head in heads]
    said = manuals.Program(program, folder).run("parachute").stderr
    assert f"must be followed by {verbs[0]}, {verbs[1]} or {verbs[2]};" in said


@pytest.mark.parametrize("args", [["--help"], ["parachute", "--help"]], ids=" ".join)
def test_help_fits_a_screen(program, folder, args):
    """A page of help leaves room for the prompt on a screen of 24 lines and 80 columns."""
    lines = manuals.Program(program, folder).run(*args).stdout.splitlines()
    assert len(lines) <= 23 and max(map(len, lines)) <= 80


def told_metrics():
    """The specifics that the page has, each with its type in front."""
    found = set()
    types = re.findall(r"^\.Ss Type (\w+)\n(.*?)^\.El", manuals.section(PAGE, "WHAT IT EMITS"), re.M | re.S)
    for kind, text in types:
        for head, _ in manuals.items(text, "Li"):
            names = head.split(" , ")
            group = names[0].rpartition(".")[0]
            found |= {f"{kind}.{group if name.startswith('.') else ''}{name}" for name in names}
    return found


def test_metrics(agent, room):
    """It tells of the metrics that the agent emits with all that can be turned on, and of what /healthz has."""
    disk = "/var/vcap/data"
    room.ext4(disk)
    target = f"127.0.0.1:{free_port()}"
    daemon = agent(
        *("--threshold", f"{disk}=80", "-g", target),
        config={"self_metrics": True, "state_dir": str(room.folder / "state")},
        room=room,
    )
    (snapshot,) = daemon.snapshots(1)
    emitted = set()
    for series in snapshot:
        series = re.sub(r"^system\.cpu\d+\.", "system.cpu<n>.", series)
        emitted.add(re.sub(r"\.(disk|target)\.[^.]+\.", r".\1.<name>.", series))
    assert told_metrics() == emitted
    doors = manuals.section(PAGE, "DOORS")
    assert [key for key in daemon.health() if not re.search(rf"\b{key}\b", doors)] == []


def test_http_errors():
    """The errors of HTTP are those of the program's table."""
    source = (manuals.ROOT / "emitter/http/http_answer.c").read_text()
    table = re.findall(r"\{\"(\d{3}) [^\"]*\",\s*\"(\w+)\"", source)
    told = re.findall(r"^\.It (\d{3}) Li (\w+)$", manuals.section(PAGE, "DOORS"), re.M)
    assert len(told) == 6 and told == table


def test_environment():
    """Each variable that the program reads is told of, and no other."""
    rooms = ("agent", "base", "collector", "emitter", "parachute")
    source = "".join(path.read_text() for room in rooms for path in (manuals.ROOT / room).rglob("*.c"))
    heads = re.findall(r"^\.It Ev (.*)", manuals.section(PAGE, "ENVIRONMENT"), re.M)
    told = set(re.findall(r"\w+", " ".join(heads)))
    assert set(re.findall(r"getenv\(\"(\w+)\"\)", source)) <= told
    assert [name for name in told if f'"{name}"' not in source] == []


def test_command_environment():
    """So it is with what a command of the parachute is given."""
    source = (manuals.ROOT / "parachute/order.c").read_text()
    given = set(re.findall(r"\"(PATH|PARACHUTE_[A-Z]+)", source))
    told = set(re.findall(r"\w+", " ".join(re.findall(r"^\.It Ev (.*)", PARACHUTE, re.M))))
    assert told == given
    path = re.search(r"^\.It Ev PATH\n(.*)", PARACHUTE, re.M)[1]
    assert f'"PATH", "{path}"' in source


def test_examples(program, folder):
    """The agent's command lines of the examples are accepted, as far as they can be tried without a service."""
    asked = manuals.Program(program, folder)
    lines = re.findall(r"^\.Dl (altimeter .*)", manuals.section(PAGE, "EXAMPLES"), re.M)
    tried = 0
    for line in lines:
        args = manuals.plain(line).split(" | ")[0].split()[1:]
        if "-c" in args:
            continue
        result = asked.run(*args, *(["--run-dir", str(folder)] if args[0] == "parachute" else ["--check"]))
        assert result.returncode == (1 if args[0] == "parachute" else 0), result.stderr
        assert args[0] != "parachute" or "no agent answers" in result.stderr
        tried += 1
    assert tried >= 4
