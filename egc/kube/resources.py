"""The index of everything that was read: by group, kind, namespace and name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from egc.kube.model import Model, Somewhere
from egc.kube.resource import Resource


class Key(NamedTuple):
    """What identifies an object. ``namespace`` is empty for cluster-scoped kinds."""

    group: str
    kind: str
    namespace: str
    name: str


R = TypeVar("R", bound=Resource)

CLUSTER_SCOPED = frozenset({"GatewayClass", "Namespace"})


def key_of(resource: Resource) -> Key:
    """The identity of *resource*."""
    group = resource.api_version.rpartition("/")[0]
    return Key(group, resource.kind, "" if resource.kind in CLUSTER_SCOPED else resource.namespace, resource.name)


@dataclass
class Resources:
    """Sound objects by identity.

    ``broken`` are those that exist but could not be read: say no more about them; the plain data is kept. ``refused``
    are sound ones with a field that egc does not act on, ``disputed`` several of one identity that differ.
    ``configs`` are objects that are not Kubernetes resources.
    """

    sound: dict[Key, Resource] = field(default_factory=dict)
    broken: dict[Key, dict[str, object]] = field(default_factory=dict)
    refused: set[Key] = field(default_factory=set)
    configs: list[Model] = field(default_factory=list)
    by_kind: dict[str, list[Resource]] = field(default_factory=dict)
    disputed: dict[Key, list[Resource]] = field(default_factory=dict)

    def add(self, resource: Resource) -> Somewhere | None:
        """Index *resource*; the place of another with its identity, if there is one.

        Which of two is meant nobody knows, and the order of files must not decide: unless they say the same, neither
        stays.
        """
        key = key_of(resource)
        if (disputed := self.disputed.get(key)) is not None:
            disputed.append(resource)
            return disputed[0].at("metadata", "name")
        other = self.sound.setdefault(key, resource)
        if other is not resource:
            if other != resource:
                self.disputed[key] = [other, resource]
                del self.sound[key]
                self.by_kind[resource.kind].remove(other)
            return other.at("metadata", "name")
        self.by_kind.setdefault(resource.kind, []).append(resource)
        return None

    def get(self, group: str, kind: str, namespace: str, name: str) -> Resource | None:
        """The object of that identity, or None."""
        return self.sound.get(Key(group, kind, "" if kind in CLUSTER_SCOPED else namespace, name))

    def is_broken(self, group: str, kind: str, namespace: str, name: str) -> bool:
        """Whether such an object was written but could not be read."""
        return Key(group, kind, "" if kind in CLUSTER_SCOPED else namespace, name) in self.broken

    def of(self, model: type[R]) -> Iterator[R]:
        """All objects of one kind, oldest first: by creationTimestamp, then by namespace/name."""
        return (resource for resource in self.of_kind(model.__name__) if isinstance(resource, model))

    def of_kind(self, kind: str) -> list[Resource]:
        """The same by the kind's name, for those who need not import its model."""
        return sorted(self.by_kind.get(kind, ()), key=seniority)

    def names(self, group: str, kind: str, namespace: str) -> list[str]:
        """Names in use for a kind in a namespace, for "did you mean"."""
        return sorted(k.name for k in self.sound if (k.group, k.kind, k.namespace) == (group, kind, namespace))

    def all(self) -> Iterable[Resource]:
        """Every sound object."""
        return self.sound.values()


def seniority(resource: Resource) -> tuple[bool, str, str]:
    """Sort key of conflict resolution: the oldest first; objects without a timestamp count as the newest.

    https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts
    """
    created = resource.metadata.creation_timestamp
    return created is None, created or "", f"{resource.namespace}/{resource.name}"


def target_names(data: dict[str, object]) -> set[tuple[str, str]]:
    """Kind and name of each target of a policy's plain data; none if any is unclear. A section counts as the whole."""
    spec = data.get("spec")
    if not isinstance(spec, dict) or spec.get("targetSelectors"):
        return set()
    refs = spec.get("targetRefs") or []
    found: set[tuple[str, str]] = set()
    for ref in [*(refs if isinstance(refs, list) else [None]), *([spec["targetRef"]] if spec.get("targetRef") else [])]:
        if not isinstance(ref, dict) or not isinstance(ref.get("kind"), str) or not isinstance(ref.get("name"), str):
            return set()
        found.add((ref["kind"], ref["name"]))
    return found
