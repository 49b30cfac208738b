"""
What a tick and a request cost, as counts (see cost.py): held against cost.json, and no allocation in a tick.

Whoever means to change them counts anew, and puts cost.json and agent/tick.hot into the same commit.
"""

import json
import shutil
import warnings

import cost
import pytest

pytestmark = [pytest.mark.plain, pytest.mark.xdist_group("cost")]

RECORDED = json.loads(cost.RECORD.read_text())
TOLERANCE = 0.10


@pytest.fixture(scope="module")
def slots(program, tmp_path_factory):
    """{case: slots}, counted once. Skips where it would be no wonder if the counts were others."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind here")
    if not cost.roots():
        pytest.skip("nothing is mounted on /, so the disk of the counted machine is missing")
    build = cost.build(program)
    other = [f"{key} {build[key]}, not {RECORDED[key]}" for key in build if build[key] != RECORDED[key]]
    if other:
        pytest.skip(f"another build than that which was counted: {'; '.join(other)}")
    return cost.count_all(program, tmp_path_factory.mktemp("cost"))


@pytest.mark.parametrize("what", RECORDED["instructions"])
def test_instructions(slots, what):
    """At most a tenth more instructions than recorded; a tenth less is worth recording."""
    recorded, counted = RECORDED["instructions"][what], cost.instructions(slots)[what]
    told = (
        f"{what}: {counted} instructions, {recorded} recorded ({counted / recorded - 1:+.1%}); "
        f"where that is meant: {cost.COMMAND}, and {cost.RECORD.name} into the same commit"
    )
    assert counted <= recorded * (1 + TOLERANCE), told
    if counted < recorded * (1 - TOLERANCE):
        warnings.warn(told)


def test_pages(slots, program):
    """What a tick runs lies side by side in the program."""
    lie, fill = cost.pages(program, cost.functions(slots))
    assert fill > 1
    assert lie < 1.5 * fill + 1, f"in {lie} pages what would fill {fill:.1f}; {cost.COMMAND} mends {cost.HOT.name}"


@pytest.mark.parametrize("case", ("memory", "state_dir"))
def test_allocations(slots, case):
    """A tick allocates nothing (but where a block of the ring begins, which is one in some hundreds, and none of these)."""
    odd = [slot for slot in slots[case] if slot.asked == 0 and slot.allocations]
    ways = sorted({way for slot in odd for way in slot.allocating()})
    assert not odd, f"allocations of each tick: {cost.allocations(slots[case])}, by way of {ways}"
