"""The harness that serves a bundle tells right answers from wrong ones."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve import Entry, FormatError, Outcome, ServeError, Site, load, replay

BUNDLE = Path(__file__).parent / "bundle"

WRONG = [
    ("{status: 404}", "status: 200 instead of 404"),
    ("{backend: null}", "backend: unix:/run/shop.sock instead of none"),
    ("{backend: 'shop.local:8000'}", "backend: unix:/run/shop.sock instead of shop.local:8000"),
    ("{headers: {Content-Type: text/html}}", "header content-type: 'application/json' instead of 'text/html'"),
    ("{headers: {content-type: null}}", "header content-type: 'application/json' instead of none"),
    (
        "{headers: {content-type: {matches: json}}}",
        "header content-type: 'application/json' instead of a match of json",
    ),
    ("{headers: {x-none: a}}", "header x-none: none instead of 'a'"),
    ("{seen: {path: /}}", "seen path: '/shop' instead of '/'"),
    ("{seen: {tls: ''}}", "seen tls: none instead of ''"),
    ("{seen: {headers: {x-forwarded-proto: http}}}", "seen header x-forwarded-proto: 'https' instead of 'http'"),
    ("{seen: {headers: {host: null}}}", "seen header host: 'a.example' instead of none"),
    ("{refused: true}", "answered with 200 instead of refusing"),
    ("{share: {'unix:/run/shop.sock': 80, a: 20}}", "share of a: 0 % instead of 20 %"),
    ("{share: {a: 100}}", "share of unix:/run/shop.sock: 100 % instead of 0 %"),
]

BROKEN = [
    ("{get: 'http://a/'}", "not a list"),
    ("[{listener: 1, get: 'http://a/'}]", "entry 1 needs one method, a listener and something to expect"),
    ("[{get: 'http://a/', expect: {status: 1}}]", "entry 1 needs one method, a listener and something to expect"),
    ("[{listener: 1, get: 'http://a/', put: 'http://a/', expect: {status: 1}}]", "entry 1 needs one method"),
    ("[{listener: 1, get: 'http://a/', status: 200, expect: {status: 1}}]", "entry 1: unknown key status"),
    ("[{listener: 1, get: 'http://a/', expect: {state: 1}}]", "entry 1 (GET http://a/), expect: unknown key state"),
    ("[{name: n, listener: 1, get: 'http://a/', expect: {seen: {url: a}}}]", "entry 1 (n), seen: unknown key url"),
    ("[{name: n, listener: 1, get: 'a/', expect: {status: 1}}]", "entry 1 (n): a/ is no http or https URL"),
    ("[{name: n, listener: 1, get: 'http://a/', times: 0, expect: {status: 1}}]", "entry 1 (n): sent 0 times"),
    (
        "[{name: n, listener: 1, get: 'http://a/', times: 2, repeat: [1], expect: {status: 1}}]",
        "times and repeat exclude",
    ),
    ("[{name: n, listener: 1, get: 'http://a/', expect: {headers: {a: true}}}]", "entry 1 (n), a: True must be quoted"),
    ("[{name: n, listener: 1, get: 'http://a/', expect: {headers: {a: {matches: '('}}}}]", "a: no regular expression"),
    ("[{name: n, listener: 1, get: 'http://a/', expect: {refused: true, status: 1}}]", "refused and share stand alone"),
    ("[{name: n, listener: 1, get: 'http://a/', expect: {share: {a: 50}}}]", "the shares are not 100 in sum"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The hand-written bundle, served."""
    with Site(BUNDLE) as site:
        yield site


def ask(site: Site, text: str, folder: Path) -> list[Outcome]:
    """Replay the entries of *text*."""
    (folder / "requests.yaml").write_text(text, encoding="utf-8")
    return replay(site, load(folder / "requests.yaml"))


@pytest.mark.parametrize("entry", load(BUNDLE / "requests.yaml"), ids=lambda entry: str(entry.name))
def test_right_answers(site: Site, entry: Entry) -> None:
    """An answer as expected is no problem."""
    (outcome,) = replay(site, [entry])
    assert outcome.problems == []


@pytest.mark.parametrize(("expect", "problem"), WRONG)
def test_wrong_answers(site: Site, tmp_path: Path, expect: str, problem: str) -> None:
    """A difference is told with what came and what was expected."""
    (outcome,) = ask(site, f"[{{listener: 8080, get: 'http://a.example/shop', expect: {expect}}}]", tmp_path)
    assert problem in outcome.problems


