"""What no single request shows: which certificate is presented, and how long Envoy waits for headers."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from tests.case import FIXTURES, load
from tests.serve import Site

pytestmark = pytest.mark.slow


@contextmanager
def served(case: str, envoy: Path, folder: Path) -> Iterator[Site]:
    """A case of the features, served."""
    load(FIXTURES / "features" / case).build().write(folder)
    with Site(folder, envoy) as site:
        yield site


def presented(site: Site, server_name: str) -> list[str]:
    """The names in the certificate that is presented for *server_name* on port 8443."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", site.port(8443)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as channel,
    ):
        certificate = x509.load_der_x509_certificate(channel.getpeercert(binary_form=True) or b"")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return names.value.get_values_for_type(x509.DNSName)


def test_certificate_of_a_server_name(envoy: Path, tmp_path: Path) -> None:
    """Of a listener's certificates the server name chooses, and the first is for all other names."""
    with served("tls/secret", envoy, tmp_path) as site:
        assert presented(site, "shop.example") == ["shop.example"]
        assert presented(site, "pay.example") == ["pay.example"]
        assert presented(site, "other.example") == ["shop.example"]


def test_certificate_of_a_listener(envoy: Path, tmp_path: Path) -> None:
    """A listener presents its own certificate, here the one of the input."""
    with served("tls/watch", envoy, tmp_path) as site:
        assert presented(site, "www.shop.example") == ["*.shop.example"]
        assert presented(site, "shop.example") != ["*.shop.example"]


def test_slow_headers(envoy: Path, tmp_path: Path) -> None:
    """A client that does not finish its headers in time is sent away."""
    with served("edge/limits", envoy, tmp_path) as site:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", site.port(8080)), timeout=10) as channel:
            channel.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Slow: ")
            with channel.makefile("rb") as stream:
                answer = stream.read()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert 0.4 < time.monotonic() - began < 9
