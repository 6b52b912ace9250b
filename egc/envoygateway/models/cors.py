"""CORS as a SecurityPolicy spells it."""

from typing import Annotated

from pydantic import Field

from egc.kube.model import Model
from egc.kube.scalars import Form, GatewayDuration

Origin = Annotated[
    str,
    Field(min_length=1, max_length=253),
    Form(
        r"^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/(\*|(\*\.)?(([0-9A-Za-z_-]+\.?)+)?[0-9A-Za-z_-]+)(:[0-9]{1,5})?)$",
        'is not an origin such as "https://www.example.com" or "*"',
    ),
]


class CORS(Model):
    """Which sites' scripts may call, and how; ``*`` stands for all."""

    allow_origins: list[Origin] = Field(default_factory=list)
    allow_methods: list[str] = Field(default_factory=list)
    allow_headers: list[str] = Field(default_factory=list)
    expose_headers: list[str] = Field(default_factory=list)
    max_age: GatewayDuration | None = None
    allow_credentials: bool | None = None
