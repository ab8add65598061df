import datetime as dt
import socket
import ssl
import threading
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vallum.base.errors import ConfigError
from vallum.guard.crypto.tls import check_context, client_context, server_context

NOW = dt.datetime.now(dt.UTC)


def certificate(name, key, issuer=None, issuer_key=None, *, days=30, authority=False):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=60))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key or key, hashes.SHA256())
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = certificate("root", root_key, authority=True)
    made = {
        "root": root,
        "stranger": certificate("root", key, authority=True),
        "local": certificate("127.0.0.1", key, root, root_key),
        "other": certificate("other.example", key, root, root_key),
        "expired": certificate("127.0.0.1", key, root, root_key, days=-1),
    }
    for name, one in made.items():
        (folder / f"{name}.pem").write_bytes(one.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def shake(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Let the two meet over a real socket; the protocol, or the error of the client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            connection, _ = listener.accept()
            connection.settimeout(10)
            try:
                with server.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=10) as plain,
                client.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
            ):
                secured.sendall(b"x")
                return secured.version() + " " + secured.cipher()[0]
        except ssl.SSLError as error:
            return f"refused {error.reason}"
        except OSError as error:
            return f"refused {type(error).__name__}"
        finally:
            thread.join()


def test_both_sides_meet_in_tls_13(files):
    server = server_context(files / "local.pem", files / "key.pem")
    assert shake(server, client_context(ca_file=files / "root.pem")).startswith("TLSv1.3")


def test_tls_12_has_forward_secret_aead_suites_only(files):
    server = server_context(files / "local.pem", files / "key.pem")
    client = client_context(ca_file=files / "root.pem")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    met = shake(server, client)
    assert met.startswith("TLSv1.2 ECDHE-")
    assert met.endswith(("GCM-SHA256", "GCM-SHA384", "POLY1305"))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(files / "root.pem")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")
    assert shake(server, old).startswith("refused")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_older_protocols_fail(files):
    server = server_context(files / "local.pem", files / "key.pem")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(files / "root.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    assert shake(server, old).startswith("refused")
    with pytest.raises(ConfigError, match=r"1\.2"):
        check_context(old)


@pytest.mark.parametrize(("served", "trusted"), [("other", "root"), ("expired", "root"), ("local", "stranger")])
def test_a_peer_that_is_not_who_it_should_be_is_refused(files, served, trusted):
    server = server_context(files / f"{served}.pem", files / "key.pem")
    assert shake(server, client_context(ca_file=files / f"{trusted}.pem")) == "refused CERTIFICATE_VERIFY_FAILED"


def test_the_environment_does_not_say_who_is_trusted(files, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(files / "root.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(files))
    server = server_context(files / "local.pem", files / "key.pem")
    assert shake(server, client_context()) == "refused CERTIFICATE_VERIFY_FAILED"


def test_clients_can_be_asked_for_certificates(files):
    server = server_context(files / "local.pem", files / "key.pem", client_ca=files / "root.pem")
    known = client_context(ca_file=files / "root.pem", certificate=files / "local.pem", key=files / "key.pem")
    assert shake(server, known).startswith("TLSv1.3")
    unknown = client_context(ca_file=files / "root.pem")
    unknown.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake(server, unknown).startswith("refused")


@pytest.mark.parametrize("make", [
    lambda files: client_context(ca_file=files / "missing.pem"),
    lambda files: client_context(ca_file=files / "key.pem"),
    lambda files: client_context(certificate=files / "root.pem", key=files / "key.pem"),
    lambda files: server_context(files / "missing.pem", files / "key.pem"),
    lambda files: server_context(files / "root.pem", files / "key.pem"),
])  # fmt: skip
def test_files_that_do_not_serve_are_named(files, make):
    with pytest.raises(ConfigError, match="cannot be read"):
        make(files)


def test_a_context_of_other_origin_is_checked():
    check_context(client_context())
    loose = ssl.create_default_context()
    loose.check_hostname = False
    with pytest.raises(ConfigError, match="verify"):
        check_context(loose)
    loose.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigError, match="verify"):
        check_context(loose)
