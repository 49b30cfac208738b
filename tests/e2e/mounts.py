"""A room with mounts of its own: what is mounted in there nobody else on the machine sees."""

import os
import subprocess
import sys
from pathlib import Path

import points
import pytest

HANGFS = Path(__file__).with_name("hangfs.py")
KEEPER = "echo ready && exec cat >/dev/null"
COMMAND_S = 60


class Room:
    """
    A private mount namespace, kept by a process that ends when this one does; then its mounts and
    loop devices vanish. /var is an empty tmpfs with the two mount points that altimeter knows.
    """

    def __init__(self, folder):
        if Path("/var") in folder.resolve().parents:
            pytest.skip("temporary files lie in /var (TMPDIR), which a room covers")
        self.folder = folder
        self.file_systems = []
        self.processes = []
        self.keeper = subprocess.Popen(
            ["unshare", "--mount", "--propagation=private", "sh", "-c", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = self.keeper.stdout.readline()
        if said != b"ready\n":
            self.close()
            why = said.decode().strip()
            pytest.skip(f"no private mount namespace can be made here (it takes root): {why}")
        # --root and --wd too: in a chroot the new namespace's own root would be another tree
        self.enter = ["nsenter", f"--target={self.keeper.pid}", "--mount", "--root", "--wd"]
        self.mount("-t", "tmpfs", "none", "/var")
        for name in ("data", "store"):
            self.path(f"/var/vcap/{name}").mkdir(parents=True)

    def run(self, *command):
        """Runs a command in the room and gives its output; what fails, fails the test."""
        result = subprocess.run(
            [*self.enter, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_S,
            check=False,
        )
        assert result.returncode == 0, f"{command}: {result.stdout!r}"
        return result.stdout

    def python(self, script, *args):
        """Runs a Python script in the room."""
        return self.run(sys.executable, "-c", script, *args)

    def start(self, script, *args):
        """Starts a Python script in the room that ends with its stdin; the room ends it."""
        process = subprocess.Popen(
            [*self.enter, sys.executable, "-c", script, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def path(self, inside):
        """The path by which this process reaches what is at `inside` in the room."""
        return Path(f"/proc/{self.keeper.pid}/root") / str(inside).lstrip("/")

    def mountinfo(self):
        return Path(f"/proc/{self.keeper.pid}/mountinfo").read_bytes()

    def mount(self, *args):
        self.run("mount", *args)

    def unmount(self, mount):
        """Tries again for a while: whoever asks a disk how full it is holds it for that instant."""

        def once():
            command = [*self.enter, "umount", mount]
            return subprocess.call(command, stderr=subprocess.DEVNULL, timeout=COMMAND_S) == 0

        points.wait_until(once, f"{mount} can be unmounted")

    def ext4(self, mount, size="32M", image=None, options=()):
        """A new ext4 on a loop device at `mount`; gives its image, to mount it again."""
        image = image or self.folder / f"disk{len(list(self.folder.glob('*.img')))}.img"
        if not image.exists():
            subprocess.run(["truncate", "-s", size, image], check=True)
            subprocess.run(["mkfs.ext4", "-q", "-F", *options, image], check=True)
        os.makedirs(os.fsencode(self.path("/")) + os.fsencode(mount), exist_ok=True)
        result = subprocess.run(
            [*self.enter, "mount", "-t", "ext4", "-o", "loop", image, mount],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_S,
            check=False,
        )
        if result.returncode != 0 and b"loop" in result.stdout:
            pytest.skip(f"no loop device can be set up here: {result.stdout.decode().strip()}")
        assert result.returncode == 0, result.stdout
        return image

    def statfs(self, mount):
        """total, used and free in bytes, as stat(1) says."""
        size, blocks, free, available = map(
            int, self.run("stat", "-f", "-c", "%S %b %f %a", mount).split()
        )
        return {"total": size * blocks, "used": size * (blocks - free), "free": size * available}

    def hangfs(self, *mounts):
        """One file system of type fuse.hangfs at each mount; all of them obey the same commands."""
        file_system = HangFs(self, mounts)
        self.file_systems.append(file_system)
        return file_system

    def release(self):
        """Lets everybody go who hangs in one of the file systems."""
        while self.file_systems:
            self.file_systems.pop().close()

    def close(self):
        self.release()
        for process in (*self.processes, self.keeper):
            end(process)


def end(process):
    """Ends a process that waits for the end of its stdin."""
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    process.stdout.close()


class HangFs:
    """The test's end of hangfs.py, which runs in the room; or of another `script` that is like it."""

    def __init__(self, room, mounts, script=HANGFS, args=()):
        for mount in mounts:
            room.path(mount).mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [*room.enter, sys.executable, script, *args, *mounts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self.process.stdout.readline()
        if ready != "ready\n":
            self.close()
            pytest.skip(f"no FUSE file system can be mounted here: {ready.strip()}")

    def tell(self, command):
        """Puts a command in force. Gives (requests held, statfs ever asked)."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        held, asked = self.process.stdout.readline().split()
        return int(held), int(asked)

    def count(self):
        return self.tell("count")

    def close(self):
        """Ends it; whoever hangs in it is let go with an error."""
        end(self.process)
