// The builder without waiting for pages: what is typed is kept at once, buttons change the list in place, cards can be
// dragged. Every page works without this file; whatever goes wrong here falls back to sending the form.
(() => {
  const form = document.getElementById("draft");
  if (!form || !window.fetch || !window.DOMParser) return;
  document.documentElement.classList.add("js");
  const parts = ["hidden", "bar", "state", "set", "list", "discard"];
  const at = (id) => document.getElementById(id);
  let busy = Promise.resolve();
  let timer = 0;
  let waiting = 0; // steps that are on their way
  let changed = false;

  // What was typed since the last step was sent: put back into the page that comes.
  const typed = new Map();
  const note = (field) => {
    if (!field.name || field.type === "hidden") return;
    const box = field.type === "checkbox";
    typed.set(`${field.name} ${box ? field.value : ""}`, { name: field.name, box, value: field.value, checked: field.checked });
  };
  const putBack = () => {
    for (const one of typed.values()) {
      const field = [...form.elements].find((now) => now.name === one.name && now.type !== "hidden" && (!one.box || now.value === one.value));
      if (field && one.box) field.checked = one.checked;
      else if (field && field.value !== one.value) field.value = one.value;
    }
  };

  const tell = (words, bad) => {
    at("told").textContent = words;
    at("told").classList.toggle("bad", Boolean(bad));
  };
  const said = (page) => [...page.querySelectorAll("main > [data-flash]")].map((one) => one.textContent).join(" ");
  const hasValue = (one) => one.name === "do" || ["checkbox", "radio"].includes(one.type);
  const name = (one) => one && (one.id ? `#${CSS.escape(one.id)}` : one.name ? `[name="${CSS.escape(one.name)}"]:not([type=hidden])${hasValue(one) ? `[value="${CSS.escape(one.value)}"]` : ""}` : "");

  // While a key or a button of the mouse is held down nothing on the page moves: the press would be lost.
  const held = new Set();
  const whenLetGo = async () => {
    for (let tries = 0; held.size && tries < 20; tries += 1) await new Promise((go) => setTimeout(go, 50));
    held.clear();
  };
  for (const [down, up] of [["keydown", "keyup"], ["pointerdown", "pointerup"]]) {
    document.addEventListener(down, () => held.add(down), true);
    document.addEventListener(up, () => setTimeout(() => held.delete(down)), true);
  }
  document.addEventListener("pointercancel", () => held.delete("pointerdown"), true);
  window.addEventListener("blur", () => held.clear());

  // Takes the parts of a page that has come; with ``gently`` all but the fields of the open question, which may be in use.
  const take = (page, address, gently) => {
    const active = document.activeElement;
    const focused = name(active);
    const open = new Set([...document.querySelectorAll("details[id][open]")].map((one) => one.id));
    const editor = gently && at("editor") && page.getElementById("editor") ? at("editor") : null;
    for (const id of parts) {
      const fresh = page.getElementById(id);
      if (!fresh || !at(id)) { if (fresh || at(id)) { if (id === "discard" && fresh) at("aside").append(document.adoptNode(fresh)); else if (id === "discard") at(id).remove(); } continue; }
      if (id === "set" && gently) continue;
      if (id === "list" && editor) {
        const seen = fresh.querySelector('[name$=".seen"]');
        const mine = editor.querySelector('[name$=".seen"]');
        if (seen && mine) mine.value = seen.value;
        refreshEditorWords(fresh, editor);
        fresh.querySelector("#editor").replaceWith(document.createComment("editor"));
        const kept = document.createComment("kept");
        editor.replaceWith(kept);
        at(id).replaceChildren(...[...fresh.childNodes].map((one) => document.adoptNode(one)));
        const walker = document.createTreeWalker(at(id), NodeFilter.SHOW_COMMENT);
        while (walker.nextNode()) if (walker.currentNode.data === "editor") { walker.currentNode.replaceWith(editor); break; }
      } else {
        at(id).replaceWith(document.adoptNode(fresh));
      }
    }
    putBack();
    for (const id of open) if (at(id)) at(id).open = true;
    const heading = page.querySelector("h1");
    if (heading) document.querySelector("h1").textContent = heading.textContent;
    if (address) history.replaceState(null, "", address);
    const back = active !== document.body && active.isConnected ? active : focused && document.querySelector(focused);
    if (back && back !== document.activeElement && !back.disabled) back.focus({ preventScroll: true });
    renew();
  };
  // The words that follow from the fields, while the fields themselves stay.
  const refreshEditorWords = (fresh, editor) => {
    for (const selector of [".when-words"]) {
      const now = editor.querySelector(selector), next = fresh.querySelector(selector);
      if (now && next) now.textContent = next.textContent;
    }
  };
  let renewal = 0;
  const renew = () => {
    clearTimeout(renewal);
    renewal = setTimeout(() => {
      const frame = at("phone");
      try { frame.contentWindow.location.reload(); } catch { frame.src = frame.src; }
    }, 250);
  };

  const send = (step, gently) => {
    clearTimeout(timer);
    changed = false;
    waiting += 1;
    at("builder").dataset.waiting = waiting;
    busy = busy.then(async () => {
      const data = new FormData(form);
      data.set("do", step);
      typed.clear();
      tell(form.dataset.saving || "…");
      let answer;
      try {
        answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), headers: { Accept: "text/html" } });
      } catch {
        changed = true;
        return tell(form.dataset.lost, true);
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      await whenLetGo();
      if (!page.getElementById("draft")) {
        if (answer.redirected) location.assign(answer.url); else location.reload();
        return;
      }
      const soft = gently && answer.ok;
      take(page, answer.ok && !soft ? answer.url : "", soft);
      tell(said(page) || at("saved").textContent);
      if (!soft) arrive(step, answer.url);
    }).finally(() => {
      waiting -= 1;
      at("builder").dataset.waiting = waiting;
      at("builder").dataset.steps = Number(at("builder").dataset.steps || 0) + 1;
    });
    return busy;
  };
  // After a step: to the place it was about, as the address of the page says.
  const arrive = (step, address) => {
    const place = at(new URL(address).hash.slice(1));
    const kind = step.split(":")[0];
    if (["add", "duplicate", "open"].includes(kind)) {
      const first = at("editor") && at("editor").querySelector("textarea, input:not([type=hidden])");
      if (place) place.scrollIntoView({ block: "start" });
      if (first) first.focus({ preventScroll: true });
    } else if (kind === "palette" && place) {
      place.scrollIntoView({ block: "nearest" });
      place.querySelector(".kind").focus({ preventScroll: true });
    } else if (kind === "close" && place) {
      place.querySelector('[value^="open:"]').focus({ preventScroll: true });
    } else if (["up", "down", "place"].includes(kind) && place) {
      place.scrollIntoView({ block: "nearest" });
    } else if (document.activeElement === document.body) {
      const next = place && place.querySelector('[value^="open:"]') || at("bar").querySelector("button:not([disabled])");
      if (next) next.focus({ preventScroll: true });
    }
  };

  form.addEventListener("submit", (event) => {
    const step = event.submitter && event.submitter.name === "do" ? event.submitter.value : "save";
    if (step === "publish") return;
    event.preventDefault();
    const field = document.activeElement;
    send(step, step === "save" && field && field.closest("#editor, #set") !== null);
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    note(field);
    if (field.matches("[data-later]")) return;
    changed = true;
    send("save", !field.matches("[data-refresh]"));
  });
  form.addEventListener("input", (event) => {
    note(event.target);
    if (event.isComposing || event.target.matches("[data-later], select, [type=checkbox]")) return;
    changed = true;
    clearTimeout(timer);
    if (!event.target.matches("[data-refresh]")) timer = setTimeout(() => send("save", true), 1200);
  });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

  form.addEventListener("click", (event) => {
    const seen = event.target.closest("[data-open]");
    if (seen && !window.getSelection().toString()) send(`open:${seen.dataset.open}`);
  });
  form.addEventListener("keydown", (event) => {
    const card = event.target.closest(".q[data-key]");
    if (event.altKey && card && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      send(`${event.key === "ArrowUp" ? "up" : "down"}:${card.dataset.key}`);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest("input, textarea, select")) return;
    const key = event.key.toLowerCase();
    const step = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : "";
    if (!step) return;
    event.preventDefault();
    send(step);
  });

  let dragged = null;
  const mark = (card, below) => {
    for (const one of form.querySelectorAll(".is-over, .is-over-below")) one.classList.remove("is-over", "is-over-below");
    if (card) card.classList.add(below ? "is-over-below" : "is-over");
  };
  const isBelow = (event, card) => event.clientY > card.getBoundingClientRect().top + card.offsetHeight / 2;
  form.addEventListener("pointerdown", (event) => {
    const card = event.target.closest(".grip") && event.target.closest(".q[data-key]");
    if (card) card.draggable = true;
  });
  form.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".q[data-key]");
    if (!dragged || !dragged.draggable) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.key);
    dragged.classList.add("is-dragged");
  });
  form.addEventListener("dragover", (event) => {
    const card = dragged && event.target.closest(".q[data-key]");
    if (!card) return;
    event.preventDefault();
    mark(card === dragged ? null : card, isBelow(event, card));
  });
  form.addEventListener("drop", (event) => {
    const card = dragged && event.target.closest(".q[data-key]");
    if (!card || card === dragged) return;
    event.preventDefault();
    const from = Number(dragged.dataset.place);
    const gap = Number(card.dataset.place) + (isBelow(event, card) ? 1 : 0);
    send(`place:${dragged.dataset.key}:${gap > from ? gap - 1 : gap}`);
  });
  form.addEventListener("dragend", () => {
    if (dragged) { dragged.classList.remove("is-dragged"); dragged.draggable = false; }
    dragged = null;
    mark(null);
  });

  // Somebody else may have changed the draft while this page stood open.
  const look = async () => {
    if (document.hidden || changed) return;
    try {
      const now = await (await fetch(at("builder").dataset.poll, { headers: { Accept: "application/json" } })).json();
      await busy;
      if (!changed && now.seen !== form.elements.seen.value) tell(form.dataset.elsewhere.replace("{by}", now.by), true);
    } catch { /* the next look may find the way again */ }
  };
  document.addEventListener("visibilitychange", look);
  setInterval(look, 30000);
})();
