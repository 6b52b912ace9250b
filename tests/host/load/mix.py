"""Clients of every kind together."""

from dataclasses import dataclass

from tests.host.load.client import Client
from tests.host.load.connection import Target
from tests.host.load.fresh import Fresh, Stream
from tests.host.load.keepalive import KeepAlive
from tests.host.load.multiplexed import Multiplexed
from tests.host.load.websocket import WebSocket

Mix = list[tuple[int, Client]]
"""Clients, and how many of each."""


@dataclass(frozen=True)
class Times:
    """Seconds: what a slow request takes, what a stream takes, and how long an idle connection is left alone.

    Each must be less than the time from the end of a drain to that of the old Envoy: what is longer is lost by design.
    """

    slow: float = 2.0
    stream: float = 5.0
    idle: float = 3.0


SHORT = Times(0.4, 0.5, 0.4)
"""For where that time is a second."""


def plain(http: Target, times: Times = Times()) -> Mix:
    """About 90 requests a second over plain HTTP."""
    return [
        (4, KeepAlive("HTTP/1", http, interval=0.1)),
        (4, KeepAlive("HTTP/1 idle", http, interval=times.idle)),
        (4, Fresh("HTTP/1 new", http, interval=0.1)),
        (2, KeepAlive("HTTP/1 slow", http, f"/slow?seconds={times.slow:g}")),
        (2, Stream("stream", http, f"/stream?seconds={times.stream:g}")),
        (2, WebSocket("WebSocket", http, "/websocket", interval=0.2)),
    ]


def encrypted(https: Target, times: Times = Times(), folder: str = "/") -> Mix:
    """About 80 requests a second over TLS, half of them HTTP/2, for what the upstream has in *folder*."""
    return [
        (2, KeepAlive("TLS", https, folder, interval=0.1)),
        (4, KeepAlive("TLS idle", https, folder, interval=times.idle)),
        (2, Fresh("TLS new", https, folder, interval=0.1)),
        (2, Multiplexed("HTTP/2", https, folder, interval=0.2, streams=4)),
        (2, Multiplexed("HTTP/2 idle", https, folder, interval=times.idle)),
        (1, Multiplexed("HTTP/2 slow", https, f"{folder}slow?seconds={times.slow:g}", streams=2)),
        (1, Stream("TLS stream", https, f"{folder}stream?seconds={times.stream:g}")),
        (1, WebSocket("TLS WebSocket", https, f"{folder}websocket", interval=0.2)),
    ]


def mixed(http: Target, https: Target, times: Times = Times()) -> Mix:
    """Both."""
    return [*plain(http, times), *encrypted(https, times)]
