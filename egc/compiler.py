"""The pipeline: one line a stage, each taking one type and returning another."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from egc.artifacts.bundle import Bundle, Origin, bundle_up, digest_of
from egc.diagnostics import Sink
from egc.emit import gate
from egc.emit.bootstrap import emit
from egc.envoy import api as pb
from egc.envoy import binary
from egc.envoy.descriptors import NotEnvoy
from egc.envoygateway import standalone
from egc.envoygateway.finders import finders
from egc.envoygateway.models import KINDS as ENVOY_GATEWAY_KINDS
from egc.envoygateway.policies import Policies, attach
from egc.envoygateway.status import statuses
from egc.features import Context
from egc.gatewayapi.graph import Graph
from egc.gatewayapi.models import KINDS as GATEWAY_API_KINDS
from egc.gatewayapi.resolve import resolve
from egc.gatewayapi.rules import addresses
from egc.gatewayapi.tls import HostCertificates
from egc.kube.kinds import KINDS as CORE_KINDS
from egc.kube.parse import parse
from egc.options import OnError, Options
from egc.plan.lower import lower
from egc.plan.model import Plan
from egc.profile import Profile, load_profile
from egc.profile.load import mapped
from egc.profile.names import check as check_names
from egc.profile.ports import check as check_ports
from egc.source import Document, Text, read, read_paths

KINDS = CORE_KINDS | GATEWAY_API_KINDS | ENVOY_GATEWAY_KINDS


@dataclass(frozen=True, slots=True)
class Build:
    """What came of a build. ``bundle`` is None when nothing may be written; ``statuses`` are always told."""

    bundle: Bundle | None
    statuses: list[dict[str, Any]]
    plan: Plan
    graph: Graph
    policies: Policies


def build(options: Options, sink: Sink) -> Build:
    """Compile a site. Every stage runs on what is sound, so that one run tells everything."""
    profile = load_profile(options.profile, sink)
    documents = read_site(options, profile, sink)
    resources = parse(documents, KINDS, sink)
    config = standalone.configuration(resources, sink)
    controller = config.gateway.controller_name if config else standalone.CONTROLLER
    bind = partial(addresses.bound, profile=profile.addresses, sink=sink)
    certificates = HostCertificates(profile.certificates.files, profile.certificates.unknown == "lineage")
    graph = resolve(resources, controller, bind, finders(profile, config, sink), certificates, sink)
    check_names(profile, graph, sink)
    check_ports(profile, graph, sink)
    policies = attach(graph, sink)
    plan = lower(graph, policies, profile, sink)
    plain = pb.to_plain(emit(plan, Context(profile, sink, options.inline_secrets)))
    gate.check(plain, plan, options.envoy, sink)
    told = statuses(graph, policies)
    if sink.fatal or (sink.failed and options.on_error is OnError.FAIL):
        return Build(None, told, plan, graph, policies)
    accepted = not options.validate or gate.validate(plain, options.envoy, options.format, sink)
    version = _version(options.envoy)
    origin = Origin(profile, digest_of(documents, profile), version)
    bundle = bundle_up(plain, plan, told, origin, options.format, inline_secrets=options.inline_secrets)
    return Build(bundle if accepted else None, told, plan, graph, policies)


def _version(envoy: Path | None) -> str:
    try:
        return binary.version(envoy) if envoy else "unknown"
    except NotEnvoy:  # one for another kind of machine cannot be started here
        return "unknown"


def read_site(options: Options, profile: Profile, sink: Sink) -> list[Document]:
    """Every document of the given paths, and of the folders that an EnvoyGateway document among them names."""
    skipped = os.path.realpath(options.profile) if options.profile else None
    documents = _read(read_paths(options.paths, sys.stdin.buffer, sink), skipped, options, sink)
    locate = partial(mapped, profile, options.profile)
    named = standalone.site_files(documents, locate, sink)
    return documents + _read(read_paths(named, sys.stdin.buffer, sink), skipped, options, sink)


def _read(texts: Iterable[Text], skipped: str | None, options: Options, sink: Sink) -> list[Document]:
    """The host profile may lie among the site's files; it is no part of the site."""
    return [
        document
        for text in texts
        if skipped is None or os.path.realpath(text.file) != skipped
        for document in read(text.file, text.text, sink, options.substitution)
    ]
