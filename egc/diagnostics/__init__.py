"""What egc tells people: rules, the findings of a run, and their rendering."""

from egc.diagnostics.place import Located, Place, Span
from egc.diagnostics.rule import RULES, Rule, Severity
from egc.diagnostics.sink import Diagnostic, Label, Sink
from egc.diagnostics.suggest import did_you_mean, suggest

__all__ = [
    "RULES",
    "Diagnostic",
    "Label",
    "Located",
    "Place",
    "Rule",
    "Severity",
    "Sink",
    "Span",
    "did_you_mean",
    "suggest",
]
