"""A real PostgreSQL 15 from Debian, on a disk of its own in a room, and clients that insert rows."""

import contextlib
import subprocess
import threading
from pathlib import Path

import points
import pytest

BIN = Path("/usr/lib/postgresql/15/bin")
AS_POSTGRES = ["env", "-C", "/", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
MOUNT = "/var/vcap/store"  # the parachute calls it `persistent`
DATA = f"{MOUNT}/postgresql"
OUTSIDE = "/var/postgresql"  # socket and log, not on that disk
FILLER = f"{MOUNT}/filler"
SEGMENT = 16 * 2**20  # of the WAL
SETTINGS = f"""
listen_addresses = ''
unix_socket_directories = '{OUTSIDE}'
max_wal_size = 128MB
shared_buffers = 32MB
"""
# A row of 8 KB that is stored as it is.
TABLE = "CREATE TABLE rows (id bigint PRIMARY KEY, filling text); ALTER TABLE rows ALTER filling SET STORAGE external"
INSERT = "INSERT INTO rows VALUES (%s, repeat(md5(%s::text), 256))"
SLOW = "SELECT pg_sleep(3600)"
CLIENTS = 4


class Server:
    """Started, with an empty table, on an ext4 of `size`."""

    def __init__(self, room, size="2G"):
        if not BIN.exists():
            pytest.skip("no PostgreSQL 15 here (Debian's package postgresql)")
        self.driver = pytest.importorskip("psycopg2", reason="no psycopg2 here (Debian's package python3-psycopg2)")
        self.room = room
        room.ext4(MOUNT, size)
        for folder in (DATA, OUTSIDE):
            room.run("install", "-d", "-m", "700", "-o", "postgres", folder)
        room.run("chmod", "755", OUTSIDE)
        self.run("initdb", "-D", DATA, "-A", "trust", "-N")
        with open(room.path(f"{DATA}/postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write(SETTINGS)
        self.start()
        self.ask(TABLE)

    def run(self, name, *args):
        """One of PostgreSQL's own programs, as its user."""
        return self.room.run(*AS_POSTGRES, BIN / name, *args).decode()

    def start(self):
        """Gives what it logs meanwhile; fails if it does not start."""
        before = len(self.log())
        self.run("pg_ctl", "start", "-D", DATA, "-l", f"{OUTSIDE}/log", "--wait", "--silent")
        return self.log()[before:]

    def close(self):
        """Whatever it is doing, it does not stay."""
        subprocess.run(
            [*self.room.enter, *AS_POSTGRES, BIN / "pg_ctl", "stop", "-D", DATA, "-m", "immediate"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    def log(self):
        path = self.room.path(f"{OUTSIDE}/log")
        return path.read_text(errors="replace") if path.exists() else ""

    def state(self):
        """Of the cluster, as its control file says: `in production`, `shut down`, ..."""
        for line in self.run("pg_controldata", "-D", DATA).splitlines():
            if line.startswith("Database cluster state:"):
                return line.partition(":")[2].strip()
        raise AssertionError("no state in the control file")

    def running(self):
        return self.room.path(f"{DATA}/postmaster.pid").exists()

    def connect(self):
        connection = self.driver.connect(
            host=self.room.path(OUTSIDE), user="postgres", dbname="postgres", connect_timeout=points.DEADLINE_S
        )
        connection.autocommit = True
        return connection

    def ask(self, query):
        """The rows of its answer, each as a tuple."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def read_slowly(self):
        """Starts a statement that reads until `cancel_slow`."""

        def read():
            with contextlib.suppress(self.driver.Error):
                self.ask(SLOW)

        threading.Thread(target=read).start()
        points.wait_until(self.reads_slowly, "the slow reader reads")

    def reads_slowly(self):
        return bool(self.ask(f"SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query = '{SLOW}'"))

    def cancel_slow(self):
        self.ask(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '{SLOW}'")

    def ids(self):
        return {row[0] for row in self.ask("SELECT id FROM rows")}

    def fill(self):
        """
        Fills the disk with something else, but for 70 to 86 MB: what the rest of this segment of the
        WAL and the two after it take, and as much in the table. So it is the WAL, and not the
        table, that finds less free than it needs, half a segment; see the test of the PANIC.
        """
        (position,) = self.ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")[0]
        free = SEGMENT - int(position) % SEGMENT + 4 * SEGMENT + SEGMENT // 2
        self.room.run("fallocate", "-l", str(self.room.statfs(MOUNT)["free"] - free), FILLER)

    def make_space(self):
        self.room.path(FILLER).unlink()


class Client:
    """
    Commits rows one by one and remembers each that the server has acknowledged. It ends with its
    connection; what is refused it tries again a little later.
    """

    def __init__(self, server, number):
        self.server = server
        self.next = number * 10**9
        self.acknowledged = set()
        self.refused = []  # what the server said, SQLSTATE
        self.lost = ""  # how the connection ended
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            connection = self.server.connect()
        except self.server.driver.OperationalError as error:
            self.lost = str(error)
            return
        cursor = connection.cursor()
        while not self.enough.is_set():
            self.next += 1
            try:
                cursor.execute(INSERT, (self.next, self.next))
                self.acknowledged.add(self.next)
            except self.server.driver.Error as error:
                if connection.closed:
                    self.lost = str(error)
                    return
                self.refused.append(error.pgcode)
                self.enough.wait(0.02)
        connection.close()


class Clients:
    """Several of them, under way."""

    def __init__(self, server, count=CLIENTS):
        self.each = [Client(server, number) for number in range(count)]

    def acknowledged(self):
        return set().union(*(client.acknowledged.copy() for client in self.each))

    def refused(self):
        """The SQLSTATEs of all refusals."""
        return {code for client in self.each for code in client.refused.copy()}

    def all_lost(self):
        """The connections have ended, all of them."""
        return all(client.lost for client in self.each)

    def stop(self):
        for client in self.each:
            client.enough.set()
        for client in self.each:
            client.thread.join(points.DEADLINE_S)
            assert not client.thread.is_alive(), "a client hangs"
