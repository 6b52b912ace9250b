"""What GitHub code scanning and other readers of SARIF are given."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from egc.diagnostics import RULES, Diagnostic, Label, Place, Rule, Severity, Span
from egc.diagnostics.machine import to_sarif

CONFLICT = RULES.pop(
    Rule(
        "EGC9001",
        Severity.ERROR,
        "two listeners share a name",
        """
        A name is
        used once.

        ```yaml
        - name: a
        ```
        """,
        help="rename one of them",
        condition="Conflicted/NameConflict",
        lenient=True,
    ).code
)
SHADOWED = RULES.pop(Rule("EGC9002", Severity.WARNING, "rule of an HTTPRoute never matches", "").code)
IGNORED = RULES.pop(Rule("EGC9003", Severity.NOTE, "ignored", "").code)

TEXT = "listeners:\n  - name: a\n  - name: a\n"
HERE = Place("site/a b.yaml", TEXT, Span(3, 11, 3, 12))
FIRST = Place("site/a b.yaml", TEXT, Span(2, 11, 2, 12))
DUPLICATE = Diagnostic(
    CONFLICT, Severity.ERROR, "two are named a", HERE, "rename one of them", (Label(FIRST, "first"),)
)
WHOLE_FILE = Diagnostic(SHADOWED, Severity.WARNING, "not read", Place("b.yaml"))
NOWHERE = Diagnostic(IGNORED, Severity.NOTE, "no profile")
ALL = (DUPLICATE, WHOLE_FILE, NOWHERE)


def closed(required: str, /, **properties: Any) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def listed(item: dict[str, Any], least: int = 0) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": item, "minItems": least}


STRING = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = closed("text", text=STRING)
BRIEF = closed("text", text={**STRING, "maxLength": 1024})
REGION = closed("startLine", startLine=COUNT, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
PHYSICAL = closed("artifactLocation region", artifactLocation=closed("uri", uri=STRING), region=REGION)
RELATED = closed("id physicalLocation message", id=INDEX, physicalLocation=PHYSICAL, message=MESSAGE)
DESCRIPTOR = closed(
    "id name shortDescription fullDescription help defaultConfiguration",
    id=STRING,
    name={"type": "string", "pattern": r"^\w{1,255}$"},
    shortDescription=BRIEF,
    fullDescription=BRIEF,
    help=closed("text markdown", text=STRING, markdown=STRING),
    defaultConfiguration=closed("level", level=LEVEL),
)
RESULT = closed(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=STRING,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    locations=listed(closed("physicalLocation", physicalLocation=PHYSICAL), least=1),
    relatedLocations=listed(RELATED, least=1),
    partialFingerprints={"type": "object", "additionalProperties": STRING},
)
NOTIFICATION = closed(
    "associatedRule level message",
    associatedRule=closed("id index", id=STRING, index=INDEX),
    level=LEVEL,
    message=MESSAGE,
)
INVOCATION = closed(
    "executionSuccessful toolConfigurationNotifications",
    executionSuccessful={"type": "boolean"},
    toolConfigurationNotifications=listed(NOTIFICATION),
)
DRIVER = closed("name version rules", name=STRING, version=STRING, rules=listed(DESCRIPTOR))
RUN = closed(
    "tool columnKind invocations results",
    tool=closed("driver", driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=listed(INVOCATION),
    results=listed(RESULT),
)
# The part of SARIF 2.1.0 that egc writes, with what GitHub demands beyond it:
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
SARIF = closed("$schema version runs", **{"$schema": STRING}, version={"const": "2.1.0"}, runs=listed(RUN, least=1))


def sarif(*diagnostics: Diagnostic) -> dict[str, Any]:
    """The run of a log that fits the schema."""
    log = json.loads(to_sarif(diagnostics, "1.2.3"))
    Draft202012Validator(SARIF).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_rules() -> None:
    """The rules that occur are described once each, in the order of their codes."""
    driver = sarif(*ALL, DUPLICATE)["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("egc", "1.2.3")
    first, second, third = driver["rules"]
    advice = "A name is\nused once.\n\n```yaml\n- name: a\n```\n\nrename one of them"
    assert first == {
        "id": "EGC9001",
        "name": "TwoListenersShareAName",
        "shortDescription": {"text": "two listeners share a name"},
        "fullDescription": {"text": "A name is used once."},
        "help": {"text": advice, "markdown": advice},
        "defaultConfiguration": {"level": "error"},
    }
    assert (second["id"], second["name"]) == ("EGC9002", "RuleOfAnHTTPRouteNeverMatches")
    assert second["help"]["text"] == second["fullDescription"]["text"] == "rule of an HTTPRoute never matches"
    assert third["defaultConfiguration"] == {"level": "note"}


def test_results() -> None:
    """A result names its rule, level, region and related places; a whole file is shown at its first line."""
    whole, duplicate = sarif(*ALL)["results"]
    assert (duplicate["ruleId"], duplicate["ruleIndex"], duplicate["level"]) == ("EGC9001", 0, "error")
    assert duplicate["message"] == {"text": "two are named a\nrename one of them"}
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": "site/a%20b.yaml"},
            "region": {"startLine": 3, "startColumn": 11, "endLine": 3, "endColumn": 12},
        }
    }
    assert duplicate["locations"] == [location]
    (related,) = duplicate["relatedLocations"]
    assert (related["id"], related["message"]) == (1, {"text": "first"})
    assert related["physicalLocation"]["region"]["startLine"] == 2
    assert whole["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_level_is_the_diagnostic_s() -> None:
    """An error that was let pass is a warning in the results, and still an error by default."""
    run = sarif(Diagnostic(CONFLICT, Severity.WARNING, "m", HERE))
    assert run["results"][0]["level"] == "warning"
    assert run["tool"]["driver"]["rules"][0]["defaultConfiguration"] == {"level": "error"}


def test_without_place() -> None:
    """What has no place is a notification of the run: GitHub refuses results without a location."""
    run = sarif(NOWHERE)
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    (notification,) = invocation["toolConfigurationNotifications"]
    assert notification == {
        "associatedRule": {"id": "EGC9003", "index": 0},
        "level": "note",
        "message": {"text": "no profile"},
    }
    failed = sarif(Diagnostic(CONFLICT, Severity.ERROR, "no input"))
    assert failed["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./a/b.yaml", "a/b.yaml"),
        ("a#b?.yaml", "a%23b%3F.yaml"),
        ("c:d.yaml", "c%3Ad.yaml"),
        ("é.yaml", "%C3%A9.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
        ("/etc/egc/a b.yaml", "file:///etc/egc/a%20b.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_uri(file: str, uri: str) -> None:
    """A path becomes a relative reference, or a file URI when it is absolute."""
    run = sarif(Diagnostic(CONFLICT, Severity.ERROR, "m", Place(file)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": uri}


def fingerprints(*diagnostics: Diagnostic) -> list[str]:
    """The fingerprint of each result."""
    return [result["partialFingerprints"]["egcFinding/v1"] for result in sarif(*diagnostics)["results"]]


def test_fingerprints() -> None:
    """A fingerprint survives new lines above and new indentation, and differs for all else."""
    moved = Place(HERE.file, "# new\n" + TEXT.replace("  -", "    -"), Span(4, 13, 4, 14))
    other = Place(HERE.file, TEXT.replace("a", "b"), HERE.span)
    base = Diagnostic(CONFLICT, Severity.ERROR, "m", HERE)
    assert fingerprints(base) == fingerprints(Diagnostic(CONFLICT, Severity.ERROR, "m", moved))
    different = [
        base,
        Diagnostic(CONFLICT, Severity.ERROR, "n", HERE),
        Diagnostic(SHADOWED, Severity.ERROR, "m", HERE),
        Diagnostic(CONFLICT, Severity.ERROR, "m", other),
        Diagnostic(CONFLICT, Severity.ERROR, "m", Place("c.yaml", TEXT, HERE.span)),
    ]
    assert len({found for diagnostic in different for found in fingerprints(diagnostic)}) == len(different)


def test_fingerprints_are_unique() -> None:
    """Findings that look alike are told apart by counting."""
    twin = Diagnostic(CONFLICT, Severity.ERROR, "m", FIRST)
    first, second = fingerprints(Diagnostic(CONFLICT, Severity.ERROR, "m", HERE), twin)
    assert (first[:-1], first[-1], second[-1]) == (second[:-1], "1", "2")
