"""Pictures as SVG, HTML, Mermaid and DOT: sound whatever stands in the input, the same every time, with limits."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from egc.pictures import forms
from egc.pictures.faces import LONGEST_ROOM, face
from egc.pictures.fold import ENOUGH, folded
from egc.pictures.metrics import fitted, width, wrapped
from egc.pictures.model import Card, Role
from tests.drawn import picture, site

SVG = "{http://www.w3.org/2000/svg}"
NASTY = [
    "</script><script>alert(1)</script>",
    "]]>\"'`&amp;<b>{{x}}${y}%}",
    '\\" ] -- n0 #quot; |',
    "\u202e\x07\u2028é漢",
]
HOSTILE = """
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: paths}}
spec:
  parentRefs: [{{name: gateway-0, namespace: infra}}]
  rules:
  - matches: [{{headers: [{{name: x, value: {value}}}]}}]
    backendRefs: [{{name: {value}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {value}, namespace: {value}}}
spec: {{}}
"""


@pytest.fixture(params=NASTY, ids=range(len(NASTY)))
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """A site full of one text that means something to some language, in all forms."""
    text = site(1) + HOSTILE.format(value=json.dumps(request.param))
    drawn = picture(text, tmp_path)
    assert any(request.param in card.name for card in drawn.cards.values())
    return {form: forms.document(drawn, form, request.param) for form in forms.FORMS}


def test_svg_holds_only_what_is_drawn(hostile: dict[str, str]) -> None:
    """Text is text: there are no elements and no attributes but those of a picture."""
    elements = list(ET.fromstring(hostile["svg"]).iter())
    names = {element.tag.removeprefix(SVG) for element in elements}
    assert names == {"svg", "title", "style", "rect", "g", "text", "line", "path", "polygon"}
    assert not any(name.startswith("on") or "href" in name for element in elements for name in element.attrib)


def test_html_holds_only_its_own_script(hostile: dict[str, str]) -> None:
    """No text ends the script, or its data, or begins another."""
    page = hostile["html"]
    assert len(re.findall(r"<\s*script", page)) == len(re.findall(r"<\s*/\s*script", page)) == 2
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', page)
    assert data is not None and json.loads(data[1])["cards"]
    assert not re.search(r"(src|href)\s*=|https?://(?!www\.w3\.org/2000/svg)", page)


def test_dot_is_what_graphviz_reads(hostile: dict[str, str]) -> None:
    """Graphviz finds each card and each arrow."""
    pygraphviz = pytest.importorskip("pygraphviz")
    graph = pygraphviz.AGraph(string=hostile["dot"])
    assert len(graph.nodes()) == len(set(re.findall(r"^ *(n\d+) \[", hostile["dot"], re.MULTILINE)))
    assert len(graph.edges()) == len(re.findall(r"^  n\d+:p\d+:e -> n\d+:p\d+:w", hostile["dot"], re.MULTILINE))


def test_mermaid_has_one_statement_a_line(hostile: dict[str, str]) -> None:
    """Every line is one of those that a flow chart consists of, and text holds nothing that ends it."""
    label = r"(?:[a-zA-Z0-9 .,:/=✗!-]|#\d+;|<br>|</?[ib]>)*"
    statement = re.compile(
        rf'flowchart LR|subgraph s\d+ \["{label}"\]|end|n\d+\["{label}"\]:::\w+|n\d+ -\.?->?(\|"{label}"\|)? ?n\d+'
        r"|n\d+ (-->|-\.->)(\|.*\|)? n\d+|classDef \w+ [\w:,#-]+|class [s\d,]+ ground|linkStyle [\d,]+ stroke:#\w+"
    )
    assert [line for line in hostile["mmd"].splitlines() if not statement.fullmatch(line.strip())] == []


@pytest.mark.parametrize("form", forms.FORMS)
def test_the_same_whatever_the_order(form: str, tmp_path: Path) -> None:
    """Neither the order of documents nor the hash seed changes a byte, but for the lines that a page names."""
    text = site(90, gateways=2, namespaces=3)
    documents = text.split("---\n")
    found = set()
    for seed, order in ((1, 1), (2, 1), (3, -1)):
        (tmp_path / "site.yaml").write_text("---\n".join(documents[::order]), encoding="utf-8")
        command = [sys.executable, "-m", "egc", "graph", "site.yaml", "-o", "-", "--format", form]
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": root}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        found.add(re.sub(r"site\.yaml:\d+", "site.yaml", done.stdout))
    assert len(found) == 1 and len(found.pop()) > 1000


@pytest.mark.parametrize(
    "shape",
    [
        {"gateways": 1, "listeners": 1, "namespaces": 1},
        {"gateways": 2, "listeners": 6, "namespaces": 5},
        {"gateways": 3, "listeners": 60, "namespaces": 10},
    ],
)
def test_a_large_site_is_folded(shape: dict[str, int], tmp_path: Path) -> None:
    """500 routes are few cards, and what is broken is named on them with its reason."""
    whole = picture(site(500, **shape), tmp_path)
    began = time.perf_counter()
    shown = folded(whole)
    assert len(whole.cards) > 900 and len(shown.cards) <= ENOUGH
    texts = forms.document(whole, "dot", "")
    for name in ("route-0", "route-37", "route-91"):
        assert re.search(rf"\b{name}\b", texts)
    assert "has no listener" in texts and "does not exist in namespace" in texts
    assert {card.id for card in whole.cards.values()} == {
        card.id for one in shown.cards.values() for card in (one.members or (one,))
    }
    forms.document(whole, "svg", "")
    assert time.perf_counter() - began < 5


def test_unfolded(tmp_path: Path) -> None:
    """``--unfold`` draws each object."""
    whole = picture(site(100), tmp_path)
    drawn = ET.fromstring(forms.document(whole, "svg", "", unfold=True))
    shown = [element.get("data-card") for element in drawn.iter(f"{SVG}g") if element.get("data-card")]
    assert sorted(filter(None, shown)) == sorted(whole.cards)


def test_text_is_cut_where_it_does_not_fit() -> None:
    """However long, and of whatever letters; what was cut is told where the pointer rests."""
    long = "x" * 500
    card = Card("id", Role.ROUTE, long, long, long, details=[long] * 9, errors={long: None, "e " * 300: None})
    for section in face(card).sections:
        for line in section.lines:
            assert width(line.text, line.style.size, bold=line.style.bold) <= LONGEST_ROOM
    assert fitted("漢" * 50, 10, 100).endswith("…") and fitted("short", 10, 100) == "short"
    assert wrapped("one two three", 10, 45, 3) == ["one two", "three"]
