"""
load.py FOLDER

Works as a busy node does, in bursts of chance lengths: one process on the CPU, one in memory, one on FOLDER's disk.
Runs until it is ended, and ends with its session.
"""

import os
import random
import sys
import time
from pathlib import Path

MIB = 1 << 20


def on_cpu(chance):
    end = time.monotonic() + chance.uniform(0.05, 2)
    while time.monotonic() < end:
        sum(range(10000))
    time.sleep(chance.uniform(0.05, 2))


def in_memory(chance):
    taken = bytearray(chance.randrange(1, 400) * MIB)
    for at in range(0, len(taken), 4096):
        taken[at] = 1
    time.sleep(chance.uniform(0.05, 3))


def on_disk(chance, folder):
    path = folder / f"load{chance.randrange(8)}"
    with open(path, "ab") as file:
        for _ in range(chance.randrange(1, 200)):
            file.write(os.urandom(16384))
        file.flush()
        if chance.random() < 0.3:
            os.fsync(file.fileno())
    if path.stat().st_size > 64 * MIB:
        path.unlink()
    time.sleep(chance.uniform(0.05, 1))


def main():
    folder = Path(sys.argv[1])
    work = [on_cpu, in_memory, lambda chance: on_disk(chance, folder)]
    for number, one in enumerate(work):
        if os.fork() == 0:
            chance = random.Random(number)
            while True:
                one(chance)
    os.wait()


if __name__ == "__main__":
    sys.exit(main())
