"""packaging/grafana: each expression of the dashboard, sent to a real graphite-web that real agents feed."""

import contextlib
import time

import grafana
import grafana_values
import points
import pytest
from grafana_stage import BOARD, MINUTE, NAMESPACES, QUERIES, STORE, VARIABLES, Graphite, newest

pytestmark = [pytest.mark.plain, pytest.mark.xdist_group("grafana")]  # all share what the fixture starts

(ANNOTATION,) = BOARD["annotations"]["list"]
ONE = "redis.0"
LEGEND_MAX = 40
CPU_PERCENT_MAX = 1000  # of a single step: a tick may come late, so that the next one comes early


@pytest.fixture(scope="module")
def graphite(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grafana")
    folder.chmod(0o755)
    with contextlib.ExitStack() as ends:
        made = Graphite(program, folder, ends)
        yield made
        for one in made.agents.values():
            one.stop()
            one.assert_no_helper()


@pytest.mark.parametrize("depth", VARIABLES["depth"]["options"], ids=lambda option: option["text"])
def test_namespaces(graphite, depth):
    """Each depth offers the namespaces of so many nodes, and `any` all of them, whatever else is called load."""
    expected = {name for name in NAMESPACES if depth["text"] in ("any", str(name.count(".") + 1))}

    def offered():
        found = grafana.options(VARIABLES["namespace"], graphite.web, {"depth": depth["value"]})
        return set(found) - {"gone"} == expected

    points.wait_until(offered, f"{expected} are offered")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_disks(graphite, namespace):
    """The disks of the node are offered, and chosen at first are those with names of their own."""
    mounted = {"ephemeral", "persistent"}
    assert mounted <= set(graphite.disks(namespace))
    assert mounted <= set(graphite.values(namespace)["disk"]) <= {*mounted, "system"}


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_every_target(graphite, query, namespace):
    """It returns data for the time that the panel looks at, with some disks chosen and with all, and plausible ones."""

    def data(values):
        shown = graphite.ask([query], values)
        return shown if shown and all(shown.values()) else None

    chosen = [graphite.values(namespace)]
    if "$disk" in query.text and not query.repeated:
        chosen += [{**chosen[0], "disk": graphite.disks(namespace)}, {**chosen[0], "disk": ["ephemeral"]}]
    for values in chosen:
        shown = points.wait_until(lambda now=values: data(now), f"{query(values)} returns data")
        highest = points.VALUE_MAX
        if query.unit == "percent":
            highest = CPU_PERCENT_MAX if query.panel.startswith("CPU") else 100
        for name, series in shown.items():
            assert all(0 <= value <= highest for value in series.values()), (name, query.unit, series)


@pytest.mark.parametrize("title", dict.fromkeys(query.panel for query in QUERIES))
def test_legend(graphite, title):
    """Grafana 9 sends the targets as they are, later ones with a word behind each name: the legend is the same."""

    def shown(**options):
        found = graphite.panel(title, graphite.values(ONE), since_s=60, **options)
        return found if found and all(found.values()) else None

    plain = points.wait_until(lambda: shown(named=False), "all of it returns data")
    assert set(points.wait_until(shown, "so too")) == set(plain)
    assert all(len(name) <= LEGEND_MAX for name in plain), set(plain)


@pytest.mark.parametrize("title", grafana_values.PANELS)
def test_values(graphite, title):
    """What a panel shows of a second is what the agent said of it, in the panel's unit and under short names."""
    expected_of = grafana_values.PANELS[title]

    def compared():
        snapshots = graphite.snapshots(ONE)
        shown = graphite.panel(title, graphite.values(ONE), since_s=60)
        stamps = sorted(set.intersection(*map(set, shown.values()))) if shown else []
        return [
            (
                {name: series[stamp] for name, series in shown.items()},
                expected_of(snapshots[stamp - 1], snapshots[stamp]),
            )
            for stamp in stamps[:-1]  # of the newest perhaps not all has come
            if stamp in snapshots and stamp - 1 in snapshots
        ][-10:]

    pairs = points.wait_until(lambda: len((found := compared())) >= 2 and found, "two seconds of all series")
    for shown, expected in pairs:
        assert shown == pytest.approx(expected)


def test_all_panels():
    """The two above look at each of them."""
    apart = {"Fullest disk", "Newest data"}
    assert {query.panel for query in QUERIES} == set(grafana_values.PANELS) | apart


def test_fullest_disk(graphite):
    """It names the fullest of all disks, chosen or not, and shows how full it is."""

    def right():
        snapshots = graphite.snapshots(ONE)
        now = snapshots[max(snapshots)]
        disks = {name: grafana_values.percent(now.disk(name)) for name in now.disks()}
        ((name, series),) = graphite.panel("Fullest disk", {**graphite.values(ONE), "disk": []}).items() or (("", {}),)
        return name in disks and newest(series) == pytest.approx(max(disks.values()), abs=0.5)

    points.wait_until(right, "the fullest disk is shown")


def test_activation(graphite):
    """A disk over its threshold shows wherever the parachute does, also zoomed out, and is one annotation."""
    values = {**graphite.values(ONE), "disk": ["persistent"]}
    points.wait_until(lambda: graphite.now("Parachute", values) == {"activated": 0}, "it is ready")
    annotation = grafana.Query("", "Anno", ANNOTATION["target"]["target"], 3600, "none", False)
    assert not any(any(series.values()) for series in graphite.ask([annotation], values, pixels=100).values())
    filler = graphite.room.path(STORE) / "filler"
    graphite.room.run("fallocate", "-l", str(graphite.room.statfs(STORE)["free"] * 9 // 10), f"{STORE}/filler")
    try:
        points.wait_until(
            lambda: sum(filter(None, graphite.panel("Parachute", values).get("activated", {}).values())) >= 2,
            "it is activated, for two seconds",
        )
        activated = {"node": 1, "persistent": 1, "ephemeral": 0}
        assert graphite.now("Parachute, activated", values) == activated
        assert graphite.now("Parachute, activated", values, since_s=None, pixels=100) == activated
        judged = graphite.now("Parachute, used percent against threshold", values)
        assert judged["persistent"] >= judged["persistent threshold"] == 80
        for pixels in (100, 10_000):
            marked = graphite.ask([annotation], values, pixels=pixels)
            assert {name: sum(value > 0 for value in series.values()) for name, series in marked.items()} == {
                "parachute activated: ephemeral": 0,
                "parachute activated: persistent": 1,
            }
    finally:
        filler.unlink()


def test_blind(graphite):
    """An observed disk that is not mounted: the parachute is blind there, and the top row says so."""
    values = graphite.values(ONE)
    graphite.room.unmount(STORE)
    try:
        points.wait_until(lambda: graphite.now("Errors", values) == {"error": 1}, "an error shows")
        blind = {"node": 1, "persistent": 1, "ephemeral": 0}
        points.wait_until(lambda: graphite.now("Parachute, blind", values) == blind, "who is blind shows")
        read = graphite.now("What could not be read", values)
        assert [name for name, value in read.items() if value] == ["parachute"]
    finally:
        graphite.room.ext4(STORE, image=graphite.image)
    points.wait_until(lambda: graphite.now("Errors", values) == {"error": 0}, "it sees again")


def test_newest_data(graphite):
    """The age of a node that reports, of one that went silent ten minutes ago, and of one that never was."""

    def age(namespace):
        values = {"namespace": namespace, "disk": []}
        ((_, series),) = graphite.panel("Newest data", values).items() or (("", {}),)
        return newest(series)

    points.wait_until(lambda: (now := age(ONE)) is not None and 0 <= now <= 20, "the agent's data is new")
    silent = int(time.time()) - 600
    graphite.send(f"gone.system.load.error 0 {silent}")
    points.wait_until(lambda: age("gone") is not None, "its only point is there")
    asked = time.time()
    assert asked - silent - 20 <= age("gone") <= time.time() - silent + 20
    assert age("never") is None


@pytest.mark.parametrize("step", (1, MINUTE))
def test_reboot(graphite, step):
    """Percents are the same at any interval; counters that begin anew leave out a step, and give no spike."""
    node, first = f"boot{step}", (int(time.time()) // step - 30) * step
    counted = {"user": (1000, 1100, 5, 305), "system": (500, 600, 0, 100), "idle": (9000, 9800, 7, 607)}
    graphite.send(
        *(
            f"{node}.system.cpu0.{kind} {value * step} {first + number * step}"
            for kind, counts in counted.items()
            for number, value in enumerate(counts)
        )
    )
    values = {"namespace": node, "disk": []}

    def shown():
        found = graphite.panel("CPU", values, since_s=60 * step)
        return found if set(found) == set(counted) and all(len(series) == 2 for series in found.values()) else None

    before, after = first + step, first + 3 * step
    assert points.wait_until(shown, "two steps of each") == {
        "user": {before: 10, after: 30},
        "system": {before: 10, after: 10},
        "idle": {before: 80, after: 60},
    }
    assert graphite.panel("CPU, each", values, since_s=60 * step) == {"cpu0": {before: 20, after: 40}}
