"""
hangfs.py MOUNT...: empty FUSE file systems of type fuse.hangfs that answer statfs, or do not.

It speaks the kernel's protocol on /dev/fuse itself (include/uapi/linux/fuse.h): a library answers
each request sooner or later, and what is needed here is a request that is taken and left alone.

Commands come on stdin, a line each, and are answered by a line "HELD ASKED" on stdout: how many
requests are taken and unanswered now, and how many statfs requests ever came. At the end of stdin
it unmounts and goes, which lets everybody go who waits.

    ok       answer; also what was held
    err N    answer statfs with errno N; also what was held
    nums BLOCKS FREE AVAILABLE    answer with these, in blocks of 4096 bytes
    hang     take each statfs and do not answer: the caller cannot even be killed
    mute     the same for every request, so that also a stat hangs
    intr     as hang, but a caller that gets a signal is let go
    unread   leave all requests in the kernel's queue: the caller can be killed
    count    change nothing
"""

import ctypes
import errno
import os
import select
import struct
import sys

FORGET, GETATTR, INIT, STATFS, INTERRUPT, BATCH_FORGET = 2, 3, 26, 17, 36, 42
ROOT_INODE, DIRECTORY, BLOCK = 1, 0o40755, 4096
MS_NODEV_NOSUID = 6
MNT_DETACH = 2
REQUEST_BYTES = 1 << 17  # more than one page of write and a header, as the kernel wants

libc = ctypes.CDLL(None, use_errno=True)


class FileSystem:
    def __init__(self, mount):
        self.mode, self.error, self.numbers = "ok", 0, (1000, 400, 300)
        self.held = {}  # unique number of a request -> its opcode
        self.asked = 0
        self.mount = os.fsencode(mount)
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        if libc.mount(b"hangfs", self.mount, b"fuse.hangfs", MS_NODEV_NOSUID, options) != 0:
            raise OSError(ctypes.get_errno(), f"mount: {os.strerror(ctypes.get_errno())}")

    def reply(self, unique, body=b"", error=0):
        try:
            os.write(self.fd, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)
        except OSError as failure:
            if failure.errno not in (errno.ENOENT, errno.EINVAL):  # the caller was killed meanwhile
                raise

    def answer(self, unique, opcode):
        if opcode == GETATTR:
            attributes = struct.pack(
                "<6Q10I", ROOT_INODE, 0, 0, 0, 0, 0, 0, 0, 0, DIRECTORY, 2, 0, 0, 0, BLOCK, 0
            )
            self.reply(
                unique, struct.pack("<QII", 0, 0, 0) + attributes
            )  # good for 0 s: asked each time
        elif self.error:
            self.reply(unique, error=self.error)
        else:
            blocks, free, available = self.numbers
            self.reply(
                unique, struct.pack("<5Q4I24x", blocks, free, available, 0, 0, BLOCK, 255, BLOCK, 0)
            )

    def take(self):
        """Takes a request from the kernel; false when there will be no more."""
        try:
            request = os.read(self.fd, REQUEST_BYTES)
        except OSError as failure:
            return failure.errno != errno.ENODEV
        opcode, unique = struct.unpack_from("<IQ", request, 4)
        if opcode == STATFS:
            self.asked += 1
        if opcode == INIT:
            self.reply(
                unique, struct.pack("<IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 10, BLOCK, 1, 16, 0, 0)
            )
        elif opcode == INTERRUPT:
            of = struct.unpack_from("<Q", request, 40)[0]
            if self.mode == "intr" and self.held.pop(of, None):
                self.reply(of, error=errno.EINTR)
        elif opcode in (STATFS, GETATTR):
            if self.mode == "mute" or self.mode in ("hang", "intr") and opcode == STATFS:
                self.held[unique] = opcode
            else:
                self.answer(unique, opcode)
        elif opcode not in (FORGET, BATCH_FORGET):
            self.reply(unique, error=errno.ENOSYS)
        return True

    def obey(self, words):
        if words[0] == "count":
            return
        self.mode, self.error = words[0], 0
        if words[0] == "err":
            self.mode, self.error = "ok", int(words[1])
        elif words[0] == "nums":
            self.mode, self.numbers = "ok", tuple(map(int, words[1:4]))
        if self.mode == "ok":
            for unique, opcode in self.held.items():
                self.answer(unique, opcode)
            self.held.clear()


def serve(file_systems):
    by_fd = {file_system.fd: file_system for file_system in file_systems}
    pending = b""
    while True:
        listening = [fd for fd, file_system in by_fd.items() if file_system.mode != "unread"]
        for fd in select.select([0, *listening], [], [])[0]:
            if fd != 0:
                if not by_fd[fd].take():
                    del by_fd[fd]
                continue
            got = os.read(0, 4096)
            if not got:
                return
            *commands, pending = (pending + got).split(b"\n")
            for command in commands:
                for file_system in file_systems:
                    file_system.obey(command.decode().split())
                held = sum(len(file_system.held) for file_system in file_systems)
                print(held, sum(file_system.asked for file_system in file_systems), flush=True)


def main():
    file_systems = []
    try:
        for mount in sys.argv[1:]:
            file_systems.append(FileSystem(mount))
    except OSError as failure:
        print(failure, flush=True)
    else:
        print("ready", flush=True)
        serve(file_systems)
    for file_system in file_systems:
        libc.umount2(file_system.mount, MNT_DETACH)  # closing its descriptor then ends every wait


if __name__ == "__main__":
    main()
