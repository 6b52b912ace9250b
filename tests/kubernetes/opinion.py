"""What egc has against the form of an object: what an API server can see, which looks at one object at a time.

That is what the reader says, the schemas, and for the kinds of the Gateway API ``validity``. What the CRDs of Envoy
Gateway say beyond their schemas egc says when something uses the object, by rules that say more than that.
"""

import contextlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from egc.compiler import KINDS, build, read_site
from egc.diagnostics import Diagnostic, Place, Severity, Sink
from egc.gatewayapi import validity
from egc.kube.parse import DUPLICATE_OBJECT, parse
from egc.profile import load_profile
from tests.case import Case
from tests.kubernetes.inputs import Subject

_BESIDE = frozenset({DUPLICATE_OBJECT.code})
"""Codes of the reader that are about two objects."""


@dataclass(frozen=True)
class Opinion:
    """Errors about the form of an object, and those that say that egc does not do what it asks for, or cannot."""

    form: tuple[Diagnostic, ...] = ()
    otherwise: tuple[Diagnostic, ...] = ()


class Reading:
    """The documents of a case, read as ``egc build`` does, and all errors that are about objects alone."""

    def __init__(self, case: Case) -> None:
        sink = Sink(lenient=case.lenient)
        with contextlib.chdir(case.folder):
            self.documents = read_site(case.options, load_profile(case.options.profile, sink), sink)
            validity.check(parse(self.documents, KINDS, sink), sink)
        self._case = case
        self._errors = [error for error in _errors(sink) if error.rule.code not in _BESIDE]

    def of(self, subject: Subject, path: str) -> Opinion:
        """What is said within the lines of an object, of a file that the case calls *path*."""
        return opinion(error for error in self._errors if _within(error.place, path, subject))

    def by_rules(self, subject: Subject, path: str, codes: Container[str]) -> Opinion:
        """The same, and what rules of these codes say of it, here or where something refers to it."""
        form = self.of(subject, path)
        found = [error for error in self._of_build if error.rule.code in codes]
        found = [error for error in found if any(_within(place, path, subject) for place in _places(error))]
        return replace(form, otherwise=(*form.otherwise, *found))

    @cached_property
    def _of_build(self) -> list[Diagnostic]:
        sink = Sink(lenient=self._case.lenient)
        with contextlib.chdir(self._case.folder):
            build(replace(self._case.options, validate=False), sink)
        return _errors(sink)


def opinion(errors: Iterable[Diagnostic]) -> Opinion:
    """Errors about one object, by what they are about."""
    found = sorted(errors, key=Diagnostic.order)
    unsupported = tuple(error for error in found if error.rule.code.startswith("EGC4"))
    return Opinion(tuple(error for error in found if error not in unsupported), unsupported)


def _errors(sink: Sink) -> list[Diagnostic]:
    return [error for error in sink.found if error.severity is Severity.ERROR]


def _places(error: Diagnostic) -> list[Place | None]:
    return [error.place, *(label.place for label in error.related)]


def _within(place: Place | None, path: str, subject: Subject) -> bool:
    if place is None or place.file != path or place.span is None:
        return False
    return subject.first <= place.span.line <= subject.last
