"""Long outages as scenes, with a history that is written by the ring's own encoder instead of waited for."""

import os
import subprocess
import time
from pathlib import Path

import points
from faults import some_slots
from stage import Row, lost, not_stored, nothing_owed, target_of
from tap import Tap


def prefilled(stage, slots):
    """A state_dir with a history of so many slots up to now. Gives the configuration that uses it."""
    program = Path(stage.program).parent / "tests" / "prefill"
    assert os.access(program, os.X_OK), f"there is no program {program}: run make first"
    state = stage.place("state")
    size = max(64 << 10, 1024 * slots)
    subprocess.run(
        [program, state, str(size), str(slots), str(int(time.time())), points.NAMESPACE, "1"],
        check=True,
        timeout=points.DEADLINE_S,
        stdout=subprocess.DEVNULL,
    )
    return {"state_dir": str(state), "state_size": size, "history": slots * 2}


def assert_whole(daemon, slots):
    """The ring has the history, and all slots since."""
    shown = daemon.snapshots()
    assert len(shown) > slots, f"{len(shown)} snapshots"
    points.assert_every_slot(shown[slots:])


def replay_broken(stage, slots, rate):
    """After a long outage the replay breaks in the middle, and then comes a carbon with nothing."""
    config = prefilled(stage, slots)
    first = stage.carbon(history="12h")
    fresh = stage.carbon(history="12h", port=first.port)
    tap = Tap(behind=first.port)
    stage.ends.callback(tap.close)
    first.start()
    daemon = stage.agent(config={**config, "graphite": [stage.target(tap, replay_rate=rate)]})
    stage.wait(lambda: len(tap.ledger.first) > slots / 2, "half of it is replayed")
    began = time.monotonic()
    first.kill()
    fresh.start()
    stage.wait(lambda: len(tap.connections) > 1, "the replay goes on")
    stage.wait(lambda: nothing_owed(daemon), "nothing is owed any more")
    took_s = time.monotonic() - began
    some_slots(stage, daemon, 2)
    assert_whole(daemon, slots)
    row = stage.row(
        f"an outage of {slots} slots, broken in the replay",
        daemon,
        [fresh],
        replay_s=round(took_s, 1),
        lines=tap.ledger.lines,
        latest_live_s=round(tap.latest(), 2),
        seconds_ahead_of_rate=round(tap.above(rate), 2),
    )
    assert fresh.process.poll() is None, "carbon lives"
    assert_live(tap)
    assert tap.above(rate) < 1, f"{tap.above(rate)} s ahead of {rate} lines a second"
    return row


def assert_live(tap):
    """No live slot had to wait for old ones; a machine that is busy may be late by itself."""
    assert tap.latest() < 1 + 2, f"{tap.latest()} s late"


def one_of_two_dead(stage, slots, rate):
    """Two targets, one of them dead for a long time: the other is never late for it."""
    config = prefilled(stage, slots)
    living, dead = Tap(), stage.carbon(history="12h")
    stage.ends.callback(living.close)
    targets = [
        {"name": "living", **stage.target(living, replay_rate=rate)},
        {"name": "dead", **stage.target(dead, replay_rate=rate)},
    ]
    daemon = stage.agent(config={**config, "graphite": targets})
    stage.wait(lambda: len(living.ledger.first) > slots, "the living one has everything")
    dead.start()
    some_slots(stage, daemon, 2)
    assert_whole(daemon, slots)
    shown = daemon.snapshots()
    row = stage.row(
        f"one of two dead for {slots} slots",
        daemon,
        [dead],
        latest_at_the_living_s=round(living.latest(), 2),
    )
    assert_live(living)
    assert len(living.connections) == 1
    assert {snapshot.timestamp for snapshot in shown} <= set(living.ledger.first)
    return row


def too_long(stage, history, slots):
    """An outage that is longer than the ring's history: what is missing is what the agent says it lost."""
    carbon = stage.carbon()
    daemon = stage.agent("--history", str(history), config={"graphite": [stage.target(carbon)]})
    first = daemon.snapshots()[0].timestamp
    some_slots(stage, daemon, slots)
    carbon.start()
    stage.wait(
        lambda: target_of(daemon)["sent"] > 0 and nothing_owed(daemon), "the rest of it comes"
    )
    last = daemon.snapshots(1)[0]
    stage.wait(lambda: not not_stored([last], [carbon]), "the newest one is on carbon's disk")

    taken = range(first, last.timestamp + 1)
    stored = carbon.fetch("system.cpu.error", first, last.timestamp)
    missing = [slot for slot in taken if slot not in stored]
    target = target_of(daemon)
    assert missing, "the test's own aim: the ring held too little"
    assert (target["lost_from_s"], target["lost_to_s"]) == (missing[0], missing[-1]), target
    return Row(
        f"an outage of {slots} slots, and a history of {history}", len(taken), missing, lost(daemon)
    )
