// A checklist filled in where there is no network: what was typed stays in this phone, what was sent goes out once there is one.
(() => {
  const form = document.getElementById("inspection");
  const line = document.getElementById("waiting");
  if (!form || !window.indexedDB) return;
  const draft = "inspection:" + location.pathname;
  const token = () => form.elements.csrf_token.value;
  const opened = new Promise((resolve, reject) => {
    const asked = indexedDB.open("inspections", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("unsent");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const store = async (mode, work) => {
    const box = (await opened).transaction("unsent", mode).objectStore("unsent");
    return new Promise((resolve, reject) => {
      const asked = work(box);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  };
  let busy = false;
  async function send() {
    if (busy) return;
    const kept = await store("readonly", (box) => box.get(location.pathname));
    if (!kept) return;
    busy = true;
    const body = new FormData();
    for (const [name, value] of kept) body.append(name, value);
    body.set("csrf_token", token());
    try {
      const got = await fetch(form.action, { method: "POST", body, redirect: "manual" });
      if (got.status >= 500) throw new Error(String(got.status));
      await store("readwrite", (box) => box.delete(location.pathname));
      if (got.type === "opaqueredirect") { // taken: the page says so itself, once
        localStorage.removeItem(draft);
        location.replace(location.pathname);
      } else {
        form.submit(); // the plain way shows what is wrong with it
      }
    } catch {
      line.textContent = line.dataset.waiting;
      line.hidden = false;
      line.scrollIntoView({ block: "center" });
    } finally {
      busy = false;
    }
  }
  const fields = () => [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  const keep = () => {
    try {
      localStorage.setItem(draft, JSON.stringify(fields().filter(([, value]) => typeof value === "string" && value)));
    } catch { /* a full or forbidden store: the page itself still holds everything */ }
  };
  try {
    for (const [name, value] of JSON.parse(localStorage.getItem(draft)) || []) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type === "radio") field.checked = field.value === value;
        else if (field.type === "text") field.value = value;
      }
    }
  } catch { /* nothing was kept */ }
  form.addEventListener("input", keep);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const all = fields().filter(([, value]) => typeof value === "string" || value.size);
    await store("readwrite", (box) => box.put(all, location.pathname));
    send();
  });
  addEventListener("online", send);
  send();
})();
