"""A site like a small platform's, in containers: the gateway, two backends that only it can reach, and a CA."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.host.bundles import free_port
from tests.host.containers import BASE, Engine, output
from tests.host.load.connection import Target
from tests.needs import need
from tests.serve.certificates import throwaway

NAME = "www.example.com"

_GATEWAY = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: eg}}
spec: {{controllerName: gateway.envoyproxy.io/gatewayclass-controller}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: eg}}
spec:
  gatewayClassName: eg
  listeners:
  - {{name: http, protocol: HTTP, port: 8080}}
  - {{name: https, protocol: HTTPS, port: 8443, hostname: {NAME}, tls: {{certificateRefs: [{{name: site}}]}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: https-redirect}}
spec:
  parentRefs: [{{name: eg, sectionName: http}}]
  rules: [{{filters: [{{type: RequestRedirect, requestRedirect: {{scheme: https, port: 443, statusCode: 301}}}}]}}]
"""
_SERVICE = """
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {{name: {name}}}
spec: {{endpoints: [{{fqdn: {{hostname: {name}.local, port: {port}}}}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}}}
spec:
  parentRefs: [{{name: eg, sectionName: https}}]
  rules:
  - matches: [{{path: {{type: PathPrefix, value: {path}}}}}]
    filters:
    - {{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: x-version, value: {version}}}]}}}}
    backendRefs: [{{group: gateway.envoyproxy.io, kind: Backend, name: {name}}}]
"""
_ACTIVE = """
import socket

with socket.socket(socket.AF_UNIX) as admin:
    admin.connect("/run/egc/admin.sock")
    admin.sendall(b"GET /stats?filter=upstream_rq_active$ HTTP/1.1\\r\\nHost: admin\\r\\nConnection: close\\r\\n\\r\\n")
    lines = admin.makefile().readlines()
print(sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("cluster.")))
"""
_PATIENCE = 90.0


