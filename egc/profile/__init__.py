"""The host profile: what only the host knows."""

from egc.profile.load import load_profile
from egc.profile.model import Profile

__all__ = ["Profile", "load_profile"]
