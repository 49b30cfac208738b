"""What the tests of the configuration have in common."""


def assert_refused(result, *words):
    """One line, which holds these words, and nothing done."""
    assert result.status == 2, (result.status, result.stderr)
    assert result.stdout == b""
    line = result.stderr
    assert line.count("\n") == 1 and line.endswith("\n") and line[:-1].isascii() and line[:-1].isprintable(), line
    for word in words:
        assert word in line, (word, line)


def disks(*rows):
    return {"parachute": {"disks": [{"mount": mount, "threshold": threshold} for mount, threshold in rows]}}


def parts(**changed):
    fixed = {"instance_id": "i", "deployment_name": "d", "service_type": "t", "node_id": "n", **changed}
    return {"namespace": {name: part for name, part in fixed.items() if part is not None}}
