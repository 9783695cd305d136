// The drawing: moved, zoomed, and its parts made to answer.
const stage = $("stage");
const place = { x: 0, y: 0, scale: 1 };
let picture = stage.querySelector("svg");

function bounds() {
  const [x, y, width, height] = picture.dataset.whole.split(" ").map(Number);
  return { x, y, width, height };
}

function moved() {
  const width = Math.max(stage.clientWidth, 1) / place.scale, height = Math.max(stage.clientHeight, 1) / place.scale;
  picture.setAttribute("viewBox", `${place.x} ${place.y} ${width} ${height}`);
}

function fit() {
  const box = bounds(), width = Math.max(stage.clientWidth, 1), height = Math.max(stage.clientHeight, 1);
  place.scale = Math.min(width / box.width, height / box.height, 2);
  place.x = box.x + (box.width - width / place.scale) / 2;
  place.y = box.y + (box.height - height / place.scale) / 2;
  moved();
}

// Zooms about a point of the window, by default the middle of the stage.
function zoom(factor, x, y) {
  const frame = stage.getBoundingClientRect();
  const scale = Math.min(Math.max(place.scale * factor, 0.02), 30);
  const dx = (x ?? frame.left + frame.width / 2) - frame.left, dy = (y ?? frame.top + frame.height / 2) - frame.top;
  place.x += dx / place.scale - dx / scale;
  place.y += dy / place.scale - dy / scale;
  place.scale = scale;
  moved();
}

function pan(dx, dy) {
  place.x -= dx / place.scale;
  place.y -= dy / place.scale;
  moved();
}

function centre(node) {
  const box = node.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  // Too small to be read, it is brought nearer.
  if (place.scale < 0.7) zoom(1 / place.scale, box.left + box.width / 2, box.top + box.height / 2);
  const now = node.getBoundingClientRect();
  pan(frame.left + frame.width / 2 - now.left - now.width / 2, frame.top + frame.height / 2 - now.top - now.height / 2);
}

// Where only a part of the drawing is on the stage, it follows what happens.
function follow(node) {
  const box = node.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom) {
    pan((frame.left + frame.right - box.left - box.right) / 2, (frame.top + frame.bottom - box.top - box.bottom) / 2);
  }
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
}, { passive: false });

const pointers = new Map();
let travelled = 0;

stage.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  pointers.set(event.pointerId, event);
  if (pointers.size === 1) travelled = 0;
});

stage.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
  travelled += Math.hypot(dx, dy);
  if (travelled < 4) return;
  // Only now: captured at once, a click would never reach the box that it is on.
  stage.setPointerCapture(event.pointerId);
  stage.classList.add("dragged");
  hideTip();
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const far = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY);
    zoom(far(event) / Math.max(far(before), 1), other.clientX, other.clientY);
  } else {
    pan(dx, dy);
  }
  pointers.set(event.pointerId, event);
});

for (const kind of ["pointerup", "pointercancel"]) {
  stage.addEventListener(kind, (event) => {
    pointers.delete(event.pointerId);
    if (!pointers.size) stage.classList.remove("dragged");
  });
}

// Takes the drawing of a folding into the page, with what a script adds: frames, wide wires, and buttons to fold.
function staged(view, present) {
  if (!present) {
    const parsed = new DOMParser().parseFromString(view.svg, "image/svg+xml").documentElement;
    stage.replaceChildren(document.importNode(parsed, true));
    picture = stage.querySelector("svg");
  }
  picture.dataset.whole = picture.getAttribute("viewBox");
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", data.title);
  picture.removeAttribute("width");
  picture.removeAttribute("height");
  view.parts = new Map();
  view.marks = new Map();
  fit();
  for (const node of picture.querySelectorAll("[data-i]")) view.parts.set(node.dataset.i, node);
  for (const mark of picture.querySelectorAll("[data-m]")) {
    const spans = [...mark.querySelectorAll("tspan")].filter((span) => span.getAttribute("fill") === "#a3117f");
    for (const span of spans) span.dataset.text = span.textContent;
    // upstream × local = downstream: two numbers on one line.
    const chain = spans.length === 2 && spans[0].parentNode === spans[1].parentNode && mark.dataset.m[0] === "w";
    view.marks.set(mark.dataset.m, { mark, up: chain ? [spans[0]] : [], down: chain ? [spans[1]] : spans });
  }
  for (const item of view.items) {
    const node = view.parts.get(`n${item.id}`), box = node.getBBox();
    node.prepend(drawn("rect", {
      class: "frame", x: box.x - 3, y: box.y - 3, width: box.width + 6, height: box.height + 6, rx: 6,
    }));
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    if (item.call !== undefined && nearest(item.call, true) >= 0) {
      const corner = node.querySelector('[fill="#dfe6ef"]').getBBox();
      node.append(button(item.call, true, corner.x, corner.y, item.label));
    }
  }
  for (const wire of view.wires) {
    const path = view.parts.get(wire.id)?.querySelector("path");
    if (path) path.parentNode.append(drawn("path", { class: "reach", d: path.getAttribute("d") }));
  }
  for (const cluster of picture.querySelectorAll("[data-c]")) {
    const call = Number(cluster.dataset.c);
    if (nearest(call, false) >= 0) {
      const box = cluster.getBBox();
      picture.firstElementChild.append(button(call, false, box.x, box.y, view.clusters[call]));
    }
  }
}

function button(call, opens, x, y, name) {
  const made = drawn("g", {
    class: "toggle", tabindex: 0, role: "button", "data-toggle": call, transform: `translate(${x} ${y})`,
  });
  made.setAttribute("aria-label", `${opens ? "Open" : "Fold"} ${name}`);
  made.append(drawn("circle", { r: 8 }), drawn("path", { d: opens ? "M-4 0H4M0 -4V4" : "M-4 0H4" }));
  const press = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    toggle(call, opens);
  };
  made.addEventListener("click", press);
  made.addEventListener("keydown", press);
  return made;
}

// Returns the folding in which the call is open, else as now, or closed; -1 if there is none. Where that very folding
// was not laid out, what opens the call with the fewest other changes will do; to fold it, nothing else is disturbed.
function nearest(call, opens) {
  const now = data.views[app.index].open;
  if (now.includes(call) === opens) return -1;
  const wanted = new Set(now.filter((c) => opens || !within(c, call)));
  if (opens) wanted.add(call);
  const exact = (open) => open.length === wanted.size && open.every((c) => wanted.has(c));
  return closest(wanted, (open) => (opens ? open.includes(call) : exact(open)));
}

function within(c, call) {
  while (c > call) c = data.parents[app.view.graph][c];
  return c === call;
}

function closest(wanted, allowed, graph = app.view.graph) {
  let best = -1, least = Infinity;
  data.views.forEach(({ open, graph: own }, i) => {
    if (own !== graph || !allowed(open)) return;
    const common = open.filter((c) => wanted.has(c)).length, apart = open.length + wanted.size - 2 * common;
    if (apart < least) [best, least] = [i, apart];
  });
  return best;
}
