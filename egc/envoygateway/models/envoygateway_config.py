"""The configuration file of Envoy Gateway itself: ``kind: EnvoyGateway``, without metadata and without spec.

https://gateway.envoyproxy.io/docs/api/extension_types/#envoygateway
"""

from typing import Annotated, Literal

from pydantic import Field

from egc.kube.markers import Ignored, Opaque, Unsupported
from egc.kube.model import Model

_NO_CONTROLLER = Ignored("egc runs no controller")
_REFUSED = Ignored("what it turns on or off is refused by name where it is used", quiet=True)


class GatewaySettings(Model):
    """Which GatewayClasses are ours."""

    controller_name: str = Field(default="gateway.envoyproxy.io/gatewayclass-controller", min_length=1)


class KubernetesProvider(Model):
    """Settings of a controller in a cluster; ``watch`` narrows the namespaces that it serves."""

    watch: Annotated[Opaque, Unsupported()] = None
    cache_sync_period: Annotated[Opaque, _NO_CONTROLLER] = None
    client: Annotated[Opaque, _NO_CONTROLLER] = None
    deploy: Annotated[Opaque, _NO_CONTROLLER] = None
    leader_election: Annotated[Opaque, _NO_CONTROLLER] = None
    proxy_topology_injector: Annotated[Opaque, _NO_CONTROLLER] = None
    rate_limit_deployment: Annotated[Opaque, _NO_CONTROLLER] = None
    rate_limit_hpa: Annotated[Opaque, _NO_CONTROLLER] = None
    rate_limit_pdb: Annotated[Opaque, _NO_CONTROLLER] = Field(default=None, alias="rateLimitPDB")
    shutdown_manager: Annotated[Opaque, _NO_CONTROLLER] = None


class FileResources(Model):
    """The files and folders with the site's YAML; folders are not searched deeper."""

    paths: list[str] = Field(min_length=1)


class ResourceProvider(Model):
    """Where the site's YAML comes from."""

    type: Literal["File"]
    file: FileResources


class CustomProvider(Model):
    """A site outside Kubernetes."""

    resource: ResourceProvider
    infrastructure: Annotated[Opaque, Ignored("egc runs no controller", quiet=True)] = None


class Provider(Model):
    """Where Envoy Gateway reads from, and where it runs."""

    type: Literal["Kubernetes", "Custom"]
    kubernetes: KubernetesProvider | None = None
    custom: CustomProvider | None = None


class ExtensionAPISettings(Model):
    """Switches of Envoy Gateway's extensions; None where the file does not say."""

    enable_backend: bool | None = None
    enable_envoy_patch_policy: Annotated[bool | None, _REFUSED] = None
    enable_lua: Annotated[bool | None, _REFUSED] = None
    disable_lua: Annotated[bool | None, _REFUSED] = None
    enable_sds_secret_ref: Annotated[bool | None, _REFUSED] = Field(default=None, alias="enableSDSSecretRef")


class EnvoyGateway(Model):
    """How Envoy Gateway is set up where it runs standalone."""

    api_version: str
    kind: str
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    provider: Provider | None = None
    extension_apis: ExtensionAPISettings = Field(default_factory=ExtensionAPISettings)
    admin: Annotated[Opaque, _NO_CONTROLLER] = None
    logging: Annotated[Opaque, _NO_CONTROLLER] = None
    telemetry: Annotated[Opaque, _NO_CONTROLLER] = None
    xds_server: Annotated[Opaque, _NO_CONTROLLER] = None
    envoy_proxy: Annotated[Opaque, Unsupported()] = None
    extension_manager: Annotated[Opaque, Unsupported()] = None
    extension_managers: Annotated[Opaque, Unsupported()] = None
    gateway_api: Annotated[Opaque, Unsupported()] = Field(default=None, alias="gatewayAPI")
    rate_limit: Annotated[Opaque, Unsupported()] = None
    runtime_flags: Annotated[Opaque, Unsupported()] = None
