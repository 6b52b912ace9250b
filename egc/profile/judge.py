"""What the schema of egc.yaml cannot see."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.rules.services import is_ip
from egc.kube.model import Somewhere
from egc.profile.acme import SERVERS
from egc.profile.model import Directories, EnvoyHost, Profile

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

_PATH = re.compile(r"/[A-Za-z0-9/._@:+-]*")
"""What units, shells and compose files take as it is."""

UNREADABLE = Profile(dns="{name}")
"""What stands for a profile that cannot be read: nothing is written, and no Service is missed for want of it."""


def judged(profile: Profile, sink: Sink) -> Profile:
    """Report what the schema cannot see; what would stop the build from going on is replaced by its default."""
    for problems in (_names, _addresses, _ports, _paths, _compose, _times, _acme):
        for at, message in problems(profile):
            sink.report(BAD_PROFILE, at, message)
    if not profile.directories.run.startswith("/"):
        profile = profile.replace(directories=Directories())
    if not _judge_dns(profile, sink):
        profile = profile.replace(dns=UNREADABLE.dns)
    return profile if _judge_admin(profile, sink) else profile.replace(envoy=EnvoyHost())


def _names(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    places = [profile.at(field, name) for field in ("addresses", "services") for name in getattr(profile, field)]
    names = [*profile.addresses, *profile.services, *profile.certificates.files]
    places += [profile.certificates.at("files", name) for name in profile.certificates.files]
    for name, at in zip(names, places, strict=True):
        namespace, slash, rest = name.partition("/")
        if not (namespace and slash and rest) or "/" in rest:
            yield at.key, f'"{name}" is not namespace/name'


def _addresses(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    given = [
        (profile.at("addresses", gateway, i), address)
        for gateway, addresses in profile.addresses.items()
        for i, address in enumerate(addresses)
    ]
    for at, address in [*given, (profile.metrics.at("address"), profile.metrics.address)]:
        if not is_ip(address):
            yield at, f'"{address}" is not an IP address'


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
    admin = profile.admin
    if admin.startswith("/"):
        return True
    host, _, port = admin.rpartition(":")
    bare = host.strip("[]")
    if not is_ip(bare) or not is_port(port):
        sink.report(BAD_PROFILE, profile.envoy.at("admin"), f'"{admin}" is neither a path nor an address:port')
        return False
    if not ipaddress.ip_address(bare).is_loopback:
        sink.report(ADMIN_EXPOSED, profile.envoy.at("admin"), f"{admin} is not a loopback address")
    return True


def _ports(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    for port in profile.published_ports:
        if not is_port(port):
            yield profile.at("publishedPorts", port).key, f'"{port}" is not a port number'


def _paths(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    """Paths that several programs on the host use, each started in a folder of its own."""
    directories, envoy = profile.directories, profile.envoy
    given = [(directories.at(name), getattr(directories, name)) for name in ("run", "state", "releases")]
    given += [(envoy.at("path"), envoy.path), (profile.metrics.at("textfile"), profile.metrics.textfile)]
    if profile.target != "none":
        given.append((profile.certificates.at("directory"), profile.certificates.directory))
    for at, path in given:
        if path is not None and not _PATH.fullmatch(path):
            yield at, f'"{path}" is not an absolute path of letters, digits and "/._@:+-"'


def _compose(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    """What cannot be in a container: its names mean nothing to the host, and it sees few of the host's folders."""
    if profile.target != "compose":
        return
    user, textfile, state = profile.envoy.user, profile.metrics.textfile, profile.directories.state
    if user is not None and not user.isdecimal():
        yield profile.envoy.at("user"), f'"{user}" is not a number, as target: compose needs it'
    if textfile is not None and not textfile.startswith(f"{state.rstrip('/')}/"):
        yield profile.metrics.at("textfile"), f'"{textfile}" is not below "{state}", as target: compose needs it'


def _times(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    envoy = profile.envoy
    if envoy.parent_shutdown_time <= envoy.drain_time:
        yield envoy.at("parentShutdownTime"), "parentShutdownTime is not longer than drainTime"


def _acme(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    acme = profile.certificates.acme
    if acme is None:
        return
    if acme.server not in SERVERS:
        url = urlsplit(acme.server)
        if url.scheme != "https" or not url.hostname:
            yield acme.at("server"), f'"{acme.server}" is neither {", ".join(SERVERS)} nor an https URL'
    if acme.dns is not None and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", acme.dns.plugin):
        yield acme.dns.at("plugin"), f'"{acme.dns.plugin}" is not the name of a plugin such as cloudflare'


def is_port(text: str) -> bool:
    """Whether *text* is the number of a port."""
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


def is_name(host: str) -> bool:
    """Whether *host* could be a host name."""
    return re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?", host) is not None
