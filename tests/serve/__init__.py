"""Serve a built bundle with a real Envoy and ask it what it was built to answer."""

from tests.serve.replay import Outcome, replay
from tests.serve.requests import Entry, FormatError, load
from tests.serve.site import ServeError, Site, envoy_binary

__all__ = ["Entry", "FormatError", "Outcome", "ServeError", "Site", "envoy_binary", "load", "replay"]
