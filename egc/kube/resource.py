"""What every Kubernetes object has: kind, metadata and a status that is not ours to read."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from egc.kube.markers import Ignored, Opaque
from egc.kube.model import Model
from egc.kube.scalars import Label, Subdomain
from egc.kube.schema_errors import misfit

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_WORD = r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_KEY = re.compile(rf"((?=[^/]{{1,253}}/){_LABEL}(\.{_LABEL})*/)?{_WORD}")
_VALUE = re.compile(rf"({_WORD})?")


def _shown(text: str) -> str:
    return f"{text[:60]}…" if len(text) > 60 else text


def is_label_key(text: str) -> bool:
    """Whether a label can have that key."""
    return _KEY.fullmatch(text) is not None


def is_label_value(text: str) -> bool:
    """Whether a label can have that value."""
    return _VALUE.fullmatch(text) is not None


def _labels(found: dict[str, str]) -> dict[str, str]:
    for key, value in found.items():
        if not is_label_key(key):
            raise misfit('has the key "{text}", which no label can have', key, on_key=True, text=_shown(key))
        if not is_label_value(value):
            raise misfit('has the value "{text}", which no label can have', key, text=_shown(value))
    return found


def _annotations(found: dict[str, str]) -> dict[str, str]:
    for key in found:
        if not is_label_key(key.lower()):
            raise misfit('has the key "{text}", which no annotation can have', key, on_key=True, text=_shown(key))
    return found


Labels = Annotated[dict[str, str], AfterValidator(_labels)]
Annotations = Annotated[dict[str, str], AfterValidator(_annotations)]

_BOOKKEEPING = Ignored("kubectl and the API server write it", quiet=True)


class ObjectMeta(Model):
    """An object's name, its labels, and what the API server keeps beside them."""

    name: Subdomain
    namespace: Label | None = None
    labels: Labels = Field(default_factory=dict)
    annotations: Annotated[Annotations, Field(default_factory=dict), _BOOKKEEPING]
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
