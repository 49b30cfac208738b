"""The man pages as their source has them, and what the program itself says of its options and keys."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "packaging/man/altimeter.8", ROOT / "packaging/man/altimeter.json.5"]
SECONDS = 20


def plain(text):
    """The source without its escapes."""
    for escape, meant in ((r"\-", "-"), (r"\&", ""), (r"\(aq", "'"), (r"\e", "\\")):
        text = text.replace(escape, meant)
    return text


def section(page, name):
    """The source's lines of one section."""
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page.read_text(), re.M | re.S)
    assert found, f"{page.name} has no section {name}"
    return found[1]


def literals(page):
    """What the page shows as it is: its literal displays."""
    return [plain(text) for text in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", page.read_text(), re.M | re.S)]


def items(text, macro):
    """The (head, body) of each list item whose head begins with this macro; the body as one line."""
    found = []
    for item in re.findall(rf"^\.It {macro} (.*(?:\n(?!\.It |\.El|\.Ss |\.Sh ).*)*)", text, re.M):
        head, _, body = item.partition("\n")
        words = [line.lstrip(".") if re.match(r"\.[A-Z]", line) else line for line in plain(body).split("\n")]
        found.append((plain(head), " ".join(words)))
    return found


def page_options(text):
    """The options of a piece of a page: {long name: (letter or "", whether it has a value)}."""
    options = {}
    for head, _ in items(text, "Fl"):
        said = re.fullmatch(r"(?:(\w) , Fl )?-([\w-]+)( Ar .*)?", head)
        assert said, head
        options[said[2]] = (said[1] or "", bool(said[3]))
    return options


def help_options(text):
    """The same of a page of help."""
    found = re.findall(r"^ +(?:-(\w), )?--([\w-]+)( \S+)?", text, re.M)
    return {name: (letter, bool(value)) for letter, name, value in found}


def source_options(path):
    """The same of the table that the program reads its command line by."""
    found = re.findall(r"\{\"([\w-]+)\", (required|no)_argument, NULL, (?:'(\w)'|\w)", (ROOT / path).read_text())
    return {name: (letter, value == "required") for name, value, letter in found}


# What an object must have beside the key in question.
BESIDE = {
    "namespace": {"instance_id": "i", "deployment_name": "d", "service_type": "t", "node_id": "n"},
    "parachute.disks[]": {"mount": "/x", "threshold": 80},
    "parachute.on_activate": {"command": ["/bin/true"]},
    "parachute.on_release": {"command": ["/bin/true"]},
    "graphite[]": {"host": "h"},
}
NOT_GIVEN = object()


def tree(path, value, beside=True):
    """A configuration in which the key has this value, or is not given though its object is."""
    parent, _, name = path.rpartition(".")
    inner = dict(BESIDE.get(parent, {})) if beside else {}
    inner.pop(name.removesuffix("[]"), None)
    if value is not NOT_GIVEN:
        inner[name.removesuffix("[]")] = [value] if name.endswith("[]") else value
    if parent:
        return tree(parent, inner, beside)
    return inner


class Program:
    """The program, asked what it makes of a configuration."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *args):
        command = [self.program, *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=self.folder)

    def check(self, config):
        """What is in force then; None where it is refused, `self.said` has the line."""
        path = self.folder / "asked.json"
        path.write_text(config if isinstance(config, str) else json.dumps(config))
        result = self.run("-c", str(path), "--check")
        self.said = result.stderr.removeprefix(str(path))
        assert result.returncode in (0, 2), result.stderr
        return json.loads(result.stdout) if result.returncode == 0 else None

    def refusal(self, config):
        """What must be, as the line has it."""
        assert self.check(config) is None, config
        return self.said.partition(": must be ")[2].rstrip("\n")

    def accepted(self, path):
        """What a key accepts; None where there is no such key."""
        said = self.refusal(tree(path, None))
        return None if said.startswith("one of the keys ") else said.rpartition(", not ")[0]

    def members(self, path):
        """The keys of an object, or of a list's elements."""
        said = self.refusal(tree(f"{path}.?" if path else "?", 1, beside=False))
        return re.findall(r"[a-z_]+", said.removeprefix("one of the keys ")) if said.startswith("one of") else []

    def keys(self, path=""):
        """The path of every key, with [] behind a list of objects."""
        found = []
        for name in self.members(path):
            key = f"{path}.{name}" if path else name
            of_list = self.members(f"{key}[]")
            found += [key, *self.keys(f"{key}[]" if of_list else key)]
        return found


def at(config, path):
    """The value that stands there; NOT_GIVEN where there is none."""
    for step in path.split("."):
        config = config.get(step.removesuffix("[]"), NOT_GIVEN) if isinstance(config, dict) else NOT_GIVEN
        if config is NOT_GIVEN:
            return NOT_GIVEN
        config = config[0] if step.endswith("[]") else config
    return config
