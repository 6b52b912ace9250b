"""egc.yaml: a small file beside the site, validated like everything else."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from egc.kube.model import Model
from egc.kube.scalars import GoDuration, Label, PortNumber, Quantity
from egc.profile.acme import Acme

UINT32_MAX = 2**32 - 1


class CertificateFiles(Model):
    """The files of a certificate that the host already has."""

    chain: str = Field(description="Path of the certificate chain, PEM, leaf first.")
    key: str = Field(description="Path of the private key, PEM.")


class Certificates(Model):
    """Where certificates are, and how Envoy takes up new ones."""

    directory: str = Field(
        "/etc/egc/tls", description="Holds <lineage>/current/{fullchain.pem,privkey.pem} for certbot's lineages."
    )
    files: dict[str, CertificateFiles] = Field(
        default_factory=dict, description="A Secret (namespace/name) whose files exist already."
    )
    unknown: Literal["lineage", "error"] = Field(
        "lineage",
        description="A certificate that neither the input nor files has: a lineage of certbot named after the Secret, "
        "or an error, for hosts without certbot.",
    )
    system_ca: str = Field(
        "/etc/ssl/certs/ca-certificates.crt",
        alias="systemCA",
        description="The CA certificates of the system, PEM: what BackendTLSPolicy calls System.",
    )
    reload: Literal["hot-restart", "watch"] = Field(
        "hot-restart",
        description="hot-restart: Envoy reads the files when it starts. watch: it watches them and needs no restart.",
    )
    acme: Acme | None = Field(
        None, description="How certbot gets the lineages; without it, whoever writes the directory keeps them."
    )


class EnvoyHost(Model):
    """The Envoy process."""

    admin: str | None = Field(
        None,
        description="The admin interface: a path (a socket of mode 0600) or a loopback address:port; "
        "default: admin.sock in directories.run.",
    )
    memory: Quantity | None = Field(None, description="Memory that Envoy may use; sizes the overload manager.")
    connections: Annotated[int, Field(ge=1, le=UINT32_MAX)] = Field(
        50000, description="Client connections that Envoy accepts at the most; half of the open-file limit is sound."
    )
    path: str | None = Field(None, description="Path of the Envoy program on the host; default: the one in its PATH.")
    user: Label | None = Field(
        None,
        description="The user that Envoy runs as, made when it does not exist; default: envoy. In containers a number, "
        "default: 900.",
    )
    concurrency: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto", description="Number of worker threads; auto: as many as the host has processors."
    )
    drain_time: GoDuration = Field(
        timedelta(seconds=20), description="Time in which clients are asked to leave an old Envoy at a hot restart."
    )
    parent_shutdown_time: GoDuration = Field(
        timedelta(seconds=30), description="When an old Envoy ends after a hot restart; longer than drainTime."
    )
    stop_drain_time: GoDuration = Field(
        timedelta(seconds=5), description="How long Envoy finishes requests when it is stopped."
    )
    base_id: Annotated[int, Field(ge=0, le=100_000_000)] = Field(
        0, description="Tells the shared memory of several Envoys on one host apart."
    )


class Metrics(Model):
    """The listener for Prometheus: GET /stats/prometheus and GET /ready, nothing else."""

    address: str = Field("127.0.0.1", description="Where it listens.")
    port: PortNumber = Field(19001, description="The port.")
    enabled: bool = Field(default=True, description="Whether there is such a listener.")
    textfile: str | None = Field(
        None, description="Folder for metrics of certificates and reloads; default: metrics in directories.state."
    )


class Directories(Model):
    """Folders on the host."""

    run: str = Field("/run/egc", description="Sockets and the configurations in use; gone after a reboot.")
    state: str = Field("/var/lib/egc", description="The last good configuration, and marks of what is to be done.")
    releases: str = Field("/opt/egc", description="Installed bundles, in a folder for each site.")


class Edge(Model):
    """Defences of a gateway that faces the Internet, where they differ from Envoy Gateway's defaults."""

    request_headers_timeout: GoDuration = Field(
        timedelta(seconds=10),
        description="Time for a client to send its request headers; a ClientTrafficPolicy overrides it. 0s: no limit.",
    )
    stream_idle_timeout: GoDuration = Field(
        timedelta(minutes=5),
        description="How long a stream may be silent; a ClientTrafficPolicy overrides it. 0s: no limit.",
    )
    idle_timeout: GoDuration = Field(
        timedelta(hours=1),
        description="How long a connection without requests is kept; a ClientTrafficPolicy overrides it.",
    )
    tcp_idle_timeout: GoDuration = Field(
        timedelta(hours=1),
        description="How long a TCP connection that is passed on may be silent; a ClientTrafficPolicy overrides it. "
        "0s: no limit.",
    )
    udp_idle_timeout: Annotated[GoDuration, Field(gt=timedelta(0))] = Field(
        timedelta(minutes=1),
        description="How long a UDP session may be silent: until then a client stays with its backend.",
    )
    max_request_headers_kb: Annotated[int, Field(ge=1, le=8192)] = Field(
        60, alias="maxRequestHeadersKB", description="Size of request headers, in KiB."
    )
    max_headers_count: Annotated[int, Field(ge=1, le=UINT32_MAX)] = Field(100, description="Number of request headers.")


class Profile(Model):
    """What only the host knows; every key has a default."""

    target: Literal["systemd", "compose", "none"] = Field("none", description="What the bundle is made for.")
    site: Label = Field("site", description="Name of the site on its host.")
    published_ports: dict[str, PortNumber] = Field(
        default_factory=dict,
        description="Port that clients see, by a listener's port, where compose or a firewall maps one to another.",
    )
    keep_releases: Annotated[int, Field(ge=1, le=1000)] = Field(
        5, description="How many installed bundles are kept for a rollback."
    )
    directories: Directories = Field(default_factory=Directories)
    addresses: dict[str, list[str]] = Field(
        default_factory=dict,
        description="IP addresses that a Gateway (namespace/name) binds; default: all, IPv4 and IPv6.",
    )
    services: dict[str, dict[str, list[str]]] = Field(
        default_factory=dict,
        description="Where a Service (namespace/name) listens, by its port: host:port, [ipv6]:port or unix:/path.",
    )
    dns: str | None = Field(
        None, description="DNS name of a Service found nowhere else; {name} and {namespace} are replaced."
    )
    paths: dict[str, str] = Field(
        default_factory=dict,
        description="Folders for path prefixes inside an EnvoyGateway file, relative to this profile.",
    )
    certificates: Certificates = Field(default_factory=Certificates)
    envoy: EnvoyHost = Field(default_factory=EnvoyHost)
    metrics: Metrics = Field(default_factory=Metrics)
    edge: Edge = Field(default_factory=Edge)

    @property
    def admin(self) -> str:
        """Where the admin interface is."""
        return self.envoy.admin or f"{self.directories.run.rstrip('/')}/admin.sock"
