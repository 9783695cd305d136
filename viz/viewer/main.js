// The whole: foldings, search, keys, colours, paper.
async function show(index) {
  const view = await folding(index);
  const all = !app.view || app.step >= app.view.steps.length;
  const first = app.index < 0;
  playing(false);
  app.index = index;
  app.view = view;
  app.chosen = null;
  app.matches = [];
  // The page came with the first drawing.
  staged(view, first);
  app.step = all ? view.steps.length : Math.min(app.step, view.steps.length);
  $("folding").hidden = data.views.filter(({ graph }) => graph === view.graph).length < 2;
  $("fused").setAttribute("aria-pressed", String(view.graph === 1));
  $("count").textContent = `${data.total.toLocaleString("en")} ops, ${view.items.length} boxes`;
  if (app.predicting) predicting(true);
  else refresh();
}

async function toggle(call, opens) {
  const index = nearest(call, opens);
  if (index < 0) return;
  await show(index);
  // The keyboard goes on where it was: at what was folded, or at what can be folded again.
  const group = app.view.items.find((item) => item.call === call);
  const next = opens ? stage.querySelector(`[data-toggle="${call}"]`) : app.view.parts.get(`n${group?.id}`);
  next?.focus({ preventScroll: true });
}

// Fused ops as one box each, or as what they are made of: two graphs, whose modules have other numbers.
function fused() {
  const graph = 1 - app.view.graph;
  return show(data.views.findIndex((view) => view.graph === graph));
}

const searched = $("search");
let hit = -1;

async function find(next) {
  const text = searched.value.trim().toLowerCase();
  for (const item of app.matches) app.view.parts.get(`n${item.id}`)?.classList.remove("match");
  app.matches = [];
  $("found").textContent = "";
  if (!text) return;
  const hits = (view) => view.items.filter((item) => [item.label, item.detail, item.kind, view.clusters[item.cluster] ?? "",
    ...item.values.map((value) => value.name)].some((word) => word.toLowerCase().includes(text)));
  app.matches = hits(app.view);
  if (!app.matches.length && next) {
    // It may be inside of what is folded here.
    for (let i = 0; i < data.views.length; i++) {
      if (data.views[i].graph === app.view.graph && hits(await folding(i)).length) {
        await show(i);
        app.matches = hits(app.view);
        break;
      }
    }
  }
  const { length } = app.matches;
  hit = next ? (hit + 1) % Math.max(length, 1) : -1;
  const at = app.matches[hit];
  $("found").textContent = length ? `${at ? `${hit + 1} of ` : ""}${length} found` : "nothing found here" + (next ? "" : "; Enter looks into folded modules");
  for (const item of app.matches) app.view.parts.get(`n${item.id}`).classList.add("match");
  if (at) {
    choose({ item: at });
    centre(app.view.parts.get(`n${at.id}`));
  }
}

searched.addEventListener("input", () => find(false));
searched.addEventListener("keydown", (event) => {
  if (event.key === "Enter") find(true);
  if (event.key === "Escape") { searched.value = ""; find(false); stage.focus(); }
});

function theme() {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme ?? (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  refreshPanel();
}

const KEYS = {
  "ArrowRight": () => $("next").click(), "ArrowLeft": () => $("back").click(), "Home": () => $("first").click(),
  "End": () => $("last").click(), " ": () => { if (!$("play").disabled) $("play").click(); },
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit, "f": fit, "t": theme,
  "p": () => $("predict").click(), "/": () => searched.focus(), "?": () => $("keys").showModal(),
  "Escape": () => { hideTip(); choose(null); }, "o": toggleChosen,
  "u": () => { if (data.outputs.length > 1) fused(); },
};
const MOVES = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

function toggleChosen() {
  const item = app.chosen?.item;
  if (item?.call !== undefined) toggle(item.call, true);
  else if (item && item.cluster >= 0) toggle(item.cluster, false);
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!app.view || event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (target.matches("input, select") && target.id !== "slider") return;
  if (event.shiftKey && MOVES[key]) {
    pan(...MOVES[key]);
    event.preventDefault();
    return;
  }
  const node = target.closest("[data-i]");
  if (node && key === "Enter") {
    choose(pointed(node));
    event.preventDefault();
    return;
  }
  // A button that has the focus is pressed by the space bar itself.
  if (key === " " && target.matches("button")) return;
  const act = KEYS[key.length === 1 ? key.toLowerCase() : key];
  if (act) {
    event.preventDefault();
    act();
  }
});

$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("fit").addEventListener("click", fit);
$("theme").addEventListener("click", theme);
$("help").addEventListener("click", () => $("keys").showModal());
$("fold").addEventListener("click", () => show(closest(new Set(), () => true)));
$("open").addEventListener("click", () => show(closest(new Set(data.parents[app.view.graph].keys()), () => true)));
$("fused").addEventListener("click", fused);
$("fused").hidden = data.outputs.length < 2;
new ResizeObserver(() => { if (app.view) moved(); }).observe(stage);
addEventListener("beforeprint", () => picture.setAttribute("viewBox", picture.dataset.whole));
addEventListener("afterprint", moved);

show(0).then(() => document.documentElement.setAttribute("data-ready", ""));
