"""SecurityPolicy."""

from typing import Annotated

from egc.envoygateway.models.cors import CORS
from egc.envoygateway.models.targets import PolicySpec
from egc.kube.markers import Opaque, Unsupported
from egc.kube.resource import Resource

_PROTECTION = Unsupported(protects=True)


class SecurityPolicySpec(PolicySpec):
    """Who may send which requests. ``merge_type`` joins the policy with that of the parent."""

    merge_type: str | None = None
    cors: CORS | None = None
    api_key_auth: Annotated[Opaque, _PROTECTION] = None
    authorization: Annotated[Opaque, _PROTECTION] = None
    basic_auth: Annotated[Opaque, _PROTECTION] = None
    csrf: Annotated[Opaque, _PROTECTION] = None
    ext_auth: Annotated[Opaque, _PROTECTION] = None
    jwt: Annotated[Opaque, _PROTECTION] = None
    oidc: Annotated[Opaque, _PROTECTION] = None


class SecurityPolicy(Resource):
    """Who may send which requests to Gateways and routes."""

    spec: SecurityPolicySpec
