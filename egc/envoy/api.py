"""Envoy's typed messages: ``from egc.envoy import api as pb``, then ``pb.route.Route(...)``.

Each package is imported when first used, as few configurations need many of them. What mypy sees below and what
PACKAGES says is the same list, by test.
"""

# mypy: implicit_reexport=True
# ruff: noqa: F401  # the imports are for those who import this module

from typing import TYPE_CHECKING

from egc.envoy.plain import pack, raw, to_plain

if TYPE_CHECKING:
    from envoy_data_plane.cel import expr as cel
    from envoy_data_plane.envoy.config.accesslog import v3 as accesslog
    from envoy_data_plane.envoy.config.bootstrap import v3 as bootstrap
    from envoy_data_plane.envoy.config.cluster import v3 as cluster
    from envoy_data_plane.envoy.config.common.matcher import v3 as common_matcher
    from envoy_data_plane.envoy.config.common.mutation_rules import v3 as mutation_rules
    from envoy_data_plane.envoy.config.core import v3 as core
    from envoy_data_plane.envoy.config.endpoint import v3 as endpoint
    from envoy_data_plane.envoy.config.listener import v3 as listener
    from envoy_data_plane.envoy.config.metrics import v3 as metrics
    from envoy_data_plane.envoy.config.overload import v3 as overload
    from envoy_data_plane.envoy.config.ratelimit import v3 as ratelimit_service
    from envoy_data_plane.envoy.config.rbac import v3 as rbac
    from envoy_data_plane.envoy.config.route import v3 as route
    from envoy_data_plane.envoy.config.trace import v3 as trace
    from envoy_data_plane.envoy.data.accesslog import v3 as access_log_data
    from envoy_data_plane.envoy.extensions.access_loggers.file import v3 as file_accesslog
    from envoy_data_plane.envoy.extensions.access_loggers.filters.cel import v3 as cel_access_log_filter
    from envoy_data_plane.envoy.extensions.access_loggers.grpc import v3 as grpc_access_logs
    from envoy_data_plane.envoy.extensions.access_loggers.open_telemetry import v3 as open_telemetry_access_logs
    from envoy_data_plane.envoy.extensions.access_loggers.stream import v3 as stream_access_logs
    from envoy_data_plane.envoy.extensions.bootstrap.internal_listener import v3 as internal_listener
    from envoy_data_plane.envoy.extensions.clusters.aggregate import v3 as aggregate_cluster
    from envoy_data_plane.envoy.extensions.clusters.common.dns import v3 as dns_cluster_common
    from envoy_data_plane.envoy.extensions.clusters.dns import v3 as dns_cluster
    from envoy_data_plane.envoy.extensions.clusters.dynamic_forward_proxy import v3 as dynamic_forward_proxy_cluster
    from envoy_data_plane.envoy.extensions.common.dynamic_forward_proxy import v3 as dns_cache
    from envoy_data_plane.envoy.extensions.common.matching import v3 as matching
    from envoy_data_plane.envoy.extensions.common.ratelimit import v3 as ratelimit
    from envoy_data_plane.envoy.extensions.compression.brotli.compressor import v3 as brotli
    from envoy_data_plane.envoy.extensions.compression.gzip.compressor import v3 as gzip
    from envoy_data_plane.envoy.extensions.compression.zstd.compressor import v3 as zstd
    from envoy_data_plane.envoy.extensions.dynamic_modules import v3 as dynamic_module
    from envoy_data_plane.envoy.extensions.filters.common.fault import v3 as fault_common
    from envoy_data_plane.envoy.extensions.filters.common.matcher.action import v3 as matcher_action
    from envoy_data_plane.envoy.extensions.filters.common.set_filter_state import v3 as set_filter_state_value
    from envoy_data_plane.envoy.extensions.filters.http.admission_control import v3 as admission_control
    from envoy_data_plane.envoy.extensions.filters.http.api_key_auth import v3 as api_key_auth
    from envoy_data_plane.envoy.extensions.filters.http.bandwidth_limit import v3 as bandwidth_limit
    from envoy_data_plane.envoy.extensions.filters.http.basic_auth import v3 as basic_auth
    from envoy_data_plane.envoy.extensions.filters.http.buffer import v3 as buffer
    from envoy_data_plane.envoy.extensions.filters.http.composite import v3 as composite
    from envoy_data_plane.envoy.extensions.filters.http.compressor import v3 as compressor
    from envoy_data_plane.envoy.extensions.filters.http.cors import v3 as cors
    from envoy_data_plane.envoy.extensions.filters.http.credential_injector import v3 as credential_injector
    from envoy_data_plane.envoy.extensions.filters.http.csrf import v3 as csrf
    from envoy_data_plane.envoy.extensions.filters.http.custom_response import v3 as custom_response
    from envoy_data_plane.envoy.extensions.filters.http.decompressor import v3 as decompressor
    from envoy_data_plane.envoy.extensions.filters.http.dynamic_forward_proxy import v3 as dynamic_forward_proxy
    from envoy_data_plane.envoy.extensions.filters.http.dynamic_modules import v3 as dynamic_modules
    from envoy_data_plane.envoy.extensions.filters.http.ext_authz import v3 as ext_authz
    from envoy_data_plane.envoy.extensions.filters.http.ext_proc import v3 as ext_proc
    from envoy_data_plane.envoy.extensions.filters.http.fault import v3 as fault
    from envoy_data_plane.envoy.extensions.filters.http.file_server import v3 as file_server
    from envoy_data_plane.envoy.extensions.filters.http.geoip import v3 as geoip
    from envoy_data_plane.envoy.extensions.filters.http.grpc_http1_bridge import v3 as grpc_http1_bridge
    from envoy_data_plane.envoy.extensions.filters.http.grpc_json_transcoder import v3 as grpc_json_transcoder
    from envoy_data_plane.envoy.extensions.filters.http.grpc_stats import v3 as grpc_stats
    from envoy_data_plane.envoy.extensions.filters.http.grpc_web import v3 as grpc_web
    from envoy_data_plane.envoy.extensions.filters.http.header_mutation import v3 as header_mutation
    from envoy_data_plane.envoy.extensions.filters.http.header_to_metadata import v3 as header_to_metadata
    from envoy_data_plane.envoy.extensions.filters.http.health_check import v3 as health_check
    from envoy_data_plane.envoy.extensions.filters.http.jwt_authn import v3 as jwt_authn
    from envoy_data_plane.envoy.extensions.filters.http.local_ratelimit import v3 as local_ratelimit
    from envoy_data_plane.envoy.extensions.filters.http.lua import v3 as lua
    from envoy_data_plane.envoy.extensions.filters.http.oauth2 import v3 as oauth2
    from envoy_data_plane.envoy.extensions.filters.http.on_demand import v3 as on_demand
    from envoy_data_plane.envoy.extensions.filters.http.ratelimit import v3 as http_ratelimit
    from envoy_data_plane.envoy.extensions.filters.http.rbac import v3 as http_rbac
    from envoy_data_plane.envoy.extensions.filters.http.router import v3 as router
    from envoy_data_plane.envoy.extensions.filters.http.set_filter_state import v3 as set_filter_state
    from envoy_data_plane.envoy.extensions.filters.http.set_metadata import v3 as set_metadata
    from envoy_data_plane.envoy.extensions.filters.http.stateful_session import v3 as stateful_session
    from envoy_data_plane.envoy.extensions.filters.http.upstream_codec import v3 as upstream_codec
    from envoy_data_plane.envoy.extensions.filters.http.wasm import v3 as wasm
    from envoy_data_plane.envoy.extensions.filters.listener.http_inspector import v3 as http_inspector
    from envoy_data_plane.envoy.extensions.filters.listener.local_ratelimit import v3 as listener_local_ratelimit
    from envoy_data_plane.envoy.extensions.filters.listener.original_dst import v3 as original_dst
    from envoy_data_plane.envoy.extensions.filters.listener.proxy_protocol import v3 as proxy_protocol
    from envoy_data_plane.envoy.extensions.filters.listener.tls_inspector import v3 as tls_inspector
    from envoy_data_plane.envoy.extensions.filters.network.connection_limit import v3 as connection_limit
    from envoy_data_plane.envoy.extensions.filters.network.direct_response import v3 as direct_response
    from envoy_data_plane.envoy.extensions.filters.network.ext_authz import v3 as network_ext_authz
    from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager import v3 as hcm
    from envoy_data_plane.envoy.extensions.filters.network.local_ratelimit import v3 as network_local_ratelimit
    from envoy_data_plane.envoy.extensions.filters.network.rbac import v3 as network_rbac
    from envoy_data_plane.envoy.extensions.filters.network.set_filter_state import v3 as network_set_filter_state
    from envoy_data_plane.envoy.extensions.filters.network.sni_cluster import v3 as sni_cluster
    from envoy_data_plane.envoy.extensions.filters.network.sni_dynamic_forward_proxy import (
        v3 as sni_dynamic_forward_proxy,
    )
    from envoy_data_plane.envoy.extensions.filters.network.tcp_proxy import v3 as tcp_proxy
    from envoy_data_plane.envoy.extensions.filters.udp.udp_proxy import v3 as udp_proxy
    from envoy_data_plane.envoy.extensions.formatter.cel import v3 as cel_formatter
    from envoy_data_plane.envoy.extensions.formatter.metadata import v3 as metadata_formatter
    from envoy_data_plane.envoy.extensions.formatter.req_without_query import v3 as req_without_query
    from envoy_data_plane.envoy.extensions.geoip_providers.common import v3 as geoip_common
    from envoy_data_plane.envoy.extensions.geoip_providers.maxmind import v3 as maxmind
    from envoy_data_plane.envoy.extensions.health_check.event_sinks.file import v3 as health_check_file_sink
    from envoy_data_plane.envoy.extensions.http.custom_response.local_response_policy import v3 as local_response_policy
    from envoy_data_plane.envoy.extensions.http.custom_response.redirect_policy import v3 as redirect_policy
    from envoy_data_plane.envoy.extensions.http.early_header_mutation.header_mutation import v3 as early_header_mutation
    from envoy_data_plane.envoy.extensions.http.header_formatters.preserve_case import v3 as preserve_case
    from envoy_data_plane.envoy.extensions.http.injected_credentials.generic import v3 as generic_credential
    from envoy_data_plane.envoy.extensions.http.injected_credentials.oauth2 import v3 as oauth2_credential
    from envoy_data_plane.envoy.extensions.http.original_ip_detection.custom_header import v3 as custom_header
    from envoy_data_plane.envoy.extensions.http.original_ip_detection.xff import v3 as xff
    from envoy_data_plane.envoy.extensions.http.stateful_session.cookie import v3 as cookie_session
    from envoy_data_plane.envoy.extensions.http.stateful_session.envelope import v3 as envelope_session
    from envoy_data_plane.envoy.extensions.http.stateful_session.header import v3 as header_session
    from envoy_data_plane.envoy.extensions.internal_redirect.allow_listed_routes import v3 as allow_listed_routes
    from envoy_data_plane.envoy.extensions.internal_redirect.previous_routes import v3 as previous_routes
    from envoy_data_plane.envoy.extensions.internal_redirect.safe_cross_scheme import v3 as safe_cross_scheme
    from envoy_data_plane.envoy.extensions.key_value.file_based import v3 as file_based_key_value
    from envoy_data_plane.envoy.extensions.load_balancing_policies.client_side_weighted_round_robin import (
        v3 as client_side_weighted_round_robin,
    )
    from envoy_data_plane.envoy.extensions.load_balancing_policies.cluster_provided import v3 as cluster_provided
    from envoy_data_plane.envoy.extensions.load_balancing_policies.common import v3 as lb_common
    from envoy_data_plane.envoy.extensions.load_balancing_policies.least_request import v3 as least_request
    from envoy_data_plane.envoy.extensions.load_balancing_policies.maglev import v3 as maglev
    from envoy_data_plane.envoy.extensions.load_balancing_policies.override_host import v3 as override_host
    from envoy_data_plane.envoy.extensions.load_balancing_policies.random import v3 as random
    from envoy_data_plane.envoy.extensions.load_balancing_policies.ring_hash import v3 as ring_hash
    from envoy_data_plane.envoy.extensions.load_balancing_policies.round_robin import v3 as round_robin
    from envoy_data_plane.envoy.extensions.load_balancing_policies.subset import v3 as subset
    from envoy_data_plane.envoy.extensions.load_balancing_policies.wrr_locality import v3 as wrr_locality
    from envoy_data_plane.envoy.extensions.matching.common_inputs.network import v3 as network_inputs
    from envoy_data_plane.envoy.extensions.matching.common_inputs.ssl import v3 as ssl_inputs
    from envoy_data_plane.envoy.extensions.matching.input_matchers.ip import v3 as ip_matcher
    from envoy_data_plane.envoy.extensions.matching.input_matchers.metadata import v3 as metadata_matcher
    from envoy_data_plane.envoy.extensions.matching.input_matchers.runtime_fraction import v3 as runtime_fraction
    from envoy_data_plane.envoy.extensions.network.dns_resolver.cares import v3 as cares
    from envoy_data_plane.envoy.extensions.network.dns_resolver.getaddrinfo import v3 as getaddrinfo
    from envoy_data_plane.envoy.extensions.path.match.uri_template import v3 as uri_template_match
    from envoy_data_plane.envoy.extensions.path.rewrite.uri_template import v3 as uri_template_rewrite
    from envoy_data_plane.envoy.extensions.rate_limit_descriptors.expr import v3 as expr_descriptor
    from envoy_data_plane.envoy.extensions.rbac.matchers.upstream_ip_port import v3 as upstream_ip_port
    from envoy_data_plane.envoy.extensions.rbac.principals.mtls_authenticated import v3 as mtls_authenticated
    from envoy_data_plane.envoy.extensions.request_id.uuid import v3 as uuid
    from envoy_data_plane.envoy.extensions.resource_monitors.cgroup_memory import v3 as cgroup_memory
    from envoy_data_plane.envoy.extensions.resource_monitors.cpu_utilization import v3 as cpu_utilization
    from envoy_data_plane.envoy.extensions.resource_monitors.downstream_connections import v3 as downstream_connections
    from envoy_data_plane.envoy.extensions.resource_monitors.fixed_heap import v3 as fixed_heap
    from envoy_data_plane.envoy.extensions.retry.host.omit_canary_hosts import v3 as omit_canary_hosts
    from envoy_data_plane.envoy.extensions.retry.host.omit_host_metadata import v3 as omit_host_metadata
    from envoy_data_plane.envoy.extensions.retry.host.previous_hosts import v3 as previous_hosts
    from envoy_data_plane.envoy.extensions.retry.priority.previous_priorities import v3 as previous_priorities
    from envoy_data_plane.envoy.extensions.stat_sinks.graphite_statsd import v3 as graphite_statsd
    from envoy_data_plane.envoy.extensions.stat_sinks.open_telemetry import v3 as open_telemetry_stats
    from envoy_data_plane.envoy.extensions.tracers.opentelemetry.resource_detectors import v3 as resource_detectors
    from envoy_data_plane.envoy.extensions.tracers.opentelemetry.samplers import v3 as samplers
    from envoy_data_plane.envoy.extensions.transport_sockets.http_11_proxy import v3 as http_11_proxy
    from envoy_data_plane.envoy.extensions.transport_sockets.internal_upstream import v3 as internal_upstream
    from envoy_data_plane.envoy.extensions.transport_sockets.proxy_protocol import v3 as upstream_proxy_protocol
    from envoy_data_plane.envoy.extensions.transport_sockets.quic import v3 as quic
    from envoy_data_plane.envoy.extensions.transport_sockets.raw_buffer import v3 as raw_buffer
    from envoy_data_plane.envoy.extensions.transport_sockets.starttls import v3 as starttls
    from envoy_data_plane.envoy.extensions.transport_sockets.tcp_stats import v3 as tcp_stats
    from envoy_data_plane.envoy.extensions.transport_sockets.tls import v3 as tls
    from envoy_data_plane.envoy.extensions.upstreams.http import v3 as http_protocol_options
    from envoy_data_plane.envoy.extensions.upstreams.tcp import v3 as tcp_protocol_options
    from envoy_data_plane.envoy.extensions.wasm import v3 as wasm_plugin
    from envoy_data_plane.envoy.service.discovery import v3 as discovery
    from envoy_data_plane.envoy.type import v3 as types
    from envoy_data_plane.envoy.type.http import v3 as http_types
    from envoy_data_plane.envoy.type.matcher import v3 as matcher
    from envoy_data_plane.envoy.type.metadata import v3 as metadata
    from envoy_data_plane.envoy.type.tracing import v3 as tracing
    from envoy_data_plane.google import protobuf, rpc
    from envoy_data_plane.google.api.expr import v1alpha1 as cel_syntax
    from envoy_data_plane.xds.core import v3 as xds_core
    from envoy_data_plane.xds.type import v3 as xds_types
    from envoy_data_plane.xds.type.matcher import v3 as xds_matcher
else:
    from types import ModuleType

    from egc.envoy.loader import load
    from egc.envoy.packages import PACKAGES

    def __getattr__(name: str) -> ModuleType:
        """The package of that name."""
        if name not in PACKAGES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        package = globals()[name] = load(f"envoy_data_plane.{PACKAGES[name]}")
        return package
