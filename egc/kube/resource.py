"""What every Kubernetes object has: kind, metadata and a status that is not ours to read."""

from typing import Annotated

from pydantic import Field

from egc.kube.markers import Ignored, Opaque
from egc.kube.model import Model
from egc.kube.scalars import Label, Subdomain

_BOOKKEEPING = Ignored("kubectl and the API server write it", quiet=True)


class ObjectMeta(Model):
    """An object's name, its labels, and what the API server keeps beside them."""

    name: Subdomain
    namespace: Label | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: Annotated[dict[str, str], Field(default_factory=dict), _BOOKKEEPING]
    generation: int | None = None
    creation_timestamp: str | None = None
    uid: Annotated[Opaque, _BOOKKEEPING] = None
    resource_version: Annotated[Opaque, _BOOKKEEPING] = None
    managed_fields: Annotated[Opaque, _BOOKKEEPING] = None
    finalizers: Annotated[Opaque, _BOOKKEEPING] = None
    owner_references: Annotated[Opaque, _BOOKKEEPING] = None
    self_link: Annotated[Opaque, _BOOKKEEPING] = None
    deletion_timestamp: Annotated[Opaque, _BOOKKEEPING] = None
    deletion_grace_period_seconds: Annotated[Opaque, _BOOKKEEPING] = None
    generate_name: Annotated[Opaque, _BOOKKEEPING] = None


class Resource(Model):
    """A Kubernetes object."""

    api_version: str
    kind: str
    metadata: ObjectMeta
    status: Annotated[Opaque, Ignored("controllers write it", quiet=True)] = None

    @property
    def name(self) -> str:
        """The object's name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """The object's namespace; ``default`` when it says none. Cluster-scoped kinds have none."""
        return self.metadata.namespace or "default"
