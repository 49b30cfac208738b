"""`make install` and `make uninstall`: what one puts below a folder, the other takes away, and nothing else."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.plain

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "etc/altimeter/altimeter.json"
FILES = {
    "usr/local/bin/altimeter": 0o755,
    "usr/local/lib/altimeter/parachute/monit/stop": 0o755,
    "usr/local/lib/altimeter/parachute/postgresql/mode": 0o755,
    "usr/local/lib/altimeter/parachute/postgresql/stop": 0o755,
    "usr/local/lib/systemd/system/altimeter-parachute@.path": 0o644,
    "usr/local/lib/systemd/system/altimeter-parachute@.service": 0o644,
    "usr/local/lib/systemd/system/altimeter.service": 0o644,
    "usr/local/lib/sysusers.d/altimeter.conf": 0o644,
    "usr/local/share/altimeter/grafana/altimeter.json": 0o644,
    "usr/local/share/altimeter/installed": 0o644,
    "usr/local/share/bash-completion/completions/altimeter": 0o644,
    "usr/local/share/doc/altimeter/examples/altimeter.json": 0o644,
    "usr/local/share/doc/altimeter/parachute.md": 0o644,
    "usr/local/share/man/man5/altimeter.json.5": 0o644,
    "usr/local/share/man/man8/altimeter.8": 0o644,
    "usr/local/share/zsh/site-functions/_altimeter": 0o644,
    CONFIG: 0o644,
}


def tree(folder):
    """All below a folder: path -> what it is, its mode and content."""
    found = {}
    for path in folder.rglob("*"):
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        found[str(path.relative_to(folder))] = (oct(path.lstat().st_mode), content)
    return found


@pytest.fixture
def make(program, folder):
    """make(target, NAME="value", ...), with a DESTDIR below which a system lies; its umask is one that closes all to others."""
    below = folder / "below"
    for directory in ("usr/local/bin", "usr/local/share/man", "etc"):
        (below / directory).mkdir(parents=True)
    (below / "usr/local/bin/other").write_text("not ours\n")

    def run(target, **variables):
        given = {"DESTDIR": below, "BUILD": Path(program).parent, "DEPS": "no", **variables}
        # not made anew, so that others may still run it
        command = ["make", "-C", ROOT, "-o", program, target, *(f"{name}={value}" for name, value in given.items())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, umask=0o077, check=False)
        assert done.returncode == 0, done.stderr
        return below

    run.below = below
    return run


@pytest.mark.parametrize("prefix", ["/opt/a b", "/opt/a&b", "/opt/a,b", "/opt/%n"])
def test_prefix_that_a_unit_would_misread(make, prefix):
    """It is refused before anything is installed."""
    before = tree(make.below)
    with pytest.raises(AssertionError, match="PREFIX and SYSCONFDIR may have"):
        make("install", PREFIX=prefix)
    assert tree(make.below) == before


def test_there_and_back(make):
    """The files that are meant come, and with the uninstallation exactly they go."""
    before = tree(make.below)
    make("install")
    after = tree(make.below)
    came = {path: int(mode, 8) & 0o7777 for path, (mode, content) in after.items() if content and path not in before}
    assert came == FILES
    directories = {mode for path, (mode, content) in after.items() if content is None and path not in before}
    assert directories == {"0o40755"}
    assert {path: after[path] for path in before} == before
    make("uninstall")
    assert tree(make.below) == before


def test_again(make):
    """Installed twice, it goes as a whole all the same."""
    before = tree(make.below)
    make("install")
    once = tree(make.below)
    make("install")
    assert tree(make.below) == once
    make("uninstall")
    assert tree(make.below) == before


def test_operators_configuration(make):
    """A configuration that was there, or was changed, is neither overwritten nor removed."""
    own = make.below / CONFIG
    own.parent.mkdir()
    own.write_text('{"interval": 7}\n')
    before = tree(make.below)
    make("install")
    assert own.read_text() == '{"interval": 7}\n'
    make("uninstall")
    assert tree(make.below) == before
    own.unlink()
    make("install")
    own.write_text('{"interval": 8}\n')
    make("uninstall")
    assert own.read_text() == '{"interval": 8}\n'


def test_prefix(make):
    """The unit runs the program and the configuration where they were installed; DESTDIR need not be there yet."""
    new = make.below / "new"
    make("install", DESTDIR=new, PREFIX="/opt/altimeter", SYSCONFDIR="/opt/altimeter/etc")
    unit = (new / "opt/altimeter/lib/systemd/system/altimeter.service").read_text()
    (start,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert start == "ExecStart=/opt/altimeter/bin/altimeter -c /opt/altimeter/etc/altimeter/altimeter.json"
    assert not (new / CONFIG).exists()


@pytest.mark.parametrize("there", ["a place's own", "relative"])
def test_any_destdir(make, there):
    """A path with a space in it is one path, and a relative one is seen from the source; both also on the way back."""
    before = tree(make.below)
    given = make.below / there
    make("install", DESTDIR=os.path.relpath(given, ROOT) if there == "relative" else given)
    came = {str(path.relative_to(given)) for path in given.rglob("*") if path.is_file()}
    assert came == set(FILES)
    make("uninstall", DESTDIR=os.path.relpath(given, ROOT) if there == "relative" else given)
    assert not [path for path in given.rglob("*") if path.is_file()]
    assert {path: what for path, what in tree(make.below).items() if path in before} == before


def test_configuration(run):
    """The configuration that comes with it is right, and says just what the unit needs beside the defaults."""
    shipped = json.loads((ROOT / "packaging/altimeter.json").read_text())
    result = run("--check", config=shipped)
    assert result.status == 0, result.stderr
    in_force, default = json.loads(result.stdout), json.loads(run("--check").stdout)
    assert {key for key in in_force if in_force[key] != default.get(key)} <= {"state_dir", "run_dir", "state_size"}
    assert (in_force["state_dir"], in_force["run_dir"]) == ("/var/lib/altimeter", "/run/altimeter")


def test_as_any_user(program):
    """Below a DESTDIR of their own, anybody can install it."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        place = Path(name)
        place.chmod(0o755)
        shutil.copytree(ROOT / "packaging", place / "packaging")
        shutil.copy(program, place / "altimeter")
        (place / "below").mkdir()
        os.chown(place / "below", 65534, 65534)
        where = {"DESTDIR": place / "below", "PREFIX": "/usr", "SYSCONFDIR": "/etc", "PROGRAM": place / "altimeter", "RECORD": ""}
        where |= {"UNITDIR": "/usr/lib/systemd/system", "SYSUSERSDIR": "", "ZSHDIR": "/usr/share/zsh/site-functions"}
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        command = [*nobody, place / "packaging/make-install", "install"]
        environment = {**os.environ, **{key: str(value) for key, value in where.items()}}
        subprocess.run(command, env=environment, cwd="/", check=True)
        assert (place / "below/usr/bin/altimeter").exists() and not (place / "below/usr/share/altimeter/installed").exists()
