"""packaging/grafana: the dashboard as a file, and what its README wants of Graphite, without any server."""

import configparser
import itertools
import json
import re
import subprocess

import grafana
import points
import pytest

pytestmark = pytest.mark.plain

BOARD = grafana.load()
PANELS = list(grafana.panels(BOARD))
SHOWING = [panel for panel in PANELS if panel["type"] != "row"]
DATASOURCE = {"type": "graphite", "uid": "${DS_GRAPHITE}"}
COLUMNS = 24
BLOCK = re.compile(r"```ini\n# (\S+?),? .*?\n(.*?)```", re.DOTALL)
README = grafana.FILE.with_name("README.md").read_text()

# The end of a series: how coarser archives must come from finer ones.
AGGREGATION = {
    r"\.(error|activated)": "max",
    r"\.connected": "min",
    r"cpu\d+\.(user|system|idle)|\.(sent|lost|reconnects)": "last",
    r".*": "average",
}


def found(value):
    """All objects in it."""
    if isinstance(value, dict):
        yield value
        value = value.values()
    elif not isinstance(value, list):
        return
    for inner in value:
        yield from found(inner)


def test_import():
    """It asks for its data source when imported, finds one when provisioned, and names all the panels it needs."""
    (wanted,) = BOARD["__inputs"]
    assert (wanted["name"], wanted["type"], wanted["pluginId"]) == ("DS_GRAPHITE", "datasource", "graphite")
    assert grafana.variables(BOARD)["DS_GRAPHITE"]["query"] == "graphite"
    required = {(one["type"], one["id"]) for one in BOARD["__requires"]}
    shown = {("panel", one["type"]) for one in SHOWING}
    assert required == {("grafana", "grafana"), ("datasource", "graphite"), *shown}
    assert BOARD["id"] is None and BOARD["uid"] == "altimeter" and BOARD["schemaVersion"] >= 36


def test_ids():
    """No panel has the id of another, no two targets of a panel the same letter."""
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))
    for panel in SHOWING:
        refs = [target["refId"] for target in panel["targets"]]
        assert refs and len(refs) == len(set(refs)), panel["title"]


def test_data_source():
    """Whatever asks for data asks the one that was chosen; no other is named anywhere."""
    asking = [*SHOWING, *(target for panel in SHOWING for target in panel["targets"]), *BOARD["annotations"]["list"]]
    asking += [one for one in BOARD["templating"]["list"] if one["type"] == "query"]
    assert all(one["datasource"] == DATASOURCE for one in asking)
    assert all(one["datasource"] == DATASOURCE for one in found(BOARD) if "datasource" in one)


def test_provisioning():
    """The README's sed puts the data source's uid wherever one is asked."""
    (script,) = re.findall(r"^sed '(.*?)' altimeter.json", README, re.MULTILINE)
    result = subprocess.run(["sed", script, grafana.FILE], stdout=subprocess.PIPE, check=True)
    uids = {one["datasource"]["uid"] for one in found(json.loads(result.stdout)) if "datasource" in one}
    assert uids == {"my-graphite-uid"} and "uid: my-graphite-uid\n" in README


def test_places():
    """No panel lies on another or beyond the edge, opened rows included; rows lie in order."""
    boxes = [(one["gridPos"], one.get("title")) for one in PANELS]
    for box, title in boxes:
        assert box["w"] > 0 and box["h"] > 0 and 0 <= box["x"] <= COLUMNS - box["w"], title
    for (a, one), (b, other) in itertools.combinations(boxes, 2):
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], f"{one} lies on {other}"
    order = [(one["gridPos"]["y"], one["gridPos"]["x"]) for one in PANELS]
    assert order == sorted(order)


@pytest.mark.parametrize("panel", SHOWING, ids=lambda panel: panel["title"])
def test_panel(panel):
    """Each has a unit, a description, and words for when there is no data."""
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"] and defaults["noValue"]
    assert panel["description"].endswith("."), "sentences"


def test_variables():
    """All that is used there is, and all that there is is used."""
    texts = [query.text for query in grafana.queries(BOARD)]
    texts += [one["target"]["target"] for one in BOARD["annotations"]["list"]]
    texts += [one["query"] for one in BOARD["templating"]["list"]]
    texts += [panel[key] for panel in PANELS for key in ("title", "description") if key in panel]
    used = {next(filter(None, one.groups())) for text in texts for one in grafana.VARIABLE.finditer(text)}
    assert used | {"DS_GRAPHITE"} == set(grafana.variables(BOARD))
    repeated = {panel["repeat"] for panel in SHOWING if "repeat" in panel}
    assert repeated <= set(grafana.variables(BOARD))


def test_depth():
    """The list of depths is what its own text says."""
    depth = grafana.variables(BOARD)["depth"]
    assert depth["query"] == ", ".join(f"{one['text']} : {one['value']}" for one in depth["options"])
    (chosen,) = [one for one in depth["options"] if one["selected"]]
    assert depth["current"] == chosen


def sections(name):
    """Those of one of the two files that the README has: in order."""
    (text,) = [block for path, block in BLOCK.findall(README) if path.endswith(f"/{name}")]
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return [parser[section] for section in parser.sections()]


def first(rules, path):
    """The one that carbon takes for a series."""
    return next(rule for rule in rules if re.search(rule["pattern"], path))


def test_retentions(once):
    """The README's retentions are ones that Whisper takes, and cover all that a snapshot has."""
    whisper = pytest.importorskip("whisper", reason="no whisper here (comes with carbon)")
    rules = sections("storage-schemas.conf")
    for specific in once():
        archives = first(rules, f"{points.NAMESPACE}.{specific}")["retentions"].split(",")
        whisper.validateArchiveList([whisper.parseRetentionDef(one) for one in archives])
        assert archives[0].startswith("10s:")


def test_aggregation(agent):
    """The README's aggregation keeps a 0/1 at its worst and a counter at its last, whatever the series."""
    whisper = pytest.importorskip("whisper", reason="no whisper here (comes with carbon)")
    target = {"host": "127.0.0.1", "port": 1, "name": "nobody"}
    (snapshot,) = agent(config={"self_metrics": True, "graphite": [target]}).snapshots(1)
    rules = sections("storage-aggregation.conf")
    assert any(specific.startswith("agent.target.nobody.") for specific in snapshot)
    for specific in snapshot:
        rule = first(rules, f"{points.NAMESPACE}.{specific}")
        wanted = next(way for end, way in AGGREGATION.items() if re.search(f"({end})$", specific))
        assert rule["aggregationMethod"] == wanted and wanted in whisper.aggregationMethods, specific
        assert float(rule["xFilesFactor"]) == 0
