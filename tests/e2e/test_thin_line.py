"""From the machine to Graphite: what the raw lines door shows is what a real carbon has on disk."""

import points

SLOTS = 8


def push_to(server):
    return ("--graphite", f"127.0.0.1:{server.port}")


def merged(snapshots):
    """{specific: {timestamp: value}}"""
    series = {}
    for snapshot in snapshots:
        for specific, value in snapshot.items():
            series.setdefault(specific, {})[snapshot.timestamp] = value
    return series


def assert_on_disk(carbon, snapshots, counts=lambda timestamp: True):
    """Every value of every slot that counts comes to carbon's disk."""
    first, last = snapshots[0].timestamp, snapshots[-1].timestamp
    missing = {
        specific: {t: v for t, v in values.items() if counts(t)}
        for specific, values in merged(snapshots).items()
    }

    def all_there():
        stored = carbon.fetch_all(list(missing), first, last)
        for specific, values in stored.items():
            missing[specific] = {t: v for t, v in missing[specific].items() if values.get(t) != v}
            if not missing[specific]:
                del missing[specific]
        return not missing

    try:
        points.wait_until(all_there, "every value is on carbon's disk")
    except AssertionError as failure:
        raise AssertionError(f"{failure}; missing or wrong: {missing}") from None


def test_every_slot_and_value_reaches_carbon(agent, carbon):
    """The thin line: each value of each slot, from first to last, is in a real Graphite's files."""
    carbon.start()
    daemon = agent(*push_to(carbon))
    lines = daemon.lines()
    lines.count(SLOTS)
    lines.assert_every_slot()
    daemon.stop()
    shown = lines.tail()
    assert len(shown) > SLOTS
    assert_on_disk(carbon, shown)


def test_carbon_comes_late_and_dies_meanwhile(agent, carbon):
    """While Graphite is down, before its first start and after a kill -9, nothing is lost."""
    daemon = agent(*push_to(carbon))
    lines = daemon.lines()
    before = lines.count(2)  # slots that only the ring has
    carbon.start()
    assert_on_disk(carbon, before)

    carbon.kill()
    killed = lines.newest()
    lines.wait(lambda snapshot: True, "two slots while carbon is dead", since=killed + 2)
    carbon.start()
    assert_on_disk(
        carbon, [lines.wait(lambda snapshot: True, "the first of them", since=killed + 1)]
    )
    lines.assert_every_slot()
    daemon.stop()

    # What carbon had taken into its own memory died with it, and no sender can know: the slots
    # between the last one that was on its disk and the kill may be there or not. All others must.
    written = before[-1].timestamp
    assert_on_disk(
        carbon, lines.tail(), counts=lambda timestamp: timestamp <= written or timestamp > killed
    )
