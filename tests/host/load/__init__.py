"""Load on a site, by clients of every kind, with an exact account of what failed, when and how."""

from tests.host.load.report import Failure, Report, Seen, Tally, Why
from tests.host.load.run import Load

__all__ = ["Failure", "Load", "Report", "Seen", "Tally", "Why"]
