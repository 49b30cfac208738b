"""What --version tells of the libraries and of the build."""

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def told(run):
    """Its lines: first word -> the rest."""
    result = run("--version")
    assert result.status == 0
    return dict(re.fullmatch(r"([\w]+):? (.+)", line).groups() for line in result.stdout.decode("ascii").splitlines())


def ask(library, function):
    """What a library says of itself."""
    call = getattr(ctypes.CDLL(library), function)
    call.restype = ctypes.c_char_p
    return call().decode()


def test_libraries(run):
    """The versions are those of the libraries that are loaded; libstatgrab's that of the build, and said to be so."""
    lines = told(run)
    assert lines["jansson"] == ask("libjansson.so.4", "jansson_version_str")
    assert lines["libevent"] == ask("libevent_core-2.1.so.7", "event_get_version")
    curl, tls = ask("libcurl.so.4", "curl_version").split()[:2]
    assert lines["libcurl"] == f"{curl.removeprefix('libcurl/')}, {tls}"
    version = subprocess.run(["pkg-config", "--modversion", "libstatgrab"], capture_output=True, text=True, check=True)
    assert lines["libstatgrab"].startswith(version.stdout.strip() + " when it was built")


def test_build(run):
    """Compiler and flags are told."""
    lines = told(run)
    assert re.search(r"\b(gcc|[Cc]lang) \d+\.", lines["compiler"])
    assert "unknown" not in lines["CFLAGS"] and "unknown" not in lines["LDFLAGS"]


@pytest.mark.plain
def test_flags(folder):
    """The flags are told as they were given, quotes and all, but no folder of the build, which changes nothing."""
    object_file = folder / "agent" / "version.o"
    flags = (
        f"CFLAGS=-O1 -ffile-prefix-map={ROOT}=. -fdebug-prefix-map={ROOT}=/usr/src -DODD='\"a, \\\\ b\"' -g0",
        "LDFLAGS=-Wl,-z,relro -Wl,-z,now",
    )
    make = [shutil.which("make"), "-s", "DEPS=no", f"BUILD={folder}", *flags, str(object_file)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    subprocess.run(make, cwd=ROOT, env=environment, check=True, timeout=120)
    built = object_file.read_bytes()
    assert b"-O1 -DODD='\"a, \\\\ b\"' -g0\0" in built
    assert b"-Wl,-z,relro -Wl,-z,now\0" in built
    assert str(ROOT).encode() not in built
