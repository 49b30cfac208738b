"""What a disk is called, whatever its mount point is called."""

import os
import re

LONG = b"/" + b"x" * 205
LONGER = b"/" + b"/".join(b"y" * 200 for _ in range(19))

# mount point below /var/odd -> node, without the part that /var/odd gives
ODD = {
    b"/with space": b"with_space",
    b"/with_space": b"with_space_2",
    b"/with\ttab": b"with_tab",
    b"/with\nnewline": b"with_newline",
    b"/with.dot": b"with_dot",
    b"/with;semicolon": b"with_semicolon",
    b"/with\\backslash": b"with_backslash",
    b"/\\040written": b"_040written",
    b"/not utf8 \xff\xfe\xc3": b"not_utf8____",
    b"/\xc3\xbcber": b"__ber",
    b"/control\x1b[1m\x7f\r": b"control__1m__",
    b"/quote\"'#$`": b"quote_____",
    b"/minus-1": b"minus-1",
}


def test_odd_mount_names(once, room):
    """Whatever a mount point is called, its lines are valid and its name is its own."""
    room.ext4("/var/disk", size="16M")
    expected = {b"/var/odd" + mount: b"var_odd_" + node for mount, node in ODD.items()}
    expected.update({b"/var/odd" + mount: None for mount in (LONG, LONG + b"2", LONGER)})
    for mount in expected:
        os.makedirs(os.fsencode(room.path("/")) + mount)
        room.mount("--bind", "/var/disk", mount)
    snapshot = once(room=room)
    names = snapshot.disks()
    assert len(set(names)) == len(names)
    shown = names[-len(expected) :]
    for name, (mount, node) in zip(shown, expected.items()):
        assert snapshot.disk(name)["error"] == 0, name
        if node:
            assert name == node.decode(), mount
        else:
            plain = mount[1:].replace(b"/", b"_").decode()
            assert name[:191] == plain[:191], mount
            assert re.fullmatch("_[0-9a-f]{8}", name[191:]), mount


def test_names_that_are_taken(once, room):
    """A mount point that would take another's name, or a special one, gets a number behind it."""
    room.ext4("/var/disk", size="16M")
    mounts = {
        "/var/special": "var_b",
        "/var/b": "var_b_2",
        "/var/a_c": "var_a_c",
        "/var/a/c": "var_a_c_2",
        "/var/a.c": "var_a_c_3",
    }
    for mount in mounts:
        room.path(mount).mkdir(parents=True)
        room.mount("--bind", "/var/disk", mount)
    snapshot = once(room=room, config={"collector": {"names": {"/var/special": "var_b"}}})
    assert snapshot.disks()[-len(mounts) :] == list(mounts.values())


def test_own_names_and_exclusions(once, room):
    """collector.names names a disk, collector.exclude_mounts leaves disks out by pattern."""
    for mount in ("/var/keep", "/var/drop1", "/var/drop2"):
        room.ext4(mount, size="16M")
    snapshot = once(
        room=room,
        config={"collector": {"names": {"/var/keep": "kept"}, "exclude_mounts": ["/var/drop*"]}},
    )
    assert snapshot.disk("kept")["error"] == 0
    assert not [name for name in snapshot.disks() if name.startswith("var_")]
