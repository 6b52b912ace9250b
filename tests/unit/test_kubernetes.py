"""``make kubernetes`` beside its API server: what is asked, what egc says of it, and what the list does."""

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from egc.diagnostics import RULES, Sink
from egc.diagnostics.explain import load_all_rules
from egc.source import At, read, read_paths
from tests.case import Case, load
from tests.kubernetes import inputs, verdicts
from tests.kubernetes.inputs import JSON, YAML, Subject
from tests.kubernetes.opinion import Opinion, Reading
from tests.kubernetes.server import Answer
from tests.kubernetes.verdicts import Compared, Difference, Listed, Verdict

SITE = """\
# A comment alone is no document.
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
--- # the next
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: a}}
- apiVersion: gateway.networking.k8s.io/v1
  kind: HTTPRoute
  metadata: {name: b, namespace: shop}
  spec:
    rules:
    - {name: one}
    - {name: one}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "${NAME}"}
data: {a: 1}
---
apiVersion: example.com/v1
kind: "Lost"
metadata: {name: [
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case of all sorts of documents."""
    (tmp_path / "in.yaml").write_text(SITE)
    (tmp_path / "options.yaml").write_text("set: {NAME: settings}")
    monkeypatch.setattr(inputs, "ROOT", tmp_path)
    return load(tmp_path)


def test_objects(site: Case) -> None:
    """Documents are sent as written, items and variables as JSON; and each is told by its lines."""
    found = [subject for _, subject in inputs.subjects(site, Reading(site).documents)]
    assert [(one.kind, one.name, one.namespace, one.first, one.last, one.media) for one in found] == [
        ("Namespace", "shop", "default", 2, 5, YAML),
        ("Namespace", "a", "default", 10, 10, JSON),
        ("HTTPRoute", "b", "shop", 11, 17, JSON),
        ("ConfigMap", "settings", "default", 18, 22, JSON),
        ("Lost", "", "default", 23, 26, YAML),
    ]
    assert found[0].body.decode() == "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    assert json.loads(found[3].body)["data"] == {"a": 1}
    assert found[4].api_version == "example.com/v1" and found[4].where == "in.yaml:23 Lost"


def test_opinions(site: Case) -> None:
    """What is said of each object, and of no other."""
    reading = Reading(site)
    found = {subject.name: reading.of(subject, path) for path, subject in inputs.subjects(site, reading.documents)}
    assert {name: [error.rule.code for error in said.form] for name, said in found.items()} == {
        "shop": [],
        "a": [],
        "b": ["EGC2054"],
        "settings": ["EGC1043"],
        "": ["EGC1001"],
    }


def test_rules_speak_where_they_are_asked() -> None:
    """A fault that is told at the reference is one of the object that it points to."""
    (case,) = (each for each in inputs.sites() if each.name == "rules/EGC3011" and each.options.paths == ("bad.yaml",))
    reading = Reading(case)
    (backend,) = (one for one in inputs.subjects(case, reading.documents) if one[1].kind == "Backend")
    path, subject = backend
    assert reading.of(subject, path) == Opinion() == reading.by_rules(subject, path, {"EGC3012"})
    assert [error.rule.code for error in reading.by_rules(subject, path, {"EGC3011"}).otherwise] == ["EGC3011"]


def test_no_document_is_overlooked() -> None:
    """Every document of every case, and of both examples of every rule, is put to the server."""
    cases = list(inputs.sites())
    assert {case.name for case in cases} >= {"rules/EGC1044", "cafe/cafe", "platform/prod"}
    for case in cases:
        with contextlib.chdir(case.folder):
            texts = read_paths(case.options.paths, io.BytesIO(), Sink())
            documents = [found for text in texts for found in read(text.file, text.text, Sink())]
        found = list(inputs.subjects(case, documents))
        for document in documents:
            line = At(document, ("kind",)).place().span
            assert line is not None
            around = [one for file, one in found if file == document.file and one.first <= line.line <= one.last]
            assert len(around) == 1, (document.file, line)


def compared(message: str, *codes: str, otherwise: str = "", kind: str = "Gateway") -> Compared:
    """An object that the server refuses with a message, or accepts without one, and what egc says of it."""
    load_all_rules()
    sink = Sink()
    for code in (*codes, *filter(None, [otherwise])):
        sink.report(RULES[code], None, "bad")
    errors = list(sink.found)
    said = Opinion(tuple(errors[: len(codes)]), tuple(errors[len(codes) :]))
    subject = Subject("a.yaml", 1, 9, kind, "v1", "web", "default", b"", YAML)
    return Compared(subject, Answer(refused=bool(message), message=message), said)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (compared(""), Verdict.ACCEPTED),
        (compared("", "EGC1041"), Verdict.ALONE),
        (compared("", otherwise="EGC4002"), Verdict.UNSUPPORTED),
        (compared("no"), Verdict.MISSED),
        (compared("no", "EGC1041"), Verdict.REFUSED),
        (compared("no", otherwise="EGC4002"), Verdict.REFUSED),
    ],
)
def test_verdicts(found: Compared, verdict: Verdict) -> None:
    """Who refuses what."""
    assert found.verdict is verdict


def test_the_list_is_exact() -> None:
    """What differs must be listed, for all that egc says; what is listed must differ."""
    found = [
        compared("", "EGC1004"),
        compared("", "EGC1004", "EGC1041"),
        compared("spec: too long"),
    ]
    keys, long = Difference("keys", egc=frozenset({"EGC1004"})), Difference("long", server="too l.ng")
    assert verdicts.unlisted(found, [keys, long]) == [found[1]]
    assert verdicts.unlisted(found, [keys, replace(long, kind="Service")]) == found[1:]
    assert verdicts.unlisted(found, [replace(keys, file="b.yaml"), long]) == found[:2]
    stale = Difference("gone", server="no such message")
    known = Listed(frozenset({"EGC3011", "EGC3013"}), (keys, long, stale))
    judged = [*found, compared("no", otherwise="EGC3011"), compared("no", "EGC1041", otherwise="EGC3013")]
    assert verdicts.left_over(judged, known) == ["EGC3013", "gone"]


@pytest.mark.parametrize("entry", ["{reason: x}", "{reason: x, egc: [EGC1004], server: y}", '{reason: "", server: y}'])
def test_a_bad_entry(entry: str, tmp_path: Path) -> None:
    """An entry is for one side, and has a reason."""
    file = tmp_path / "differences.yaml"
    file.write_text(f"rules: []\ndifferences: [{entry}]")
    with pytest.raises(ValueError, match="an entry needs a reason"):
        verdicts.listed(file)


def test_the_list() -> None:
    """It can be read, and every code in it is one."""
    load_all_rules()
    known = verdicts.listed()
    assert known.rules | {code for entry in known.differences for code in entry.egc} <= RULES.keys()


def test_told() -> None:
    """What a person sees of it all."""
    found = [compared(""), compared("spec:\n too long"), compared("", "EGC1041", kind="Service")]
    unknown = replace(found[1], answer=Answer(refused=True, known=False))
    assert list(verdicts.told(found[1])) == [
        "a.yaml:1 Gateway web: refused by the server alone",
        "    server: spec: too long",
    ]
    assert list(verdicts.told(found[2]))[1:] == ["    egc: EGC1041 bad"]
    assert [line.split()[-6:] for line in verdicts.table(found)][1:] == [
        ["2", "1", "0", "0", "0", "1"],
        ["1", "0", "0", "0", "1", "0"],
        ["3", "1", "0", "0", "1", "1"],
    ]
    assert list(verdicts.strangers([*found, unknown])) == ["v1 Gateway: 1"]
