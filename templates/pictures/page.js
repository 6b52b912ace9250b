"use strict";
const { views, cards, elsewhere } = JSON.parse(document.getElementById("data").textContent);
const templates = [...document.querySelectorAll("template")];
const main = document.querySelector("main"), stage = document.getElementById("stage");
const byId = new Map(cards.map((card) => [card.id, card]));
const at = { x: 0, y: 0, scale: 1 };
let view = "";

// An element with text and children, none of which is ever read as HTML.
function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function link(card, label) {
  const made = element("button", label ?? card.name);
  made.append(" ", element("small", `${card.kind}${card.namespace ? ` in ${card.namespace}` : ""}`));
  if (card.errors.length) made.classList.add("error");
  made.onclick = () => go(card.id);
  return made;
}

function list(items) {
  return element("ul", "", ...items.map((item) => element("li", "", item)));
}

function texts(messages, name) {
  return messages.map((message) => Object.assign(element("p", message), { className: name }));
}

// --- moving and zooming

function place() {
  stage.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.scale})`;
}

function zoom(factor, x = main.clientWidth / 2, y = main.clientHeight / 2) {
  const scale = Math.min(4, Math.max(0.05, at.scale * factor));
  at.x = x - (x - at.x) * (scale / at.scale);
  at.y = y - (y - at.y) * (scale / at.scale);
  at.scale = scale;
  place();
}

// All of it, however small.
function fit() {
  const { width, height } = stage.firstElementChild.viewBox.baseVal;
  at.scale = Math.min(1.25, main.clientWidth / width, main.clientHeight / height);
  at.x = (main.clientWidth - width * at.scale) / 2;
  at.y = (main.clientHeight - height * at.scale) / 2;
  place();
}

// All of it if it can be read so; else as wide as the window, with the Gateways in the middle.
function begin() {
  fit();
  if (at.scale >= 0.55) return;
  const { width } = stage.firstElementChild.viewBox.baseVal;
  at.scale = Math.min(1, Math.max(0.7, main.clientWidth / width));
  at.x = Math.max((main.clientWidth - width * at.scale) / 2, 0);
  place();
  const gateways = [...stage.querySelectorAll(".gateway")];
  if (!gateways.length) return;
  const { x } = at;
  centre(gateways[Math.floor(gateways.length / 2)]);
  at.x = x;
  place();
}

function centre(shape) {
  const wanted = shape.getBoundingClientRect(), room = main.getBoundingClientRect();
  at.x += room.left + room.width / 2 - (wanted.left + wanted.width / 2);
  at.y += room.top + room.height / 2 - (wanted.top + wanted.height / 2);
  place();
}

main.addEventListener("wheel", (event) => {
  event.preventDefault();
  const room = main.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - room.left, event.clientY - room.top);
}, { passive: false });

let held = null;
main.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("nav")) held = { x: event.clientX, y: event.clientY, moved: false };
});
window.addEventListener("pointermove", (event) => {
  if (!held) return;
  const x = event.clientX - held.x, y = event.clientY - held.y;
  if (!held.moved && Math.hypot(x, y) < 4) return;
  held = { x: event.clientX, y: event.clientY, moved: true };
  main.classList.add("moving");
  at.x += x;
  at.y += y;
  place();
});
window.addEventListener("pointerup", (event) => {
  const clicked = held && !held.moved;
  held = null;
  main.classList.remove("moving");
  if (!clicked) return;
  const shape = event.target.closest?.(".card");
  if (shape) go(shape.dataset.card);
  else choose(null);
});
main.addEventListener("dblclick", (event) => {
  const card = byId.get(event.target.closest?.(".card")?.dataset.card);
  if (card?.members.length) open(card.unfolds);
});
window.addEventListener("resize", place);
window.addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT") return;
  const keys = { "+": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, "/": () => search.focus(), Escape: () => open("overview") };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

// --- views: the overview, and what each card in it stands for

function open(name) {
  choose(null);
  if (name === view) return;
  view = name;
  stage.replaceChildren(document.importNode(templates[views.indexOf(name)].content, true).querySelector("svg"));
  document.getElementById("back").hidden = name === "overview";
  begin();
  loosen();
}

function shapeOf(id) {
  return [...stage.querySelectorAll(".card")].find((shape) => shape.dataset.card === id);
}

function go(id) {
  const card = byId.get(id);
  if (!card) return;
  let shape = shapeOf(id);
  if (!shape) {
    open(card.view);
    shape = shapeOf(id);
  }
  choose(id);
  const box = shape.getBoundingClientRect(), room = main.getBoundingClientRect();
  const seen = box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
  if (!seen) centre(shape);
}

// --- the chosen card: all that leads to it and that it leads to stays, the rest fades

// By a row of a card, such as a listener, only on to what has to do with that row.
function connected(id) {
  const arrows = [...stage.querySelectorAll(".arrow")];
  const cards = new Set([id]), passed = new Set();
  for (const [from, to] of [["tail", "head"], ["head", "tail"]]) {
    const left = [[id, ""]], seen = new Set();
    while (left.length) {
      const [card, row] = left.pop();
      for (const arrow of arrows) {
        const at = arrow.dataset[`${from}Row`] ?? "", next = [arrow.dataset[to], arrow.dataset[`${to}Row`] ?? ""];
        if (arrow.dataset[from] !== card || (row && at && at !== row)) continue;
        cards.add(next[0]);
        passed.add(arrow);
        if (!seen.has(next.join("\n"))) left.push(next);
        seen.add(next.join("\n"));
      }
    }
  }
  return { cards, passed };
}

function choose(id) {
  const kept = id && connected(id);
  for (const shape of stage.querySelectorAll(".card")) {
    shape.classList.toggle("dim", Boolean(kept) && !kept.cards.has(shape.dataset.card));
    shape.classList.toggle("chosen", shape.dataset.card === id);
  }
  for (const shape of stage.querySelectorAll(".arrow")) {
    shape.classList.toggle("dim", Boolean(kept) && !kept.passed.has(shape));
  }
  history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : " ");
  show(id && byId.get(id));
}

function show(card) {
  const panel = document.getElementById("card");
  panel.hidden = !card;
  document.getElementById("problems").hidden = Boolean(card);
  if (!card) return;
  panel.replaceChildren(
    element("h2", `${card.kind} ${card.namespace ? `${card.namespace}/` : ""}${card.name}`),
    ...texts([card.where], ""),
    ...texts(card.errors, "error"),
    ...texts(card.warnings, "warning"),
    list(card.details),
    list(card.members.length ? card.members.map((id) => link(byId.get(id))) : card.rows.map((row) => row.join(" · "))),
  );
  if (card.members.length) {
    const unfold = element("button", "unfold →");
    unfold.onclick = () => open(card.unfolds);
    panel.firstElementChild.after(unfold);
  }
}

// --- search, problems, layers

const search = document.getElementById("search");
const words = cards.map((card) => [card.kind, card.namespace, card.name, ...card.details, ...card.rows.flat(), ...card.errors]
  .join(" ").toLowerCase());
search.addEventListener("input", () => {
  const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = wanted.length ? cards.filter((card, i) => wanted.every((word) => words[i].includes(word))) : [];
  const results = document.getElementById("results");
  results.hidden = !wanted.length;
  results.replaceChildren(element("h2", `${found.length} found`), list(found.slice(0, 100).map((card) => link(card))));
});
search.addEventListener("keydown", (event) => {
  if (event.key === "Enter") document.querySelector("#results button")?.click();
});

// What is missing is told of by those that refer to it.
const faulty = cards.filter((card) => card.errors.length && !card.missing && !card.members.length);
const doubtful = cards.filter((card) => card.warnings.length && !card.errors.length && !card.members.length);
document.getElementById("problems").replaceChildren(
  element("h2", faulty.length ? `${faulty.length} broken` : elsewhere.length ? "" : "nothing is broken"),
  list(faulty.map((card) => element("div", "", link(card), ...texts(card.errors, "error")))),
  ...(elsewhere.length ? [element("h2", "not in the picture"), ...texts(elsewhere, "error")] : []),
  ...(doubtful.length ? [element("h2", `${doubtful.length} doubtful`)] : []),
  list(doubtful.map((card) => element("div", "", link(card), ...texts(card.warnings, "warning")))),
);

for (const box of document.querySelectorAll("[data-layer]")) {
  box.addEventListener("change", () => {
    stage.classList.toggle(`without-${box.dataset.layer}`, !box.checked);
    loosen();
  });
}

// An arrow whose card is hidden is hidden too.
function loosen() {
  const hidden = new Set([...document.querySelectorAll("[data-layer]:not(:checked)")].map((box) => box.dataset.layer));
  for (const arrow of stage.querySelectorAll(".arrow")) {
    const ends = [arrow.dataset.tail, arrow.dataset.head].map((id) => byId.get(id)?.role);
    arrow.classList.toggle("loose", ends.some((role) => hidden.has(role)));
  }
}

for (const button of document.querySelectorAll("nav button")) {
  button.onclick = () => {
    if (button.dataset.zoom) zoom(Number(button.dataset.zoom));
    else if (button.dataset.view) open(button.dataset.view);
    else fit();
  };
}

const wanted = decodeURIComponent(location.hash.slice(1));
open("overview");
if (byId.has(wanted)) go(wanted);
