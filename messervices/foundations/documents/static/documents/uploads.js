/* Files go one by one as soon as they are chosen, each with its progress; a slot asks for its verdicts until they are
   there. The pages work without: the forms of documents/parts/slot.html are plain ones. */
(() => {
  "use strict";
  const slotOf = (node) => node.closest("[data-upload]");
  const token = (slot) => slot.querySelector("[name=csrfmiddlewaretoken]")?.value || "";
  const queues = new WeakMap();

  /* Show a slot as the server tells it; what is under way stays where it is. */
  const show = (slot, html) => {
    const told = new DOMParser().parseFromString(html, "text/html").querySelector("[data-upload]");
    if (!told) { location.reload(); return; }
    const [old, fresh] = [slot, told].map((one) => one.querySelector("[data-files]"));
    fresh.querySelectorAll("li:has([role=alert])").forEach((item) => keep(slot, item));
    if (old.innerHTML !== fresh.innerHTML) {
      const held = old.contains(document.activeElement);
      const open = old.querySelector("details[open] input")?.id;
      old.replaceChildren(...fresh.childNodes);
      if (open) document.getElementById(open)?.closest("details").setAttribute("open", "");
      if (held) old.focus();
    }
    const said = slot.querySelector("[data-status]");
    const word = told.querySelector("[data-status]").textContent;
    if (said.textContent !== word) said.textContent = word;
    const [form, wanted] = [slot, told].map((one) => one.querySelector("[data-add]"));
    if (form && !wanted) form.remove();
    if (!form && wanted) slot.append(wanted);
    slot.dataset.room = told.dataset.room;
    if ("waiting" in told.dataset) ask(slot); else delete slot.dataset.waiting;
  };

  /* An error stays beside its file until it is closed. */
  const keep = (slot, item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn three";
    button.textContent = slot.dataset.close;
    button.addEventListener("click", () => item.remove());
    item.append(button);
    slot.querySelector("[data-going]").append(item);
  };
  const complain = (slot, name, sentence) => {
    const item = document.createElement("li");
    item.className = "field err";
    const line = document.createElement("p");
    line.className = "msg";
    line.setAttribute("role", "alert");
    const whose = document.createElement("bdi");
    whose.textContent = name;
    const said = document.createElement("span");
    said.append(whose, name ? "\u00a0: " : "", sentence);
    line.append(said);
    item.append(line);
    keep(slot, item);
  };

  const ask = (slot, wait = 1000) => {
    slot.dataset.waiting = "";
    clearTimeout(slot.timer);
    slot.timer = setTimeout(async () => {
      try {
        const answer = await fetch(slot.dataset.upload, { headers: { "HX-Request": "true" } });
        if (answer.status === 409) { location.reload(); return; }
        if (answer.ok) show(slot, await answer.text());
      } catch { /* no network: ask again */ }
      if ("waiting" in slot.dataset) ask(slot, Math.min(wait * 1.3, 8000));
    }, wait);
  };

  const send = (slot, url, field, file) => new Promise((done) => {
    const item = document.createElement("li");
    const bar = document.createElement("progress");
    const name = document.createElement("bdi");
    const line = document.createElement("p");
    name.textContent = file.name;
    line.append(`${slot.dataset.sending} `, name);
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `${slot.dataset.sending} ${file.name}`);
    item.append(line, bar);
    slot.querySelector("[data-going]").append(item);
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token(slot));
    body.append(field, file);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      item.remove();
      if (request.status === 200) show(slot, request.responseText);
      else if (request.status === 409) location.reload();
      else complain(slot, file.name, request.status === 413 ? slot.dataset.tooHeavy : slot.dataset.lost);
      done();
    });
    request.send(body);
  });

  const queue = (slot, work) => queues.set(slot, (queues.get(slot) || Promise.resolve()).then(work));

  addEventListener("change", (event) => {
    const input = event.target;
    const slot = input.type === "file" && slotOf(input);
    if (!slot) return;
    const files = [...input.files].filter((file) => {
      const fits = file.size <= Number(slot.dataset.most);
      if (!fits) complain(slot, file.name, slot.dataset.tooHeavy);
      return fits;
    });
    const form = input.form;
    const adds = form.matches("[data-add]");
    files.forEach((file) => queue(slot, () => {
      if (adds && Number(slot.dataset.room) < 1) { complain(slot, file.name, slot.dataset.full); return null; }
      return send(slot, form.action, input.name, file);
    }));
    input.value = "";
    const said = form.querySelector("output");
    if (said) said.textContent = "";
  });

  addEventListener("submit", (event) => {
    const form = event.target;
    const slot = form.matches("[data-withdraw], [data-add], [data-replace]") && slotOf(form);
    if (!slot) return;
    event.preventDefault();
    if (!form.matches("[data-withdraw]")) return; /* its files left when they were chosen */
    queue(slot, async () => {
      try {
        const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
        if (answer.ok) show(slot, await answer.text()); else location.reload();
        slot.querySelector("[data-files]").focus();
      } catch { complain(slot, "", slot.dataset.lost); }
    });
  }, true);

  document.querySelectorAll("[data-upload]").forEach((slot) => {
    slot.classList.add("live");
    if ("waiting" in slot.dataset) ask(slot);
  });
})();
