/* Leaves for the bank at once, except for who came back here by the browser's back button: they choose. */
(() => {
  "use strict";
  addEventListener("pageshow", (event) => {
    const [arrival] = performance.getEntriesByType("navigation");
    if (!event.persisted && arrival?.type !== "back_forward") document.getElementById("bank-form").submit();
  });
})();
