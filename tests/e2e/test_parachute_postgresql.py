"""
packaging/parachute/postgresql against a real PostgreSQL whose disk fills up while clients commit.

The disk is an ext4 of 2 GiB, filled beforehand so that the end is seconds away. max_wal_size is 128 MB, which
PostgreSQL has not used up yet: it still makes new segments of the WAL. The first that finds no room is a PANIC. Had it
been the table that grows, it would have been an ERROR, and the server would have lived on, refusing each insert;
postgres.Server.fill sees to it that the WAL comes first.
"""

import shutil
import subprocess
from pathlib import Path

import points
import postgres
import pytest

pytestmark = pytest.mark.xdist_group("postgresql")  # each writes as fast as the disk can

SCRIPTS = Path(__file__).resolve().parents[2] / "packaging/parachute/postgresql"
INSTALLED = "/var/altimeter/postgresql"  # where nobody but root can write
STATE, RUN = "/var/altimeter/state", "/var/altimeter/run"
THRESHOLD = 97  # of 1.9 GB: 57 MB before the end
READ_ONLY, NO_SPACE = "25006", "53100"


@pytest.fixture
def server(room):
    made = postgres.Server(room)
    made.fill()
    yield made
    made.close()


@pytest.fixture
def clients(server):
    """Starts them, once."""
    made = []

    def start():
        made.append(postgres.Clients(server))
        return made[0]

    yield start
    for each in made:
        each.stop()


@pytest.fixture
def parachute(server, agent):
    """Starts the agent with these commands, each a list: the script and its arguments."""
    room = server.room
    for folder in (INSTALLED, STATE, RUN):
        room.run("install", "-d", "-m", "755", folder)
    for script in SCRIPTS.iterdir():
        shutil.copy(script, room.path(INSTALLED))

    def start(on_activate, on_release=None):
        def command(words):
            return {"command": [f"{INSTALLED}/{words[0]}", *words[1:]], "timeout": 60, "retries": 3, "user": "postgres"}

        config = {
            "run_dir": RUN,
            "state_dir": STATE,
            "parachute": {
                "interval": 0.1,
                "release_after": 0.5,
                "disks": [{"mount": postgres.MOUNT, "threshold": THRESHOLD, "release": THRESHOLD - 10}],
                "on_activate": command(on_activate),
            },
        }
        if on_release:
            config["parachute"]["on_release"] = command(on_release)
        disk = room.statfs(postgres.MOUNT)
        assert 100 * disk["used"] // (disk["used"] + disk["free"]) < THRESHOLD, "the test's own aim"
        return agent(config=config, room=room)

    return start


def assert_none_is_missing(server, clients):
    acknowledged = clients.acknowledged()
    assert acknowledged, "the test's own aim"
    missing = acknowledged - server.ids()
    assert not missing, f"{len(missing)} of {len(acknowledged)} rows that were committed are missing"


def test_without_altimeter(server, clients):
    """Nobody watches the disk: PostgreSQL ends in PANIC, for the next segment of its WAL finds no room."""
    clients = clients()
    points.wait_until(lambda: "PANIC" in server.log(), "PANIC", 3 * points.DEADLINE_S)
    assert 'PANIC:  could not write to file "pg_wal/xlogtemp' in server.log()
    points.wait_until(clients.all_lost, "no client is connected any more")
    assert server.state() != "shut down"


def test_stop(server, parachute, clients):
    """It is stopped before the disk is full, starts without a recovery once there is space, and has every row."""
    parachute(["stop", postgres.DATA])
    clients = clients()
    points.wait_until(lambda: not server.running(), "PostgreSQL is stopped", 3 * points.DEADLINE_S)
    points.wait_until(clients.all_lost, "no client is connected any more")
    left = server.room.statfs(postgres.MOUNT)["free"]
    print(f"free when it was stopped: {left >> 20} MB")
    assert left > 0 and NO_SPACE not in clients.refused()
    assert "PANIC" not in server.log() and "No space left" not in server.log()
    assert server.state() == "shut down"
    server.make_space()
    said = server.start()
    assert "database system was shut down at" in said and "recovery" not in said, said
    assert_none_is_missing(server, clients)


def test_read_only_and_back(server, parachute, clients):
    """
    It becomes read-only before the disk is full: clients are told so, who has begun a transaction and could go on to
    write is sent away, who reads goes on. Once there is space the same sessions can write again, and no row is missing.
    """
    writer, idler = server.connect(), server.connect()
    for connection, statement in ((writer, "INSERT INTO rows VALUES (-1, '')"), (idler, "SELECT 1")):
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement)
    server.read_slowly()
    parachute(["mode", "read-only", postgres.DATA], ["mode", "read-write", postgres.DATA])
    clients = clients()
    points.wait_until(
        lambda: all(READ_ONLY in client.refused for client in clients.each if not client.lost),
        "all clients are refused",
        3 * points.DEADLINE_S,
    )
    points.wait_until(
        lambda: not server.ask("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'"),
        "the open transactions are ended",
    )
    before = clients.acknowledged()
    for connection in (writer, idler):
        with pytest.raises(server.driver.OperationalError), connection.cursor() as cursor:
            cursor.execute("INSERT INTO rows VALUES (-2, '')")
    assert server.reads_slowly()
    server.cancel_slow()
    assert_none_is_missing(server, clients)
    assert server.room.statfs(postgres.MOUNT)["free"] > 0 and clients.refused() == {READ_ONLY}
    server.make_space()
    points.wait_until(
        lambda: all(client.acknowledged - before for client in clients.each if not client.lost),
        "all clients can write again",
    )
    clients.stop()
    assert "PANIC" not in server.log() and "No space left" not in server.log()
    assert_none_is_missing(server, clients)
    assert not {-1, -2} & server.ids()


def test_version_of_the_data(server):
    """Who owns the data cannot have root look for its programs where he likes."""
    server.room.path(f"{postgres.DATA}/PG_VERSION").write_text("../../../tmp\n")
    for words in (["stop"], ["mode", "read-only"]):
        command = [*server.room.enter, SCRIPTS / words[0], *words[1:], postgres.DATA]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 1 and "holds no version" in result.stderr
    server.room.path(f"{postgres.DATA}/PG_VERSION").write_text("15\n")


def test_while_it_is_stopped(server):
    """Both modes hold for a server that is stopped too, from its next start; to stop it again is fine."""

    def call(*words):
        server.room.run(SCRIPTS / words[0], *words[1:], postgres.DATA)

    for _ in range(2):
        call("stop")
    assert not server.running()
    for mode, answer in (("read-only", "on"), ("read-only", "on"), ("read-write", "off")):
        call("mode", mode)
        server.start()
        assert server.ask("SHOW default_transaction_read_only") == [(answer,)]
        call("stop")
