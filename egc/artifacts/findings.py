"""What the programs on the host have to say, as rules: `egc explain` knows their codes, too."""

import sys
from importlib import import_module
from pkgutil import iter_modules

from egc.artifacts.shipped import shipped
from egc.diagnostics import Rule, Severity

_PACKAGE = "egc_host.findings"


def _declare() -> dict[str, Rule]:
    """A rule for each kind that a module of the package declares; the package is no part of egc's own."""
    hooks = str(shipped("hooks"))
    sys.path.insert(0, hooks)
    try:
        package = import_module(_PACKAGE)
        modules = [import_module(f"{_PACKAGE}.{module.name}") for module in iter_modules(package.__path__)]
    finally:
        sys.path.remove(hooks)
    kinds = [kind for module in modules for kind in vars(module).values() if isinstance(kind, package.Kind)]
    return {
        kind.code: Rule(kind.code, Severity(kind.severity), kind.title, kind.explanation, kind.help) for kind in kinds
    }


RULES_OF_THE_HOST = _declare()
