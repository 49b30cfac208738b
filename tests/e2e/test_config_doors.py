"""Doors to the network, and the token in its file: what is refused for safety's sake."""

import os

import pytest
from config_help import assert_refused

OPEN = ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0", "8.8.8.8:7070", "[2001:db8::1]:7070", "128.0.0.1:7070"]
CLOSED = [
    "127.0.0.1:7070",
    "127.99.1.2:7070",
    "[::1]:7070",
    "[::ffff:127.0.0.1]:7070",
    "localhost:7070",
    "unix:/run/x.sock",
    "off",
]


@pytest.mark.parametrize("door", ["http", "lines"])
def test_doors_to_the_network(run, folder, door):
    """A door that others than this machine reach is refused unless that is meant; the token is enough for HTTP only."""
    token = folder / "token"
    token.write_text("t")
    token.chmod(0o600)
    with_token = {"http": {"token_file": str(token)}}
    for address in OPEN:
        assert_refused(run("--check", f"--{door}", address), f"--{door}", address, "anonymous")
        assert_refused(run("--check", config={door: {"listen": address}}), f"{door}.listen", address, "anonymous")
        meant = run("--check", f"--{door}", address, config={door: {"anonymous": True}})
        assert meant.status == 0, meant.stderr
        other = {"http": "lines", "lines": "http"}[door]
        assert_refused(run("--check", f"--{door}", address, config={other: {"anonymous": True}}), address)
        result = run("--check", f"--{door}", address, config=with_token)
        if door == "http":
            assert result.status == 0, result.stderr
        else:
            assert_refused(result, "--lines", address)
    for address in CLOSED:
        assert run("--check", f"--{door}", address).status == 0, address


TOKENS = [
    (b"secret", 0o600, True),
    (b"secret\n", 0o600, True),
    (b"secret\r\n", 0o400, True),
    (b"secret", 0o640, True),
    (b"secret", 0o604, False),
    (b"secret", 0o602, False),
    (b"secret", 0o601, False),
    (b"", 0o600, False),
    (b"\n", 0o600, False),
    (b"two\nlines\n", 0o600, False),
    (b"with space", 0o600, False),
    (b"with\0nul", 0o600, False),
    ("schlüssel".encode(), 0o600, False),
    (b"x" * 4096, 0o600, True),
    (b"x" * 5000, 0o600, False),
]


@pytest.mark.parametrize("content, mode, good", TOKENS, ids=range(len(TOKENS)))
def test_token_file(run, folder, content, mode, good):
    """The token is one line in a file to which others have no access; it is never shown."""
    path = folder / "token"
    path.write_bytes(content)
    path.chmod(mode)
    result = run("--check", config={"http": {"token_file": str(path)}})
    if good:
        assert result.status == 0, result.stderr
    else:
        assert_refused(result, "http.token_file", "must")
    shown = result.stdout + result.stderr.encode()
    assert len(content) < 3 or content.strip() not in shown


def test_token_file_that_is_none(run, folder):
    """A folder, or a pipe in which nobody writes, is no token, and nobody waits for it."""
    os.mkfifo(folder / "pipe", 0o600)
    for path in (folder / "pipe", folder):
        assert_refused(run("--check", config={"http": {"token_file": str(path)}}), "http.token_file")
