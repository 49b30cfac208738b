"""What the dashboard's panels must show, said from the agent's own snapshots: name -> value, at one second."""


def percent(disk):
    """As df has it, but not rounded."""
    return 100 * disk["used"] / (disk["used"] + disk["free"])


def cpus(snapshot):
    """The CPUs of a snapshot."""
    return [path.split(".")[1] for path in snapshot if path.startswith("system.cpu") and path.endswith(".idle")]


def rate(before, now, cpu, *kinds):
    """What a CPU did in the second between two snapshots, in percent of it."""
    return sum(now[f"system.{cpu}.{kind}"] - before[f"system.{cpu}.{kind}"] for kind in kinds) / 10


def load(_, now):
    loads = {name: now[f"system.load.{name}"] / 1_000_000 for name in ("load1", "load5", "load15")}
    return {**loads, "CPUs": len(cpus(now))}


def load_stat(_, now):
    value = now["system.load.load1"] / 1_000_000
    return {"load": value, "per CPU": value / len(cpus(now))}


def cpu(before, now):
    return {
        kind: sum(rate(before, now, one, kind) for one in cpus(now)) / len(cpus(now))
        for kind in ("user", "system", "idle")
    }


def cpu_each(before, now):
    return {one: rate(before, now, one, "user", "system") for one in cpus(now)}


def leaves(prefix, *names):
    """These leaves, as they are."""
    return lambda _, now: {name: now[f"{prefix}.{name}"] for name in names}


def disks(_, now):
    used = {name: percent(now.disk(name)) for name in now.disks()}
    return {name: value for name, value in used.items() if name in ("system", "ephemeral", "persistent")}


def thresholds(now):
    return {
        f"{name} threshold": now.disk(name, "parachute")["used_threshold"] for name in now.disks("parachute")
    }


def disks_and_thresholds(_, now):
    return {**disks(_, now), **thresholds(now)}


def persistent(_, now):
    disk, observed = now.disk("persistent"), now.disk("persistent", "parachute")
    return {
        **{leaf: disk[leaf] for leaf in ("used", "free", "total")},
        "reserved": disk["total"] - disk["used"] - disk["free"],
        "threshold": observed["used_threshold"] * (observed["used"] + observed["free"]) / 100,
    }


def of_parachute(leaf):
    """A 0/1 of the node and its observed disks."""
    return lambda _, now: {
        "node": now[f"parachute.{leaf}"],
        **{name: now.disk(name, "parachute")[leaf] for name in now.disks("parachute")},
    }


def judged(_, now):
    used = {name: now.disk(name, "parachute")["used_percent"] for name in now.disks("parachute")}
    return {**used, **thresholds(now)}


def errors(_, now):
    groups = {name: now[f"system.{name}.error"] for name in ("cpu", "load", "memory", "swap", "disk")}
    each = {f"disk {name}": now.disk(name)["error"] for name in now.disks()}
    return {**groups, **each, "parachute": now["parachute.error"]}


def error(_, now):
    return {"error": max(errors(_, now).values())}


def clients(_, now):
    counts = leaves("agent.clients", "http", "lines")(_, now)
    return {**counts, "stuck disks": now["agent.disks.stuck"]}


TARGET = "agent.target.carbon"

# Panel -> function of the snapshot before and of the one now. Those that are not here have tests of their own.
PANELS = {
    "Parachute": leaves("parachute", "activated"),
    "Load": load,
    "Load now": load_stat,
    "Errors": error,
    "Disks now": disks,
    "Disks, used percent": disks_and_thresholds,
    "Disk $disk: used / total": persistent,
    "Parachute, activated": of_parachute("activated"),
    "Parachute, blind": of_parachute("error"),
    "Parachute, used percent against threshold": judged,
    "CPU": cpu,
    "CPU, each": cpu_each,
    "Memory": leaves("system.memory", "used", "buffers", "cached", "free", "shared", "total"),
    "Swap": leaves("system.swap", "used", "free", "total"),
    "What could not be read": errors,
    "Targets, connected": lambda _, now: {"carbon": now[f"{TARGET}.connected"]},
    "Targets, owed and lost": lambda _, now: {
        f"carbon.{leaf}": now[f"{TARGET}.{leaf}"] for leaf in ("owed", "lost")
    },
    "Targets, last acknowledgement": lambda _, now: {"carbon": now[f"{TARGET}.age_s"]},
    "Tick": leaves("agent.tick", "lateness_us", "duration_us"),
    "Ring": leaves("agent.ring", "bytes"),
    "Ring, snapshots": lambda _, now: {
        "snapshots": now["agent.ring.snapshots"],
        "behind": now["agent.file.behind"],
    },
    "Clients and stuck disks": clients,
}
