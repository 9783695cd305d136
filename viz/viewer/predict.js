// "Predict, then reveal": the gradients are blanks to fill in.
const TOLERANCE = 0.01;

function blanks() {
  const found = [];
  for (const step of app.view.steps) {
    for (const wire of step.wires) {
      const value = app.view.values.get(wire.source), several = value.flowing.length > 1;
      const label = several ? `gradient of ${value.name} ${through(wire).slice(0, -2)}` : `gradient of ${value.name}`;
      found.push({ name: wire.id, entries: wire.entries, label, part: `n${value.item.id}`, wire });
      const ready = several && value.step === wire.step && value.flowing.at(-1) === lastOf(value);
      if (ready && lastOf(value) === wire) {
        found.push({ name: `g${value.id}`, entries: value.entries, label: `gradient of ${value.name}, the sum`, part: `n${value.item.id}` });
      }
    }
  }
  return found;
}

// The path along which the last term of a sum arrives.
function lastOf(value) {
  return value.flowing.reduce((last, wire) => (wire.step >= last.step ? wire : last));
}

function predicting(on) {
  playing(false);
  app.predicting = on;
  app.solved.clear();
  app.step = app.view.steps.length;
  $("predict").setAttribute("aria-pressed", String(on));
  if (on) {
    // What is too large to be written down is given.
    for (const blank of blanks()) if (!blank.entries) app.solved.add(blank.name);
    exercise();
  }
  refresh();
}

function exercise() {
  panel.classList.add("worksheet");
  const asked = blanks().filter((blank) => blank.entries);
  const title = element("h2", "", "Predict the gradients");
  const about = element("p", "note", "Numbers within 1 % count. Of a tensor, write all entries, row by row.");
  const form = element("form");
  form.noValidate = true;
  const rows = asked.map((blank, i) => {
    const row = element("div", "blank"), input = element("input"), label = element("label", "", `${i + 1}. ${blank.label}`);
    input.id = `blank${i}`;
    input.autocomplete = "off";
    input.inputMode = blank.entries.length > 1 ? "text" : "decimal";
    if (blank.entries.length > 1) input.placeholder = `${blank.entries.length} numbers`;
    label.htmlFor = input.id;
    input.addEventListener("focus", () => point(blank.part, true));
    input.addEventListener("blur", () => point(blank.part, false));
    row.append(label, input, element("span", "mark"));
    form.append(row);
    return { row, input, blank };
  });
  const score = element("output", "line");
  score.id = "score";
  score.setAttribute("aria-live", "polite");
  const check = element("button", "", "Check"), key = element("button", "", "Answer key"), again = element("button", "", "Start again");
  check.id = "check";
  key.id = "key";
  key.type = again.type = "button";
  const bar = element("p", "bar");
  bar.append(check, key, again);
  form.append(bar, score);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const { row, input, blank } of rows) {
      if (!input.value.trim()) continue;
      const right = matches(input.value, blank.entries);
      if (right) app.solved.add(blank.name);
      graded(row, right);
    }
    const done = rows.filter(({ blank }) => app.solved.has(blank.name)).length;
    score.textContent = `${done} of ${rows.length} right` + (done === rows.length ? ": all of them." : "");
    refresh();
  });
  key.addEventListener("click", () => {
    for (const { row, input, blank } of rows) {
      if (app.solved.has(blank.name)) continue;
      app.solved.add(blank.name);
      input.value = blank.entries.map(short).join(", ");
      row.classList.remove("wrong");
    }
    score.textContent = "The answers that were missing are filled in.";
    refresh();
  });
  again.addEventListener("click", () => predicting(true));
  panel.replaceChildren(title, about, form);
}

function point(part, on) {
  app.view.parts.get(part)?.classList.toggle("chosen", on);
}

function graded(row, right) {
  row.classList.toggle("right", right);
  row.classList.toggle("wrong", !right);
  const mark = row.querySelector(".mark");
  mark.textContent = right ? "✓" : "✗";
  mark.setAttribute("aria-label", right ? "right" : "not right");
  row.querySelector("input").setAttribute("aria-invalid", String(!right));
}

function matches(text, entries) {
  const found = text.replaceAll("−", "-").match(/[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?/gi) ?? [];
  if (found.length !== entries.length) return false;
  return found.every((number, i) => Math.abs(Number(number) - entries[i]) <= TOLERANCE * Math.abs(entries[i]) + 1e-12);
}

$("predict").addEventListener("click", () => predicting(!app.predicting));
