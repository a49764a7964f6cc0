// Comfort for the complaints desk: keys, and whether somebody else is at the same case. Every page works without this file.
const rows = [...document.querySelectorAll("[data-row]")];
const writing = (target) => target.closest("input, textarea, select, [contenteditable]");
const move = (step) => {
  const now = rows.indexOf(document.activeElement);
  const next = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  if (next) next.focus();
};
const write = (action) => {
  const field = document.querySelector(`[data-write="${action}"]`);
  const folded = field?.closest("details");
  if (folded) folded.open = true;
  if (field) field.focus();
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  r: () => write("answered"),
  n: () => write("noted"),
  u: () => document.querySelector("[data-back]")?.click(),
  "?": () => {
    const help = document.querySelector("[data-keys]");
    if (help) help.open = !help.open;
  },
};
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("[data-write]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Escape" && writing(event.target)) {
    event.target.blur();
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !writing(event.target) && keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
const others = document.querySelector("[data-watch]");
if (others) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(others.dataset.watch, { headers: { Accept: "application/json" } });
      if (!answer.ok || !answer.headers.get("Content-Type").includes("json")) return;
      const told = await answer.json();
      const words = [told.moved, told.others].filter(Boolean).join(" ");
      if (others.textContent !== words) others.textContent = words;
      others.hidden = !words;
    } catch {
      // offline for a moment: the next round asks again
    }
  }, 20000);
}
