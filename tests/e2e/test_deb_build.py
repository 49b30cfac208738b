"""The Debian package and the source tarball as files: alike to the bit, and as Debian wants them."""

import re
import subprocess
import tarfile
from pathlib import Path

import debs
import pytest
from debs import cleaned  # noqa: F401

pytestmark = [pytest.mark.plain, pytest.mark.xdist_group("deb")]


@pytest.fixture
def built():
    return debs.built()


@pytest.mark.parametrize("kind", ["altimeter", "altimeter-dbgsym"])
def test_reproducible(built, kind):
    """Two builds are alike to the bit, whoever builds, where, with which umask and time zone; one without network and git."""
    (ours,), (theirs,) = (folder.glob(f"{kind}_{debs.VERSION}_*.deb") for folder in (built.ours, built.theirs))
    assert ours.name == theirs.name
    assert ours.read_bytes() == theirs.read_bytes()


def test_tarball(built):
    """Packed again where it was unpacked, the tarball is the same; it has all that git has, in order, root's, with one date."""
    name = f"altimeter-{debs.VERSION}.tar.gz"
    assert (built.ours / name).read_bytes() == (built.theirs / name).read_bytes()
    with tarfile.open(built.ours / name) as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid) for member in members} == {(0, 0)} and len({member.mtime for member in members}) == 1
    assert {member.mode for member in members} == {0o644, 0o755}
    known = subprocess.run(["git", "-C", debs.ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=False).stdout.decode()
    wanted = {name for name in known.split("\0") if name and not name.startswith((".ci/", ".git")) and (debs.ROOT / name).exists()}
    assert wanted <= {member.name.split("/", 1)[1] for member in members}


def test_lintian(built, tmp_path):
    """lintian has no error and no warning."""
    debs.demand("lintian")
    (changes,) = built.ours.glob("*.changes")
    # in a folder that goes, as it leaves files behind
    said = debs.call(["env", f"TMPDIR={tmp_path}", "lintian", "--allow-root", "--fail-on", "error,warning", changes], debs.BUILD_S)
    assert not re.search("^[EW]:", said, re.MULTILINE), said


def test_hardened(built, tmp_path):
    """The program is position independent and all of it is bound at its start."""
    debs.call(["dpkg-deb", "-x", built.deb, tmp_path])
    said = debs.call(["readelf", "-dhW", tmp_path / "usr/bin/altimeter"])
    assert "DYN" in said and "BIND_NOW" in said and "PIE" in said


def test_changelog():
    """The package's changelog is the section of the version, dated as its heading; a version that has none stops the build."""
    changelog = Path(debs.ROOT / "packaging/make-changelog")
    said = debs.call([changelog, debs.VERSION, "0", debs.ROOT / "CHANGELOG.md"])
    assert said.startswith(f"altimeter ({debs.VERSION}) bookworm; urgency=medium\n\n  * ")
    assert max(map(len, said.splitlines()[:-1])) <= 80
    none = subprocess.run([changelog, "9.9.9", "0", debs.ROOT / "CHANGELOG.md"], capture_output=True, text=True, check=False)
    assert none.returncode == 1 and "9.9.9" in none.stderr


def test_changelog_dates(tmp_path):
    """A heading's own date wins."""
    path = tmp_path / "CHANGELOG.md"
    path.write_text("## 1.1 - 2026-02-03\n\n- One\n  thing.\n\n## 1.0 - 2026-01-01\n\n- Old.\n")
    said = debs.call([debs.ROOT / "packaging/make-changelog", "1.1", "0", path])
    assert "  * One thing.\n" in said and "Old" not in said and said.endswith("  Tue, 03 Feb 2026 00:00:00 +0000\n")
