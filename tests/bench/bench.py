#!/usr/bin/python3
"""
Measures altimeter beside other programs, in rounds, each of all groups in turn, and prints a table of medians;
BUILD/bench.json has every round. Takes `make bench` for granted, which builds what is needed.

Ends with 0; 1: a bound is missed; 2: none is, but something could not be measured.
"""

import argparse
import json
import os
import pwd
import shutil
import sys
import tempfile
import time
from pathlib import Path

import allocations
import cpu
import density
import ending
import history
import machine
import memory
import scaling
import start
import switches
import table
import web
from processes import Unmeasurable

ROOT = Path(__file__).resolve().parents[2]
GROUPS = {
    "cpu": cpu,
    "memory": memory,
    "http": web,
    "history": history,
    "density": density,
    "scaling": scaling,
    "start": start,
    "switches": switches,
    "allocations": allocations,
}


class Bench:
    """What the groups need: programs, folders of their own, how long. A group yields its raw figures, by name."""

    def __init__(self, build, seconds, folder):
        self.build, self.seconds, self.root = build, seconds, folder
        self.program = build / "altimeter"
        self.prefill = build / "tests" / "prefill"
        self.figures = build / "bench.json"
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.folders = 0
        self.failures = []
        self.began = time.monotonic()

    def tool(self, name):
        return self.build / "bench" / name

    def begin(self, what):
        """Says what is measured now, and gives it a new folder."""
        say(f"{time.monotonic() - self.began:6.0f} s    {what}")
        self.folders += 1
        made = self.root / str(self.folders)
        made.mkdir()
        return made

    def fail(self, text):
        say(text)
        self.failures.append(text)

    def save(self, known):
        """Replaces the figures of the run before, or leaves them whole."""
        new = self.figures.with_suffix(".new")
        try:
            new.write_text(json.dumps(known, indent=2) + "\n")
            new.replace(self.figures)
        except OSError as problem:
            new.unlink(missing_ok=True)
            self.fail(f"{self.figures} cannot be written: {problem.strerror}")

    def clear(self):
        """Ends and takes away what a group has left."""
        ending.end_all()
        for path in self.root.iterdir():
            shutil.rmtree(path, ignore_errors=True)


def say(text):
    print(text, flush=True)


def measure(bench, names, rounds):
    """Yields what is known after each round: {group: [raw figures of a round]}."""
    raw = {name: [] for name in names}
    for number in range(1, rounds + 1):
        for name in names:
            group = GROUPS[name]
            if number > 1 and getattr(group, "ONCE", False):
                continue
            say(f"round {number} of {rounds}: {name}")
            raw[name].append({})
            try:
                for key, value in group.measure(bench):
                    raw[name][-1][key] = value
                    say(f"            {key}: {table.shown(value)}")
            except Exception as problem:  # whatever it is: the other groups go on
                kind = "" if isinstance(problem, Unmeasurable) else f"{type(problem).__name__}: "
                bench.fail(f"round {number}, {name}: not measured: {kind}{problem}")
            bench.clear()
        yield raw


def result(names, raw):
    return [row.result(raw[name]) for name in names for row in GROUPS[name].ROWS]


def check_writable(parser, build):
    """At the end of an hour would be late to learn it."""
    try:
        with tempfile.TemporaryFile(dir=build) as file:
            file.write(bytes(1 << 20))
    except OSError as problem:
        parser.error(f"bench.json cannot be written to {build}: {problem.strerror}; make bench BUILD=... takes another")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--rounds", type=int, default=table.ROUNDS_LEAST)
    parser.add_argument("--seconds", type=int, default=60, help="for which CPU is measured; others take a part of it")
    parser.add_argument("--only", default="", help="groups, with commas: " + ",".join(GROUPS))
    options = parser.parse_args()
    options.only = [name for name in options.only.replace(",", " ").split()] or list(GROUPS)
    for name in options.only:
        if name not in GROUPS:
            parser.error(f"there is no group {name}, but {', '.join(GROUPS)}")
        if getattr(GROUPS[name], "ROOT", False) and os.geteuid() != 0:
            others = ",".join(other for other in GROUPS if not getattr(GROUPS[other], "ROOT", False))
            parser.error(f"{name} makes private mounts, which takes root: sudo make bench, or make bench ONLY={others}")
    if options.rounds < 1 or options.seconds < 3:
        parser.error("at least 1 round and 3 seconds")
    if not os.path.exists("/proc/self/schedstat"):
        parser.error("there is no /proc/self/schedstat: /proc must be mounted, of a kernel with CONFIG_SCHED_INFO")
    check_writable(parser, options.build)
    return options


def main():
    options = parsed()
    ending.prepare()
    facts = machine.facts(options.build / "altimeter", ROOT)
    with tempfile.TemporaryDirectory(prefix="altimeter-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder  # for what those leave who are killed
        bench = Bench(options.build.resolve(), options.seconds, Path(folder))
        try:
            for raw in measure(bench, options.only, options.rounds):
                results = result(options.only, raw)
                known = {"machine": facts, "seconds": options.seconds, "results": results, "rounds": raw}
                bench.save(known | {"failures": bench.failures})
        finally:
            ending.be_deaf()
            ending.end_all()
    say(f"\n{facts['cpu']}, {facts['cores']} cores, {facts['memory_kib'] >> 10} MiB, Linux {facts['kernel']}\n")
    say("\n".join([table.text(results), *bench.failures]))
    if table.any_missed(results):
        return 1
    return 2 if bench.failures or table.any_unmeasured(results) else 0


if __name__ == "__main__":
    sys.exit(main())
