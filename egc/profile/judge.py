"""What the schema of egc.yaml cannot see."""

import ipaddress
import math
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from egc.diagnostics import Rule, Severity, Sink
from egc.gatewayapi.rules.services import is_ip
from egc.kube.model import Somewhere
from egc.profile.acme import SERVERS, Acme
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

_PATH = re.compile(r"/[A-Za-z0-9/._@+-]*")
"""What units, shells and compose files take as it is; a colon divides in RuntimeDirectory= and in volumes."""

_CROOKED = re.compile(r"//|/\.{1,2}(/|$)")
_EVERYBODYS = {"/var/run", "/var/lib", "/var/log", "/var/tmp", "/dev/shm"}  # noqa: S108 - they are refused
_LONGEST = timedelta(days=365)
"""Envoy and systemd count in fewer bits than a duration has."""

_USER = re.compile(r"[a-z][a-z0-9-]{0,30}")
"""What sysusers.d takes of what is a label: https://systemd.io/USER_NAMES/"""

UNREADABLE = Profile(dns="{name}")
"""What stands for a profile that cannot be read: nothing is written, and no Service is missed for want of it."""


def judged(profile: Profile, sink: Sink) -> Profile:
    """Report what the schema cannot see; what would stop the build from going on is replaced by its default."""
    for problems in (_names, _addresses, _ports, _paths, _run, _users, _compose, _times, _acme):
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
    for port, public in profile.published_ports.items():
        if not is_port(port):
            yield profile.at("publishedPorts", port).key, f'"{port}" is not a port number'
        elif list(profile.published_ports.values()).count(public) > 1:
            yield profile.at("publishedPorts", port), f"port {public} is published twice"


def _paths(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    """Paths that several programs on the host use, each started in a folder of its own."""
    directories, envoy = profile.directories, profile.envoy
    given = [(directories.at(name), getattr(directories, name)) for name in ("run", "state", "releases")]
    given += [(envoy.at("path"), envoy.path), (profile.metrics.at("textfile"), profile.metrics.textfile)]
    if profile.admin.startswith("/"):
        given.append((envoy.at("admin"), envoy.admin))
    if profile.target != "none":
        certificates = profile.certificates
        given.append((certificates.at("directory"), certificates.directory))
        given += [
            (pair.at(part), getattr(pair, part)) for pair in certificates.files.values() for part in ("chain", "key")
        ]
        given += _secrets(certificates.acme) if certificates.acme else []
    for at, path in given:
        if path is not None and not _PATH.fullmatch(path):
            yield at, f'"{path}" is not an absolute path of letters, digits and "/._@+-"'
        elif path is not None and _CROOKED.search(path):
            yield at, f'"{path}" has an empty part, "." or ".."'


def _secrets(acme: Acme) -> list[tuple[Somewhere, str | None]]:
    """Files of the host that certbot reads."""
    found = [(acme.at("caBundle"), acme.ca_bundle)]
    if acme.eab is not None:
        found.append((acme.eab.at("hmacKeyFile"), acme.eab.hmac_key_file))
    if acme.dns is not None:
        found.append((acme.dns.at("credentials"), acme.dns.credentials))
    return found


def _run(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    """The folder that is made for Envoy's user, and emptied at each start."""
    run, at = profile.directories.run.rstrip("/"), profile.directories.at("run")
    if re.fullmatch("(/[^/]*)?", run) or run in _EVERYBODYS:
        yield at, f'"{profile.directories.run}" is not a folder that can be Envoy\'s own, such as /run/egc'
    others = (profile.directories.state, profile.directories.releases, profile.certificates.directory)
    for other in others if profile.target != "none" else ():
        if f"{other}/".startswith(f"{run}/"):
            yield at, f'"{other}" would be lost with "{run}", which is emptied at each start'


def _users(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    user = profile.envoy.user
    if user is None:
        return
    if profile.target == "systemd" and not _USER.fullmatch(user):
        yield profile.envoy.at("user"), f'"{user}" is not a user that can be made: a letter first, and 31 at the most'
    if profile.target == "compose" and user.isdecimal() and not re.fullmatch(r"[1-9][0-9]{0,8}", user):
        yield profile.envoy.at("user"), f'"{user}" is not the number of a user other than root'


def _compose(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    """What cannot be in a container: its names mean nothing to the host, and it sees few of the host's folders."""
    if profile.target != "compose":
        return
    user, textfile, state = profile.envoy.user, profile.metrics.textfile, profile.directories.state
    if user is not None and not user.isdecimal():
        yield profile.envoy.at("user"), f'"{user}" is not a number, as target: compose needs it'
    run, admin = profile.directories.run.rstrip("/"), profile.admin
    if admin.startswith("/") and not admin.startswith((f"{run}/", "/tmp/")):  # noqa: S108 - which is the container's own
        yield profile.envoy.at("admin"), f'"{admin}" is not below "{run}", as target: compose needs it'
    if textfile is not None and not textfile.startswith(f"{state.rstrip('/')}/"):
        yield profile.metrics.at("textfile"), f'"{textfile}" is not below "{state}", as target: compose needs it'


def _times(profile: Profile) -> Iterator[tuple[Somewhere, str]]:
    envoy = profile.envoy
    # Envoy takes whole seconds, so that a part of one counts as one.
    if math.ceil(envoy.parent_shutdown_time.total_seconds()) <= math.ceil(envoy.drain_time.total_seconds()):
        yield envoy.at("parentShutdownTime"), "parentShutdownTime is not longer than drainTime"
    times = {
        "drainTime": envoy.drain_time,
        "parentShutdownTime": envoy.parent_shutdown_time,
        "stopDrainTime": envoy.stop_drain_time,
    }
    for name, time in times.items():
        if time > _LONGEST:
            yield envoy.at(name), f"{name} is longer than a year"


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
