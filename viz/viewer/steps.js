// The backward pass, one op after the other.
let timer = 0;

function goTo(step) {
  app.step = Math.max(0, Math.min(step, app.view.steps.length));
  refresh();
  const now = app.view.steps[app.step - 1];
  if (now && app.step < app.view.steps.length) follow(app.view.parts.get(`n${now.item.id}`));
}

function playing(on) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (app.step >= app.view.steps.length) goTo(0);
    timer = setInterval(() => {
      goTo(app.step + 1);
      if (app.step >= app.view.steps.length) playing(false);
    }, Number($("speed").value));
  }
  $("play").textContent = on ? "⏸ Pause" : "▶ Play";
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

// Brings the drawing, the panel and the caption to the present step.
function refresh() {
  const { view } = app, now = view.steps[app.step - 1];
  for (const [name, { mark, up, down }] of view.marks) {
    const wire = view.byWire.get(name), value = wire ? null : view.values.get(Number(name.slice(1)));
    const step = wire ? wire.step ?? 0 : value.step;
    mark.classList.toggle("later", app.step < step);
    const blank = (span, hidden) => { span.textContent = hidden ? "?" : span.dataset.text; };
    const found = wire ? wire.down === undefined || wireSeen(wire) : value.gradient === undefined || valueSeen(value);
    const hidden = app.predicting && !found;
    // Of several lines, the first one bears the question mark.
    down.forEach((span, i) => { if (hidden && i) span.textContent = ""; else blank(span, hidden); });
    for (const span of up) blank(span, app.predicting && !upSeen(wire));
  }
  for (const wire of view.wires) {
    const part = view.parts.get(wire.id);
    part.classList.toggle("future", wire.flows && wire.down !== undefined && (app.step < wire.step || (app.predicting && !wireSeen(wire))));
    part.classList.toggle("now", !!now && now.wires.includes(wire) && app.step < view.steps.length);
  }
  for (const item of view.items) {
    const part = view.parts.get(`n${item.id}`);
    // What a folded module says of the gradients inside of it.
    part.classList.toggle("shut", app.predicting || app.step < item.step);
    part.classList.toggle("active", now?.item === item && app.step < view.steps.length);
    part.setAttribute("aria-label", [...tellItem(item).children].map((told) => told.textContent).join("; "));
  }
  const last = view.steps.length;
  $("slider").max = last;
  $("slider").value = app.step;
  $("slider").setAttribute("aria-valuetext", `step ${app.step} of ${last}`);
  for (const id of ["first", "back"]) $(id).disabled = app.step === 0;
  for (const id of ["next", "last"]) $(id).disabled = app.step === last;
  for (const id of ["play", "slider", "predict"]) $(id).disabled = !last;
  $("caption").replaceChildren(...caption(now));
  hideTip();
  refreshPanel();
}

function caption(now) {
  const count = app.view.steps.length;
  if (!count) return [data.note];
  if (app.predicting) return ["Fill in the gradients, from the output backwards. Each is upstream × local."];
  if (!now) return ["Forward pass done: values and local gradients are known. → starts the backward pass."];
  const head = element("span", "muted", `Step ${app.step} of ${count}: `);
  if (!now.wires.length) {
    const value = app.view.output;
    return [head, "the gradient of ", element("b", "", value.name), " by itself is ", element("span", "backward", value.gradient.join(" "))];
  }
  const parts = [head, element("b", "", now.item.label), " hands back "];
  now.wires.slice(0, 4).forEach((wire, i) => {
    const source = app.view.values.get(wire.source);
    if (i) parts.push("; ");
    parts.push(element("span", "backward", wire.down), ` to ${source.name}`);
    const done = source.flowing.filter((other) => other.step <= app.step).length;
    if (source.flowing.length > 1) parts.push(` (path ${done} of ${source.flowing.length})`);
  });
  if (now.wires.length > 4) parts.push(`; and ${now.wires.length - 4} more`);
  return parts;
}

$("first").addEventListener("click", () => { playing(false); goTo(0); });
$("back").addEventListener("click", () => { playing(false); goTo(app.step - 1); });
$("next").addEventListener("click", () => { playing(false); goTo(app.step + 1); });
$("last").addEventListener("click", () => { playing(false); goTo(Infinity); });
$("play").addEventListener("click", () => playing(!timer));
$("slider").addEventListener("input", () => { playing(false); goTo(Number($("slider").value)); });
$("speed").addEventListener("change", () => { if (timer) playing(true); });
