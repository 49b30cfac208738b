"""Graphite targets that misbehave: each costs only itself, and none keeps the agent from ending."""

import contextlib
import re
import shutil
import socket

import points
import pytest
from agent import free_port
from peers import Peer

SLOTS = 4


@pytest.fixture
def peer():
    """Makes peers: peer("closes")."""
    made = []

    def make(kind, **options):
        made.append(Peer(kind, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_bad_targets_cost_a_good_one_nothing(agent, peer):
    """Peers that close, reset, talk back or are dead: good ones (IPv4, IPv6) get each slot once."""
    good = [peer("good")]
    if socket.has_ipv6:
        try:
            good.append(peer("good", host="::1"))
        except OSError:
            pass  # the machine has no IPv6; the rest of the test stands all the same
    bad = [peer("closes"), peer("resets"), peer("talks")]
    dead = {"name": "dead", "host": "127.0.0.1", "port": free_port()}
    daemon = agent(
        config={"graphite": [*(one.target for one in bad), dead, *(one.target for one in good)]}
    )
    lines = daemon.lines()
    lines.count(SLOTS)
    lines.assert_every_slot()
    daemon.stop()
    shown = lines.tail()

    for one in good:
        one.wait(
            lambda one=one: one.heard.endswith(b" %d\n" % shown[-1].timestamp), "has the last slot"
        )
        heard = one.snapshots()
        assert [s.timestamp for s in heard] == [
            s.timestamp for s in shown
        ], "each slot once and in order"
        assert heard == shown
        assert len(one.connections) == 1
    for one in bad:
        assert one.connections, f"the target that {one.kind} was never tried"


def waiting_bytes(port):
    """How many bytes the kernel holds that a peer on this port does not take."""
    total = 0
    with open("/proc/net/tcp", encoding="ascii") as file:
        for row in list(file)[1:]:
            fields = row.split()
            if int(fields[2].split(":")[1], 16) == port:
                total += int(fields[4].split(":")[0], 16)
    return total


def slots(peer):
    """The timestamps that a peer has heard the end of a snapshot of, sorted: the newest comes before old ones."""
    with peer.changed:
        return sorted(
            int(stamp) for stamp in re.findall(rb"\.parachute\.activated 0 (\d{10})\n", peer.heard)
        )


def by_time(peer, fat):
    return sorted(peer.snapshots(fat["namespace"]), key=lambda snapshot: snapshot.timestamp)


@pytest.fixture
def fat(folder):
    """512 CPUs and a long namespace: 1 MB a slot, soon more than the kernel holds for a peer."""
    row = "cpu{} 1 2 3 4 5 6 7 0 0 0\n"
    (folder / "proc").mkdir()
    (folder / "proc" / "stat").write_text(row.format(" ") + "".join(map(row.format, range(512))))
    return {
        "namespace": ".".join(character * 150 for character in "abcd"),
        "collector": {"proc": str(folder / "proc")},
    }


def wait_until_full(stuck, good):
    """Until the good peer has heard more than the kernel took for the stuck one."""
    good.wait(
        lambda: 0 < waiting_bytes(stuck.port) < len(good.heard) - 200_000,
        "hears more than the stuck one",
    )


def test_target_that_never_reads(agent, peer, fat):
    """A peer that stops reading delays no tick, no other target and no SIGTERM."""
    stuck, good = peer("stuck"), peer("good")
    daemon = agent(config={**fat, "graphite": [stuck.target, good.target]}, without=("-n",))
    wait_until_full(stuck, good)
    good.wait(lambda: len(slots(good)) >= SLOTS, "gets its slots all the same")
    stamps = slots(good)
    assert stamps == list(range(stamps[0], stamps[0] + len(stamps))), stamps
    daemon.stop()


def test_broken_line_is_not_continued(agent, peer, fat):
    """After a reset within a line a new connection begins with a whole one; no slot is lost."""
    breaks, good = peer("stuck"), peer("good")
    daemon = agent(config={**fat, "graphite": [breaks.target, good.target]}, without=("-n",))
    wait_until_full(breaks, good)
    breaks.kind = "good"
    breaks.connections[0].close()  # with unread bytes, so this is a reset
    breaks.wait(
        lambda: len(breaks.connections) == 2 and len(slots(breaks)) >= 2,
        "is connected again and hears",
    )
    daemon.stop()
    points.wait_until(lambda: slots(good) == slots(breaks), "both hear the same slots")
    assert by_time(breaks, fat) == by_time(good, fat)


def test_last_second(agent, peer, fat):
    """What is unsent at SIGTERM gets one last second: a peer that reads again has all of it."""
    slow, good = peer("stuck"), peer("good")
    daemon = agent(config={**fat, "graphite": [slow.target, good.target]}, without=("-n",))
    wait_until_full(slow, good)
    daemon.stop(meanwhile=slow.read_on)
    points.wait_until(lambda: slots(slow) == slots(good), "the slow one has the same slots")
    assert by_time(slow, fat) == by_time(good, fat)


def cover(room, name, text):
    """Gives the room an /etc of its own with this file in it; the file may be changed in place."""
    etc = room.folder / "etc"
    if not etc.exists():
        shutil.copytree("/etc", etc, symlinks=True)
        room.mount("--bind", str(etc), "/etc")
    (etc / name).unlink(missing_ok=True)  # it may be a link to elsewhere
    (etc / name).write_text(text)
    return etc / name


def test_name_that_nobody_resolves(agent, room):
    """With a name server that never answers the ticks go on, and SIGTERM ends the agent in time."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with silent:
        try:
            silent.bind(("127.0.0.9", 53))
        except OSError as failure:
            pytest.skip(f"no name server can be played on port 53 here: {failure}")
        silent.settimeout(points.DEADLINE_S)
        cover(room, "resolv.conf", "nameserver 127.0.0.9\n")
        cover(room, "nsswitch.conf", "hosts: files dns\n")
        daemon = agent("--graphite", "graphite.example:2003", room=room)
        lines = daemon.lines()
        assert b"graphite" in silent.recv(512), "the test's own aim: it is asked"
        lines.count(SLOTS)
        lines.assert_every_slot()
        daemon.stop()


def test_name_that_comes_to_be(agent, peer, room):
    """A name that nobody knows is tried again, and resolved anew each time."""
    hosts = cover(room, "hosts", "127.0.0.1 localhost\n")
    cover(room, "nsswitch.conf", "hosts: files\n")
    one = peer("good")
    agent("--graphite", f"graphite.example:{one.port}", room=room).lines().count(1)
    assert not one.connections
    hosts.write_text("127.0.0.1 localhost graphite.example\n")
    one.wait(lambda: one.heard, "is found")


def test_name_whose_first_address_is_silent(agent, peer, room):
    """Of a name's addresses each is tried: one that answers no SYN does not hide the next."""
    one = peer("good", host="127.0.0.3")
    cover(room, "hosts", "127.0.0.2 graphite.example\n127.0.0.3 graphite.example\n")
    cover(room, "nsswitch.conf", "hosts: files\n")
    with contextlib.ExitStack() as open_sockets:
        silent = open_sockets.enter_context(socket.socket())
        silent.bind(("127.0.0.2", one.port))
        silent.listen(0)
        for _ in range(3):  # its queue is full now, and nobody takes from it
            filling = open_sockets.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(silent.getsockname())
        agent("--graphite", f"graphite.example:{one.port}", room=room).lines().count(1)
        one.wait(lambda: one.heard, "is found behind the silent one")