class Composed:
    """A host whose folders are below *folder*, with the images of *engine*."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder, self.engine = folder, engine
        self.http, self.https = free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        trust, _ = throwaway(folder, ["pebble.local"])
        profile = {
            "target": "compose",
            "site": f"egc-{self.https}",
            "envoy": {"connections": 1000, "concurrency": 1}
            | {"drainTime": "2s", "parentShutdownTime": "6s", "stopDrainTime": "4s"},
            "directories": {"releases": str(folder / "opt"), "state": str(folder / "state")},
            "certificates": {"directory": str(folder / "tls"), "reload": "watch"}
            | {"acme": {"server": "https://pebble.local:14000/dir", "caBundle": str(trust)}},
            "publishedPorts": {"8080": 80, "8443": 443},
        }
        self.site: str = str(profile["site"])
        (folder / "egc.yaml").write_text(json.dumps(profile), encoding="utf-8")
        self._write_surroundings()

    @property
    def target(self) -> Target:
        """Where clients find it."""
        return Target(self.https, NAME, tls=True)

    @property
    def current(self) -> Path:
        """The link to the release that is to be served."""
        return self.folder / "opt" / self.site / "current"

    def build(self, version: str) -> Path:
        """A bundle whose answers carry *version*."""
        site, dist = self.folder / "site", self.folder / f"dist-{version}"
        site.mkdir(exist_ok=True)
        services = [
            _SERVICE.format(name=name, port=port, path=path, version=version)
            for name, port, path in (("keycloak", 8080, "/auth/realms"), ("app", 8000, "/"))
        ]
        (site / "site.yaml").write_text(_GATEWAY + "".join(services), encoding="utf-8")
        options = ["--profile", str(self.folder / "egc.yaml"), "-o", str(dist)]
        output([sys.executable, "-m", "egc", "build", str(site), *options])
        return dist

    def install(self, dist: Path) -> subprocess.CompletedProcess[str]:
        """Install a bundle as a person would."""
        # There is no docker: what install.sh calls is podman-compose, which is told of the engine and the surroundings.
        path = f"{self.folder / 'bin'}:{self._without_docker()}"
        command = ["/bin/sh", str(dist / "install.sh")]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path})

    def compose(self, *arguments: str) -> str:
        """Output of a command of podman-compose."""
        return output([str(self.folder / "bin" / "podman-compose"), "--file", str(self._file), *arguments])

    def inside(self, service: str, *command: str) -> str:
        """Output of a command in the container of a service."""
        return self.engine.run("exec", self.container(service), *command)

    def container(self, service: str) -> str:
        """The name of the container of a service."""
        return f"{self.site}_{service}_1"

    def status(self) -> dict[str, Any]:
        """What the supervisor says of itself."""
        status: dict[str, Any] = json.loads(self.inside("gateway", "egc-envoy", "status", "--json"))
        return status

    def active(self) -> int:
        """Requests that are under way to the backends."""
        return int(self.inside("gateway", "python3", "-c", _ACTIVE))

    def forget_certificates(self) -> None:
        """Leave no placeholder that install.sh made."""
        shutil.rmtree(self.folder / "tls")

    def logs(self, service: str) -> str:
        """What a service said."""
        command = [str(self.engine.podman), "logs", self.container(service)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("{"))

    def wait(self, condition: Callable[[], object], what: str, seconds: float = _PATIENCE) -> None:
        """Wait until *condition* holds; AssertionError with what the services said if it does not."""
        deadline = time.monotonic() + seconds
        while not condition():
            said = "\n".join(f"--- {name}\n{self.logs(name)}" for name in ("gateway", "certbot"))
            assert time.monotonic() < deadline, f"not {what}:\n{said}"
            time.sleep(0.2)

    @contextlib.contextmanager
    def gone(self) -> Iterator[None]:
        """Afterwards no container of it is left."""
        try:
            yield
        finally:
            with contextlib.suppress(AssertionError):
                self.compose("down", "--volumes", "--timeout", "1")

    @property
    def _file(self) -> Path:
        return self.current / "compose.yaml"

    def _without_docker(self) -> str:
        folder = self.folder / "programs"
        if not folder.exists():
            folder.mkdir()
            for name in ("python3", "openssl", "env", "sh", "readlink", "dirname"):
                (folder / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or need(name))
        return str(folder)

    def _write_surroundings(self) -> None:
        """The backends and the CA, as a second compose file, and a podman-compose that takes it as well."""
        backend = Path(__file__).with_name("backend.py")
        pebble = {
            "listenAddress": "0.0.0.0:14000",
            "managementListenAddress": "0.0.0.0:15000",
            "certificate": "/pebble/throw-away.pem",
            "privateKey": "/pebble/throw-away.key",
            "httpPort": 8080,  # the gateway's own, which users have mapped to 80
            "tlsPort": 8443,
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": pebble}), encoding="utf-8")
        services = {
            name: {
                "image": BASE,
                "command": ["python3", "/srv/tests/host/backend.py", "0.0.0.0", str(port)],
                "volumes": [f"{backend}:/srv/tests/host/backend.py:ro"],
                "networks": {"internal": {"aliases": [f"{name}.local"]}},
            }
            for name, port in (("keycloak", 8080), ("app", 8000))
        }
        services["pebble"] = {
            "image": BASE,
            "command": ["/usr/bin/pebble", "-config", "/pebble/pebble.json"],
            "environment": {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"},
            "volumes": [f"{need('pebble')}:/usr/bin/pebble:ro", f"{self.folder}:/pebble:ro"],
            "networks": {"external": {"aliases": ["pebble.local"]}},
        }
        ports = [f"127.0.0.1:{self.http}:8080", f"127.0.0.1:{self.https}:8443"]
        networks = {"external": {"aliases": [NAME]}}
        gateway = f"  gateway:\n    ports: !override {json.dumps(ports)}\n    networks: {json.dumps(networks)}\n"
        others = "".join(f"  {name}: {json.dumps(service)}\n" for name, service in services.items())
        surroundings = self.folder / "surroundings.yaml"
        surroundings.write_text(f"services:\n{gateway}{others}", encoding="utf-8")
        program = self.folder / "bin" / "podman-compose"
        program.parent.mkdir()
        self.engine.script(program, surroundings)
