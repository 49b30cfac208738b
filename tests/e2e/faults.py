"""
What may befall a target and the agent, as scenes with parameters: played short by
test_fault_targets.py, long by soak_faults.py. Each gives a stage.Row.
"""

import random
import signal
import time

import machines
import mounts
import netns
import points
from stage import is_up, kill, not_stored, target_of
from tap import Clock, Tap
from test_peers import cover

NOTICED_S = 20  # within so many seconds a peer that vanished is missed


def chance():
    """Random moments, the same ones each time."""
    return random.Random(20)


def some_slots(stage, daemon, count):
    """Until so many more slots have passed."""
    newest = daemon.health()["newest"]["timestamp_s"]
    stage.wait(
        lambda: daemon.health()["newest"]["timestamp_s"] >= newest + count, f"{count} more slots"
    )


def reached(stage, daemon, carbon):
    """
    Until what is the newest snapshot now is on carbon's disk. Carbon must not be killed before: a
    file that it is just making would stay torn, and take no values ever.
    """
    shown = daemon.snapshots(1)
    stage.wait(lambda: not not_stored(shown, [carbon]), "the newest snapshot is on carbon's disk")


def begun(stage, machine=None, **options):
    """A carbon and an agent that feeds it."""
    carbon = stage.carbon(history="20m")
    carbon.start()
    config = {**(machine or {}), "graphite": [stage.target(carbon)]}
    daemon = stage.agent(config=config, **options)
    reached(stage, daemon, carbon)
    return daemon, carbon


def unbroken(daemon):
    """All slots since the agent started are in the ring."""
    points.assert_every_slot(daemon.snapshots())


def carbon_killed(stage, times, longest_s):
    """Carbon dies and comes back again and again, at random moments."""
    daemon, carbon = begun(stage)
    moments = chance()
    for _ in range(times):
        stage.wait(lambda: is_up(daemon), "the target is up")
        time.sleep(moments.uniform(0, longest_s))
        carbon.kill()
        carbon.start()
    some_slots(stage, daemon, 1)
    unbroken(daemon)
    row = stage.row(f"carbon killed {times} times", daemon, [carbon])
    row.figures["reconnects"] = target_of(daemon)["reconnects"]
    return row


def written(daemon, moment):
    """
    Lets the agent live until that moment, and longer until something is in its file. Gives the
    slots, from its start on, that surely are.
    """
    first = last = None
    while last is None or time.monotonic() < moment:
        health = daemon.health()
        newest = health["newest"]["timestamp_s"]
        first = first or newest
        if health["ring"]["file"]["behind"] == 0:
            last = newest
        time.sleep(0.02)
    return range(first, last + 1)


def agent_killed(stage, times, longest_s, with_carbon=False):
    """
    The agent dies and comes back with its state_dir, at random moments. `with_carbon` carbon dies
    with it, sometimes after a while in which it only took and wrote nothing; and alone, too.
    """
    carbon = stage.carbon()
    carbon.start()
    config = {"state_dir": str(stage.place("state")), "graphite": [stage.target(carbon)]}
    daemon = stage.agent(config=config)
    reached(stage, daemon, carbon)
    moments = chance()
    surely = set()

    def live():
        surely.update(written(daemon, time.monotonic() + moments.uniform(0, longest_s)))

    for _ in range(times):
        if with_carbon and moments.random() < 0.5:
            carbon.process.send_signal(signal.SIGSTOP)
        live()
        kill(daemon)
        if with_carbon:
            carbon.kill()
            carbon.start()
        time.sleep(moments.uniform(0, 2))
        daemon = stage.agent(config=config)
        if with_carbon and moments.random() < 0.5:
            live()
            carbon.kill()
            carbon.start()
    surely.update(written(daemon, time.monotonic() + 2))

    kept = [snapshot.timestamp for snapshot in daemon.snapshots()]
    assert len(set(kept)) == len(kept), f"a slot is doubled: {kept}"
    assert surely <= set(kept), f"the ring is broken: {sorted(surely - set(kept))}"
    return stage.row(
        f"{'both' if with_carbon else 'agent'} killed {times} times",
        daemon,
        [carbon],
        without_agent=kept[-1] - kept[0] + 1 - len(kept),
    )


def carbon_stopped_and_killed(stage, seconds):
    """What its kernel had acknowledged for a carbon that no longer read dies with it."""
    daemon, carbon = begun(stage)
    carbon.process.send_signal(signal.SIGSTOP)
    some_slots(stage, daemon, seconds)
    carbon.kill()
    carbon.start()
    some_slots(stage, daemon, 1)
    unbroken(daemon)
    return stage.row(f"carbon stopped {seconds} s, then killed", daemon, [carbon])


