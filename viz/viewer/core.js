// What all parts of the page share. Texts from the graph are data: they are only ever set as text, never as markup.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

// index: the folding that is shown; view: what is known of it; step: how much of the backward pass is shown.
const app = { index: -1, view: null, step: 0, predicting: false, solved: new Set(), chosen: null, matches: [] };

function element(tag, look = "", text = "") {
  const made = document.createElement(tag);
  if (look) made.className = look;
  if (text) made.textContent = text;
  return made;
}

function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const opened = new Map();

function folding(index) {
  if (!opened.has(index)) opened.set(index, unpacked(data.views[index].packed).then(indexed));
  return opened.get(index);
}

// Adds what is looked up by id, and the order of the backward pass: that of the engine, from the greatest id down.
function indexed(view) {
  view.values = new Map();
  view.byItem = new Map();
  for (const item of view.items) {
    view.byItem.set(item.id, item);
    for (const value of item.values) view.values.set(value.id, Object.assign(value, { item, uses: [] }));
  }
  view.byWire = new Map();
  for (const wire of view.wires) {
    view.byWire.set(wire.id, wire);
    view.values.get(wire.source).uses.push(wire);
  }
  view.output = view.values.get(data.outputs[view.graph]);
  view.steps = view.output.gradient === undefined ? [] : [{ item: view.output.item, wires: [] }];
  for (const item of [...view.items].reverse()) {
    const wires = view.wires.filter((wire) => wire.target === item.id && wire.down !== undefined);
    if (wires.length) view.steps.push({ item, wires });
  }
  view.steps.forEach((step, i) => {
    step.item.step = i + 1;
    for (const wire of step.wires) wire.step = i + 1;
  });
  for (const value of view.values.values()) {
    const steps = value.uses.map((wire) => wire.step ?? 0);
    value.flowing = value.uses.filter((wire) => wire.down !== undefined);
    value.step = value === view.output ? 1 : Math.max(0, ...steps);
  }
  // A module that hands nothing back has its gradients inside as soon as its own is known.
  for (const item of view.items) item.step ??= Math.max(...item.values.map((value) => value.step));
  return view;
}

// Whether a gradient may be seen: it is computed by now, and the learner has found it.
function seen(name, step) {
  return app.step >= step && !(app.predicting && !app.solved.has(name));
}

function wireSeen(wire) {
  return wire.down !== undefined && seen(wire.id, wire.step);
}

function valueSeen(value) {
  if (value.gradient === undefined) return false;
  if (value.flowing.length === 1) return wireSeen(value.flowing[0]);
  // The gradient at the output is where everything starts from, so nobody has to guess it.
  return value.flowing.length ? seen(`g${value.id}`, value.step) : app.step >= value.step;
}

function upSeen(wire) {
  const target = app.view.byItem.get(wire.target);
  return target.values.every((value) => value.gradient === undefined || valueSeen(value));
}

function short(number) {
  if (typeof number === "string") return number;
  if (number === null || Number.isNaN(number)) return "NaN";
  if (Number.isInteger(number) && Math.abs(number) < 1e6) return String(number);
  return String(Number(number.toPrecision(4)));
}
