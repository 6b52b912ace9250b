"""A status for people."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any


def lines(status: dict[str, Any]) -> Iterator[str]:
    """What `egc-envoy status` prints."""
    yield f"state       {status['state']}"
    if status["degraded"]:
        yield f"degraded    {status['degraded']}"
    if status["epoch"] is not None:
        yield f"epoch       {status['epoch']} since {status['since']}, process {status['pid']}"
        yield f"bundle      {status['digest']} of {status['bundle']}"
        yield f"Envoy       {status['envoy']}, {_count(status['concurrency'], 'worker')}"
    for one in status["draining"]:
        yield f"draining    epoch {one['epoch']} since {one['since']} until {one['until']}, process {one['pid']}"
    last = status["lastReload"]
    if last:
        outcome = "done" if last["ok"] else f"refused [{last['code']}]"
        yield f"last reload {last['at']} {outcome} in {last['ms']} ms: {last['message']}"
    counts = status["reloads"]
    yield f"reloads     {counts['ok']} done, {counts['refused']} refused"
    for one in status["certificates"]:
        if "not_after" in one:
            days = round((one["not_after"] - time.time()) / 86400)
            kind = ", a placeholder" if one["placeholder"] else ""
            yield f"certificate {one['name']}: {', '.join(one['names'])}; {_count(days, 'day')} left{kind}"
        else:
            yield f"certificate {one['name']}: {one['chain']} {one['problem']}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
