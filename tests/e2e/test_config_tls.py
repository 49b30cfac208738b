"""The files of a target's TLS: what is refused before anything opens, and what is taken."""

import json
import os

import pytest
from config_help import assert_refused, refused_file


@pytest.fixture
def files(folder):
    """A file for each member; the key is closed to others."""
    made = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    for path in made.values():
        path.write_text("")
        path.chmod(0o644)
    made["key"].chmod(0o640)
    return made


def around(tls):
    tls = {name: str(path) for name, path in tls.items()}
    return {"graphite": [{"host": "g"}, {"host": "h", "tls": tls}]}


@pytest.mark.parametrize("members", [[], ["ca"], ["cert", "key"], ["key", "ca", "cert"]], ids=",".join)
def test_good_files(run, files, members):
    """TLS is taken with the files that are given, and --check shows them; a target without it has none."""
    tls = {name: str(files[name]) for name in members}
    result = run("--check", config=around(tls))
    assert result.status == 0, result.stderr
    without, target = json.loads(result.stdout)["graphite"]
    assert target["tls"] == tls and "tls" not in without


@pytest.mark.parametrize("given, missing", [("cert", "key"), ("key", "cert")])
def test_half_of_a_pair(run, files, folder, given, missing):
    """Certificate and key come together: the one that is missing is named."""
    text = json.dumps(around({"ca": files["ca"], given: files[given]}))
    line, column, said = refused_file(run, folder / "bad.json", text)
    assert (line, column) == (1, text.index('{"ca"') + 1)
    assert said.startswith(f"graphite[1].tls: must have the key {missing} beside {given}")


@pytest.mark.parametrize("member", ["ca", "cert", "key"])
@pytest.mark.parametrize("bad", ["missing", "folder", "pipe", "relative", "number"])
def test_bad_file(run, files, folder, member, bad):
    """A file that cannot be read is named with its key, its place and the reason; nobody waits for a pipe."""
    os.mkfifo(folder / "pipe", 0o600)
    values = {"missing": folder / "no.pem", "folder": folder, "pipe": folder / "pipe", "relative": "ca.pem"}
    value = str(values[bad]) if bad in values else 1
    config = around(files)
    config["graphite"][1]["tls"][member] = value
    text = json.dumps(config)
    line, column, said = refused_file(run, folder / "bad.json", text)
    assert (line, column) == (1, text.index(f'"{member}": ') + len(f'"{member}": ') + 1)
    assert said.startswith(f"graphite[1].tls.{member}: must be a PEM file")
    reasons = {"missing": "No such file", "folder": "no regular file", "pipe": "no regular file"}
    assert reasons.get(bad, "absolute path") in said


@pytest.mark.parametrize("mode", [0o644, 0o602, 0o601], ids=oct)
def test_open_key(run, files, mode):
    """A key to which others have access is refused; a certificate is for everyone."""
    files["key"].chmod(mode)
    assert_refused(run("--check", config=around(files)), "graphite[1].tls.key", "chmod o-rwx")


def test_unknown_member(run, files, folder):
    """An unknown key of tls is told like any other."""
    text = json.dumps(around({"ca": files["ca"], "insecure": "yes"}))
    line, column, said = refused_file(run, folder / "bad.json", text)
    assert (line, column) == (1, text.index('"insecure"') + 1)
    assert said == "graphite[1].tls.insecure: must be one of the keys ca, cert, key"
