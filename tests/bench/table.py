"""The table: what each row compares with what, its bound, and the verdict over the rounds."""

from dataclasses import dataclass
from statistics import median

ROUNDS_LEAST = 5  # for a verdict
OK, MISSED, UNBOUND, UNMEASURED = "ok", "MISSED", "", "not measured"
HEADS = ("figure", "unit", "ours", "other's", "ratio", "min..max", "bound", "")


@dataclass
class Row:
    """
    `ours` and `other` name raw figures of a round. The bound is on their ratio (a round's own), or with no `other` on
    ours. `once`: one round is enough, since no time is in it.
    """

    figure: str
    unit: str
    ours: str
    other: str = ""
    at_most: float = None
    at_least: float = None
    once: bool = False

    def result(self, rounds):
        """From the raw figures of each round: what the table and bench.json have of this row."""
        have = [raw for raw in rounds if self.ours in raw and (not self.other or raw.get(self.other))]
        if not have:
            return {"figure": self.figure, "unit": self.unit, "verdict": UNMEASURED}
        ours = [raw[self.ours] for raw in have]
        others = [raw[self.other] for raw in have] if self.other else []
        ratios = [mine / yours for mine, yours in zip(ours, others)]
        judged = ratios or ours
        return {
            "figure": self.figure,
            "unit": self.unit,
            "rounds": len(have),
            "ours": median(ours),
            "other": median(others) if others else None,
            "ratio": median(ratios) if ratios else None,
            "min": min(judged),
            "max": max(judged),
            "at_most": self.at_most,
            "at_least": self.at_least,
            "verdict": self._verdict(median(judged)),
            "final": self.once or len(have) >= ROUNDS_LEAST,
        }

    def _verdict(self, value):
        if self.at_most is None and self.at_least is None:
            return UNBOUND
        held = (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)
        return OK if held else MISSED


def shown(value):
    """A figure with three digits that count, or all before the point."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def cells(result):
    if result["verdict"] == UNMEASURED:
        return (result["figure"], result["unit"], "", "", "", "", "", UNMEASURED)
    bound = ""
    if result["at_most"] is not None:
        bound = "<= " + shown(result["at_most"])
    elif result["at_least"] is not None:
        bound = ">= " + shown(result["at_least"])
    verdict = result["verdict"] + ("" if result["final"] or not result["verdict"] else "?")
    between = f"{shown(result['min'])}..{shown(result['max'])}"
    numbers = [shown(result[name]) for name in ("ours", "other", "ratio")]
    return (result["figure"], result["unit"], *numbers, between, bound, verdict)


def text(results):
    """The table, to be printed."""
    lines = [HEADS, *map(cells, results)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADS))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    rows.insert(1, "-" * max(map(len, rows)))
    if any(not result.get("final", True) and result["verdict"] for result in results):
        rows.append(f"?: {ROUNDS_LEAST} rounds are needed for a verdict.")
    return "\n".join(rows)


def any_missed(results):
    return any(result["verdict"] == MISSED and result["final"] for result in results)


def any_unmeasured(results):
    return any(result["verdict"] == UNMEASURED for result in results)
