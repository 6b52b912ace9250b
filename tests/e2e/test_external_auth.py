"""A real gRPC authorizer: what it is told, and what comes of its answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

# Read when gRPC is imported: it has nothing to do in the children of this process, and nothing to say.
os.environ |= {"GRPC_ENABLE_FORK_SUPPORT": "0", "GRPC_VERBOSITY": "NONE"}

import grpc
from envoy_data_plane.envoy.config.core.v3 import HeaderValue, HeaderValueOption
from envoy_data_plane.envoy.service.auth.v3 import (
    AttributeContextHttpRequest,
    CheckRequest,
    CheckResponse,
    DeniedHttpResponse,
    OkHttpResponse,
)
from envoy_data_plane.envoy.type.v3 import HttpStatus, StatusCode
from envoy_data_plane.google.rpc import Status

from tests.case import FIXTURES, load
from tests.serve import Site
from tests.serve.client import Reply, Request, send
from tests.serve.echo import Echo

pytestmark = pytest.mark.slow

CHECK = "/envoy.service.auth.v3.Authorization/Check"
PERMISSION_DENIED = 7


class Authorizer:
    """Lets in whoever has the token, and says who that is."""

    def __init__(self) -> None:
        self.asked: list[CheckRequest] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The one method of the service."""
        if handler_call_details.method != CHECK:
            return None
        return grpc.unary_unary_rpc_method_handler(self._check)

    def headers(self) -> dict[str, str]:
        """The headers that it was told last."""
        return dict(self._last().headers)

    def body(self) -> str:
        """The body that it was told last."""
        return self._last().body

    def _last(self) -> AttributeContextHttpRequest:
        attributes = self.asked[-1].attributes
        assert attributes and attributes.request and attributes.request.http
        return attributes.request.http

    def _check(self, said: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(CheckRequest.parse(said))
        if self.headers().get("x-token") == "good":
            user = HeaderValueOption(header=HeaderValue(key="x-user", value="alice"))
            ok = OkHttpResponse(headers=[user], headers_to_remove=["x-role"])
            return bytes(CheckResponse(status=Status(code=0), ok_response=ok))
        denied = DeniedHttpResponse(status=HttpStatus(code=StatusCode(401)), body="who are you?")
        return bytes(CheckResponse(status=Status(code=PERMISSION_DENIED), denied_response=denied))


@pytest.fixture
def authorizer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Authorizer]:
    """An authorizer that stands for auth.local."""
    found = Authorizer()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[found])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    usual = Echo.port
    monkeypatch.setattr(Echo, "port", lambda echo, name: port if name.startswith("auth.") else usual(echo, name))
    yield found
    server.stop(grace=None)


@pytest.fixture
def site(authorizer: Authorizer, envoy: Path, tmp_path: Path) -> Iterator[Site]:
    """The case, served."""
    load(FIXTURES / "features" / "external_auth" / "grpc").build().write(tmp_path)
    with Site(tmp_path, envoy) as running:
        yield running


def ask(site: Site, path: str, *headers: tuple[str, str], body: bytes = b"") -> Reply:
    """One request."""
    return send(Request("POST", "a.example", path, headers=headers, body=body), site.port(8080))


def test_who_is_let_in(site: Site, authorizer: Authorizer) -> None:
    """The backend gets what the authorizer says, and not what it removes."""
    answer = ask(site, "/all", ("X-Token", "good"), ("X-Role", "admin"), ("X-User", "root"), body=b"text")
    assert answer.status == 200
    (seen,) = site.heard.of("app.local:80")
    assert seen["headers"]["x-user"] == ["alice"]
    assert "x-role" not in seen["headers"]
    assert seen["body"] == "text"
    assert authorizer.body() == "text"


def test_who_is_not(site: Site) -> None:
    """The client gets the authorizer's answer, the backend nothing."""
    answer = ask(site, "/all", ("X-Token", "bad"))
    assert (answer.status, answer.body) == (401, b"who are you?")
    assert site.heard.of("app.local:80") == []


def test_what_it_is_told(site: Site, authorizer: Authorizer) -> None:
    """All headers, or those that are listed; the body only where it is asked for."""
    ask(site, "/all", ("X-Token", "good"), ("X-Other", "1"))
    assert authorizer.headers()["x-other"] == "1"
    ask(site, "/some", ("X-Token", "good"), ("X-Other", "1"), body=b"text")
    assert authorizer.headers()["x-token"] == "good"
    assert "x-other" not in authorizer.headers()
    assert authorizer.body() == ""
