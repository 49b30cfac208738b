"""altimeter.json(5) says of every key what the program accepts, what it has by default, and what needs a restart."""

import json
import re
import socket

import manuals
import pytest
from manuals import NOT_GIVEN, Program, at, tree

pytestmark = pytest.mark.plain

PAGE = manuals.PAGES[1]
BODIES = {key: body for head, body in manuals.items(PAGE.read_text(), "Ic") for key in head.split(" , ")}
RELEASING = {"parachute": {"on_release": {"command": ["/bin/true"]}}}


@pytest.fixture
def asked(program, folder):
    return Program(program, folder)


def default_of(key):
    said = re.search(r"Default: (.*?)\.(?: Needs a restart\.| Option: |$)", BODIES[key])
    return said and said[1]


def test_keys(asked):
    """Every key that the program knows is on the page, and no other."""
    assert len(BODIES) > 50
    assert sorted(BODIES) == sorted(asked.keys())


def test_accepted(asked):
    """The page has the very words by which the program refuses what it does not accept."""
    for key, body in BODIES.items():
        assert f"Must be {asked.accepted(key)}." in body, key


ELEMENTS = [
    ("collector.extra_types", [None]),
    ("collector.exclude_mounts", [None]),
    ("collector.names", {"x": "y"}),
    ("collector.names", {"/x": None}),
    ("parachute.on_activate.command", [None]),
    ("parachute.on_activate.command", ["/bin/true", None]),
]


@pytest.mark.parametrize("key, value", ELEMENTS)
def test_accepted_elements(asked, key, value):
    """So it has of what a list or an object of names holds."""
    assert f"must be {asked.refusal(tree(key, value)).rpartition(', not ')[0]}." in BODIES[key]


def number(text):
    unit = "KMGT".find(text[-1]) + 1
    digits = text[:-1] if unit else text
    return (float if "." in digits else int)(digits) * 1024**unit


def ranges():
    for key, body in BODIES.items():
        said = re.search(r"Must be (.*?)(\d[\d.]*?[KMGT]?)\.\.(\d[\d.]*[KMGT]?)(.*)", body)
        if said and "of A-Z" not in said[4][:8] and "texts" not in said[4][:8]:
            yield pytest.param(key, number(said[2]), number(said[3].rstrip(".")), said[0], id=key)


def with_value(key, value):
    """With what must be there for the key to have the whole of its range."""
    config = tree(key, value)
    if key == "parachute.times":
        config["parachute"]["cycles"] = 64
    if key == "parachute.disks[].release":
        config["parachute"]["disks"][0]["threshold"] = 100
    return config


@pytest.mark.parametrize("key, least, most, said", ranges())
def test_ranges(asked, key, least, most, said):
    """Both ends of a range are accepted, and what is beyond them is not."""
    step = 1 if "whole" in said or "port" in said or "snapshots" in said else 0.05
    below = -step if re.search(r"or 0 for|, 0 for", said) else least - step
    values = [asked.check(with_value(key, value)) for value in (least, most)]
    assert None not in values, asked.said
    assert values[0] != values[1]
    assert asked.check(with_value(key, below)) is None
    assert asked.check(with_value(key, most * 2 if most > 2**50 else most + step)) is None


def test_ranges_are_many():
    """The test's own aim: the page has ranges."""
    assert len(list(ranges())) >= 20


def plain_defaults():
    for key in BODIES:
        said = default_of(key)
        try:
            yield pytest.param(key, json.loads((said or "").partition(";")[0]), id=key)
        except ValueError:
            continue


@pytest.mark.parametrize("key, value", plain_defaults())
def test_defaults(asked, key, value):
    """With its default given a key says the same as if it were not."""
    without = asked.check(tree(key, NOT_GIVEN))
    assert without is not None, asked.said
    assert asked.check(tree(key, value)) == without
    printed = at(without, key)
    if printed is not NOT_GIVEN and key != "parachute.disks":
        assert printed == value


