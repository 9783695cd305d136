// The tensor inspector: a heat map, a histogram and statistics of a value and of its gradient.
let unpackedArrays = null;
const BAD = 127, INF = 126, NOTHING = -128, TOP = 125;

// The panel may show something else by the time that the arrays are there; then the box is no longer part of it.
async function inspect(value, where) {
  const box = element("div");
  where.append(box);
  unpackedArrays ??= unpacked(data.arrays);
  const arrays = await unpackedArrays;
  const forward = arrays.values[value.array], backward = arrays.gradients[value.array];
  if (forward) shown(box, `Value of ${value.name}`, forward);
  const full = app.view.values.get(value.id);
  if (backward && full && valueSeen(full)) shown(box, `Gradient of ${value.name}`, backward);
}

function shown(box, title, array) {
  box.append(element("h3", "", `${title}, shape (${array.shape.join(", ")})`));
  if (!array.size) {
    box.append(element("p", "note", "empty"));
    return;
  }
  if (array.size > 1) heatMap(box, title, array);
  if (array.size > 1 && array.counts) histogram(box, title, array);
  statistics(box, array);
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => {
    const hex = style.getPropertyValue(`--${name}`).trim();
    return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  };
}

function heatMap(box, title, array) {
  const cells = Int8Array.from(atob(array.cells), (character) => character.charCodeAt(0));
  const columns = array.columns, rows = cells.length / columns;
  const side = Math.max(2, Math.min(26, Math.floor(300 / columns), Math.floor(300 / rows)));
  const canvas = element("canvas");
  canvas.width = columns * side;
  canvas.height = rows * side;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Heat map: ${title}; statistics below`);
  const paint = canvas.getContext("2d"), colour = colours();
  const zero = colour("background"), positive = colour("exploding"), negative = colour("vanishing");
  cells.forEach((code, i) => {
    if (code === NOTHING) return;
    if (code === BAD || Math.abs(code) === INF) {
      paint.fillStyle = `rgb(${colour("bad")})`;
    } else {
      // The root makes small numbers visible beside great ones.
      const share = Math.sqrt(Math.abs(code) / TOP), end = code < 0 ? negative : positive;
      paint.fillStyle = `rgb(${zero.map((z, j) => Math.round(z + (end[j] - z) * share))})`;
    }
    paint.fillRect((i % columns) * side, Math.floor(i / columns) * side, side, side);
  });
  const said = element("div", "scale");
  const range = !array.top ? "all 0" : `blue −${short(array.top)} · 0 · ${short(array.top)} orange`;
  const rest = element("span", "", range);
  said.append(rest);
  canvas.addEventListener("pointermove", (event) => {
    const frame = canvas.getBoundingClientRect();
    const i = Math.floor((event.clientY - frame.top) / frame.height * rows);
    const j = Math.floor((event.clientX - frame.left) / frame.width * columns);
    const code = cells[i * columns + j];
    if (code === undefined || code === NOTHING) return;
    const exact = array.entries?.[i * columns + j];
    const words = { [BAD]: "NaN", [INF]: "Inf", [-INF]: "-Inf" };
    const number = exact ?? words[code] ?? `≈ ${short(Number((code / TOP * array.top).toPrecision(2)))}`;
    rest.textContent = `row ${i}, column ${j}: ${exact === undefined ? number : short(exact)}`;
  });
  canvas.addEventListener("pointerleave", () => { rest.textContent = range; });
  box.append(canvas, said);
  if (array.note) box.append(element("div", "note", array.note));
}

function histogram(box, title, array) {
  const most = Math.max(...array.counts), wide = 240 / array.counts.length;
  const bars = drawn("svg", { class: "histogram", viewBox: "0 0 240 54", preserveAspectRatio: "none", role: "img" });
  bars.setAttribute("aria-label", `Histogram: ${title}`);
  array.counts.forEach((count, i) => {
    // At least a line for a bin that is not empty.
    const high = count ? Math.max(1, 52 * count / most) : 0;
    bars.append(drawn("rect", { x: i * wide + 0.5, y: 54 - high, width: wide - 1, height: high }));
  });
  const scale = element("div", "scale");
  scale.append(element("span", "", short(array.statistics[0])), element("span", "", short(array.statistics[2])));
  box.append(bars, scale);
}

function statistics(box, array) {
  const list = element("dl"), names = ["min", "median", "max", "mean", "deviation"];
  const add = (name, text) => list.append(element("dt", "", name), element("dd", "", text));
  if (array.statistics && array.size > 1) names.forEach((name, i) => add(name, short(array.statistics[i])));
  else if (array.statistics) add("number", String(array.statistics[0]));
  if (array.statistics && array.size > 1) add("zeros", `${short(100 * array.statistics[5])} %`);
  if (array.bad[0] || array.bad[1]) add("not finite", `${array.bad[0]} NaN, ${array.bad[1]} Inf`);
  box.append(list);
}
