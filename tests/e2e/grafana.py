"""A dashboard as Grafana reads it: its variables, and what it asks Graphite for. There is no Grafana in Debian 12."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "packaging/grafana/altimeter.json"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|\[\[(\w+)\]\]")


def load():
    return json.loads(FILE.read_text())


def seconds(text):
    """A relative time, with or without its `now-`."""
    number, unit = re.fullmatch(r"(?:now-)?(\d+)([smhd])", text).groups()
    return int(number) * UNITS_S[unit]


def panels(board):
    """All of them, rows too, in order; those of a collapsed row lie in it."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def variables(board):
    """Name -> variable."""
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def interpolate(text, values):
    """
    With values instead of variables, as the Graphite data source wants it: one as it is, several as {a,b}.
    A variable that there is not is a mistake.
    """

    def value(found):
        chosen = values[next(filter(None, found.groups()))]
        return chosen if isinstance(chosen, str) else chosen[0] if len(chosen) == 1 else f"{{{','.join(chosen)}}}"

    return VARIABLE.sub(value, text)


def options(variable, web, values):
    """What is offered in a query variable's list."""
    query = re.fullmatch(r"expand\((.*)\)", variable["query"]).group(1)
    kept = re.compile(variable["regex"].strip("/"))
    found = {found.group(1) for path in web.expand(interpolate(query, values)) if (found := kept.search(path))}
    return sorted(found)


@dataclass(frozen=True)
class Query:
    """One target of a panel."""

    panel: str
    ref: str
    text: str  # the expression, with variables
    since_s: int  # how far back it looks
    unit: str
    repeated: bool  # once for each chosen disk

    def __str__(self):
        return f"{self.panel} {self.ref}"

    def __call__(self, values):
        """What is sent."""
        return interpolate(self.text, values)

    def named(self, values):
        """As Grafana from 10 on sends it: it finds the answer's target by a word behind each name."""
        return f'aliasSub({self(values)}, "(^.*$)", "\\1 {self.ref}")'


def queries(board):
    """Those of all panels."""
    return [
        Query(
            panel["title"],
            target["refId"],
            target["target"],
            seconds(panel.get("timeFrom") or board["time"]["from"]),
            panel["fieldConfig"]["defaults"]["unit"],
            "repeat" in panel,
        )
        for panel in panels(board)
        for target in panel.get("targets", ())
    ]