def test_other_defaults(asked):
    """So it is with the defaults that depend on something else, or are in words."""
    plain = {case.values[0] for case in plain_defaults()}
    words = {key: default_of(key) for key in BODIES if default_of(key) and key not in plain}
    nothing = ("none", "the agent's own", "the system's authorities")
    for key in [key for key, said in words.items() if said in nothing]:
        assert at(asked.check(tree(key, NOT_GIVEN)), key) is NOT_GIVEN, key
        del words[key]

    def release(threshold, top):
        disks = [{"mount": "/x", "threshold": threshold}]
        config = {"parachute": {**top.get("parachute", {}), "disks": disks}}
        return asked.check(config)["parachute"]["disks"][0]["release"]

    assert words.pop("namespace") == "the host name"
    assert asked.check({})["namespace"] == re.sub(r"[^A-Za-z0-9_-]", "_", socket.gethostname())
    assert words.pop("state_size") == '512 bytes a snapshot of history, at least "64K"'
    assert [asked.check({"history": count})["state_size"] for count in (10, 3000)] == ["64K", "1500K"]
    assert words.pop("graphite[].name") == "the host and the port, with a colon between them"
    assert asked.check({"graphite": [{"host": "h"}]})["graphite"][0]["name"] == "h:2003"
    assert words.pop("parachute.disks[].release") == "the threshold; 5 less, but at least 1, with an on_release"
    assert [release(80, {}), release(80, RELEASING), release(3, RELEASING)] == [80, 75, 1]
    assert words == {}
    assert default_of("parachute.release_after") == "0; 60 with an on_release"
    assert asked.check(RELEASING)["parachute"]["release_after"] == 60


def test_required(asked):
    """What is said to be required is, and nothing else."""
    for key, body in BODIES.items():
        refused = asked.check(tree(key, NOT_GIVEN)) is None
        assert refused == (" Required." in body), (key, asked.said)
        assert not refused or "must have the key" in asked.said
        is_object = "Must be an object" in body and "Default" not in body
        assert [refused, is_object, bool(default_of(key))].count(True) == 1, key


def test_restart():
    """What is said to need a restart is what the program keeps while it runs."""
    schema = (manuals.ROOT / "agent/config/schema.c").read_text()
    fixed = (manuals.ROOT / "agent/config/config_fixed.c").read_text()
    table = re.search(r"fixed\[\] = \{(.*?)\n    \};", fixed, re.S)[1]
    names = []
    for row in re.findall(r"\{(SCHEMA_\w+),", table):
        parent, name = re.search(rf'\[{row}\] = \{{(SCHEMA_\w+), SCHEMA_IS_\w+,\s*"(\w+)"', schema).groups()
        names.append(name if parent == "SCHEMA_ROOT" else f"{parent.removeprefix('SCHEMA_').lower()}.{name}")
    said = [key for key, body in BODIES.items() if "Needs a restart." in body]
    assert sorted(key for key in said if not key.startswith("namespace.")) == sorted(names)
    assert [key for key in BODIES if key.startswith("namespace.") and key not in said] == []


def test_options(asked):
    """The options that a key names are the program's own."""
    known = manuals.help_options(asked.run("--help").stdout)
    words = {f"-{letter}" for letter, _ in known.values()} | {f"--{name}" for name in known}
    named = re.findall(r"^Option:\n\.Fl (\S+) \.", PAGE.read_text(), re.M)
    assert len(named) == 9 and [f"-{name}" for name in named if f"-{name}" not in words] == []


def test_examples(asked, folder):
    """The examples are accepted, and the mistake is told as the page shows it."""
    (folder / "token").write_text("t\n")
    (folder / "token").chmod(0o600)
    *configs, line = manuals.literals(PAGE)
    for text in configs:
        text = text.replace("/etc/altimeter/token", str(folder / "token"))
        assert asked.check(re.sub(r"/usr/local/sbin/\w[\w-]+", "/bin/true", text)) is not None, asked.said
    (folder / "a.json").write_text('{"interval": 0}')
    assert asked.run("-c", "a.json").stderr == line
