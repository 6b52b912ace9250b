"""mergeType: a route's policy laid over that of its Gateway, every part keeping its own place.

https://gateway.envoyproxy.io/docs/concepts/gateway_api_extensions/backend-traffic-policy/#policy-merging
"""

from typing import TypeVar

from egc.kube.model import Model

M = TypeVar("M", bound=Model)


def merge(parent: M, child: M) -> M:
    """*child* over *parent*: fields that the child sets win, mappings are merged, lists are replaced.

    StrategicMerge and JSONMerge (RFC 7386) agree on every field that egc supports: none of its lists has a merge key.
    """
    changes: dict[str, object] = {}
    for name in parent.model_fields_set:
        theirs, mine = getattr(parent, name), getattr(child, name)
        if name not in child.model_fields_set or mine is None:  # a null counts as absent
            changes[name] = theirs
        elif isinstance(theirs, Model) and isinstance(mine, Model):
            changes[name] = merge(theirs, mine)
    return child.replace(**changes) if changes else child
