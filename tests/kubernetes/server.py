"""What a real API server says of an object, without keeping it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import urllib3
from kubernetes import client, config

from tests.kubernetes.inputs import JSON, Subject

_EXISTS = 409
_NO_ANSWERS = frozenset({401, 403, 429})
"""They say something of who asks, not of the object."""


class ServerError(click.ClickException):
    """The server does not judge."""


@dataclass(frozen=True)
class Served:
    """Where the objects of a kind are created."""

    path: str
    namespaced: bool


@dataclass(frozen=True)
class Answer:
    """Whether the server refuses an object, and why. ``known`` is False for a kind that it does not have."""

    refused: bool
    message: str = ""
    known: bool = True


class Server:
    """An API server, asked over one connection; each object and namespace once."""

    def __init__(self, kubeconfig: Path) -> None:
        self._settings = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=self._settings)
        self._pool = urllib3.PoolManager(ca_certs=self._settings.ssl_ca_cert)
        self._kinds = dict(self._discover())
        self._namespaces: set[str] = set()
        self._answers: dict[tuple[bytes, str], Answer] = {}

    def judge(self, subject: Subject) -> Answer:
        """Its answer to a dry run with strict validation of fields, which is what kubectl asks for."""
        served = self._kinds.get((subject.api_version, subject.kind))
        if served is None:
            message = f"no matches for kind {subject.kind!r} in version {subject.api_version!r}"
            return Answer(refused=True, message=message, known=False)
        key = (subject.body, subject.media)
        if key not in self._answers:
            self._answers[key] = self._ask(subject, served)
        return self._answers[key]

    def _ask(self, subject: Subject, served: Served) -> Answer:
        path = served.path
        if served.namespaced:
            self._need(subject.namespace)
            head, _, plural = path.rpartition("/")
            path = f"{head}/namespaces/{subject.namespace}/{plural}"
        query = {"dryRun": "All", "fieldValidation": "Strict"}
        status, answer = self._call("POST", path, query, subject.body, subject.media)
        if status in _NO_ANSWERS or status >= 500:
            raise ServerError(f"{subject.where}: the API server says {status}: {answer.get('message')}")
        # An object that is there already has passed validation, or that would be the answer.
        return Answer(refused=status >= 400 and status != _EXISTS, message=str(answer.get("message", "")))

    def _need(self, namespace: str) -> None:
        """Make a namespace, without which nothing is created in it; one that cannot be is the object's fault."""
        if namespace not in self._namespaces:
            self._namespaces.add(namespace)
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            self._call("POST", "/api/v1/namespaces", body=json.dumps(body).encode())

    def _discover(self) -> dict[tuple[str, str], Served]:
        _, groups = self._call("GET", "/apis")
        versions = [version["groupVersion"] for group in groups["groups"] for version in group["versions"]]
        found = {}
        for base, version in [("/api/v1", "v1"), *((f"/apis/{version}", version) for version in versions)]:
            _, listed = self._call("GET", base)
            for resource in listed["resources"]:
                if "/" not in resource["name"] and "create" in resource["verbs"]:
                    served = Served(f"{base}/{resource['name']}", resource["namespaced"])
                    found[version, resource["kind"]] = served
        return found

    def _call(
        self, verb: str, path: str, fields: Mapping[str, str] | None = None, body: bytes = b"", media: str = JSON
    ) -> tuple[int, Mapping[str, Any]]:
        address = f"{self._settings.host}{path}{'?' * bool(fields)}{urlencode(fields or {})}"
        headers = {"Accept": JSON, "Content-Type": media, "Authorization": self._settings.api_key["BearerToken"]}
        answer = self._pool.request(verb, address, body=body or None, headers=headers)
        found: Mapping[str, Any] = answer.json()
        return answer.status, found
