#!/usr/bin/python3
"""
Runs a command as systemd would run a unit's, where systemd itself does not run: likeunit.py UNIT UID GID ROOT COMMAND...

As that user, without a capability, in ROOT, with the unit's umask and limits, and behind its filters of system calls. What the
unit would have refused with an error kills here, so that nobody can overlook it. Of the filters with arguments it knows those for
address families, namespaces, and memory that is writable and executable.
"""

import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys

import seccomp

NEW_NAMESPACES = 0x7E020080
PROT_WRITE, PROT_EXEC = 2, 4
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38


def settings(unit):
    """The unit's settings: key -> its values, of all its lines."""
    found = {}
    with open(unit, encoding="utf-8") as file:
        for line in file:
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def call_sets():
    """systemd's sets of system calls: @name -> names of calls and of further sets."""
    said = subprocess.run(["systemd-analyze", "syscall-filter"], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith("@"):
            found[word] = members = []
        elif word:
            members.append(word)
    return found


def allowed(unit):
    """The system calls that the unit's SystemCallFilter= leaves."""
    sets = call_sets()

    def expand(names):
        return {call for name in names for call in (expand(sets[name]) if name.startswith("@") else [name])}

    calls = expand(["@default"])
    for value in unit["SystemCallFilter"]:
        if value.startswith("~"):
            calls -= expand(value[1:].split())
        else:
            calls |= expand(value.split())
    return calls


def rules(unit):
    """Of the allowed system calls those with conditions: name -> a list of alternatives, each a list of seccomp.Arg."""
    clean = {
        "clone": [[seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0)]],
        "mmap": [[seccomp.Arg(2, seccomp.MASKED_EQ, PROT_WRITE | PROT_EXEC, prot)] for prot in (0, PROT_WRITE, PROT_EXEC)],
        "mprotect": [[seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0)]],
    }
    families = unit["RestrictAddressFamilies"][-1].split()
    clean["socket"] = [[seccomp.Arg(0, seccomp.EQ, int(getattr(socket, family)))] for family in families]
    return clean


def make_filter(unit):
    calls = allowed(unit)
    made = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
    conditions = rules(unit)
    for call in calls:
        try:
            if call == "clone3":  # so the C library takes clone, whose flags can be looked at
                made.add_rule(seccomp.ERRNO(errno.ENOSYS), call)
            elif call in conditions:
                for alternative in conditions[call]:
                    made.add_rule(seccomp.ALLOW, call, *alternative)
            elif call not in ("unshare", "setns"):
                made.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, ValueError, OSError):
            pass  # a system call that this machine does not have
    return made


def main(path, uid, gid, root, *command):
    unit = settings(path)
    behind = make_filter(unit)
    limit = min(int(unit["LimitNOFILE"][-1]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    os.umask(int(unit["UMask"][-1], 8))
    os.chroot(root)
    os.chdir("/")
    libc = ctypes.CDLL(None, use_errno=True)
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == [""]
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(int(gid), int(gid), int(gid))
    os.setresuid(int(uid), int(uid), int(uid))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    behind.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
