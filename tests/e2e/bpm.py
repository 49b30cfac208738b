"""A BOSH node in a room, and a process there as bpm would run it: a root of binds, a user, no privileges."""

import os
import shlex
import shutil
import subprocess

import bosh
import points
import yaml

VCAP = 1000
OWN = ("data/altimeter", "data/altimeter/tmp", "data/sys/log/altimeter", "data/sys/run/altimeter", "store/altimeter")
BUNDLE = "/var/vcap/data/bpm/bundles/altimeter/altimeter/rootfs"

# What bpm mounts for any job, beside what its bpm.yml says: (source, destination, options).
SYSTEM = [(path, path, "ro") for path in ("/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr")]
JOB = [
    ("/var/vcap/data/altimeter/tmp", "/tmp", "rw,noexec"),
    ("/var/vcap/data/altimeter/tmp", "/var/tmp", "rw,noexec"),
    ("/var/vcap/data/altimeter/tmp", "/var/vcap/data/altimeter/tmp", "rw,noexec"),
    ("/var/vcap/data/packages", "/var/vcap/data/packages", "ro"),
    ("/var/vcap/packages", "/var/vcap/packages", "ro"),
    ("/var/vcap/jobs/altimeter", "/var/vcap/jobs/altimeter", "ro"),
    ("/var/vcap/sys/log/altimeter", "/var/vcap/sys/log/altimeter", "rw,noexec"),
]

# As runc does it: the root first, then what is mounted in it, the shortest paths first.
CONTAINER = """
set -e
mount --make-rprivate /
mkdir -p {root}
mount --bind {root} {root}
cd {root}
mkdir -p proc sys dev
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mount -t sysfs -o ro sysfs sys
touch dev/null && mount --bind /dev/null dev/null
bind() {{
    mkdir -p ".$2"
    mount --rbind "$1" ".$2"
    mount -o "remount,bind,nosuid,nodev,$3" ".$2"
}}
{binds}
pivot_root . .
umount -l .
exec chroot . {command}
"""
NODE = """{before}
unshare --mount sh -c {container} &
wait $!
"""


def process(files):
    """The one process that bpm is to run."""
    (only,) = yaml.safe_load(files["config/bpm.yml"])["processes"]
    return only


def binds(room, one):
    """(source, destination, options) of all that bpm would mount."""
    found = list(JOB)
    if one["ephemeral_disk"]:
        found.append(("/var/vcap/data/altimeter",) * 2 + ("rw,noexec",))
    if one["persistent_disk"]:
        found.append(("/var/vcap/store/altimeter",) * 2 + ("rw,noexec",))
    for volume in one["additional_volumes"] + one["unsafe"]["unrestricted_volumes"]:
        if room.path(volume["path"]).exists():
            found.append((volume["path"],) * 2 + ("rw,noexec" if volume.get("writable") else "ro,noexec",))
    return sorted(found + SYSTEM, key=lambda bind: bind[1].count("/"))


class Node:
    """
    A BOSH node with an ephemeral and a persistent disk, where the job has been rendered and its package lies. The room
    has no links in /var/vcap: /var/vcap/sys and the job's folder are real ones here.
    """

    def __init__(self, room, program, files):
        self.room, self.files, self.one = room, files, process(files)
        room.ext4("/var/vcap/data", "64M")
        room.ext4("/var/vcap/store", "32M")
        for path in (*OWN, "data/packages/altimeter/bin", "packages", "jobs/altimeter", "sys"):
            room.path(f"/var/vcap/{path}").mkdir(parents=True, exist_ok=True)
        room.mount("--bind", "/var/vcap/data/sys", "/var/vcap/sys")
        shutil.copy(program, room.path("/var/vcap/data/packages/altimeter/bin/altimeter"))
        room.path("/var/vcap/packages/altimeter").symlink_to("/var/vcap/data/packages/altimeter")
        job = room.path("/var/vcap/jobs/altimeter")
        bosh.write(files, job)
        for path in (job, *job.rglob("*")):
            os.chown(path, 0, VCAP)
            path.chmod(0o750 if path.is_dir() else 0o640)
        for path in OWN:
            os.chown(room.path(f"/var/vcap/{path}"), VCAP, VCAP)
            room.path(f"/var/vcap/{path}").chmod(0o700)

    def command(self, args, before=":"):
        """What runs the program as bpm would, on a node whose own first process it is that runs `before`."""
        user = []
        if not self.one["unsafe"].get("privileged"):
            user = ["unshare", "--pid", "--fork", "--mount-proc", "setpriv", f"--reuid={VCAP}", f"--regid={VCAP}"]
            user += ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
        container = CONTAINER.format(
            root=BUNDLE,
            binds="\n".join(shlex.join(("bind", *bind)) for bind in binds(self.room, self.one)),
            command=shlex.join([*user, self.one["executable"], *args]),
        )
        node = NODE.format(before=before, container=shlex.quote(container))
        first = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return [*self.room.enter, *first, "sh", "-c", node]

    def once(self, *args):
        """The snapshot of --once under bpm."""
        result = subprocess.run(
            self.command([*args, "-n", points.NAMESPACE, "--once"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * points.DEADLINE_S,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        (snapshot,) = points.parse(result.stdout)
        return snapshot
