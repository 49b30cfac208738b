"""What the tests of the configuration have in common."""

import re


def assert_refused(result, *words):
    """One line, which holds these words, and nothing done."""
    assert result.status == 2, (result.status, result.stderr)
    assert result.stdout == b""
    line = result.stderr
    assert line.count("\n") == 1 and line.endswith("\n") and line[:-1].isascii() and line[:-1].isprintable(), line
    for word in words:
        assert word in line, (word, line)


def refused_file(run, path, text, *args):
    """Starts with this text as the file; gives the line, the column and what is said."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("-c", str(path), *args)
    assert_refused(result)
    said = re.fullmatch(rf"{re.escape(str(path))}:(\d+):(\d+): (.*must.*)\n", result.stderr)
    assert said, result.stderr
    return int(said[1]), int(said[2]), said[3]


def disks(*rows):
    return {"parachute": {"disks": [{"mount": mount, "threshold": threshold} for mount, threshold in rows]}}


def parts(**changed):
    fixed = {"instance_id": "i", "deployment_name": "d", "service_type": "t", "node_id": "n", **changed}
    return {"namespace": {name: part for name, part in fixed.items() if part is not None}}
