"""What a tick allocates, once all is warm: counted, not timed, by the same program that guards it in the tests."""

import json
import re
import sys
from pathlib import Path

from processes import Unmeasurable, run
from table import Row

ONCE = True
COST = Path(__file__).resolve().parents[1] / "e2e" / "cost.py"

ROWS = [
    Row("allocations per tick", "", "memory", at_most=0, once=True),
    Row("the same with a state_dir", "", "state_dir", once=True),
]


def measure(bench):
    """The tick that allocates most; none of them begins a block of the ring, which one in some hundreds does."""
    bench.begin("valgrind")
    said = run([sys.executable, "-B", COST, bench.program], 600)
    told = re.findall(r"^allocations of each tick, (\w+): (.*)$", said, re.M)
    counts = {case: json.loads(ticks) for case, ticks in told}
    if not counts.get("memory"):
        raise Unmeasurable(f"{COST.name} tells no allocations")
    yield from ((case, max(ticks)) for case, ticks in counts.items() if ticks)
