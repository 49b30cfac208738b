"""packaging/bosh: the job's properties, their schema, and what its templates make of them, held against the program."""

import json
import re
import subprocess

import bosh
import certificates
import pytest
import yaml
from bosh_values import BAD, BESIDE, HOSTILE, OTHER, OVER_TLS, PUTS, TARGETS, UNFIT

jsonschema = pytest.importorskip("jsonschema", reason="Debian's package python3-jsonschema")

pytestmark = pytest.mark.plain

@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """A certificate that is its own authority, and its key."""
    if not certificates.available():
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("pem")
    certificates.make_authority(folder, "ca")
    return {"PEM": (folder / "ca.crt").read_text(), "KEY": (folder / "ca.key").read_text()}


@pytest.fixture
def filled(pem):
    """The properties with PEM and KEY put in."""
    return lambda properties: {
        name: pem.get(value, value) if isinstance(value, str) else value for name, value in properties.items()
    }


@pytest.fixture
def check(run, folder):
    """What --check says of rendered files, which lie where they were told to: a Finished."""

    def checked(files):
        bosh.write(files, folder / "job")
        return run("--check", config=files[bosh.CONFIG].replace(bosh.INSTALLED, str(folder / "job")))

    return checked


@pytest.fixture
def in_force(check):
    """The configuration in force for rendered files, which must be accepted."""

    def accepted(files):
        result = check(files)
        assert result.status == 0, result.stderr
        return json.loads(result.stdout)

    return accepted


def schema():
    return json.loads((bosh.JOB / "properties_schema.json").read_text(encoding="utf-8"))


def nested(properties):
    """As the director has them for the schema: nested, and null where nothing is given."""
    tree = {}
    for name, definition in bosh.definitions().items():
        *path, last = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = properties.get(name, definition.get("default"))
    return tree


def complaints(properties):
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(nested(properties))]


def leaves(tree, path=()):
    """The schema's properties: dotted name -> its part of the schema."""
    found = {}
    for name, part in tree["properties"].items():
        if part.get("type") == "object" and "default" not in part:
            assert part["additionalProperties"] is False
            found |= leaves(part, (*path, name))
        else:
            found[".".join((*path, name))] = part
    return found


def bpm(files):
    """The one process that bpm is to run."""
    (process,) = yaml.safe_load(files["config/bpm.yml"])["processes"]
    return process


def volumes(files):
    return [volume["path"] for volume in bpm(files)["unsafe"]["unrestricted_volumes"]]


def thresholds(config):
    return {disk["mount"]: disk["threshold"] for disk in config["parachute"]["disks"]}


def test_release():
    """The job's parts are all there and all named, each property is described, and no *_ctl script starts anything."""
    job = yaml.safe_load((bosh.JOB / "spec").read_text(encoding="utf-8"))
    assert job["name"] == bosh.JOB.name
    assert set(job["templates"]) == {path.name for path in (bosh.JOB / "templates").iterdir()}
    assert all("description" in definition for definition in job["properties"].values())
    assert not [path for path in bosh.RELEASE.rglob("*") if path.name.endswith("_ctl")]
    packages = {path.parent.name: yaml.safe_load(path.read_text()) for path in bosh.RELEASE.glob("packages/*/spec")}
    for name, package in packages.items():
        assert package["name"] == name and (bosh.RELEASE / "packages" / name / "packaging").exists()
        assert set(package["dependencies"]) <= set(packages)
    assert set(job["packages"]) <= set(packages)
    assert yaml.safe_load((bosh.RELEASE / "config/final.yml").read_text())["name"] == "altimeter"
    assert yaml.safe_load((bosh.RELEASE / "config/blobs.yml").read_text()) == {}


