"""Sites to be drawn: of any size, and one with every kind of route and much that is wrong."""

from pathlib import Path

from egc.compiler import Build, build
from egc.diagnostics import Sink
from egc.options import OnError, Options
from egc.pictures.model import Picture
from egc.pictures.site import draw

EVERY_KIND = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
PROFILE = """\
services:
  data/vault: {8200: ["127.0.0.1:8200"]}
  data/postgres: {5432: ["unix:/run/postgres.sock"]}
  data/dns: {53: ["[::1]:5300"]}
"""
_CLASS = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
"""
_GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: gateway-{number}, namespace: infra}}
spec:
  gatewayClassName: eg
  listeners:
  - {{name: http, protocol: HTTP, port: {plain}, allowedRoutes: {{namespaces: {{from: All}}}}}}
"""
_LISTENER = """\
  - name: https-{listener}
    protocol: HTTPS
    port: {port}
    hostname: "*.l{listener}.g{number}.example"
    tls: {{certificateRefs: [{{name: certificate-{number}-{listener}}}]}}
    allowedRoutes: {{namespaces: {{from: All}}}}
"""
_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: route-{number}, namespace: {namespace}}}
spec:
  parentRefs: [{{name: gateway-{gateway}, namespace: infra, sectionName: {section}}}]
  hostnames: [app{number}.l{listener}.g{gateway}.example]
  rules:
  - backendRefs: [{{group: gateway.envoyproxy.io, kind: Backend, name: {backend}}}]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {{name: backend-{number}, namespace: {namespace}}}
spec: {{endpoints: [{{ip: {{address: 127.0.0.1, port: {port}}}}}]}}
"""


def site(routes: int, *, gateways: int = 1, listeners: int = 2, namespaces: int = 1) -> str:
    """A site of that size. Every 37th route leads nowhere, every 91st is for a listener that does not exist."""
    documents = [_CLASS]
    for number in range(gateways):
        port = 10443 + number
        rows = [_LISTENER.format(number=number, listener=listener, port=port) for listener in range(listeners)]
        documents.append(_GATEWAY.format(number=number, plain=10080 + number) + "".join(rows))
    for number in range(routes):
        listener = number // gateways % listeners
        documents.append(
            _ROUTE.format(
                number=number,
                namespace=f"team-{number * 7 % namespaces}",
                gateway=number % gateways,
                listener=listener,
                section=f"https-{listener}" if number % 91 else "nowhere",
                backend=f"backend-{number}" if number % 37 else "gone",
                port=20000 + number,
            )
        )
    return "---\n".join(documents)


def compiled(text: str, folder: Path, profile: str = "") -> tuple[Build, Sink]:
    """A site as ``egc graph`` compiles it."""
    (folder / "site.yaml").write_text(text, encoding="utf-8")
    if profile:
        (folder / "egc.yaml").write_text(profile, encoding="utf-8")
    sink = Sink()
    chosen = str(folder / "egc.yaml") if profile else None
    options = Options((str(folder / "site.yaml"),), profile=chosen, on_error=OnError.DEGRADE, validate=False)
    return build(options, sink), sink


def picture(text: str, folder: Path, profile: str = "") -> Picture:
    """A site as a picture."""
    built, sink = compiled(text, folder, profile)
    return draw(built.graph, built.policies, built.plan, sink.sorted())
