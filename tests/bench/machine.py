"""What is measured, and on which machine."""

import os
import platform
import subprocess
import time

from processes import read

PEERS = ("collectd-core", "prometheus-node-exporter", "netdata-core", "nginx-light", "wrk")


def first(path, name):
    """The value of the first row of a file of /proc that has this name."""
    rows = (row.split(":", 1) for row in read(path).splitlines() if ":" in row)
    return next((value.strip() for key, value in rows if key.strip() == name), None)


def said(*command):
    """What a command prints, None where there is no such command or it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def facts(program, root):
    changed = said("git", "-C", str(root), "status", "--porcelain")
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "program": said(program, "--version"),
        "commit": said("git", "-C", str(root), "rev-parse", "HEAD"),
        "changed": None if changed is None else bool(changed),
        "cpu": first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_kib": int(first("/proc/meminfo", "MemTotal").split()[0]),
        "kernel": platform.release(),
        "peers": {name: said("dpkg-query", "-W", "-f", "${Version}", name) for name in PEERS},
    }
