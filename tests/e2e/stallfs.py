"""
stallfs.py FOLDER MOUNT: a FUSE file system at MOUNT that holds its files in FOLDER, and stalls or
fails when it is told to.

Commands come on stdin, a line each, and are answered by a line "WAITING FAILED" on stdout: how many
calls wait now, and how many ever failed because they were told to. At the end of stdin it goes,
which lets everybody go who waits.

    ok       answer; also what waits
    stall    let each call wait: the caller cannot even be killed
    full     no more room: what writes or makes a file fails with ENOSPC
    readonly what writes, makes, renames or removes a file fails with EROFS
    broken   reading and writing fail with EIO
    count    change nothing
"""

import errno
import os
import sys
import threading

from fusepy import FUSE, FuseOSError, Operations  # Debian's python3-fusepy

MAKING = ("create", "mkdir", "mknod", "truncate", "write")
CHANGING = (*MAKING, "chmod", "fsync", "rename", "rmdir", "unlink")
FAILING = {
    "full": (errno.ENOSPC, MAKING),
    "readonly": (errno.EROFS, CHANGING),
    "broken": (errno.EIO, ("fsync", "read", "write")),
}


class Tap:
    """What stands between each call and the file system."""

    def __init__(self):
        self.changed = threading.Condition()
        self.mode, self.waiting, self.failed = "ok", 0, 0

    def tell(self, mode):
        with self.changed:
            if mode != "count":
                self.mode = mode
                self.changed.notify_all()
            return f"{self.waiting} {self.failed}"

    def passes(self, call):
        """Returns when the call may go on; raises where it must fail."""
        with self.changed:
            self.waiting += 1
            self.changed.wait_for(lambda: self.mode != "stall")
            self.waiting -= 1
            error, calls = FAILING.get(self.mode, (0, ()))
            if call in calls:
                self.failed += 1
                raise FuseOSError(error)


class StallFs(Operations):
    use_ns = True

    def __init__(self, folder, tap):
        self.folder, self.tap = folder, tap

    def __call__(self, call, path, *args):
        if call not in ("init", "destroy"):
            self.tap.passes(call)
        try:
            return super().__call__(call, self.folder + path, *args)
        except OSError as failure:
            raise FuseOSError(failure.errno) from None

    def getattr(self, path, fh=None):
        status = os.lstat(path)
        keys = ("atime_ns", "mtime_ns", "ctime_ns", "gid", "mode", "nlink", "size", "uid", "blocks")
        return {f"st_{key}".removesuffix("_ns"): getattr(status, f"st_{key}") for key in keys}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def mkdir(self, path, mode):
        return os.mkdir(path, mode)

    def mknod(self, path, mode, dev):
        os.mknod(path, mode, dev)

    def rmdir(self, path):
        os.rmdir(path)

    def chmod(self, path, mode):
        os.chmod(path, mode)

    def open(self, path, flags):
        return os.open(path, flags & ~os.O_NOFOLLOW)

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def release(self, path, fh):
        os.close(fh)

    def rename(self, old, new):
        os.rename(old, self.folder + new)

    def unlink(self, path):
        os.unlink(path)


def serve(tap):
    for command in sys.stdin:
        print(tap.tell(command.strip()), flush=True)
    os._exit(0)  # whatever still waits


class Ready(StallFs):
    """Says so when it is mounted."""

    def init(self, path):
        print("ready", flush=True)
        threading.Thread(target=serve, args=(self.tap,), daemon=True).start()


def main():
    folder, mount = sys.argv[1:]
    try:
        FUSE(Ready(folder, Tap()), mount, foreground=True, allow_other=True, fsname="stallfs")
    except RuntimeError as failure:
        print(f"cannot mount: {failure}", flush=True)


if __name__ == "__main__":
    main()
