"""The raw lines door: what an operator with netcat sees, and what odd clients cost."""

import os
import shutil
import socket
import stat
import subprocess
import threading

import agent as agents
import machines
import points
import pytest
from lines import Lines
from web import ask

CLIENTS = 64
MIB = 1 << 20


class Client:
    """A client that hears what it asks to hear."""

    def __init__(self, address, narrow=False):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(points.DEADLINE_S)
        if narrow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.socket.connect(address if isinstance(address, str) else ("127.0.0.1", address))
        self.file = self.socket.makefile("rb")

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def line(self):
        return self.file.readline()

    def rest(self):
        """All that comes until the door closes."""
        return self.file.read()

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def client():
    """Makes clients, and closes them at the end."""
    made = []

    def connect(address, **options):
        made.append(Client(address, **options))
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def still(agent):
    """An agent with one snapshot, that takes none for half an hour."""
    return agent(config=machines.half_an_hour_off(), without=("-i",))


def the_snapshot(daemon):
    """The one that such an agent has, as lines."""
    return "".join(line + "\n" for line in ask(daemon.http_port, "/metrics").json()).encode()


def test_newest_at_once(still, client):
    """Whoever connects need not wait for the next tick."""
    wanted = the_snapshot(still)
    for _ in range(3):
        one = client(still.lines_port)
        assert b"".join(one.line() for _ in wanted.splitlines()) == wanted


def test_each_new_one(agent):
    """Several clients get every slot from then on, all the same."""
    daemon = agent()
    clients = [daemon.lines() for _ in range(5)]
    clients[0].count(2)
    clients.append(daemon.lines())
    for one in clients:
        one.count(3)
        one.assert_every_slot()
    daemon.stop()
    tails = [one.tail() for one in clients]
    assert all(tail == tails[0] for tail in tails[:5])
    assert tails[5] == tails[0][-len(tails[5]):]


def test_half_close_at_once(still, client):
    """A client that has nothing to say and shows it gets the newest snapshot, whole, and the end."""
    wanted = the_snapshot(still)
    for _ in range(3):
        one = client(still.lines_port)
        one.half_close()
        assert one.rest() == wanted


