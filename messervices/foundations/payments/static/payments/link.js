/* The time left, to the second, counted from what the server said; and the telephone's own way of sharing a text. */
(() => {
  "use strict";
  const two = (number) => String(number).padStart(2, "0");
  document.querySelectorAll("[data-left]").forEach((zone) => {
    const end = Date.now() + Number(zone.dataset.left) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      const said = `${Math.floor(left / 3600)} h ${two(Math.floor(left / 60) % 60)} min ${two(left % 60)} s`;
      zone.textContent = zone.dataset.before ? `${zone.dataset.before} ${said}` : said;
      zone.hidden = false;
      if (left === 0) location.reload();
      else setTimeout(tick, (end - Date.now()) % 1000 || 1000);
    };
    if (Number(zone.dataset.left) > 0) tick();
  });
  document.querySelectorAll("[data-share]").forEach((button) => {
    if (!navigator.share) return;
    button.hidden = false;
    button.addEventListener("click", () => navigator.share({ text: button.dataset.share }).catch(() => {}));
  });
})();
