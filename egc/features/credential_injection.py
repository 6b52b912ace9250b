"""Credentials that backends want and clients do not know: ``credentialInjection`` of an HTTPRouteFilter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from egc.envoy import api as pb
from egc.features.base import Context, HttpFilter, Use
from egc.plan import names
from egc.plan.model import Forward, Route

if TYPE_CHECKING:
    from egc.envoygateway.models.httproutefilter import CredentialInjection as Settings
    from egc.envoygateway.models.httproutefilter import HTTPRouteFilter
    from egc.kube.resource import Resource

_AUTHORIZATION = "Authorization"


class CredentialInjection(HttpFilter):
    """https://gateway.envoyproxy.io/docs/tasks/security/credential-injection/"""

    filter = "envoy.filters.http.credential_injector"

    def uses(self, route: Route, ctx: Context) -> tuple[Use, ...]:
        """A filter for each HTTPRouteFilter, on what goes to a backend."""
        if not isinstance(route.action, Forward):
            return ()
        return tuple(Use(_filter(settings, secret), name) for name, settings, secret in _injections(route))


def _injections(route: Route) -> Iterator[tuple[str, Settings, Resource]]:
    for extension in route.extensions:
        settings = cast("HTTPRouteFilter", extension.resource).spec.credential_injection
        secret = next((source for source in extension.sources if source.kind == "Secret"), None)
        if settings is not None and secret is not None:
            yield f"{extension.resource.namespace}/{extension.resource.name}", settings, secret


def _filter(settings: Settings, secret: Resource) -> pb.credential_injector.CredentialInjector:
    """A client's own header stays unless ``overwrite`` says otherwise."""
    credential = pb.generic_credential.Generic(
        # The name of a static secret: without a source, Envoy looks for it there.
        credential=pb.tls.SdsSecretConfig(name=names.credential(secret.namespace, secret.name)),
        header=settings.header or _AUTHORIZATION,
    )
    typed = pb.core.TypedExtensionConfig(
        name="envoy.http.injected_credentials.generic", typed_config=pb.pack(credential)
    )
    return pb.credential_injector.CredentialInjector(overwrite=bool(settings.overwrite), credential=typed)
