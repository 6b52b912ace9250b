"""A large site of every kind: 1,000 routes, 200 HTTPS listeners with certificates, 100 namespaces with selectors."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

API = "gateway.networking.k8s.io/v1"
TEAMS = 100
LISTENERS = 200
TCP, UDP = 50, 50
_PER_SET = 50
_FOR_HTTP = 150
_YEARS = timedelta(days=3650)


def documents() -> Iterator[dict[str, Any]]:
    """Every object of the site."""
    yield _object("GatewayClass", "eg", spec={"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"})
    listeners = [*map(_https, range(LISTENERS)), *_l4()]
    allowed = {"namespaces": {"from": "Same"}}
    spec = {"gatewayClassName": "eg", "allowedListeners": allowed, "listeners": listeners[:_PER_SET]}
    yield _object("Gateway", "eg", "infra", spec)
    for i in range(_PER_SET, len(listeners), _PER_SET):
        spec = {"parentRef": {"name": "eg"}, "listeners": listeners[i : i + _PER_SET]}
        yield _object("ListenerSet", f"set-{i}", "infra", spec)
    for i in range(LISTENERS):
        yield _secret(i)
    for team in range(TEAMS):
        yield _object("Namespace", f"team-{team}", version="v1", labels={"team": f"t{team}"})
        yield _service(team)
        yield _slice(team)
    for i in range(600):
        yield _http_route(i)
    for i in range(200):
        yield _grpc_route(i)
    yield from _l4_routes()


def write() -> str:
    """The site as one YAML text."""
    return yaml.dump_all(documents(), Dumper=yaml.CSafeDumper, sort_keys=False)


def _object(
    kind: str,
    name: str,
    namespace: str = "",
    spec: dict[str, Any] | None = None,
    version: str = API,
    **metadata: object,
) -> dict[str, Any]:
    data: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}
    if namespace:
        data["metadata"]["namespace"] = namespace
    return data | ({"spec": spec} if spec is not None else {})


def _parent(listener: int, name: str) -> dict[str, Any]:
    """The parentRef of a listener by its number."""
    first = listener // _PER_SET * _PER_SET
    owner = {"name": "eg"} if first == 0 else {"kind": "ListenerSet", "name": f"set-{first}"}
    return {**owner, "namespace": "infra", "sectionName": name}


def _https(i: int) -> dict[str, Any]:
    return {
        "name": f"https-{i}",
        "protocol": "HTTPS",
        "port": 443,
        "hostname": f"app-{i}.example.com",
        "tls": {"certificateRefs": [{"name": f"app-{i}"}]},
        "allowedRoutes": {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": f"t{i % TEAMS}"}}}},
    }


def _l4() -> Iterator[dict[str, Any]]:
    everyone = {"namespaces": {"from": "All"}}
    yield {"name": "tls", "protocol": "TLS", "port": 8443, "tls": {"mode": "Passthrough"}, "allowedRoutes": everyone}
    for i in range(TCP):
        yield {"name": f"tcp-{i}", "protocol": "TCP", "port": 10000 + i, "allowedRoutes": everyone}
    for i in range(UDP):
        yield {"name": f"udp-{i}", "protocol": "UDP", "port": 11000 + i, "allowedRoutes": everyone}


def _secret(i: int) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"app-{i}.example.com")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), i + 1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + _YEARS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"app-{i}.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    texts = {
        "tls.crt": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "tls.key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    }
    return _object("Secret", f"app-{i}", "infra", version="v1") | {"type": "kubernetes.io/tls", "stringData": texts}


def _service(team: int) -> dict[str, Any]:
    ports = [
        {"name": "http", "port": 80, "targetPort": 8080},
        {"name": "grpc", "port": 90, "targetPort": 9090, "appProtocol": "kubernetes.io/h2c"},
        {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP"},
    ]
    return _object("Service", "app", f"team-{team}", {"ports": ports}, version="v1")


def _slice(team: int) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": "app"}
    data = _object("EndpointSlice", "app-1", f"team-{team}", version="discovery.k8s.io/v1", labels=labels)
    ports = [{"name": "http", "port": 8080}, {"name": "grpc", "port": 9090}]
    ports.append({"name": "dns", "port": 5353, "protocol": "UDP"})
    endpoints = [{"addresses": [f"10.1.{team}.{i}"], "conditions": {"ready": True}} for i in (1, 2)]
    return data | {"addressType": "IPv4", "ports": ports, "endpoints": endpoints}


def _http_route(i: int) -> dict[str, Any]:
    listener = i % _FOR_HTTP
    spec = {
        "parentRefs": [_parent(listener, f"https-{listener}")],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": f"/part/{i}"}, "headers": [_header(i)]}],
                "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [_header(i)]}}],
                "backendRefs": [{"name": "app", "port": 80, "weight": 9}],
                "timeouts": {"request": "10s"},
            },
            {"matches": [{"path": {"value": f"/rest/{i}"}}], "backendRefs": [{"name": "app", "port": 80}]},
        ],
    }
    return _object("HTTPRoute", f"http-{i}", f"team-{listener % TEAMS}", spec)


def _header(i: int) -> dict[str, str]:
    return {"name": "X-Part", "value": str(i)}


def _grpc_route(i: int) -> dict[str, Any]:
    rule = {
        "matches": [{"method": {"service": f"shop.v{i}.Cart", "method": "Add"}}],
        "backendRefs": [{"name": "app", "port": 90}],
    }
    listener = _FOR_HTTP + i % (LISTENERS - _FOR_HTTP)
    spec = {"parentRefs": [_parent(listener, f"https-{listener}")], "rules": [rule]}
    return _object("GRPCRoute", f"grpc-{i}", f"team-{listener % TEAMS}", spec)


def _l4_routes() -> Iterator[dict[str, Any]]:
    first = LISTENERS + 1
    for i in range(100):
        spec = {"parentRefs": [_parent(LISTENERS, "tls")], "hostnames": [f"db-{i}.example.com"], **_to(80)}
        yield _object("TLSRoute", f"tls-{i}", f"team-{i}", spec)
    for i in range(TCP):
        yield _object("TCPRoute", f"tcp-{i}", f"team-{i}", {"parentRefs": [_parent(first + i, f"tcp-{i}")], **_to(80)})
    for i in range(UDP):
        spec = {"parentRefs": [_parent(first + TCP + i, f"udp-{i}")], **_to(53)}
        yield _object("UDPRoute", f"udp-{i}", f"team-{i}", spec)


def _to(port: int) -> dict[str, Any]:
    return {"rules": [{"backendRefs": [{"name": "app", "port": port}]}]}


if __name__ == "__main__":
    sys.stdout.write(write())
