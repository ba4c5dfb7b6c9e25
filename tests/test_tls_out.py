"""Icecast over TLS: the server is who its certificate says and somebody trusted says so, or it gets nothing."""

import datetime
import socket
import ssl
from ipaddress import ip_address

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_output_ways import Enough, World, ice

from playout import pushing
from playout.tls_out import SecureWire
from playout.ways import Gone

BEGAN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(name, key, issuer, signer, years, *sans):
    made = (
        x509.CertificateBuilder(named(issuer), named(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(BEGAN)
        .not_valid_after(BEGAN + datetime.timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=not sans, path_length=None), critical=True)
    )
    made = made.add_extension(x509.SubjectAlternativeName(sans), critical=False) if sans else made
    return made.sign(signer, hashes.SHA256()).public_bytes(PEM)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """PEM files: who vouches, and servers it vouches for: of this host, of another, of one whose time is over."""
    folder = tmp_path_factory.mktemp("papers")
    vouching = ec.generate_private_key(ec.SECP256R1())
    (folder / "ca").write_bytes(certificate("CA", vouching, "CA", vouching, 50))
    here, there = x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("radio.example")
    for name, years, san in (("good", 50, here), ("other", 50, there), ("old", 1, here)):
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(PEM, PKCS8, serialization.NoEncryption())
        (folder / name).write_bytes(secret + certificate(name, key, "CA", vouching, years, san))
    return folder


class Server:
    """An Icecast server of a few lines behind TLS, turned by whoever waits for it."""

    def __init__(self, paper):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(paper)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setblocking(False)
        self.taken, self.came, self.reads = None, b"", True

    @property
    def port(self):
        return self.listening.getsockname()[1]

    def turn(self):
        try:
            if self.taken is None:
                taken = self.listening.accept()[0]
                taken.setblocking(False)
                taken.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
                )  # time is made up: nothing may wait for it
                self.taken = self.context.wrap_socket(taken, server_side=True, do_handshake_on_connect=False)
            self.taken.do_handshake()
            if self.reads:
                self.came += self.taken.recv(1 << 16)
            if self.came.endswith(b"\r\n\r\n"):
                self.taken.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        except (BlockingIOError, ssl.SSLError, ConnectionError):
            return

    def close(self):
        self.listening.close()
        if self.taken is not None:
            self.taken.close()


@pytest.fixture
def served(papers, tmp_path):
    made = []

    def serve(paper, trusted="ca", host="127.0.0.1"):
        server = Server(papers / paper)
        made.append(server)
        section = attrs.evolve(
            ice(server.port, "flac"), to=f"https://{host}:{server.port}/fm1", ca_file=trusted
        )
        world = World(tmp_path, section)
        (tmp_path / "secrets/ca").write_bytes((papers / "ca").read_bytes())
        (tmp_path / "secrets/none").write_text("no certificate")
        world.each, world.most = server.turn, 300
        return server, world

    yield serve
    for server in made:
        server.close()


def test_a_server_that_is_vouched_for_gets_the_sound(served):
    server, world = served("good")
    with pytest.raises(Enough):
        pushing.push(world.way)
    head, _, sound = server.came.partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /fm1 HTTP/1.1\r\n") and sound[:4] == b"OggS" and len(sound) > 5_000
    assert world.line.state == "up" and world.line.dropped == 0


@pytest.mark.parametrize(
    ("paper", "trusted"),
    [("other", "ca"), ("old", "ca"), ("good", ""), ("good", "none"), ("good", "missing")],
)
def test_a_server_that_cannot_be_trusted_gets_nothing(served, paper, trusted):
    server, world = served(paper, trusted)
    with pytest.raises(Gone, match="certificate"):
        pushing.push(world.way)
    assert server.came == b"" and world.line.sent == 0


def test_one_that_speaks_no_tls_is_told(served):
    server, world = served("good")

    def plain():
        if server.taken is None:
            server.taken = server.listening.accept()[0]
            server.taken.send(b"HTTP/1.0 400 what?\r\n\r\n")

    world.each = plain
    with pytest.raises(Gone, match="answer"):
        pushing.push(world.way)


def test_one_that_stops_reading_or_hangs_up_is_told(served):
    server, world = served("good")
    wire = SecureWire("127.0.0.1", server.port, world.way, 1 << 24)
    while wire._connecting:
        wire.turn(0)
        server.turn()
    server.reads = False
    wire.offer(b"x" * (1 << 23))
    for _ in range(50):
        wire.turn(0)
    assert 0 < wire.sent < 1 << 23
    world.blocks += 1_100
    with pytest.raises(Gone, match="stalled"):
        wire.turn(0)
    server.taken.close()
    with pytest.raises((Gone, ConnectionError)):
        for _ in range(500):
            wire.turn(0)
    wire.close()


def test_what_a_server_says_at_length_is_heard_whole(served):
    server, world = served("good")
    wire = SecureWire("127.0.0.1", server.port, world.way, 1 << 16)
    while wire._connecting:
        wire.turn(0)
        server.turn()
    server.taken.send(b"a" * 9_000)
    came = b""
    for _ in range(200):
        came += wire.turn(0.005)
        if len(came) == 9_000:
            break
    assert came == b"a" * 9_000
    server.taken.close()
    with pytest.raises((Gone, ConnectionError)):
        for _ in range(200):
            wire.turn(0.005)
    wire.close()
