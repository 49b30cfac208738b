"""The push in TLS, to a real carbon-c-relay with TLS in front of a real carbon."""

import certificates
import points
import pytest
from relay import Relay, Wire
from test_thin_line import assert_on_disk

SLOTS = 4


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The folder of certificates."""
    if not certificates.available():
        pytest.skip("no openssl here (Debian's package openssl)")
    folder = tmp_path_factory.mktemp("certificates")
    return certificates.make(folder)


@pytest.fixture
def relay(folder, carbon, files):
    """Starts one with the certificate of that leaf, and a carbon behind it."""
    made = []

    def start(leaf):
        carbon.start()
        made.append(Relay(folder / "relay", carbon.port, files / f"{leaf}.pem"))
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.kill()


@pytest.fixture
def wire():
    """A wire to that relay."""
    made = []

    def lay(relay):
        made.append(Wire(relay.port))
        return made[-1]

    yield lay
    for one in made:
        one.close()


def config(port, host="localhost", **tls):
    target = {"name": "relay", "host": host, "port": port}
    return {"graphite": [{**target, "tls": {key: str(path) for key, path in tls.items()}}]}


def assert_nothing_in_clear(wire):
    said = bytes(wire.heard)
    assert said[:3] == b"\x16\x03\x01", f"not the beginning of TLS: {said[:40]!r}"
    for word in points.NAMESPACE, "system.cpu", "parachute":
        assert word.encode() not in said, f"{word} is on the wire in clear"


def target_of(daemon):
    (target,) = daemon.health()["targets"]
    return target


def test_each_value_is_delivered_in_tls(agent, relay, wire, carbon, files):
    """Each value of each slot comes to carbon's disk through the relay, and none in clear."""
    tapped = wire(relay("good"))
    daemon = agent(config=config(tapped.port, ca=files / "ca.crt"))
    lines = daemon.lines()
    lines.count(SLOTS)
    daemon.stop()
    assert_on_disk(carbon, lines.tail())
    assert_nothing_in_clear(tapped)


@pytest.mark.parametrize(
    "leaf, authority, why",
    [
        ("good", "other-ca", "unable to get local issuer certificate"),
        ("wrong-host", "ca", "no alternative certificate subject name matches"),
        ("expired", "ca", "certificate has expired"),
    ],
)
def test_who_is_not_trusted_gets_nothing(agent, relay, wire, files, leaf, authority, why):
    """A wrong authority, host name or date is told in /healthz and the log, and tried again."""
    tapped = wire(relay(leaf))
    daemon = agent(config=config(tapped.port, ca=files / f"{authority}.crt"))
    lines = daemon.lines()

    def tried_again():
        return tapped.heard.count(b"\x16\x03\x01") > 1 and target_of(daemon)["error"]

    error = points.wait_until(tried_again, "it is tried again")
    assert why in error
    assert target_of(daemon)["sent"] == 0
    assert why in daemon.stderr
    lines.count(SLOTS)
    lines.assert_every_slot()
    daemon.stop()
    assert_nothing_in_clear(tapped)


def test_a_certificate_made_good_is_found(agent, folder, relay, carbon, files):
    """The file of authorities is read anew for each connect: put right, it needs no restart."""
    trusted = folder / "trusted.crt"
    trusted.write_bytes((files / "other-ca.crt").read_bytes())
    server = relay("good")
    daemon = agent(config=config(server.port, ca=trusted))
    lines = daemon.lines()
    points.wait_until(lambda: target_of(daemon)["error"], "it is refused")
    trusted.write_bytes((files / "ca.crt").read_bytes())
    points.wait_until(lambda: target_of(daemon)["sent"], "it is trusted")
    daemon.stop()
    assert_on_disk(carbon, lines.tail())


def test_a_port_without_tls_gets_nothing(agent, wire, carbon, files):
    """A receiver that knows no TLS does not answer the handshake: told as that, and never sent a line."""
    carbon.start()
    tapped = wire(carbon)
    daemon = agent(config=config(tapped.port, ca=files / "ca.crt"))
    error = points.wait_until(lambda: target_of(daemon)["error"], "it is given up")
    assert "closed by the peer in the TLS handshake" in error, "carbon dislikes its bytes"
    assert error in daemon.stderr
    daemon.stop()
    assert_nothing_in_clear(tapped)
