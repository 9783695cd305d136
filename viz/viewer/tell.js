// What is told of values and wires: beside the pointer, and in the panel.
const tip = $("tip"), panel = $("panel");

function line(...parts) {
  const made = element("div", "line");
  for (const part of parts) made.append(typeof part === "string" ? part : element("span", part[0], part[1]));
  return made;
}

// upstream × local = downstream, with a question mark for what is not to be seen yet.
function equation(wire, before = "") {
  const down = wireSeen(wire) ? wire.down : "?";
  if (wire.local === undefined || wire.up === undefined) {
    const text = wire.down === undefined ? wire.local ?? "no gradient" : down;
    return line(before, [wire.down === undefined ? "local" : "backward", text]);
  }
  const up = upSeen(wire) ? wire.up : "?";
  return line(before, ["backward", up], " × ", ["local", wire.local], " = ", ["backward title", down]);
}

function through(wire) {
  const target = app.view.byItem.get(wire.target);
  const among = app.view.wires.filter((other) => other.target === wire.target).length > 1;
  return `through ${target.label}${wire.argument && among ? ` (${wire.argument})` : ""}: `;
}

function tellWire(wire) {
  const source = app.view.values.get(wire.source), target = app.view.byItem.get(wire.target);
  const told = document.createDocumentFragment();
  told.append(line(["title", `${source.name} → ${target.label}`]));
  if (!wire.flows) {
    told.append(line(["muted", "no gradient flows here"]));
    return told;
  }
  if (wire.down !== undefined && wire.local !== undefined) {
    told.append(line(["muted", "upstream × local = downstream"]));
  }
  told.append(equation(wire));
  if (wire.formula) told.append(line(["muted", "local gradient: "], ["local", wire.formula]));
  for (const text of wire.details ?? []) told.append(line(["local", text]));
  if (wire.check) told.append(line(["muted", `against numbers: ${wire.check}`]));
  if (wireSeen(wire) && wire.gain !== undefined) {
    told.append(line(["muted", `gain ‖downstream‖ / ‖upstream‖ for this gradient: ${wire.gain}`]));
  }
  if (wireSeen(wire) && wire.word) told.append(line(["warn", wire.word]));
  return told;
}

function tellValue(value) {
  const told = document.createDocumentFragment();
  value.lines.forEach((text, i) => told.append(line([i ? "forward" : "title", text])));
  if (value.gradient === undefined) return told;
  const total = valueSeen(value) ? value.gradient.join("\n") : "?";
  const paths = value.flowing.length;
  told.append(line(["muted", paths > 1 ? `gradient, the sum over ${paths} paths:` : "gradient:"]));
  if (paths !== 1) told.append(line(["backward title", total]));
  for (const wire of value.flowing.slice(0, 12)) told.append(equation(wire, through(wire)));
  if (paths > 12) told.append(line(["muted", `and ${paths - 12} more`]));
  if (paths > 1 && valueSeen(value)) {
    const terms = value.flowing.map((wire) => wire.down);
    if (terms.every((term) => term.length < 16) && paths < 7) {
      told.append(line(["backward", terms.join(" + ")], " = ", ["backward title", total]));
    }
  }
  if (value.note) told.append(line(["muted", value.note]));
  return told;
}

function tellItem(item) {
  const told = document.createDocumentFragment();
  if (item.kind === "group") {
    told.append(line(["title", item.label]), line(["muted", item.detail]));
  }
  for (const value of item.values) told.append(tellValue(value));
  return told;
}

// What is under the pointer: the gradient on a wire, the wire, or a box with its value.
function pointed(target) {
  const mark = target.closest?.("[data-m]"), part = target.closest?.("[data-i]");
  const wire = app.view.byWire.get(mark?.dataset.m) ?? app.view.byWire.get(part?.dataset.i);
  if (wire) return { wire };
  const item = part && app.view.byItem.get(Number(part.dataset.i.slice(1)));
  return item ? { item } : null;
}

function showTip(x, y, content) {
  tip.replaceChildren(content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 6))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18}px`;
}

function hideTip() {
  tip.hidden = true;
}

stage.addEventListener("pointerover", (event) => {
  if (!app.view || pointers.size || event.pointerType === "touch") return;
  const on = pointed(event.target);
  if (on) showTip(event.clientX, event.clientY, on.wire ? tellWire(on.wire) : tellItem(on.item));
  else hideTip();
});
stage.addEventListener("pointerleave", hideTip);
stage.addEventListener("focusin", (event) => {
  if (!app.view || !event.target.matches(":focus-visible")) return;
  const on = pointed(event.target);
  const box = event.target.getBoundingClientRect();
  if (on && event.target !== stage) showTip(box.left, box.bottom, on.item ? tellItem(on.item) : tellWire(on.wire));
});
stage.addEventListener("focusout", hideTip);

stage.addEventListener("click", (event) => {
  if (travelled >= 4 || !app.view) return;
  choose(pointed(event.target));
});

function choose(on) {
  app.chosen = on;
  app.view.parts.forEach((part) => part.classList.remove("chosen"));
  if (on) app.view.parts.get(on.wire ? on.wire.id : `n${on.item.id}`)?.classList.add("chosen");
  refreshPanel();
}

function refreshPanel() {
  if (app.predicting) return;
  panel.classList.remove("worksheet");
  panel.replaceChildren();
  if (!app.chosen) {
    panel.append(...welcome());
    return;
  }
  const { item, wire } = app.chosen;
  panel.append(wire ? tellWire(wire) : tellItem(item));
  if (item?.call !== undefined && nearest(item.call, true) >= 0) {
    const open = element("button", "screen", "Open this module");
    open.addEventListener("click", () => toggle(item.call, true));
    panel.append(open);
  }
  for (const value of item ? item.values : [app.view.values.get(wire.source)]) inspect(value, panel);
}

function welcome() {
  const parts = [element("h2", "", "How to read it")];
  parts.push(line(["forward title", "value"], " on one side of a wire,"));
  parts.push(line(["backward", "upstream"], " × ", ["local", "local gradient"], " = ", ["backward title", "gradient"], " on the other."));
  parts.push(element("p", "note", "Choose a box to look into its tensor. Step through the backward pass below. Press ? for the keys."));
  for (const text of data.said) parts.push(element("p", "note", text));
  if (data.note) parts.push(element("p", "warn", data.note));
  return parts;
}
