"""The long form of test_thin_line.py: `make soak`, ten minutes."""

import points
from test_thin_line import assert_on_disk, merged, push_to

SLOTS = 600


def test_ten_minutes_into_carbon(agent, carbon):
    """Ten minutes at interval 1 into a real carbon: no slot is missing on its disk, no value wrong."""
    carbon.start()
    daemon = agent(*push_to(carbon))
    lines = daemon.lines()
    lines.wait(lambda snapshot: len(lines.heard) > SLOTS, "ten minutes of slots", seconds=SLOTS + points.DEADLINE_S)
    lines.assert_every_slot()
    daemon.stop()
    shown = lines.tail()
    assert_on_disk(carbon, shown)
    print(f"\n{len(shown)} slots of {len(merged(shown))} series: all on carbon's disk")