def carbon_stopped_and_continued(stage, seconds):
    """
    A carbon that does not read is alive: no reconnect, no tick late, no memory taken for it. The
    machine has so many CPUs that the kernel soon takes no more for carbon; then the time begins.
    """
    machine = machines.many_cpus(stage.place("machine"), 512)
    daemon, carbon = begun(stage, machine, environment=machines.TIGHT_MEMORY)
    clock = Clock(daemon.lines_port)
    stage.ends.callback(clock.close)
    some_slots(stage, daemon, 2)
    before = machines.resident_bytes(daemon.pid)
    carbon.process.send_signal(signal.SIGSTOP)
    stage.wait(lambda: target_of(daemon)["owed"] > 3, "the kernel takes no more")
    some_slots(stage, daemon, seconds)
    grown = machines.resident_bytes(daemon.pid) - before
    target = target_of(daemon)
    carbon.process.send_signal(signal.SIGCONT)
    assert (target["state"], target["reconnects"]) == ("up", 0), target
    assert grown < 1 << 20, f"{grown} bytes more while carbon was stopped"
    unbroken(daemon)
    row = stage.row(
        f"carbon stopped {seconds} s, then continued",
        daemon,
        [carbon],
        grown_bytes=grown,
    )
    row.figures["latest_tick_ms"] = clock.latest_ms()
    assert target_of(daemon)["reconnects"] == 0
    return row


def packets_dropped(stage, seconds):
    """A peer that vanishes without a word is noticed; all it missed comes when it is back."""
    cable = netns.Cable()
    stage.ends.callback(cable.close)
    with cable.near():
        carbon = stage.carbon(host=netns.FAR, enter=cable.enter_far)
        carbon.start()
        daemon = stage.agent(config={"graphite": [stage.target(carbon)]})
        reached(stage, daemon, carbon)
        began = time.monotonic()
        cable.drop(carbon.port)
        stage.wait(lambda: not is_up(daemon), "the agent notices")
        noticed_s = time.monotonic() - began
        some_slots(stage, daemon, max(0, seconds - int(noticed_s)))
        assert not is_up(daemon), "nobody is there yet"
        cable.let_through(carbon.port)
        stage.wait(lambda: is_up(daemon), "the target is up again")
        unbroken(daemon)
        row = stage.row(
            f"packets dropped {seconds} s", daemon, [carbon], noticed_s=round(noticed_s, 1)
        )
        daemon.stop(points.DEADLINE_S)
    # what the last packets before the fault were under way for, and the polls here and there
    assert noticed_s <= NOTICED_S + 2, f"noticed after {noticed_s} s"
    return row


def closes_early(stage, seconds, rate):
    """A peer that accepts and soon closes gets no storm, and keeps nothing from the next one."""
    carbon = stage.carbon()
    tap = Tap(linger_s=2)
    stage.ends.callback(tap.close)
    daemon = stage.agent(config={"graphite": [stage.target(tap, replay_rate=rate)]})
    some_slots(stage, daemon, seconds)
    flapped = len(tap.connections)
    carbon.start()
    tap.behind, tap.linger_s = carbon.port, None
    stage.wait(lambda: len(tap.connections) > flapped and is_up(daemon), "it stays")
    unbroken(daemon)
    row = stage.row(
        f"closed every 2 s for {seconds} s",
        daemon,
        [carbon],
        connections=flapped,
        lines=tap.ledger.lines,
        seconds_ahead_of_rate=round(tap.above(rate), 2),
    )
    assert flapped >= 2, "the test's own aim: it was closed"
    assert tap.above(rate) < 1, f"{tap.above(rate)} s ahead of {rate} lines a second"
    return row


def absent_at_start(stage, seconds):
    """The agent starts without its Graphite, and finds it within one backoff."""
    carbon = stage.carbon()
    daemon = stage.agent(config={"graphite": [stage.target(carbon)]})
    began = time.monotonic()
    some_slots(stage, daemon, seconds)
    carbon.start()
    absent_s = time.monotonic() - began
    stage.wait(lambda: is_up(daemon), "it is found")
    found_s = time.monotonic() - began - absent_s
    row = stage.row(
        f"absent {seconds} s at start", daemon, [carbon], found_after_s=round(found_s, 1)
    )
    # a backoff is the double of the one before, or up to a quarter less
    assert found_s <= min(60, absent_s * 4 / 3 + 1) + 5, f"found after {found_s} s"
    return row


def name_moves(stage):
    """The target's name comes to mean another address: the next connect goes there."""
    room = mounts.Room(stage.place("room"))
    stage.ends.callback(room.close)
    hosts = cover(room, "hosts", "127.0.0.2 graphite.example\n")
    cover(room, "nsswitch.conf", "hosts: files\n")
    old = stage.carbon(host="127.0.0.2")
    new = stage.carbon(host="127.0.0.3", port=old.port)
    old.start()
    new.start()
    target = {**stage.target(old), "host": "graphite.example"}
    daemon = stage.agent(config={"graphite": [target]}, room=room)
    reached(stage, daemon, old)
    hosts.write_text("127.0.0.3 graphite.example\n")
    old.kill()
    reached(stage, daemon, new)
    some_slots(stage, daemon, 3)
    unbroken(daemon)
    return stage.row("the name moves", daemon, [old, new])
