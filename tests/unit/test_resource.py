"""What every Kubernetes object has."""

import pytest
from pydantic import ValidationError

from egc.kube.markers import marked
from egc.kube.resource import Resource


def resource(**metadata: object) -> Resource:
    """An object with such metadata."""
    return Resource.model_validate({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a", **metadata}})


def test_an_object_without_namespace_is_in_default() -> None:
    """As with kubectl, no namespace means the one called default."""
    assert (resource().namespace, resource(namespace="b").namespace) == ("default", "b")
    assert resource().name == "a"


def test_what_kubectl_writes_is_accepted_in_silence() -> None:
    """The output of kubectl get -o yaml needs no cleaning."""
    data = {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {
            "name": "a",
            "creationTimestamp": None,
            "generation": 3,
            "managedFields": [{"manager": "kubectl"}],
            "resourceVersion": "17",
            "uid": "0d2f",
        },
        "status": {"conditions": []},
    }
    assert list(marked(Resource.model_validate(data))) == []


@pytest.mark.parametrize("name", ["", "../../etc", "A", "a/b", "a" * 254])
def test_names_are_dns_names(name: str) -> None:
    """A name can go into a path or into Envoy's names as it is."""
    with pytest.raises(ValidationError):
        resource(name=name)
