/* The codes of the moment, asked again every five seconds while the page is looked at. */
(() => {
  "use strict";
  const codes = [...document.querySelectorAll("[data-code-of]")];
  const from = document.querySelector("[data-codes]")?.dataset.codes;
  if (!from || !codes.length) return;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(from, { headers: { Accept: "application/json" } });
      const now = await answer.json();
      codes.forEach((code) => {
        code.textContent = now[code.dataset.codeOf];
        const button = code.parentElement.querySelector("[data-copy]");
        if (button) button.dataset.copy = now[code.dataset.codeOf];
      });
    } catch { /* the platform is stopping: the page can be read all the same */ }
  }, 5000);
})();