def test_netcat(still):
    """`nc -N HOST PORT </dev/null` shows one snapshot and ends."""
    if not shutil.which("nc"):
        pytest.skip("no nc here (Debian's package netcat-openbsd)")
    wanted = the_snapshot(still)
    shown = subprocess.run(["nc", "-N", "127.0.0.1", str(still.lines_port)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, timeout=points.DEADLINE_S, check=False)
    assert shown.returncode == 0 and shown.stdout == wanted


def test_half_close_later(agent, client):
    """A client that half-closes after some snapshots is closed with the end of a snapshot."""
    one = client(agent().lines_port)
    first = one.line()
    heard = first
    while b" %d\n" % (points.split(first)[2] + 1) not in heard:
        heard += one.line()
    one.half_close()
    snapshots = points.parse(heard + one.rest())
    assert len(snapshots) >= 2
    assert all(list(snapshot) == list(snapshots[0]) for snapshot in snapshots), "each is whole"


def test_half_close_with_much_under_way(agent, folder, client):
    """What is under way to a client when it half-closes still arrives, however narrow the way is."""
    daemon = agent(config={**machines.many_cpus(folder), **machines.half_an_hour_off()}, without=("-i",))
    one = client(daemon.lines_port, narrow=True)
    one.half_close()
    assert one.rest() == the_snapshot(daemon)


def test_one_too_many(still, client):
    """64 clients are served, the 65th is turned away without a line, and when one leaves there is room again."""
    points.wait_until(lambda: still.health()["lines"]["clients"] == 0, "who looked whether it is open has left")
    served = [client(still.lines_port) for _ in range(CLIENTS)]
    assert all(one.line() for one in served)
    assert client(still.lines_port).rest() == b""
    assert still.health()["lines"]["clients"] == CLIENTS
    served[5].close()
    points.wait_until(lambda: still.health()["lines"]["clients"] == CLIENTS - 1, "it has left")
    assert client(still.lines_port).line()
    assert client(still.lines_port).rest() == b""


def test_client_that_never_reads(agent, folder, client):
    """A client for which 1 MiB waits is dropped; memory and the other clients do not feel it."""
    daemon = agent(config={**machines.many_cpus(folder), "history": 2}, environment=machines.TIGHT_MEMORY)
    lines = daemon.lines()
    lines.count(3)
    others = daemon.health()["lines"]["clients"]
    before = machines.resident_bytes(daemon.pid)
    crowd = [client(daemon.lines_port, narrow=True) for _ in range(8)]
    points.wait_until(lambda: daemon.health()["lines"]["clients"] == others + len(crowd), "all are clients")
    points.wait_until(lambda: daemon.health()["lines"]["clients"] == others, "all are dropped")
    # Up to 1 MiB waits for each, and what is added to it before it is dropped.
    assert machines.resident_bytes(daemon.pid) < before + len(crowd) * 2 * MIB
    for one in crowd:
        heard = b""
        try:
            while got := one.socket.recv(1 << 16):
                heard += got
        except ConnectionResetError:
            pass
        assert 0 < len(heard) < 4 * MIB, "it got what lay in the kernel, and then the end"
    lines.next()
    lines.assert_every_slot()


def test_garbage_at_full_speed(agent, client):
    """Clients that write without end are not listened to, and delay nothing."""
    daemon = agent()
    lines = daemon.lines()
    over = threading.Event()
    written = []

    def shout(one):
        total = 0
        while not over.is_set():
            try:
                total += one.socket.send(os.urandom(1 << 16))
            except (BlockingIOError, TimeoutError):
                continue
        written.append(total)

    shouting = [client(daemon.lines_port) for _ in range(3)]
    for one in shouting:
        one.socket.settimeout(0.1)
    threads = [threading.Thread(target=shout, args=(one,)) for one in shouting]
    for thread in threads:
        thread.start()
    try:
        lines.count(4)
    finally:
        over.set()
        for thread in threads:
            thread.join(points.DEADLINE_S)
    assert all(total > MIB for total in written), "the test's own aim: it took more than the kernel holds"
    lines.assert_every_slot()
    for one in shouting:
        one.socket.settimeout(points.DEADLINE_S)
        assert points.split(one.line()), "it is served all the same"


@pytest.fixture
def unix(agent, folder):
    """Starts an agent that listens at `lines.sock` in the test's folder, and gives it and the path."""
    path = folder / "lines.sock"

    def start(**options):
        daemon = agent("--lines", f"unix:{path}", **options)
        points.wait_until(path.is_socket, "the socket is there")
        return daemon, path

    return start


def test_unix_socket(unix, client):
    """On a unix socket it is the same door, for owner and group only, and the path is free again at the end."""
    daemon, path = unix()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    one, done = client(str(path)), client(str(path))
    done.half_close()
    assert len(points.parse(done.rest())) == 1
    assert points.split(one.line())
    daemon.stop()
    assert one.rest().endswith(b"\n")
    assert not path.exists()


def test_stale_socket_is_replaced(unix, client, folder):
    """A socket that somebody left behind is no hindrance."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "lines.sock"))
    _, path = unix()
    points.wait_until(lambda: reached(path), "somebody listens again")
    assert points.split(client(str(path)).line())


def reached(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def test_socket_after_kill(unix, client):
    """After kill -9 the next start finds its own socket and replaces it."""
    daemon, path = unix()
    daemon.process.kill()
    daemon.process.wait(points.DEADLINE_S)
    daemon.stopped = True
    assert path.is_socket()
    unix()
    points.wait_until(lambda: reached(path), "somebody listens again")
    assert points.split(client(str(path)).line())


def refused(run, path):
    """Starts it there; it must give up in one line that names the path."""
    result = run("-q", "--http", "off", "--lines", f"unix:{path}")
    assert result.status == 1
    assert result.stdout == b""
    assert result.stderr.count("\n") == 1 and str(path) in result.stderr, result.stderr


def test_live_socket_is_refused(run, folder):
    """A socket at which somebody listens is theirs."""
    path = folder / "live.sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen()
        inode = path.stat().st_ino
        refused(run, path)
        assert path.stat().st_ino == inode
        with socket.socket(socket.AF_UNIX) as other:
            other.connect(str(path))


def test_busy_socket_is_refused(run, folder):
    """A listener whose queue is full is alive too, and nobody waits for it."""
    path = folder / "busy.sock"
    with socket.socket(socket.AF_UNIX) as live:
        live.bind(str(path))
        live.listen(0)
        waiting = []
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            if waiting[-1].connect_ex(str(path)) != 0:
                break
        refused(run, path)
        assert path.is_socket()
        for one in waiting:
            one.close()


def test_what_is_no_socket_is_refused(run, folder):
    """A file, folder, pipe or link in the way is left as it is."""
    file, directory, pipe, link = (folder / name for name in ("file", "directory", "pipe", "link"))
    file.write_text("mine")
    directory.mkdir()
    os.mkfifo(pipe)
    link.symlink_to(file)
    before = [path.lstat() for path in (file, directory, pipe, link)]
    for path in (file, directory, pipe, link):
        refused(run, path)
    assert file.read_text() == "mine"
    after = [path.lstat() for path in (file, directory, pipe, link)]
    assert [(s.st_ino, s.st_mode, s.st_mtime) for s in after] == [(s.st_ino, s.st_mode, s.st_mtime) for s in before]


@pytest.mark.parametrize("place", ["absent/lines.sock", "file/lines.sock"])
def test_no_folder_for_the_socket(run, folder, place):
    """Where the folder does not exist, or is none, it says so and ends."""
    (folder / "file").write_text("")
    refused(run, folder / place)


def test_folder_that_cannot_be_written(run):
    """Where nobody, not even root, may make a socket, it says so and ends."""
    refused(run, "/proc/lines.sock")


def test_ipv6(agent):
    """It listens on IPv6 as well."""
    try:
        port = agents.free_port("::1")
    except OSError as failure:
        pytest.skip(f"no IPv6 here: {failure}")
    agent("--lines", f"[::1]:{port}")
    one = points.wait_until(lambda: connected(port), "it listens")
    one.count(1)
    one.close()


def connected(port):
    try:
        return Lines(port, host="::1")
    except OSError:
        return None
