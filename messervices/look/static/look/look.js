/* What script adds to pages that work without it. Every behaviour starts from a data attribute; none is needed. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* A form leaves once: a second click on its button does nothing. */
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target) return;
    if (form.dataset.gone) { event.preventDefault(); return; }
    form.dataset.gone = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    all("form[data-gone]").forEach((form) => delete form.dataset.gone);
    all("[aria-busy].btn").forEach((button) => button.removeAttribute("aria-busy"));
  });

  /* Dialogs open by the popover attribute; here they become modal, which keeps the focus inside. */
  addEventListener("click", (event) => {
    const button = event.target.closest("[popovertarget]");
    const dialog = button && document.getElementById(button.getAttribute("popovertarget"));
    if (dialog instanceof HTMLDialogElement && dialog.showModal) {
      event.preventDefault();
      if (button.getAttribute("popovertargetaction") === "hide") dialog.close(); else if (!dialog.open) dialog.showModal();
    }
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    all("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  });

  /* Ask before leaving with data-confirm="id of a dialog": its button [data-yes] sends the form. */
  addEventListener("submit", (event) => {
    const dialog = document.getElementById(event.target.dataset.confirm || "");
    if (!dialog?.showModal || event.target.dataset.sure) return;
    event.preventDefault();
    delete event.target.dataset.gone;
    dialog.showModal();
    dialog.querySelector("[data-yes]").onclick = () => { event.target.dataset.sure = "1"; event.target.requestSubmit(event.submitter); };
  }, true);

  /* Files: the drop zone shows what was chosen, and says at once what is too heavy (data-max, in bytes). */
  all("[data-drop]").forEach((zone) => {
    const input = zone.querySelector("[type=file]");
    const out = zone.querySelector("output");
    const mark = (over) => zone.classList.toggle("over", over);
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); mark(true); }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => mark(false)));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    input.addEventListener("change", () => {
      const language = document.documentElement.lang;
      const size = new Intl.NumberFormat(language, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
      out.textContent = [...input.files].map((file) => `${file.name} (${size.format(file.size / 1000)})`).join(", ");
      const heavy = Number(input.dataset.max) && [...input.files].some((file) => file.size > Number(input.dataset.max));
      input.setCustomValidity(heavy ? input.dataset.tooHeavy || out.textContent : "");
      input.reportValidity();
    });
  });

  /* A text that searches: keyboard and screen reader after the ARIA pattern of the editable combobox with a list. */
  all("[data-combobox]").forEach((box, place) => {
    const input = box.querySelector("input:not([type=hidden])");
    const list = document.createElement("ul");
    const said = document.createElement("span");
    list.className = "options";
    list.id = `options-${place}`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", document.querySelector(`label[for="${input.id}"]`)?.firstChild.textContent.trim() || input.name);
    said.className = "sr";
    said.setAttribute("role", "status");
    box.append(list, said);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) input.setAttribute(name, value);
    const hidden = (end) => box.querySelector(`[name="${input.name}-${end}"]`) || box.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name: `${input.name}-${end}` }));
    let here = -1;
    let found = [];
    let timer = 0;
    let asked = null;
    const show = (open) => { list.hidden = !open; input.setAttribute("aria-expanded", String(open)); if (!open) point(-1); };
    const point = (to) => {
      here = to;
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === to)));
      if (to < 0) input.removeAttribute("aria-activedescendant");
      else { input.setAttribute("aria-activedescendant", list.children[to].id); list.children[to].scrollIntoView({ block: "nearest" }); }
    };
    const choose = (index) => {
      const one = found[index];
      input.value = one.label;
      hidden("asked").value = one.label;
      hidden("pick").value = one.value;
      box.parentElement.querySelector("[data-options]")?.remove();
      show(false);
      box.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: one }));
    };
    const draw = (results) => {
      found = results;
      list.replaceChildren(...results.map((one, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.setAttribute("role", "option");
        item.append(Object.assign(document.createElement("span"), { textContent: one.label }));
        if (one.hint) item.append(Object.assign(document.createElement("span"), { className: "s mute", textContent: one.hint }));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(index); });
        return item;
      }));
      said.textContent = results.length ? `${results.length} ${box.dataset.some}` : box.dataset.none;
      show(results.length > 0);
      point(-1);
    };
    const ask = async () => {
      const text = input.value.trim();
      asked?.abort();
      if (text.length < 2) { show(false); return; }
      asked = new AbortController();
      try {
        const url = new URL(box.dataset.combobox, location.href);
        url.searchParams.set("q", text);
        const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
        if (answer.ok && input.value.trim() === text) draw((await answer.json()).results);
      } catch { show(false); } /* no network: the form itself will search */
    };
    input.addEventListener("input", () => { hidden("pick").value = ""; clearTimeout(timer); timer = setTimeout(ask, 120); });
    input.addEventListener("blur", () => show(false));
    input.addEventListener("keydown", (event) => {
      const open = !list.hidden;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!open) { ask(); return; }
        const step = event.key === "ArrowDown" ? 1 : -1;
        point((here + step + found.length + (here < 0 && step < 0 ? 1 : 0)) % found.length);
      } else if (event.key === "Enter" && open && here >= 0) { event.preventDefault(); choose(here); }
      else if (event.key === "Escape" && open) { event.preventDefault(); show(false); }
    });
  });

  /* data-keep="name": what is typed stays in this tab if the network or the session is lost. Never a password or a file. */
  const kept = (form) => `keep:${form.dataset.keep}`;
  const read = (form) => Object.fromEntries([...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken" && form.elements[name]?.type !== "password"));
  const forms = all("form[data-keep]");
  forms.forEach((form) => {
    const saved = sessionStorage.getItem(kept(form));
    const empty = !form.querySelector("[aria-invalid]");
    if (saved && empty) {
      for (const [name, value] of Object.entries(JSON.parse(saved))) {
        all(`[name="${CSS.escape(name)}"]`, form).forEach((input) => {
          if (input.type === "radio" || input.type === "checkbox") input.checked = input.value === value; else input.value = value;
        });
      }
      form.querySelector("[data-kept-note]")?.removeAttribute("hidden");
    }
    form.addEventListener("input", () => sessionStorage.setItem(kept(form), JSON.stringify(read(form))));
  });
  const here = new Set(forms.map(kept));
  Object.keys(sessionStorage).filter((key) => key.startsWith("keep:") && !here.has(key)).forEach((key) => sessionStorage.removeItem(key));

  /* data-poll="/address": asks every 2 s (data-every, ms) and goes where the answer says: {"url": "/…"}. */
  all("[data-poll]").forEach((zone) => {
    const every = Number(zone.dataset.every) || 2000;
    const again = async () => {
      try {
        const answer = await fetch(zone.dataset.poll, { headers: { Accept: "application/json" } });
        const said = answer.ok && answer.status !== 204 ? await answer.json() : {};
        if (said.url) { location.replace(said.url); return; }
      } catch { /* the network comes back or it does not: ask again */ }
      setTimeout(again, every);
    };
    setTimeout(again, every);
  });

  /* Buttons that only make sense with script are hidden until here. */
  all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });
  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const said = button.querySelector("[data-said]") || button;
      said.textContent = button.dataset.done || said.textContent;
    });
  });
})();