def test_schema():
    """The schema has the job's properties and no others, with the same defaults; what has none may be null."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema", "the director takes no other"
    definitions = bosh.definitions()
    parts = leaves(schema())
    assert set(parts) == set(definitions)
    for name, part in parts.items():
        assert ("default" in part, part.get("default")) == (
            "default" in definitions[name],
            definitions[name].get("default"),
        ), name
        assert jsonschema.Draft202012Validator(part).is_valid(None) == ("default" not in part), name
    assert complaints({}) == []


def test_defaults(in_force):
    """As it comes, both disks are observed at 80 percent, nothing is run, nothing listens beyond the node, as vcap."""
    files = bosh.render()
    config = in_force(files)
    assert config["namespace"] == f"{bosh.INSTANCE['id']}.d7d0f1a2.postgres.2"
    assert thresholds(config) == {"/var/vcap/data": 80, "/var/vcap/store": 80}
    assert all(disk["when_seen"] for disk in config["parachute"]["disks"])
    assert "on_activate" not in config["parachute"] and config["graphite"] == []
    assert (config["http"]["listen"], config["lines"]["listen"]) == ("127.0.0.1:7070", "127.0.0.1:7071")
    assert config["run_dir"] == "/var/vcap/sys/run/altimeter/vcap"
    assert config["state_dir"] == "/var/vcap/data/altimeter/vcap"
    process = bpm(files)
    assert process["ephemeral_disk"] is True and process["persistent_disk"] is False
    assert process["limits"] == {"open_files": 4096}
    assert volumes(files) == ["/var/vcap/data", "/var/vcap/store"]
    assert all(volume["mount_only"] and "writable" not in volume for volume in process["unsafe"]["unrestricted_volumes"])
    assert set(process["unsafe"]) == {"unrestricted_volumes"}, "no privileges"


def test_other_is_whole():
    """The next test has all properties."""
    assert set(OTHER) == set(bosh.definitions())
    assert set(BESIDE) <= set(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_each_property(name, in_force, filled):
    """Changed, it is accepted by schema and program and makes a difference."""
    beside = BESIDE.get(name, {})
    changed = filled({**beside, name: OTHER[name]})
    assert OTHER[name] != bosh.definitions()[name].get("default")
    assert complaints(changed) == []
    before, after = bosh.render_each([(filled(beside), {}), (changed, {})])
    assert after != before
    in_force(after)


def test_all_properties(in_force, filled):
    """All of them at once."""
    properties = filled(OTHER)
    assert complaints(properties) == []
    config = in_force(bosh.render(properties))
    assert config["namespace"] == "acme.prod.pg-7.pg.postgresql.0"
    assert thresholds(config) == {"/var/vcap/data": 70, "/var/vcap/store": 0, "/usr": 90, "/srv/wal": 75}
    assert config["state_dir"] == "/var/vcap/store/altimeter/root" and config["state_size"] == "64M"
    assert config["collector"]["names"] == {"/": "bpm", "/usr": "root", "/srv/wal": "wal"}
    assert [target["host"] for target in config["graphite"]] == ["10.0.0.1", "::1"]


@pytest.mark.parametrize("disk, mount", [("ephemeral", "/var/vcap/data"), ("persistent", "/var/vcap/store")])
def test_off(disk, mount, in_force):
    """0 is off, for that disk."""
    limits = thresholds(in_force(bosh.render({f"{disk}.usage_limit": 0})))
    assert limits.pop(mount) == 0 and list(limits.values()) == [80]


def test_services(in_force):
    """They are stopped by the node's monit in the order given, as root, which else the process is not."""
    services = ["web", "postgres", "backup"]
    files = bosh.render({"services_to_stop": services, "parachute.stop_timeout": 30, "parachute.stop_retries": 1})
    config = in_force(files)
    action = config["parachute"]["on_activate"]
    assert action["command"][-3:] == services
    assert action["command"][:4] == ["/usr/bin/nsenter", "--target=1", "--mount", "--"]
    assert action["command"][5:-3] == ["-m", "/var/vcap/bosh/bin/monit", "-w", "20"]
    assert (action["timeout"], action["retries"]) == (30, 1)
    assert bpm(files)["unsafe"]["privileged"] is True and bpm(files)["unsafe"]["host_pid_namespace"] is True
    assert config["run_dir"].endswith("/root") and config["state_dir"].endswith("/root")


def test_most_services(in_force):
    """As many as the schema lets through."""
    most = leaves(schema())["services_to_stop"]["maxItems"]
    in_force(bosh.render({"services_to_stop": [f"s{i}" for i in range(most)]}))


def test_without_persistent_disk(in_force):
    """Nothing is mounted for it, and a disk that never comes is not missed."""
    files = bosh.render(persistent_disk=0)
    assert volumes(files) == ["/var/vcap/data"]
    assert in_force(files)["parachute"]["disks"][1]["when_seen"] is True


