"""Certificates of authorities of our own, made by openssl: one good, and some that must be refused."""

import shutil
import subprocess
import sys
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

# name: the names it is for, days it is valid, authority
LEAVES = {
    "good": ("DNS:localhost,IP:127.0.0.1", 30, "ca"),
    "wrong-host": ("DNS:elsewhere.example,IP:127.0.0.9", 30, "ca"),
    "expired": ("DNS:localhost,IP:127.0.0.1", -1, "ca"),
    "client": ("DNS:node.example", 30, "ca"),
}


def available():
    return shutil.which("openssl") is not None


def openssl(folder, *args):
    subprocess.run(
        ("openssl", *args),
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def make_authority(folder, name):
    openssl(
        folder,
        *("req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.crt"),
        *("-subj", f"/CN=altimeter test {name}", "-days", "30"),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
    )


def make_leaf(folder, name, names, days, authority):
    openssl(
        folder,
        *("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"),
    )
    (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
    openssl(
        folder,
        *("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", "-days", str(days)),
        *("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial"),
        *("-extfile", f"{name}.ext"),
    )
    both = (folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text()
    (folder / f"{name}.pem").write_text(both)


def make(folder):
    """
    Authorities ca and other-ca (.crt), leaves of ca as LEAVES tells (.crt, .key, and both in a
    .pem).
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for authority in ("ca", "other-ca"):
        make_authority(folder, authority)
    for name, (names, days, authority) in LEAVES.items():
        make_leaf(folder, name, names, days, authority)
    return folder


if __name__ == "__main__":
    make(sys.argv[1])
