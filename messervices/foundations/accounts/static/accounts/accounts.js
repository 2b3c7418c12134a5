/* What script adds to the sign-in pages: a password one can read, and passkeys. Everything starts from data attributes. */
(() => {
  "use strict";
  const all = (selector) => [...document.querySelectorAll(selector)];

  /* data-reveal="Show" data-hide="Hide" on a password field: a button beside it shows what is typed. */
  all("input[data-reveal]").forEach((input) => {
    const row = document.createElement("div");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn three", textContent: input.dataset.reveal });
    row.className = "reveal";
    button.setAttribute("aria-controls", input.id);
    input.replaceWith(row);
    row.append(input, button);
    const label = input.labels[0]?.textContent.trim() || "";
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? input.dataset.hide : input.dataset.reveal;
      button.setAttribute("aria-label", `${button.textContent} : ${label}`);
    };
    show(false);
    button.addEventListener("click", () => { show(input.type === "password"); input.focus(); });
    input.form?.addEventListener("submit", () => show(false));
  });

  /* Passkeys. A form with data-passkey="get|create" holds a hidden field "credential"; sending it asks the browser first. */
  const forms = all("form[data-passkey]");
  if (!forms.length) return;
  const number = /^(\d+\.){3}\d+$|^\[/.test(location.hostname);
  if (!window.PublicKeyCredential || number) {
    all("[data-passkey-go]").forEach((button) => { button.disabled = true; });
    all(number ? "[data-passkey-address]" : "[data-passkey-none]").forEach((note) => { note.hidden = false; });
    all("[data-by-name]").forEach((link) => {
      const named = new URL(location.href);
      named.hostname = "localhost";
      link.href = named;
    });
    return;
  }
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const opened = (options) => {
    const key = options.publicKey;
    key.challenge = bytes(key.challenge);
    if (key.user) key.user.id = bytes(key.user.id);
    for (const list of ["excludeCredentials", "allowCredentials"]) (key[list] || []).forEach((one) => { one.id = bytes(one.id); });
    return { publicKey: key };
  };
  const closed = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  };
  const options = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  forms.forEach((form) => {
    const field = form.querySelector("[name=credential]");
    const said = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (field.value) return;
      event.preventDefault();
      said.hidden = true;
      try {
        field.value = closed(await navigator.credentials[form.dataset.passkey](opened(await options(form))));
        form.requestSubmit();
      } catch {
        said.textContent = form.dataset.cancelled;
        said.hidden = false;
      }
    });
  });
})();
