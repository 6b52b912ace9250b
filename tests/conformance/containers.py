"""From the specification of a Pod to the command of its one process. Nothing is mounted: paths are rewritten."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.objects import Object
from tests.conformance.unsupported import UnsupportedError, only

Environment = dict[str, str]
Port = tuple[str, int]
"""``tcp`` or ``udp``, and a number."""


class MissingError(LookupError):
    """A Secret or ConfigMap of a volume, or a key of it, is not there yet; the message names it."""


@dataclass(frozen=True)
class Command:
    """How to start a container's process, and where it listens as soon as it serves."""

    arguments: tuple[str, ...]
    environment: Environment
    ports: frozenset[Port]


def command(pod: Object, volumes: Path, programs: Path) -> Command:
    """The command of a Pod whose volumes :func:`write` wrote; :class:`UnsupportedError` if it has no such form."""
    container = _container(pod)
    image = container["image"].rpartition(":")[0]
    if image not in _PROGRAMS:
        raise UnsupportedError(f"image {container['image']}")
    name, ports = _PROGRAMS[image]
    places = dict(_places(container, volumes))
    environment = dict(_environment(container, pod, places))
    arguments = [_moved(argument, places) for argument in container.get("args", [])]
    return Command((str(programs / name), *arguments), environment, frozenset(ports(environment)))


def write(pod: Object, sources: Iterable[Object], volumes: Path) -> None:
    """Write a Pod's volumes, each to a folder of its name; :class:`MissingError` if it has to wait.

    Unlike a kubelet's, the files do not follow later changes: the programs read them only when they start.
    """
    found = {(item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]): item for item in sources}
    contents = {}
    for volume in pod["spec"].get("volumes", []):
        kind, name, items = _source(volume)
        source = found.get((kind, pod["metadata"]["namespace"], name))
        if source is None:
            raise MissingError(f"{kind} {name}")
        contents[volume["name"]] = dict(_files(source, items))
    for volume, files in contents.items():
        for path, content in files.items():
            target = volumes / volume / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _container(pod: Object) -> Object:
    spec = pod["spec"]
    only(_POD, spec, "Pod")
    if len(spec["containers"]) != 1:
        raise UnsupportedError(f"{len(spec['containers'])} containers in a Pod")
    container: Object = spec["containers"][0]
    only(_CONTAINER, container, "container")
    return container


def _environment(container: Object, pod: Object, places: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    for variable in container.get("env", []):
        only({"name", "value", "valueFrom"}, variable, "env")
        value, source = variable.get("value", ""), variable.get("valueFrom", {})
        only({"fieldRef"}, source, "env.valueFrom")
        if "$(" in value:
            raise UnsupportedError(f"env: a reference in {value}")
        yield variable["name"], _field(pod, source["fieldRef"]["fieldPath"]) if source else _moved(value, places)


def _field(pod: Object, path: str) -> str:
    fields = {f"metadata.{name}": pod["metadata"].get(name) for name in ("name", "namespace", "uid")}
    fields["spec.nodeName"] = pod["spec"].get("nodeName")
    if not fields.get(path):
        raise UnsupportedError(f"env: field {path}")
    return str(fields[path])


def _places(container: Object, volumes: Path) -> Iterator[tuple[str, Path]]:
    for mount in container.get("volumeMounts", []):
        only({"name", "mountPath", "readOnly"}, mount, "volumeMounts")
        yield mount["mountPath"].rstrip("/"), volumes / mount["name"]


def _moved(value: str, places: Mapping[str, Path]) -> str:
    for mounted, place in places.items():
        if value == mounted or value.startswith(f"{mounted}/"):
            return f"{place}{value.removeprefix(mounted)}"
    return value


def _source(volume: Object) -> tuple[str, str, list[Object]]:
    """Kind and name of what a volume shows, and which keys at which paths; none means all."""
    for field, kind, name in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
        if source := volume.get(field):
            only({"name", field}, volume, "volume")
            only({name, "items", "defaultMode"}, source, f"volume.{field}")
            return kind, source[name], source.get("items", [])
    raise UnsupportedError(f"volume: {', '.join(sorted(volume.keys() - {'name'}))}")


def _files(source: Object, items: list[Object]) -> Iterator[tuple[str, bytes]]:
    texts, encoded = ("stringData", "data") if source["kind"] == "Secret" else ("data", "binaryData")
    keys = {key: text.encode() for key, text in (source.get(texts) or {}).items()}
    keys |= {key: base64.b64decode(text) for key, text in (source.get(encoded) or {}).items()}
    for item in items or [{"key": key, "path": key} for key in keys]:
        only({"key", "path"}, item, "volume.items")
        if item["key"] not in keys:
            raise MissingError(f"{source['kind']} {source['metadata']['name']}, key {item['key']}")
        yield item["path"], keys[item["key"]]


def _echo_basic(environment: Environment) -> Iterator[Port]:
    """Where the suite's echo server listens, which its documentation says by these variables."""
    if environment.get("UDP_ECHO_SERVER"):
        yield "udp", int(environment.get("UDP_PORT", "8080"))
        return
    plain, secure, key = "HTTP_PORT", "HTTPS_PORT", "TLS_SERVER_PRIV_KEY"
    if environment.get("GRPC_ECHO_SERVER"):
        pass
    elif environment.get("TCP_ECHO_SERVER"):
        plain, secure = "TCP_PORT", "TLS_PORT"
    else:
        key = "TLS_SERVER_PRIVKEY"
        yield "tcp", int(environment.get("H2C_PORT", "3001"))
    yield "tcp", int(environment.get(plain, "3000"))
    if environment.get("TLS_SERVER_CERT") and environment.get(key):
        yield "tcp", int(environment.get(secure, "8443"))


def _dns(_: Environment) -> Iterator[Port]:
    yield "udp", 53


_PROGRAMS: Mapping[str, tuple[str, Callable[[Environment], Iterator[Port]]]] = {
    # One version stands for all: the one whose source comes with the suite.
    "registry.k8s.io/gateway-api/echo-basic": ("echo-basic", _echo_basic),
    "registry.k8s.io/coredns/coredns": ("dns", _dns),
}
_POD = {
    # Carried out.
    *("containers", "volumes", "nodeName"),
    # About where, how soon and with which rights, none of which a client of the process can see.
    *("dnsPolicy", "enableServiceLinks", "preemptionPolicy", "priority", "restartPolicy", "schedulerName"),
    *("securityContext", "serviceAccount", "serviceAccountName", "terminationGracePeriodSeconds", "tolerations"),
}
_CONTAINER = {
    # Carried out; the ports are what the program says by itself.
    *("name", "image", "args", "env", "volumeMounts", "ports"),
    *("imagePullPolicy", "resources", "securityContext", "terminationMessagePath", "terminationMessagePolicy"),
}
