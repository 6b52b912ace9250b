"""BackendTLSPolicy: its targets, and what proves that a backend is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from egc.diagnostics import Rule, Severity
from egc.gatewayapi.validity import unions

if TYPE_CHECKING:
    from egc.gatewayapi.flaws import Flaws
    from egc.gatewayapi.models.backendtlspolicy import (
        BackendTLSPolicy,
        BackendTLSPolicySpec,
        BackendTLSPolicyValidation,
        LocalPolicyTargetReferenceWithSectionName,
        SubjectAltName,
    )

TARGET_TWICE = Rule(
    code="EGC2140",
    severity=Severity.ERROR,
    title="targetRefs that do not tell apart what they name",
    explanation="""
        A policy may name one backend several times if each targetRef means another port of it: all of them say
        `sectionName`, and no two the same.

        ```yaml
        targetRefs:
        - {group: "", kind: Service, name: shop, sectionName: https}
        - {group: "", kind: Service, name: shop, sectionName: admin}
        ```
        """,
    help="give each of them a sectionName of its own, or keep one",
)
TWO_SOURCES = Rule(
    code="EGC2141",
    severity=Severity.ERROR,
    title="CA certificates of two sources",
    explanation="A policy trusts either the certificates of `caCertificateRefs` or those of the system, not both.",
    help="remove caCertificateRefs or wellKnownCACertificates",
)
NO_SOURCE = Rule(
    code="EGC2142",
    severity=Severity.ERROR,
    title="BackendTLSPolicy without a CA certificate",
    explanation="""
        Without a certificate authority to trust, no backend could prove who it is.

        ```yaml
        validation:
          hostname: shop.internal
          wellKnownCACertificates: System
        ```
        """,
    help="add caCertificateRefs or wellKnownCACertificates: System",
)
BAD_NAME = Rule(
    code="EGC2143",
    severity=Severity.ERROR,
    title="subjectAltName's type and value disagree",
    explanation="""
        The `type` names the member that holds the name; just that member must be there.

        ```yaml
        subjectAltNames:
        - {type: Hostname, hostname: shop.internal}
        - {type: URI, uri: spiffe://shop.example/web}
        ```
        """,
)


def policy(found: BackendTLSPolicy, flaws: Flaws) -> None:
    """Judge a BackendTLSPolicy."""
    spec = found.spec
    if len(spec.target_refs) > 1:
        _targets(spec, flaws)
    _authorities(spec.validation, flaws)
    for name in spec.validation.subject_alt_names:
        _name(name, flaws)


def _targets(spec: BackendTLSPolicySpec, flaws: Flaws) -> None:
    first: dict[tuple[str, str, str], LocalPolicyTargetReferenceWithSectionName] = {}
    known: dict[tuple[str | None, ...], LocalPolicyTargetReferenceWithSectionName] = {}
    for ref in spec.target_refs:
        target = (ref.group, ref.kind, ref.name)
        other = first.setdefault(target, ref)
        twin = known.setdefault((*target, ref.section_name), ref)
        if twin is not ref:
            section = f', sectionName "{ref.section_name}"' if ref.section_name is not None else ""
            message = f'{ref.kind} "{ref.name}"{section} is named twice'
            flaws.report(ref, TARGET_TWICE, ref.at("name"), message, related=[(twin.at("name"), "first here")])
        elif (ref.section_name is None) is not (other.section_name is None):
            message = f'of two targetRefs to {ref.kind} "{ref.name}" only one says sectionName'
            flaws.report(ref, TARGET_TWICE, ref.at("name"), message, related=[(other.at("name"), "the other")])


def _authorities(validation: BackendTLSPolicyValidation, flaws: Flaws) -> None:
    refs, known = bool(validation.ca_certificate_refs), validation.well_known_ca_certificates is not None
    if refs and known:
        message = "caCertificateRefs and wellKnownCACertificates exclude each other"
        at, related = validation.at("wellKnownCACertificates").key, [(validation.at("caCertificateRefs").key, "these")]
        flaws.report(validation, TWO_SOURCES, at, message, related=related)
    elif not refs and not known:
        flaws.report(validation, NO_SOURCE, validation.at(), "the policy names no CA certificate to trust")


def _name(name: SubjectAltName, flaws: Flaws) -> None:
    members = {"Hostname": ("hostname", name.hostname), "URI": ("uri", name.uri)}
    wrong = unions.mismatch(name, "a name", name.type, members)
    if wrong is not None:
        flaws.report(name, BAD_NAME, wrong.at, wrong.message, help=wrong.help)
