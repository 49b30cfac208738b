"""packaging/bosh: the package's script compiles and installs altimeter from what `make dist` makes."""

import os
import subprocess

import bosh
import pytest

pytestmark = [pytest.mark.plain, pytest.mark.xdist_group("dist")]

PACKAGES = bosh.RELEASE / "packages"
STEMCELL = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"}  # as BOSH compiles: nothing of ours


@pytest.mark.parametrize("package", ["altimeter", "altimeter-libraries"])
def test_script(package):
    """It is a script that bash understands."""
    script = PACKAGES / package / "packaging"
    assert script.read_text().startswith("#!/bin/bash\n")
    subprocess.run(["bash", "-n", script], check=True)


def test_altimeter(folder):
    """It takes the blob and nothing of ours; what is installed runs, and has what the job names."""
    blob, work, target = folder / "blob", folder / "work", folder / "target"
    for path in (blob, work / "altimeter", target):
        path.mkdir(parents=True)
    make = ["make", "-C", bosh.ROOT, "-s", "dist", f"BUILD={blob}"]
    subprocess.run(make, check=True, timeout=120, capture_output=True)
    (tarball,) = blob.glob("altimeter-*.tar.gz")
    tarball.rename(work / "altimeter" / tarball.name)
    result = subprocess.run(
        ["bash", PACKAGES / "altimeter/packaging"],
        cwd=work,
        env={**STEMCELL, "BOSH_INSTALL_TARGET": str(target), "ALTIMETER_LIBRARIES": "/nonexistent", "CFLAGS": "-O0"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    version = (bosh.ROOT / "VERSION").read_text().strip()
    said = subprocess.run([target / "bin/altimeter", "--version"], capture_output=True, text=True, check=True)
    assert version in said.stdout
    stop = target / "lib/altimeter/parachute/monit/stop"
    assert os.access(stop, os.X_OK)
    files = bosh.render({"services_to_stop": ["redis"]})
    assert f"/var/vcap/packages/altimeter/{stop.relative_to(target)}" in files[bosh.CONFIG]
    assert "/var/vcap/packages/altimeter/bin/altimeter" in files["config/bpm.yml"]
