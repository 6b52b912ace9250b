"""The host profile: what it takes, and that a wrong one stops every build without complaints that follow from it."""

from pathlib import Path

import pytest

from egc.compiler import Build, build
from egc.diagnostics import Sink
from egc.options import OnError, Options
from egc.profile import Profile, load_profile
from egc.profile.load import listens

SITE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: eg}
spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec: {gatewayClassName: eg, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web}]
  rules: [{backendRefs: [{name: cart, port: 8000}]}]
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 8000}]}
"""


def loaded(folder: Path, text: str) -> tuple[Profile, list[str]]:
    """The profile that *text* is, and what is said of it."""
    file = folder / "egc.yaml"
    file.write_text(text)
    sink = Sink()
    profile = load_profile(str(file), sink)
    listens(profile, sink)
    return profile, [f"{found.rule.code} {found.message}" for found in sink.sorted()]


def built(folder: Path, text: str) -> tuple[Build, set[str]]:
    """What comes of a site with that profile, as far as any build may go, and the codes of what is said."""
    (folder / "egc.yaml").write_text(text)
    (folder / "site.yaml").write_text(SITE)
    sink = Sink()
    options = Options((str(folder / "site.yaml"),), str(folder / "egc.yaml"), on_error=OnError.DEGRADE)
    return build(options, sink), {found.rule.code for found in sink.found} - {"EGC6001"}


def test_numbers_are_keys(tmp_path: Path) -> None:
    """A port needs no quotes to be a key."""
    profile, told = loaded(tmp_path, 'services: {shop/cart: {8000: ["127.0.0.1:8001"], "80": ["[::1]:80"]}}')
    assert told == []
    assert profile.services == {"shop/cart": {"8000": ["127.0.0.1:8001"], "80": ["[::1]:80"]}}
    assert loaded(tmp_path, "services: {a/b: {80: [], '80': []}}")[1][-1] == 'EGC1003 "80" stands twice here'


def test_null_is_absent(tmp_path: Path) -> None:
    """A key whose value was commented out has its default."""
    profile, told = loaded(tmp_path, "services:\n  # shop/cart: {}\nenvoy:\n  admin:\ndns: ~\n")
    assert (profile, told) == (Profile(), [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("adresses: {}", 'unknown field "adresses"'),
        ("[a]", "the document must be a mapping, not a list"),
        ("target: docker", '"docker" is not a value of "target"'),
        ("addresses: {web: [127.0.0.1]}", '"web" is not namespace/name'),
        ("certificates: {files: {a/b/c: {chain: /a, key: /b}}}", '"a/b/c" is not namespace/name'),
        ("services: {a/b: {0: []}}", '"0" is not a port number'),
        ("services: {a/b: {80: [localhost]}}", '"localhost" is neither host:port nor unix:/path'),
        ("services: {a/b: {80: ['http://a:80']}}", '"http://a:80" is neither host:port nor unix:/path'),
        ("services: {a/b: {80: ['a:65536']}}", '"a:65536" is neither host:port nor unix:/path'),
        ("services: {a/b: {80: ['unix:run/a']}}", '"unix:run/a" is neither host:port nor unix:/path'),
        ("dns: '{nam}'", '"{nam}" is not a host name in which {name} and {namespace} are replaced'),
        ("dns: '{'", '"{" is not a host name in which {name} and {namespace} are replaced'),
        ("dns: '{name} '", '"{name} " is not a host name in which {name} and {namespace} are replaced'),
        ("envoy: {admin: localhost}", '"localhost" is neither a path nor an address:port'),
        ("envoy: {admin: '127.0.0.1:²'}", '"127.0.0.1:²" is neither a path nor an address:port'),
        ("{target: compose, envoy: {user: edge}}", '"edge" is not a number, as target: compose needs it'),
        (
            "{target: compose, metrics: {textfile: /srv/metrics}}",
            '"/srv/metrics" is not below "/var/lib/egc", as target: compose needs it',
        ),
        ("directories: {run: run}", '"run" is not an absolute path of letters, digits and "/._@+-"'),
        ("directories: {state: '/a b'}", '"/a b" is not an absolute path of letters, digits and "/._@+-"'),
        ("envoy: {path: envoy}", '"envoy" is not an absolute path of letters, digits and "/._@+-"'),
        (
            "{target: systemd, certificates: {files: {a/b: {chain: tls/a.crt, key: /tls/a.key}}}}",
            '"tls/a.crt" is not an absolute path of letters, digits and "/._@+-"',
        ),
        (
            "{target: compose, certificates: {acme: {caBundle: '/etc/a: b'}}}",
            '"/etc/a: b" is not an absolute path of letters, digits and "/._@+-"',
        ),
        (
            "{target: compose, certificates: {acme: {eab: {kid: a, hmacKeyFile: key}}}}",
            '"key" is not an absolute path of letters, digits and "/._@+-"',
        ),
        (
            "{target: systemd, certificates: {acme: {dns: {plugin: route53, credentials: '/a//b'}}}}",
            '"/a//b" has an empty part, "." or ".."',
        ),
        ("directories: {run: '/run/a:b'}", '"/run/a:b" is not an absolute path of letters, digits and "/._@+-"'),
        ("envoy: {admin: '/run/a b'}", '"/run/a b" is not an absolute path of letters, digits and "/._@+-"'),
        ("directories: {run: /run/../etc/egc}", '"/run/../etc/egc" has an empty part, "." or ".."'),
        ("directories: {releases: //opt}", '"//opt" has an empty part, "." or ".."'),
        ("directories: {run: /run/}", '"/run/" is not a folder that can be Envoy\'s own, such as /run/egc'),
        ("directories: {run: /var/tmp}", '"/var/tmp" is not a folder that can be Envoy\'s own, such as /run/egc'),
        (
            "{target: compose, envoy: {admin: /srv/admin.sock}}",
            '"/srv/admin.sock" is not below "/run/egc", as target: compose needs it',
        ),
        (
            "{target: systemd, directories: {run: /srv/egc, state: /srv/egc/state}}",
            '"/srv/egc/state" would be lost with "/srv/egc", which is emptied at each start',
        ),
        (
            "{target: systemd, envoy: {user: '900'}}",
            '"900" is not a user that can be made: a letter first, and 31 at the most',
        ),
        ("{target: compose, envoy: {user: '0'}}", '"0" is not the number of a user other than root'),
        ("{target: compose, envoy: {user: '007'}}", '"007" is not the number of a user other than root'),
        ("envoy: {drainTime: 29.1s}", "parentShutdownTime is not longer than drainTime"),
        ("envoy: {stopDrainTime: 8761h}", "stopDrainTime is longer than a year"),
        ("envoy: {drainTime: 30s}", "parentShutdownTime is not longer than drainTime"),
        ("publishedPorts: {http: 80, '8080': 443}", '"http" is not a port number'),
        (
            "certificates: {acme: {server: 'http://ca'}}",
            '"http://ca" is neither letsencrypt, letsencrypt-staging nor an https URL',
        ),
        (
            "certificates: {acme: {dns: {plugin: 'a b'}}}",
            '"a b" is not the name of a plugin such as cloudflare',
        ),
        ("{}\n---\n{}", "a host profile is one document"),
    ],
)
def test_a_wrong_profile(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong with a profile is told once, and nothing is built with it, whatever `--on-error` says."""
    assert loaded(tmp_path, text)[1] == [f"EGC5001 {told}"]
    result, _ = built(tmp_path, text)
    assert result.bundle is None


def test_a_port_is_published_once(tmp_path: Path) -> None:
    """Two listeners cannot be one port for clients; each is told."""
    told = loaded(tmp_path, "publishedPorts: {8080: 80, 8081: 80, 8443: 443}")[1]
    assert told == ["EGC5001 port 80 is published twice"] * 2


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "a: *b"])
def test_an_unreadable_profile(tmp_path: Path, text: str) -> None:
    """A profile that is no YAML stops every build, too."""
    assert "EGC5001 the host profile cannot be read" in loaded(tmp_path, text)[1]
    result, codes = built(tmp_path, text)
    assert result.bundle is None and "EGC2035" not in codes


@pytest.mark.parametrize(
    "text",
    [
        "services: {default/cart: {8000: 127.0.0.1}}",
        "dns: ['{name}']",
        "dns: '{nam}'",
        "services: {default/cart: {8000: ['127.0.0.1:8000']}}\nadresses: {}\n",
        "[a]",
    ],
)
def test_no_complaint_follows_from_another(tmp_path: Path, text: str) -> None:
    """No Service is missed for want of a profile that could not be understood."""
    assert built(tmp_path, text)[1] == {"EGC5001"}
