"""Hostnames with one leading wildcard: what they match and where two of them meet.

https://gateway-api.sigs.k8s.io/reference/spec/#hostname
"""

from collections.abc import Collection


def covers(pattern: str, hostname: str) -> bool:
    """Whether *pattern* (``*``, ``*.example.com`` or a name) matches everything that *hostname* matches.

    A wildcard stands for one or more whole labels.
    """
    if pattern in ("*", hostname):
        return True
    return pattern.startswith("*.") and hostname.endswith(pattern[1:]) and hostname != pattern[1:] and hostname != "*"


def meet(one: str, other: str) -> str | None:
    """The hostname that matches just what both match, or None when nothing does."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def intersection(listener: str, route: Collection[str]) -> tuple[str, ...]:
    """The hostnames that a listener serves of a route's; a route without hostnames takes the listener's."""
    found = {both for host in route or ("*",) if (both := meet(listener.lower(), host.lower())) is not None}
    return tuple(sorted(found))


def specificity(hostname: str) -> tuple[bool, bool, int, str]:
    """Sort key: exact names first, then the wildcards with the longest suffix, ``*`` last."""
    return hostname == "*", hostname.startswith("*"), -len(hostname), hostname
