"""Files that only the host has, and what stands in for them while Envoy validates."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from egc.envoy import binary
from egc.envoy.printer import to_yaml
from egc.envoy.scratch import with_scratch_certificates

TYPE = "type.googleapis.com/envoy.extensions."
GONE = "/etc/egc-test-missing/file"


def config(tls: dict[str, Any] | None = None, filters: tuple[dict[str, Any], ...] = (), **rest: Any) -> dict[str, Any]:
    """A listener with TLS and HTTP filters."""
    router = {"name": "router", "typed_config": {"@type": f"{TYPE}filters.http.router.v3.Router"}}
    manager = {
        "@type": f"{TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "http",
        "http_filters": [*filters, router],
        "route_config": {},
    }
    chain: dict[str, Any] = {"filters": [{"name": "hcm", "typed_config": manager}]}
    if tls is not None:
        context = {"@type": f"{TYPE}transport_sockets.tls.v3.DownstreamTlsContext", "common_tls_context": tls}
        chain["transport_socket"] = {"name": "tls", "typed_config": context}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 10000}}
    listener = {"name": "l", "address": address, "filter_chains": [chain]}
    return {"node": {"id": "a", "cluster": "b"}, "static_resources": {"listeners": [listener]}, **rest}


def http_filter(name: str, **fields: Any) -> dict[str, Any]:
    """An HTTP filter by the name of its type."""
    return {"name": name, "typed_config": {"@type": f"{TYPE}filters.http.{name}", **fields}}


def pair(**source: Any) -> dict[str, Any]:
    """A certificate whose two halves come from the same kind of place."""
    return {"certificate_chain": source, "private_key": source}


def file_log(path: str) -> list[dict[str, Any]]:
    """An access log."""
    return [{"name": "l", "typed_config": {"@type": f"{TYPE}access_loggers.file.v3.FileAccessLog", "path": path}}]


FILE = {"filename": GONE}
PAIR = pair(filename=GONE)
STATIC = config({"tls_certificate_sds_secret_configs": [{"name": "s"}]})
STATIC["static_resources"]["secrets"] = [{"name": "s", "tls_certificate": PAIR}]
SDS = {"path_config_source": {"path": GONE, "watched_directory": {"path": "/etc/egc-test-missing"}}}
WASM = {"name": "w", "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": FILE}}}
MAXMIND = {
    "@type": f"{TYPE}geoip_providers.maxmind.v3.MaxMindConfig",
    "city_db_path": "/etc/egc-test-missing/city.mmdb",
    "common_provider_config": {"geo_field_keys": {"city": "x-city"}},
}
MODULE = {"dynamic_module_config": {"name": "gone"}, "filter_name": "f"}
SOCKET = {"pipe": {"path": "/run/egc-test-missing/admin.sock"}}
LOG = "/var/log/egc-test-missing/log"

CASES = {
    "certificate": config({"tls_certificates": [PAIR]}),
    "certificate in the environment": config({"tls_certificates": [pair(environment_variable="EGC_TEST_MISSING")]}),
    "staple": config({"tls_certificates": [{**PAIR, "ocsp_staple": FILE}]}),
    "authority": config({"tls_certificates": [PAIR], "validation_context": {"trusted_ca": FILE}}),
    "revocations": config({"tls_certificates": [PAIR], "validation_context": {"trusted_ca": FILE, "crl": FILE}}),
    "file-based secret": config({"tls_certificate_sds_secret_configs": [{"name": "s", "sds_config": SDS}]}),
    "static secret": STATIC,
    "script": config(filters=(http_filter("lua.v3.Lua", default_source_code=FILE),)),
    "passwords": config(filters=(http_filter("basic_auth.v3.BasicAuth", users=FILE),)),
    "places": config(filters=(http_filter("geoip.v3.Geoip", provider={"name": "m", "typed_config": MAXMIND}),)),
    "dynamic module": config(filters=(http_filter("dynamic_modules.v3.DynamicModuleFilter", **MODULE),)),
    "wasm": config(filters=(http_filter("wasm.v3.Wasm", config=WASM),)),
    "access log": config(admin={"access_log": file_log(LOG), "address": SOCKET}),
    "event log": config(cluster_manager={"outlier_detection": {"event_log_path": LOG}}),
}


@pytest.mark.parametrize("name", CASES)
def test_envoy_accepts_the_copy_only(name: str, envoy: Path, tmp_path: Path) -> None:
    """What the machine lacks makes Envoy refuse the original; the copy passes, and the original is unchanged."""
    data = deepcopy(CASES[name])
    copy = with_scratch_certificates(data, tmp_path)
    assert data == CASES[name]
    assert binary.validate(envoy, to_yaml(data)) is not None
    assert binary.validate(envoy, to_yaml(copy)) is None
    assert "egc-test-missing/file" not in to_yaml(copy)


def test_what_is_there_is_used(tmp_path: Path) -> None:
    """Files and variables that this machine has are judged as they are."""
    here = tmp_path / "here.pem"
    here.touch()
    data = config(
        {"tls_certificates": [pair(filename=str(here))], "validation_context": {"trusted_ca": {"filename": str(here)}}}
    )
    data["admin"] = {"access_log": file_log("/dev/null")}
    assert with_scratch_certificates(data, tmp_path) == data


def test_a_pair_is_replaced_together(tmp_path: Path) -> None:
    """A certificate here and a key elsewhere would not match anything made up."""
    here = tmp_path / "here.pem"
    here.touch()
    certificate = {"certificate_chain": {"filename": str(here)}, "private_key": {"filename": GONE}}
    copy = with_scratch_certificates({"tls_certificates": [certificate]}, tmp_path)
    chain, key = str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")
    made = {"certificate_chain": {"filename": chain}, "private_key": {"filename": key}}
    assert copy == {"tls_certificates": [made]}
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_logs_are_written_elsewhere(tmp_path: Path) -> None:
    """A log that could be opened is not: to validate leaves nothing behind."""
    log = tmp_path / "real.log"
    copy = with_scratch_certificates({"access_log": file_log(str(log))}, tmp_path)
    assert copy["access_log"][0]["typed_config"]["path"] != str(log)


def test_nothing_is_made_that_is_not_needed(tmp_path: Path) -> None:
    """A configuration without files makes none."""
    assert with_scratch_certificates(config(), tmp_path) == config()
    assert list(tmp_path.iterdir()) == []
