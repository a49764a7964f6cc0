// A bar for long downloads. Without this script, or where the answer is a page (the password is asked for), the link works as any link.
(() => {
  const box = document.getElementById("export-progress");
  if (!box || !window.ReadableStream) return;
  const words = box.querySelector("p"), bar = box.querySelector("progress");
  const say = (key, n) => { words.textContent = words.dataset[key].replace("{n}", n); };
  async function take(href) {
    const answer = await fetch(href, { credentials: "same-origin" });
    const file = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
    if (!answer.ok || !file) { location.href = href; return; }
    const rows = Number(answer.headers.get("X-Rows") || 0), reader = answer.body.getReader(), pieces = [];
    let lines = 0;
    const counted = /csv|json/.test(answer.headers.get("Content-Type") || "");
    if (counted && rows) { bar.value = 0; } else { bar.removeAttribute("value"); }
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      if (counted) { for (const byte of value) if (byte === 10) lines += 1; }
      if (counted && rows) bar.value = Math.min(100, 100 * lines / (rows + 1));
      say("going", counted ? lines : "");
    }
    const address = URL.createObjectURL(new Blob(pieces)), a = document.createElement("a");
    a.href = address; a.download = file[1]; a.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    bar.value = 100; say("done", Math.max(0, lines));
  }
  function begin(event, href) {
    event.preventDefault();
    box.hidden = false; bar.removeAttribute("value"); say("going", 0);
    take(href).catch(() => say("failed", 0));
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-export]");
    if (link && !event.ctrlKey && !event.metaKey) begin(event, link.href);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-export]");
    if (!form) return;
    const asked = new URLSearchParams(new FormData(form, event.submitter));
    begin(event, form.action + "?" + asked);
  });
})();
