// Asks every two seconds for what is new and adds it below; what is being typed stays where it is.
"use strict";
(() => {
  const talk = document.getElementById("talk");
  const newest = document.getElementById("newest");
  const composer = document.getElementById("composer");
  const last = () => Math.max(0, ...[...talk.querySelectorAll("[data-number]")].map((one) => Number(one.dataset.number)));
  let asking = null;

  async function ask() {
    const answer = await fetch(`${talk.dataset.poll}?after=${last()}`);
    const fresh = answer.ok ? (await answer.text()).trim() : "";
    if (!fresh) return;
    document.getElementById("none")?.remove();
    newest.insertAdjacentHTML("beforebegin", fresh);
    window.scrollTo(0, document.body.scrollHeight);
  }

  // One question at a time, or the same bubble would be added twice.
  function poll() {
    asking ??= ask().catch(() => {}).finally(() => { asking = null; });
    return asking;
  }

  composer?.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = composer.elements.text;
    const words = new FormData(composer);
    const typed = input.value;
    input.value = "";
    fetch(composer.action, { method: "POST", body: words, redirect: "manual" })
      .catch(() => { input.value ||= typed; })
      .then(poll);
    setTimeout(poll, 150);
  });

  window.scrollTo(0, document.body.scrollHeight);
  setInterval(poll, 2000);
})();