def test_disks_are_mounted():
    """What is to be looked at, or observed, is mounted, once."""
    properties = {"collector.disks": ["/srv/wal", "/srv/x"], "parachute.disks": OTHER["parachute.disks"]}
    assert volumes(bosh.render(properties))[2:] == ["/srv/wal", "/srv/x"]


@pytest.mark.parametrize("given", ["name", "deployment", "id"])
def test_names_from_bosh(given, in_force):
    """What BOSH says of the instance may hold bytes that no node may."""
    assert ".a_b_c_" in "." + in_force(bosh.render(**{given: "a.b cä"}))["namespace"]


def test_secrets(filled, in_force):
    """They lie in files of their own, and nowhere else."""
    properties = filled({name: OTHER[name] for name in ("http.token", "graphite.tls.cert", "graphite.tls.key")})
    files = bosh.render({**properties, "graphite.targets": OVER_TLS})
    assert files["config/token"] == properties["http.token"] + "\n"
    assert files["config/graphite_key.pem"].strip() == properties["graphite.tls.key"].strip()
    for path in (bosh.CONFIG, "config/bpm.yml", "monit"):
        assert "s3cret" not in files[path] and "PRIVATE" not in files[path]
    config = in_force(files)
    assert config["http"]["token_file"].endswith("/config/token")
    assert config["graphite"][0]["tls"].keys() == {"cert", "key"}


def test_tls_only_where_wanted(in_force):
    """A target without tls is plain, whatever the others have."""
    targets = in_force(bosh.render({"graphite.targets": TARGETS + OVER_TLS + [{"host": "a", "tls": False}]}))["graphite"]
    assert [target.get("tls") for target in targets] == [None, {}, None]


@pytest.mark.parametrize("name, value", BAD, ids=lambda value: re.sub(r"[^ -~]", "?", str(value))[:40])
def test_bad_value(name, value, check):
    """The schema has the director refuse it; where the director knows no schemas, the template or altimeter does."""
    assert complaints({name: value}) != []
    try:
        files = bosh.render({name: value})
    except bosh.Refused:
        return
    result = check(files)
    if result.status == 0:
        assert name == "limits.open_files", "bpm's, which altimeter does not know"
    assert result.status == 2 and "altimeter.json:" in result.stderr, result.stderr


@pytest.mark.parametrize("properties, instance, says", UNFIT)
def test_unfit(properties, instance, says):
    """The template refuses it, and says which property is meant."""
    with pytest.raises(bosh.Refused, match=f"^altimeter: .*{re.escape(says)}"):
        bosh.render(properties, **instance)


def texts(value):
    """All texts in a value, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


PROCESS = {"name", "executable", "args", "ephemeral_disk", "persistent_disk", "additional_volumes", "limits", "unsafe"}

@pytest.mark.parametrize("name", PUTS)
def test_hostile_text(name):
    """It comes out as that text, in JSON and YAML that are whole, or the template says that it must not."""
    values = [PUTS[name](hostile) for hostile in HOSTILE]
    for value, files in zip(values, bosh.render_each([({name: value}, {}) for value in values])):
        if isinstance(files, bosh.Refused):
            assert str(files).startswith("altimeter: "), str(files)
            continue
        config, process = json.loads(files[bosh.CONFIG]), bpm(files)
        assert set(process) == PROCESS and process["executable"] == "/var/vcap/packages/altimeter/bin/altimeter"
        assert config["http"].keys() <= {"listen", "max_connections", "anonymous", "token_file"}
        found = texts(config) + texts(process) + [files["config/token"][:-1]]
        assert all(text in found for text in texts(value)), value


def test_monit(folder):
    """A real monit takes the job's file, which goes through bpm."""
    monitrc = folder / "monitrc"
    rendered = bosh.render()["monit"]
    monitrc.write_text(f"set daemon 10\nset idfile {folder}/id\nset statefile {folder}/state\n{rendered}")
    monitrc.chmod(0o600)
    try:
        result = subprocess.run(["monit", "-t", "-c", monitrc], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no monit here")
    assert result.returncode == 0 and "Control file syntax OK" in result.stdout + result.stderr
    assert "/var/vcap/jobs/bpm/bin/bpm start altimeter" in rendered
