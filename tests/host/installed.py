"""A site that was installed on a machine of its own, with systemd, an application on a socket, and a CA."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from egc.artifacts.templates import render
from tests.host.booted import Machine
from tests.needs import need
from tests.serve.certificates import throwaway

NAME = "www.example.com"
PROFILE = """
target: systemd
envoy: {concurrency: 1, drainTime: 1s, parentShutdownTime: 2s, stopDrainTime: 4s}
certificates:
  reload: watch
  acme: {server: "https://localhost:14000/dir", caBundle: /site/ca.pem}
"""
PEBBLE = {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/site/ca.pem",
    "privateKey": "/site/ca.key",
    "httpPort": 80,
    "tlsPort": 443,
}
BACKEND = """
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: {name: app}
spec: {endpoints: [{unix: {path: /run/app/app.sock}}]}
"""
APP = """
import http.server, os, socketserver, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            open("/run/app/asked", "w").close()
            time.sleep(2)
        self.send_response(200)
        self.send_header("content-length", "3")
        self.end_headers()
        self.wfile.write(b"app")

    def address_string(self):
        return "envoy"

os.umask(0)
os.mkdir("/run/app")
socketserver.ThreadingUnixStreamServer("/run/app/app.sock", Handler).serve_forever()
"""


class Host(Machine):
    """A machine with the site and the application behind it, on a socket."""

    def __init__(self, folder: Path, ports: tuple[int, int] = (80, 443)) -> None:
        super().__init__(folder)
        self.folder, self.ports = folder, ports
        folder.chmod(0o755)
        (folder / "app.py").write_text(APP, encoding="utf-8")
        seen = {str(port): public for port, public in zip(ports, (80, 443), strict=True) if port != public}
        (folder / "egc.yaml").write_text(f"{PROFILE}publishedPorts: {json.dumps(seen)}\n", encoding="utf-8")

    def build(self, status: int) -> Path:
        """A bundle that redirects with *status*."""
        site, dist = self.folder / "site", self.folder / f"dist-{status}"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir()
        texts = render("init/site", {"target": "systemd", "domain": NAME, "secret": "site"})
        http, https = self.ports
        gateway = (
            texts["gateway.yaml"].replace("port: 80\n", f"port: {http}\n").replace("port: 443\n", f"port: {https}\n")
        )
        (site / "gateway.yaml").write_text(
            gateway.replace("statusCode: 301", f"statusCode: {status}"), encoding="utf-8"
        )
        route = texts["app.yaml"].partition("---\n")[2]
        (site / "app.yaml").write_text(f"{BACKEND}---\n{route}", encoding="utf-8")
        options = ["--profile", str(self.folder / "egc.yaml"), "-o", str(dist)]
        command = [sys.executable, "-m", "egc", "build", str(site), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return dist

    def install(self, bundle: Path) -> str:
        """Install a bundle as a person would; what it says."""
        return self.run(f"/site/{bundle.name}/install.sh")

    def set_up(self) -> None:
        """Start the application, and install the first bundle."""
        self.run("sh", "-c", f"echo 127.0.0.1 {NAME} >> /etc/hosts")
        self.run("systemd-run", "--unit=app", "python3", "/site/app.py")
        self.wait(lambda: self.asks("test", "-S", "/run/app/app.sock"))
        self.install(self.build(301))

    def authority(self) -> None:
        """Run Pebble, and the DNS that says every name is this machine's."""
        pebble, names, _ = need("pebble"), need("pebble-challtestsrv"), need("/usr/bin/certbot")
        chain, key = throwaway(self.folder, ["localhost"])
        chain.rename(self.folder / "ca.pem")
        key.rename(self.folder / "ca.key")
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": PEBBLE}), encoding="utf-8")
        off = [f"-{challenge}=" for challenge in ("http01", "https01", "tlsalpn01", "defaultIPv6")]
        self.run("systemd-run", "--unit=names", names, "-dns01=127.0.0.1:8053", "-management=127.0.0.1:8055", *off)
        tame = ["--setenv=PEBBLE_VA_NOSLEEP=1", "--setenv=PEBBLE_WFE_NONCEREJECT=0"]
        config = ["-config", "/site/pebble.json", "-dnsserver", "127.0.0.1:8053"]
        self.run("systemd-run", "--unit=pebble", *tame, pebble, *config)
        self.wait(lambda: "Listening on: 127.0.0.1:14000" in self.journal("pebble.service"))

    def write(self, path: str, text: str) -> None:
        """Write a file inside."""
        (self.folder / "file").write_text(textwrap.dedent(text), encoding="utf-8")
        self.run("install", "-D", "-m", "0644", "/site/file", path)

    def serves(self) -> bool:
        """Whether the supervisor serves, and nothing drains."""
        status = self.status()
        return status.get("state") == "serving" and not status["draining"]

    def capabilities(self) -> set[str]:
        """The capabilities of the service's processes, each as a mask."""
        group = self.show("ControlGroup")
        processes = self.run("cat", f"/sys/fs/cgroup{group}/cgroup.procs").split()
        lines = [self.run("grep", "-E", "^(CapEff|CapBnd):", f"/proc/{process}/status") for process in processes]
        return {mask.split()[1] for line in lines for mask in line.splitlines()}
