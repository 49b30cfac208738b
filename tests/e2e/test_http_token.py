"""The HTTP door that wants a token: who gets in, what the others learn, and that the token stays secret."""

import machines
import pytest
import shared
from shared import VERSION
from web import Connection, ask, request

TOKEN = "s3cret-T0ken"
RIGHT = f"Authorization: Bearer {TOKEN}"


@pytest.fixture(scope="module")
def locked(program, tmp_path_factory):
    """Wants a token, and logs all that it ever logs."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "token").chmod(0o600)
    config = {"http": {"token_file": str(folder / "token")}, **machines.half_an_hour_off()}
    with shared.running(program, folder, "-v", config=config, without=("-i",)) as one:
        yield one


TOKENS = [
    ("none", [], 401),
    ("right", [RIGHT], 200),
    ("scheme in small letters", [f"authorization: bearer {TOKEN}"], 200),
    ("scheme in any letters", [f"AUTHORIZATION: bEaReR {TOKEN}"], 200),
    ("another scheme", [f"Authorization: Basic {TOKEN}"], 401),
    ("no scheme", [f"Authorization: {TOKEN}"], 401),
    ("scheme without space", [f"Authorization: Bearer{TOKEN}"], 401),
    ("empty", ["Authorization: Bearer "], 401),
    ("scheme only", ["Authorization: Bearer"], 401),
    ("nothing at all", ["Authorization:"], 401),
    ("its beginning", [f"Authorization: Bearer {TOKEN[:-1]}"], 401),
    ("it twice", [f"Authorization: Bearer {TOKEN * 2}"], 401),
    ("it and more", [f"Authorization: Bearer {TOKEN}x"], 401),
    ("another of its length", [f"Authorization: Bearer {'x' * len(TOKEN)}"], 401),
    ("in capitals", [f"Authorization: Bearer {TOKEN.upper()}"], 401),
    ("in another header", [f"X-Authorization: Bearer {TOKEN}"], 401),
]


@pytest.mark.parametrize("headers, status", [row[1:] for row in TOKENS], ids=[row[0] for row in TOKENS])
def test_token(locked, headers, status):
    """With the token there is an answer, without it, or with a wrong one, there is none."""
    answer = ask(locked.http_port, "/metrics?quantity=1", headers=headers)
    if status == 200:
        assert answer.snapshots()
    else:
        answer.assert_error(401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("target", [f"/metrics?token={TOKEN}", f"/metrics?quantity={TOKEN}", f"/{TOKEN}"])
def test_token_elsewhere(locked, target):
    """A token in the target opens nothing."""
    ask(locked.http_port, target).assert_error(401, "unauthorized")


ORDER = [
    ([], "/nowhere", "POST", 401, "unauthorized"),
    ([RIGHT], "/nowhere", "POST", 404, "notFound"),
    ([], "/metrics", "POST", 401, "unauthorized"),
    ([RIGHT], "/metrics", "POST", 405, "methodNotAllowed"),
    ([], "/metrics", "GET", 401, "unauthorized"),
    ([RIGHT], "/metrics", "GET", 422, "invalidQuantity"),
]


@pytest.mark.parametrize("headers, path, method, status, word", ORDER)
def test_order_of_checks(locked, headers, path, method, status, word):
    """Of a request with several faults the token counts first, then path, method, quantity."""
    ask(locked.http_port, f"{path}?quantity=0", method, headers=headers).assert_error(status, word)


def test_health_without_token(locked):
    """Whoever has no token learns whether the agent is well, and its version; with one all the rest."""
    assert ask(locked.http_port, "/healthz").json() == {"status": "ok", "version": VERSION}
    wrong = ["Authorization: Bearer x"]
    assert ask(locked.http_port, "/healthz", headers=wrong).json() == {"status": "ok", "version": VERSION}
    assert "ring" in ask(locked.http_port, "/healthz", headers=[RIGHT]).json()
    ask(locked.http_port, "/healthz", "POST").assert_error(405, "methodNotAllowed")


def test_token_stays_secret(locked):
    """The token is in no answer and in no line of the log, even where the request has it."""
    heard = b""
    for target in (
        "/metrics",
        "/healthz",
        "/nowhere",
        "/metrics?quantity=0",
        f"/{TOKEN}",
        f"/metrics?quantity={TOKEN}",
    ):
        for method in ("GET", "HEAD", "POST", "TRACE", "OPTIONS", "FOO"):
            for headers in ([], [RIGHT], ["Authorization: Bearer x"], [RIGHT, "no colon"], [RIGHT, "X: " + "x" * 9000]):
                with Connection(locked.http_port) as connection:
                    try:
                        connection.send(request(target, method, [*headers, "Connection: close"]))
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    heard += connection.rest()
    assert heard.count(b"HTTP/1.1 ") > 100, "the test's own aim: there were answers"
    assert TOKEN.encode() not in heard
    assert TOKEN not in locked.stderr


def test_head_without_token(locked):
    """HEAD is refused as GET is."""
    head = ask(locked.http_port, "/metrics", "HEAD")
    assert head.status == 401 and head.headers["WWW-Authenticate"] == "Bearer" and not head.body
