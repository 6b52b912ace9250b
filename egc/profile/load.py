"""Reading egc.yaml and judging what the schema cannot."""

import ipaddress
import re
import sys
from pathlib import Path

from pydantic import ValidationError

from egc.diagnostics import Place, Rule, Severity, Sink
from egc.gatewayapi.graph import Endpoint
from egc.gatewayapi.rules.services import is_ip
from egc.kube.model import Home, Somewhere
from egc.kube.parse import report_schema, validate
from egc.profile.model import EnvoyHost, Profile
from egc.source import At, read, read_paths

BAD_PROFILE = Rule(
    code="EGC5001",
    severity=Severity.ERROR,
    title="host profile is wrong",
    explanation="""
        The host profile has a key that does not exist, a value of the wrong type, or one that cannot be used, such as
        an address that is none. Nothing is written with such a profile, whatever `--on-error` says: Envoy might listen
        where it must not. `egc schema profile` prints what each key takes.

        ```yaml
        services:
          shop/cart: {8000: ["127.0.0.1:8001", "unix:/run/cart.sock"]}
        ```
        """,
    help="egc schema profile tells what each key takes",
)
ADMIN_EXPOSED = Rule(
    code="EGC5002",
    severity=Severity.ERROR,
    title="admin interface open to the network",
    explanation="""
        Whoever reaches Envoy's admin interface can stop it and read its secrets. It must be a unix socket or listen
        on a loopback address.
        """,
    help="use a path such as /run/egc/admin.sock, or 127.0.0.1:19000",
)

_UNREADABLE = Profile(dns="{name}")
"""What stands for a profile that cannot be read: nothing is written, and no Service is missed for want of it."""

Listens = dict[str, dict[int, tuple[Endpoint, ...]]]


def load_profile(path: str | None, sink: Sink) -> Profile:
    """The profile in file *path*; all defaults when there is none or it cannot be read (which is reported)."""
    if path is None:
        return Profile()
    texts = read_paths([path], sys.stdin.buffer, sink)
    own = Sink()
    documents = [document for text in texts for document in read(text.file, text.text, own, number_keys=True)]
    sink.found |= own.found
    if own.failed:
        sink.report(BAD_PROFILE, Place(path), "the host profile cannot be read")
        return _UNREADABLE
    if not documents:
        return Profile()
    if len(documents) > 1:
        sink.report(BAD_PROFILE, At(documents[1]), "a host profile is one document")
    document = documents[0]
    home = Home(document)
    try:
        profile = validate(Profile, document.data, home)
    except ValidationError as error:
        report_schema(error, Profile, At(document), sink, BAD_PROFILE)
        profile = _sound_part(document.data, error, home)
    home.top = profile
    return _judged(profile, sink)


def _sound_part(data: object, error: ValidationError, home: Home) -> Profile:
    """The profile without the top-level keys that are at fault."""
    wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    if not isinstance(data, dict) or not wrong:
        return _UNREADABLE
    sound = validate(Profile, {key: value for key, value in data.items() if key not in wrong}, home)
    return sound.replace(dns=_UNREADABLE.dns) if wrong & {"services", "dns"} else sound


def _judged(profile: Profile, sink: Sink) -> Profile:
    """Report what the schema cannot see; what would stop the build from going on is replaced by its default."""
    for field in ("addresses", "services"):
        for name in getattr(profile, field):
            _judge_name(name, profile.at(field, name), sink)
    for name in profile.certificates.files:
        _judge_name(name, profile.certificates.at("files", name), sink)
    for gateway, addresses in profile.addresses.items():
        for i, address in enumerate(addresses):
            if not is_ip(address):
                sink.report(BAD_PROFILE, profile.at("addresses", gateway, i), f'"{address}" is not an IP address')
    if not is_ip(profile.metrics.address):
        message = f'"{profile.metrics.address}" is not an IP address'
        sink.report(BAD_PROFILE, profile.metrics.at("address"), message)
    if not _judge_dns(profile, sink):
        profile = profile.replace(dns=_UNREADABLE.dns)
    return profile if _judge_admin(profile, sink) else profile.replace(envoy=EnvoyHost())


def _judge_name(name: str, at: Somewhere, sink: Sink) -> None:
    namespace, slash, rest = name.partition("/")
    if not (namespace and slash and rest) or "/" in rest:
        sink.report(BAD_PROFILE, at.key, f'"{name}" is not namespace/name')


def _judge_dns(profile: Profile, sink: Sink) -> bool:
    try:
        sound = profile.dns is None or is_name(profile.dns.format(name="name", namespace="namespace"))
    except (KeyError, IndexError, ValueError, AttributeError):
        sound = False
    if not sound:
        message = f'"{profile.dns}" is not a host name in which {{name}} and {{namespace}} are replaced'
        sink.report(BAD_PROFILE, profile.at("dns"), message)
    return sound


def _judge_admin(profile: Profile, sink: Sink) -> bool:
    """Whether the address can be understood."""
    admin = profile.envoy.admin
    if admin.startswith("/"):
        return True
    host, _, port = admin.rpartition(":")
    bare = host.strip("[]")
    if not is_ip(bare) or not _is_port(port):
        sink.report(BAD_PROFILE, profile.envoy.at("admin"), f'"{admin}" is neither a path nor an address:port')
        return False
    if not ipaddress.ip_address(bare).is_loopback:
        sink.report(ADMIN_EXPOSED, profile.envoy.at("admin"), f"{admin} is not a loopback address")
    return True


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


def is_name(host: str) -> bool:
    """Whether *host* could be a host name."""
    return re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?", host) is not None


def listens(profile: Profile, sink: Sink) -> Listens:
    """The profile's ``services`` as endpoints, by namespace/name and port."""
    found: Listens = {}
    for service, ports in profile.services.items():
        for port, addresses in ports.items():
            at = profile.at("services", service, port)
            if not _is_port(port):
                sink.report(BAD_PROFILE, at.key, f'"{port}" is not a port number')
                continue
            endpoints = [_endpoint(address) for address in addresses]
            for i, endpoint in enumerate(endpoints):
                if endpoint is None:
                    message = f'"{addresses[i]}" is neither host:port nor unix:/path'
                    sink.report(BAD_PROFILE, at / i, message)
            found.setdefault(service, {})[int(port)] = tuple(e for e in endpoints if e is not None)
    return found


def _endpoint(address: str) -> Endpoint | None:
    if address.startswith("unix:/"):
        return Endpoint(path=address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not _is_port(port) or not (is_ip(bare) or is_name(bare)):
        return None
    return Endpoint(bare, int(port), is_name=not is_ip(bare))


def mapped(profile: Profile, profile_path: str | None, path: str, beside: Path) -> Path:
    """Where *path*, written in an EnvoyGateway file that lies in *beside*, really is.

    The longest prefix in ``paths`` is replaced by its folder (relative to the profile). A path that no prefix fits
    is taken as written; a relative one is relative to the EnvoyGateway file.
    """
    for prefix in sorted(profile.paths, key=len, reverse=True):
        if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
            base = Path(profile_path).parent if profile_path else beside
            return base / profile.paths[prefix] / path[len(prefix.rstrip("/")) :].lstrip("/")
    return beside / path
