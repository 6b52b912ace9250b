"""Label selectors."""

from pydantic import Field

from egc.kube.model import Model


class LabelSelectorRequirement(Model):
    """A condition on one label. ``operator`` is In, NotIn, Exists or DoesNotExist; the schema allows any word."""

    key: str
    operator: str
    values: list[str] = Field(default_factory=list)


class LabelSelector(Model):
    """Conditions on labels, all of which must hold."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: list[LabelSelectorRequirement] = Field(default_factory=list)
