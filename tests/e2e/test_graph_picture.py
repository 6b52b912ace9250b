"""Pictures in a real browser: everything is there, nothing overflows, and a page can be moved, searched and unfolded.

Screenshots lie in the folder of each test (``pytest --basetemp``), for whoever wants to see them.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drawn import EVERY_KIND, PROFILE, site
from tests.e2e.browser import Browser
from tests.generated_docs import ROOT

pytestmark = pytest.mark.slow

SITES = {
    "five": site(5, namespaces=2),
    "every_kind": EVERY_KIND,
    "five_hundred": site(500, gateways=2, listeners=6, namespaces=5),
    "hundred_namespaces": site(500, gateways=4, listeners=8, namespaces=100),
}

# What of its card a text covers, and what of it lies outside; half a pixel is for rounding.
TEXTS_THAT_STICK_OUT = """
[...document.querySelectorAll(".card")].flatMap((card) => {
  const box = card.querySelector(".face").getBoundingClientRect();
  return [...card.querySelectorAll("text")].filter((text) => {
    const { left, right, top, bottom } = text.getBoundingClientRect();
    return left < box.left - 0.5 || right > box.right + 0.5 || top < box.top - 0.5 || bottom > box.bottom + 0.5;
  }).map((text) => text.textContent);
})
"""
CARDS_THAT_OVERLAP = """
(() => {
  const faces = [...document.querySelectorAll(".face")].map((face) => face.getBoundingClientRect());
  return faces.flatMap((one, i) => faces.slice(i + 1).filter((other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom)).length;
})()
"""
OUTSIDE = """
(() => {
  const room = document.querySelector("svg").getBoundingClientRect();
  return [...document.querySelectorAll(".face, .arrow path, text")].filter((shape) => {
    const { left, right, top, bottom } = shape.getBoundingClientRect();
    return left < room.left || right > room.right + 0.5 || top < room.top || bottom > room.bottom + 0.5;
  }).length;
})()
"""
# Cards in the window that something else lies upon.
COVERED = """
[...document.querySelectorAll(".card")].filter((card) => {
  const { left, right, top, bottom } = card.querySelector(".face").getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return found && found.closest("svg") && found.closest(".card") !== card;
}).length
"""
OF_A_ROUTE = "[...stage.querySelectorAll('.card.route')]"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser, which in the end has nothing to complain about and asked for nothing but the files."""
    with Browser(tmp_path) as browser:
        yield browser
        assert browser.complaints == []
        assert {address.partition(":")[0] for address in browser.requests} == {"file"}


def drawn(text: str, file: Path) -> Path:
    """The picture of a site."""
    (file.parent / "site.yaml").write_text(text, encoding="utf-8")
    (file.parent / "egc.yaml").write_text(PROFILE, encoding="utf-8")
    command = [sys.executable, "-m", "egc", "graph", "site.yaml", "-o", file.name]
    subprocess.run(command, cwd=file.parent, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    return file


def centre(browser: Browser, expression: str) -> tuple[float, float]:
    """The middle of an element in the window."""
    found: list[float] = browser.value(
        f"(() => {{ const {{ left, right, top, bottom }} = ({expression}).getBoundingClientRect();"
        " return [(left + right) / 2, (top + bottom) / 2]; })()"
    )
    return found[0], found[1]


@pytest.mark.parametrize("name", SITES)
def test_svg(name: str, browser: Browser, tmp_path: Path) -> None:
    """Whatever fonts there are, each text is within its card, each card by itself, and all within the picture."""
    browser.open(drawn(SITES[name], tmp_path / f"{name}.svg"))
    browser.screenshot(tmp_path / f"{name}.svg.png")
    assert browser.value("document.querySelectorAll('.card').length") >= 10
    assert browser.value(TEXTS_THAT_STICK_OUT) == []
    assert browser.value(CARDS_THAT_OVERLAP) == 0
    assert browser.value(OUTSIDE) == 0
    assert browser.value(COVERED) == 0
    red = "getComputedStyle(document.querySelector('.card.broken .face')).stroke"
    assert browser.value(red) == "rgb(220, 38, 38)"


@pytest.mark.parametrize("name", SITES)
def test_page(name: str, browser: Browser, tmp_path: Path) -> None:
    """A page shows a part that can be read, beside what is broken, and needs no scrolling."""
    browser.open(drawn(SITES[name], tmp_path / f"{name}.html"))
    browser.screenshot(tmp_path / f"{name}.html.png")
    root = "document.documentElement"
    assert browser.value(f"{root}.scrollWidth <= innerWidth && {root}.scrollHeight <= innerHeight")
    assert browser.value(
        "[...document.querySelectorAll('aside, aside *')].every((e) => e.scrollWidth <= e.clientWidth "
        "|| getComputedStyle(e).display.startsWith('inline') || e.tagName === 'INPUT')"
    )
    assert browser.value("at.scale") >= 0.5
    seen = "[...stage.querySelectorAll('.card')].filter((card) => { const box = card.getBoundingClientRect();"
    seen += " return box.right > 300 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight; }).length"
    assert browser.value(seen) >= 8
    assert browser.value("document.querySelectorAll('#problems li').length") >= 1
    assert browser.value(TEXTS_THAT_STICK_OUT) == []


def test_every_view_is_sound(browser: Browser, tmp_path: Path) -> None:
    """What is unfolded is drawn as well as the whole."""
    browser.open(drawn(SITES["five_hundred"], tmp_path / "site.html"))
    found: set[str] = set()
    for number in range(browser.value("views.length")):
        browser.value(f"open(views[{number}])")
        assert browser.value(TEXTS_THAT_STICK_OUT) == []
        assert browser.value(CARDS_THAT_OVERLAP) == 0
        found |= set(browser.value("[...stage.querySelectorAll('.card')].map((card) => card.dataset.card)"))
    assert found == set(browser.value("cards.map((card) => card.id)"))
    assert browser.value("cards.filter((card) => card.kind === 'HTTPRoute').length") == 500


def test_search(browser: Browser, tmp_path: Path) -> None:
    """A hostname that is folded away is found, and shown with all that it has to do with."""
    browser.open(drawn(SITES["five_hundred"], tmp_path / "site.html"))
    browser.value("search.focus()")
    browser.type("app123.")
    assert browser.value("[...document.querySelectorAll('#results button')].map((b) => b.firstChild.data)") == [
        "route-123"
    ]
    browser.value("document.querySelector('#results button').click()")
    browser.screenshot(tmp_path / "found.png")
    chosen = "stage.querySelector('.chosen')"
    assert browser.value(f"{chosen}.querySelector('.n').textContent") == "route-123"
    x, y = centre(browser, f"{chosen}.querySelector('.face')")
    assert browser.value(f"document.elementFromPoint({x}, {y}).closest('.card') === {chosen}")
    clear = "[...stage.querySelectorAll('.card:not(.dim) .n')].map((name) => name.textContent).sort()"
    assert browser.value(clear) == ["backend-123", "certificate-1-1", "eg", "gateway-1", "route-123"]
    assert "site.yaml:" in browser.value("document.getElementById('card').innerText")
    assert browser.value("location.hash") == "#" + browser.value(
        "encodeURIComponent(stage.querySelector('.chosen').dataset.card)"
    )


def test_unfold_and_back(browser: Browser, tmp_path: Path) -> None:
    """A card that stands for many opens by a double click, and closes by a button or a key."""
    browser.open(drawn(SITES["five_hundred"], tmp_path / "site.html"))
    stack = f"{OF_A_ROUTE}.find((card) => card.matches('.stack'))"
    before = browser.value("stage.querySelectorAll('.card').length")
    browser.value(f"go({stack}.dataset.card)")
    members = browser.value("document.querySelectorAll('#card li').length")
    assert members > 20
    browser.click(*centre(browser, f"{stack}.querySelector('.face')"), 2)
    browser.screenshot(tmp_path / "unfolded.png")
    assert browser.value("view") != "overview"
    assert browser.value(f"{OF_A_ROUTE}.length") >= members
    browser.click(*centre(browser, "document.querySelector('#back button')"))
    assert browser.value("view") == "overview"
    assert browser.value("stage.querySelectorAll('.card').length") == before


def test_choose_move_and_zoom(browser: Browser, tmp_path: Path) -> None:
    """A click fades what has nothing to do with a card, dragging moves, the wheel zooms where it is turned."""
    browser.open(drawn(SITES["every_kind"], tmp_path / "site.html"))
    card = f"{OF_A_ROUTE}.find((card) => card.querySelector('.n').textContent === 'lost')"
    browser.click(*centre(browser, f"{card}.querySelector('.face')"))
    browser.screenshot(tmp_path / "chosen.png")
    clear = "[...stage.querySelectorAll('.card:not(.dim) .n')].map((name) => name.textContent).sort()"
    assert browser.value(clear) == ["lost", "nowhere", "postgres"]
    assert "does not exist" in browser.value("document.querySelector('#card .error').innerText")
    empty = (1480.0, 700.0)
    browser.click(*empty)
    assert browser.value("stage.querySelectorAll('.dim').length") == 0

    place: Any = browser.value("({ ...at })")
    browser.drag(*empty, by=(-120, 40))
    moved: Any = browser.value("({ ...at })")
    assert (moved["x"], moved["y"]) == pytest.approx((place["x"] - 120, place["y"] + 40))
    x, y = centre(browser, card)
    browser.wheel(x, y, -200)
    assert browser.value("at.scale") > moved["scale"]
    assert centre(browser, card) == pytest.approx((x, y), abs=1)
    browser.value("document.querySelector('[data-fit]').click()")
    assert browser.value(
        "(({ left, right, top, bottom }) => left >= 300 && right <= innerWidth && top >= 0 && "
        "bottom <= innerHeight)(stage.firstElementChild.getBoundingClientRect())"
    )


def test_layers(browser: Browser, tmp_path: Path) -> None:
    """Policies, certificates and backends can be hidden, and with them their arrows."""
    browser.open(drawn(SITES["every_kind"], tmp_path / "site.html"))
    shown = "[...stage.querySelectorAll('.card, .arrow')].filter((shape) => getComputedStyle(shape).display !== 'none')"
    roles = f"[...new Set({shown}.map((shape) => byId.get(shape.dataset.card)?.role))].filter(Boolean).sort()"
    before = browser.value(f"{shown}.length")
    for layer in ("policy", "certificate", "backend"):
        browser.value(f"document.querySelector('[data-layer={layer}]').click()")
    browser.screenshot(tmp_path / "layers.png")
    assert browser.value(roles) == ["gateway", "gatewayclass", "route"]
    assert browser.value(f"{shown}.length") < before / 2
    for layer in ("policy", "certificate", "backend"):
        browser.value(f"document.querySelector('[data-layer={layer}]').click()")
    assert browser.value(f"{shown}.length") == before
