"""What Envoy has against a configuration is told, at the rule that it comes from where that can be seen."""

import errno
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from betterproto2 import Message

from egc.compiler import Build, build
from egc.diagnostics import Diagnostic, Sink
from egc.envoy import api, binary
from egc.options import OnError, Options

SITE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec: {gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web}]
  rules:
  - filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]
"""

Plain = dict[str, Any]


@pytest.fixture
def options(tmp_path: Path, envoy: Path) -> Options:
    """How to build the site, for a real Envoy."""
    site = tmp_path / "site.yaml"
    site.write_text(SITE)
    return Options((str(site),), envoy=binary.find(str(envoy)), on_error=OnError.DEGRADE)


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Plain], None]], None]:
    """Let a function spoil the configuration before anything judges it."""

    def install(change: Callable[[Plain], None]) -> None:
        honest = api.to_plain

        def dishonest(message: Message) -> Plain:
            plain = honest(message)
            change(plain)
            return plain

        monkeypatch.setattr(api, "to_plain", dishonest)

    return install


def built(options: Options) -> tuple[Build, list[Diagnostic]]:
    """The build and what was said of it."""
    sink = Sink()
    result = build(options, sink)
    return result, list(sink.sorted())


def virtual_hosts(plain: Plain) -> list[Plain]:
    """The virtual hosts of the first listener."""
    chain = plain["static_resources"]["listeners"][0]["default_filter_chain"]
    found: list[Plain] = chain["filters"][0]["typed_config"]["route_config"]["virtual_hosts"]
    return found


def test_nothing_to_say(options: Options) -> None:
    """What Envoy accepts is written without a word."""
    result, found = built(options)
    assert result.bundle is not None and found == []


def test_no_envoy(options: Options) -> None:
    """Without an Envoy the output is written, with the warning that nothing checked it."""
    result, (found,) = built(replace(options, envoy=None))
    assert (found.rule.code, found.place) == ("EGC6001", None)
    assert result.bundle is not None


def test_the_schema_refuses(options: Options, spoil: Callable[[Callable[[Plain], None]], None]) -> None:
    """A value that Envoy's schema refuses is told at the rule of its route, and nothing is written."""

    def change(plain: Plain) -> None:
        virtual_hosts(plain)[0]["routes"][0]["redirect"]["response_code"] = "TEAPOT"

    spoil(change)
    result, (found,) = built(options)
    assert found.rule.code == "EGC6002"
    assert "virtual_hosts[0].routes[0].redirect.response_code: " in found.message
    assert found.place is not None and found.place.span is not None and found.place.span.line == 17
    assert result.bundle is None


def test_no_rule_is_at_fault(options: Options, spoil: Callable[[Callable[[Plain], None]], None]) -> None:
    """A value that comes from no rule has no place in the input."""
    spoil(lambda plain: plain["admin"].update(port="high"))
    _, (found,) = built(options)
    assert (found.rule.code, found.place) == ("EGC6002", None)
    assert found.message.startswith("admin.port: ")


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_envoy_refuses(options: Options, spoil: Callable[[Callable[[Plain], None]], None], format: Any) -> None:
    """What only Envoy itself refuses is told in its words, and nothing is written."""

    def change(plain: Plain) -> None:
        virtual_hosts(plain).append({"name": "twin", "domains": virtual_hosts(plain)[0]["domains"]})

    spoil(change)
    result, (found,) = built(replace(options, format=format))
    assert found.rule.code == "EGC6003"
    assert found.message.startswith("Envoy says: ") and "domain" in found.message
    assert result.bundle is None
    assert build(replace(options, format=format, validate=False), Sink()).bundle is not None


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\nexec true\n"])
def test_no_envoy_binary(options: Options, tmp_path: Path, content: bytes) -> None:
    """A file that is no Envoy is told as such."""
    other = tmp_path / "envoy"
    other.write_bytes(content)
    other.chmod(0o755)
    result, (found,) = built(replace(options, envoy=other))
    assert found.rule.code == "EGC6004"
    assert str(other) in found.message
    assert result.bundle is None


def test_no_room_to_ask_envoy(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Envoy cannot be asked, nothing is written, and the reason is told."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    result, (found,) = built(replace(options, validate=True))
    assert found.rule.code == "EGC6005"
    assert found.message == 'cannot ask Envoy: No space left on device ("/full")'
    assert result.bundle is None
