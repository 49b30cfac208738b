"""
disks.py COUNT IMAGE FOLDER COMMAND...

Becomes COMMAND, which sees COUNT disks that nobody else does: a file system of IMAGE at FOLDER/disk, and COUNT of its
folders bound to themselves. They vanish with the last process that sees them.
"""

import ctypes
import os
import subprocess
import sys

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
libc = ctypes.CDLL(None, use_errno=True)


def must(result, what):
    if result < 0:
        sys.exit(f"disks.py: {what}: {os.strerror(ctypes.get_errno())}")


def main():
    count, image, folder = int(sys.argv[1]), sys.argv[2], os.path.join(sys.argv[3], "disk")
    must(libc.unshare(CLONE_NEWNS), "unshare")
    must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "private mounts")
    os.mkdir(folder)
    if subprocess.run(["mount", "-t", "ext4", "-o", "loop", image, folder], check=False).returncode != 0:
        sys.exit("disks.py: this takes a system that lets root mount an image by a loop device")
    for number in range(count):
        path = os.fsencode(os.path.join(folder, str(number)))
        os.mkdir(path)
        must(libc.mount(path, path, None, MS_BIND, None), "bind")
    os.execv(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
