"""The BOSH release in packaging/bosh: its job's templates rendered by plain erb, as the director would."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "packaging/bosh"
JOB = RELEASE / "jobs/altimeter"
RENDER = Path(__file__).with_name("erb_render.rb")
INSTALLED = "/var/vcap/jobs/altimeter"  # where BOSH puts what is rendered
CONFIG = "config/altimeter.json"

INSTANCE = {
    "id": "9a1c0a5e-6f53-4a0e-8f0c-6f0e2f5ad1f2",
    "index": 2,
    "name": "postgres",
    "deployment": "d7d0f1a2",
    "address": "10.0.0.7",
    "persistent_disk": 10240,
}


class Refused(Exception):
    """A template has raised an error, which is what the operator would read."""


def definitions():
    """The job's properties: dotted name -> description, default."""
    return yaml.safe_load((JOB / "spec").read_text(encoding="utf-8"))["properties"]


def render_each(asked):
    """For each (properties, what differs from INSTANCE) what is rendered: path -> text; or a Refused."""
    if not shutil.which("ruby"):
        pytest.skip("no ruby here")
    result = subprocess.run(
        ["ruby", RENDER, JOB],
        input=json.dumps([{"properties": properties, "spec": {**INSTANCE, **spec}} for properties, spec in asked]),
        capture_output=True,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        timeout=60,
        check=False,
    )
    assert result.returncode == 0 and not result.stderr, result.stderr
    return [Refused(files["error"]) if "error" in files else files for files in json.loads(result.stdout)]


def render(properties=None, **instance):
    """What is rendered with these properties (dotted name -> value): path -> text."""
    (files,) = render_each([(properties or {}, instance)])
    if isinstance(files, Refused):
        raise files
    return files


def write(files, folder):
    """Writes them with the modes that BOSH gives them; whoever shall read them must own them or be root."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        target.chmod(0o640)
