// Keys, focus and small comforts of the pages. Everything here can be done without it: each key
// presses a button or follows a link that stands on the page.

const OFF = "aimapper.keys.off";
let here = null; // Number of the row that is worked on; kept while the page changes in place.
let pending = ""; // What to focus once a row has been opened.

const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
const rows = () => all("[data-row]").filter((row) => !row.hidden);
const rowOf = (number) => document.querySelector(`[data-row="${number}"]`);
const keysAreOn = () => {
  try { return localStorage.getItem(OFF) === null; } catch { return true; }
};

function current() {
  const row = document.activeElement?.closest("[data-row]") ?? rowOf(here);
  return row?.hidden ? null : row;
}

function stand(row) {
  if (!row) return;
  here = row.dataset.row;
  for (const other of all("[data-row].here")) other.classList.remove("here");
  row.classList.add("here");
  const link = row.querySelector("[data-open]");
  link?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by, wanted = () => true) {
  const list = rows();
  if (list.length === 0) return;
  const at = list.indexOf(current());
  for (let turn = 1; turn <= list.length; turn += 1) {
    const start = at < 0 ? (by > 0 ? -1 : 0) : at;
    const row = list[(start + by * turn + list.length * 2) % list.length];
    if (wanted(row)) { stand(row); return; }
  }
}

function press(selector, root) {
  const button = root?.querySelector(selector);
  if (button && !button.disabled) { button.click(); return true; }
  return false;
}

// Focuses a control of an open row, and opens the row first where that is needed.
function into(what) {
  const row = current();
  if (!row) return;
  const control = row.querySelector(`[data-focus="${what}"]`);
  if (control) { control.focus(); return; }
  if (row.classList.contains("open")) return;
  pending = what;
  here = row.dataset.row;
  press("[data-open]", row);
}

function inRow(selector) {
  const row = current();
  if (!row) return;
  here = row.dataset.row;
  if (press(selector, row) || row.classList.contains("open")) return;
  pending = selector;
  press("[data-open]", row);
}

const deeds = {
  j: () => step(1),
  k: () => step(-1),
  n: () => step(1, (row) => "needed" in row.dataset),
  a: () => inRow('[data-key="a"]'),
  r: () => inRow('[data-key="r"]'),
  x: () => into("x"),
  v: () => into("v"),
  c: () => into("c"),
  u: () => press('[data-key="u"]', document),
  "/": () => document.querySelector("[data-filter]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (event.key === "Escape" && target.closest?.("[data-row], [data-filter]")) {
    stand(current() ?? rows()[0]);
    return;
  }
  const typing = target.closest?.("input, textarea, select, dialog, [contenteditable]");
  if (typing || !document.getElementById("fields") || !keysAreOn()) return;
  const deed = /^[1-9]$/.test(event.key) ? () => inRow(`[data-key="${event.key}"]`) : deeds[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row) here = row.dataset.row;
});

function filter(text) {
  const wanted = text.trim().toLowerCase();
  let shown = 0;
  for (const row of all("[data-row]")) {
    row.hidden = !row.dataset.text.toLowerCase().includes(wanted);
    if (!row.hidden) shown += 1;
  }
  const none = document.getElementById("none-found");
  if (none) none.hidden = shown > 0;
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-filter]")) filter(event.target.value);
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "keys-on") return;
  try {
    if (event.target.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch { /* Without storage the keys stay on. */ }
});

// The page was changed in place: say what happened, and give the focus back.
function settle() {
  dress();
  const said = document.getElementById("said");
  const words = document.getElementById("page")?.dataset.said ?? "";
  if (said && words) said.textContent = words;
  if (pending && here !== null) {
    const wanted = pending;
    const row = rowOf(here);
    pending = "";
    if (wanted.startsWith("[")) {
      if (!press(wanted, row)) stand(row);
    } else {
      const control = row?.querySelector(`[data-focus="${wanted}"]`);
      if (control) control.focus();
      else stand(row);
    }
    return;
  }
  const lost = !document.activeElement || document.activeElement === document.body;
  const row = rowOf(here) ?? (here === null ? null : rows()[0]);
  if (lost && row) stand(row);
  else if (lost) document.getElementById("main")?.focus({ preventScroll: true });
}

// What only makes sense with a script.
function dress() {
  const hasKeys = document.getElementById("keys") !== null;
  for (const button of all("button[data-keys]")) button.hidden = !hasKeys;
  const box = document.getElementById("keys-on");
  if (box) box.checked = keysAreOn();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("button[data-keys]")) document.getElementById("keys")?.showModal();
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.target.closest?.(".drop")?.classList.toggle("over", kind === "dragover");
  });
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "page" || event.target.id === "page") settle();
});
// The stream has said that the job has ended: go where its result is.
document.addEventListener("htmx:sseClose", (event) => {
  if (event.detail?.type !== "message") return;
  const next = document.querySelector("[data-ended]");
  if (next) window.htmx?.trigger(next, "ended");
});

dress();