def test_wrong_statuses(site: Site, tmp_path: Path) -> None:
    """A repeated request must give its statuses in order."""
    (outcome,) = ask(
        site, "[{listener: 8080, get: 'http://a/shop', repeat: [200, 429], expect: {status: 200}}]", tmp_path
    )
    assert outcome.problems == ["statuses: 200, 200 instead of 200, 429"]


@pytest.mark.parametrize("url", ["https://a.example/", "http://shop.example/"])
def test_no_answer(site: Site, tmp_path: Path, url: str) -> None:
    """A request that is refused, but should not be, is told as such."""
    (outcome,) = ask(site, f"[{{listener: 8443, get: '{url}', expect: {{status: 200}}}}]", tmp_path)
    assert (outcome.status, outcome.backend, outcome.route) == (None, None, None)
    assert [problem.partition(":")[0] for problem in outcome.problems] == ["no answer"]


def test_http2(site: Site, tmp_path: Path) -> None:
    """A request that must go by HTTP/2 does, and no other; here nothing translates."""
    (two,) = ask(site, "[{listener: one, http2: true, get: 'http://a/', expect: {seen: {protocol: HTTP/2}}}]", tmp_path)
    (one,) = ask(site, "[{listener: one, get: 'http://a/', expect: {seen: {protocol: HTTP/1.1}}}]", tmp_path)
    assert (two.problems, one.problems) == ([], [])


def test_a_session_that_never_begins(site: Site, tmp_path: Path) -> None:
    """Requests that no cookie or header binds together are no session."""
    (outcome,) = ask(site, "[{listener: one, get: 'http://a/', times: 2, session: s, expect: {status: 200}}]", tmp_path)
    assert outcome.problems == ["session: the first answer gives 0 cookies and headers named s"]


def test_outcome(site: Site, tmp_path: Path) -> None:
    """An outcome names the request, the backend and the route in Envoy."""
    text = """
    - {name: first, listener: 8080, get: 'http://a/shop?x', expect: {status: 200}}
    - {listener: 8080, get: 'http://a/old', expect: {status: 301}}
    - {listener: 8080, get: 'http://a/none', expect: {status: 404}}
    """
    assert ask(site, text, tmp_path) == [
        Outcome("first", "GET http://a/shop?x", 200, "unix:/run/shop.sock", "shop", []),
        Outcome("GET http://a/old", "GET http://a/old", 301, None, "redirect", []),
        Outcome("GET http://a/none", "GET http://a/none", 404, None, None, []),
    ]


def test_access_log(site: Site, tmp_path: Path) -> None:
    """What the bundle logs to standard output can be read."""
    ask(site, "[{listener: 8080, get: 'http://a/shop/logged', expect: {status: 200}}]", tmp_path)
    assert {"path": "/shop/logged", "route_name": "shop"} in site.access_log()


def test_ambiguous_port(site: Site) -> None:
    """A port that several addresses have must be asked for with one of them."""
    with pytest.raises(ValueError, match="several listeners 9000: one, two"):
        site.port(9000)
    assert site.port("127.0.0.2:9000") == site.port("one") != site.port("two")


def test_two_at_once(site: Site, tmp_path: Path) -> None:
    """The same bundle can be served twice at a time."""
    with Site(BUNDLE) as other:
        (outcome,) = ask(other, "[{listener: 8080, get: 'http://a/shop', expect: {status: 200}}]", tmp_path)
        assert outcome.problems == []
        assert other.port(8080) != site.port(8080)


def test_gone_after_use(tmp_path: Path) -> None:
    """When the context closes, nothing listens any more and the files are gone."""
    with Site(BUNDLE) as site:
        pass
    assert not site.folder.exists()
    (outcome,) = ask(site, "[{listener: 8080, get: 'http://a/shop', expect: {refused: true}}]", tmp_path)
    assert outcome.problems == []


def test_bad_configuration(tmp_path: Path) -> None:
    """A bundle that Envoy rejects is an error with Envoy's own words."""
    (tmp_path / "envoy.yaml").write_text("static_resources: {clusters: [{name: a, color: red}]}", encoding="utf-8")
    with pytest.raises(ServeError, match="color"), Site(tmp_path):
        pass


def test_missing_file(tmp_path: Path) -> None:
    """A file that nothing can stand in for must be in the bundle."""
    text = (BUNDLE / "envoy.yaml").read_text(encoding="utf-8")
    (tmp_path / "envoy.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=re.escape("/etc/egc/sds/shop.yaml")), Site(tmp_path):
        pass


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_broken_format(tmp_path: Path, text: str, message: str) -> None:
    """What breaks the format of requests.yaml is an error that names the entry."""
    (tmp_path / "requests.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=re.escape(message)):
        load(tmp_path / "requests.yaml")
