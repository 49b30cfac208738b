"""Where a fault is played: agents and their receivers, all ended with the scene, and what came of it."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import agent as agents
import carbon as carbons
import points

SIDE_BY_SIDE = 8  # scenes; all at once would be too much for the moment in which they start


@dataclass
class Row:
    """What came of a fault: a row of the table that `make soak` prints."""

    fault: str
    slots: int  # that had to reach the receiver
    missing: list  # those of them that are not in its own store, or with another value there
    lost: int  # what the agent itself says that it lost
    figures: dict = field(default_factory=dict)

    def __str__(self):
        figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"| {self.fault} | {self.slots} | {len(self.missing)} | {self.lost} | {figures} |"

    def check(self):
        assert self.slots > 0, self.fault
        assert not self.missing, f"{self.fault}: slots missing at the receiver: {self.missing}"
        assert self.lost == 0, f"{self.fault}: the agent says that it lost {self.lost}"


class Stage:
    """
    Starts agents and makes receivers in folders of its own. The settle time is short, so that a
    short test has something that counts as delivered.
    """

    def __init__(self, program, folder, settle_s=3, patience_s=2 * points.DEADLINE_S):
        self.program, self.folder = program, folder
        self.settle_s, self.patience_s = settle_s, patience_s
        self.ends = contextlib.ExitStack()
        self.made = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self.ends.__exit__(*exception)

    def place(self, kind):
        """A new folder, which everybody may enter."""
        self.made += 1
        place = self.folder / f"{kind}{self.made}"
        place.mkdir()
        return place

    def agent(self, *args, config=None, **options):
        one = agents.Agent(self.program, self.place("agent"))
        self.ends.callback(end, one)
        one.start(args, config=config, **options)
        return one

    def carbon(self, **options):
        one = carbons.Carbon(self.place("carbon"), **options)
        self.ends.callback(one.kill)
        return one

    def target(self, server, **options):
        """A server as the configuration wants it."""
        return {
            "host": getattr(server, "host", "127.0.0.1"),
            "port": server.port,
            "settle": self.settle_s,
            **options,
        }

    def wait(self, question, what):
        return points.wait_until(question, what, self.patience_s)

    def row(self, fault, daemon, stores, **figures):
        """
        Waits until all that the agent's ring holds has come to the stores, each of which has a part
        of it or everything, and tells what has not.
        """
        shown = daemon.snapshots()
        until = time.monotonic() + self.patience_s
        missing = not_stored(shown, stores)
        while missing and time.monotonic() < until:
            time.sleep(0.3)
            missing = not_stored(shown, stores)
        return Row(fault, len(shown), missing, lost(daemon), figures)


def end(daemon):
    if not daemon.stopped:
        daemon.stop(points.DEADLINE_S)
    daemon.clean()
    daemon.assert_no_helper()


def kill(daemon):
    """kill -9, as the kernel does where memory is short."""
    daemon.stopped = True
    daemon.process.kill()
    daemon.process.wait(points.DEADLINE_S)


def target_of(daemon):
    """What /healthz says of its only target."""
    (target,) = daemon.health()["targets"]
    return target


def is_up(daemon):
    return target_of(daemon)["state"] == "up"


def nothing_owed(daemon):
    return target_of(daemon)["owed"] == 0


def lost(daemon):
    """What /healthz says that its targets lost."""
    return sum(target["lost"] for target in daemon.health()["targets"])


def not_stored(shown, stores):
    """The slots of which a value is in none of the stores."""
    if not shown:
        return []
    first, last = shown[0].timestamp, shown[-1].timestamp
    series = {specific for snapshot in shown for specific in snapshot}
    stored = [store.fetch_all(series, first, last) for store in stores]
    return [
        snapshot.timestamp
        for snapshot in shown
        if not all(
            any(one[specific].get(snapshot.timestamp) == value for one in stored)
            for specific, value in snapshot.items()
        )
    ]


class Scenes:
    """Plays the scenes of tests: their marker `scene` has the function and its parameters."""

    def __init__(self, program, folders):
        self.program, self.folders = program, folders
        self.pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self.played = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.pool.shutdown()
        if rows := [one.result() for one in self.played.values() if not one.exception()]:
            print(
                "\n| fault | slots | missing | lost, says the agent | figures |\n|---|---|---|---|---|"
            )
            print(*rows, sep="\n")

    def begin(self, test):
        marker = test.get_closest_marker("scene")
        folder = self.folders.mktemp(test.name)
        folder.chmod(0o755)
        self.played[test.name] = self.pool.submit(
            self.play, marker.args[0], folder, dict(marker.kwargs)
        )

    def play(self, scene, folder, options):
        began = time.monotonic()
        with Stage(self.program, folder, **options.pop("stage", {})) as stage:
            row = scene(stage, **options)
        row.figures["played_s"] = round(time.monotonic() - began)
        return row

    def row(self, test):
        if test.name not in self.played:
            self.begin(test)
        return self.played[test.name].result()
