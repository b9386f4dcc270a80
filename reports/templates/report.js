(() => {
  "use strict";
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const copy = document.getElementById("copy");
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("command").textContent);
      copy.textContent = "Copied";
    });
  }
  const chart = document.getElementById("chart");
  if (!chart) return;

  for (const box of document.querySelectorAll("input.shown")) {
    box.hidden = false;
    box.addEventListener("change", () => {
      for (const group of chart.querySelectorAll(`g[data-series="${box.dataset.series}"]`))
        group.classList.toggle("off", !box.checked);
    });
  }

  const cursor = document.getElementById("cursor");
  const tip = document.getElementById("tip");
  const slots = figures.labels.length;
  const width = chart.viewBox.baseVal.width;
  let at = -1;

  const show = (slot) => {
    at = Math.max(0, Math.min(slots - 1, slot));
    const x = figures.left + ((at + 0.5) / slots) * (figures.right - figures.left);
    cursor.setAttribute("transform", `translate(${x} 0)`);
    cursor.removeAttribute("hidden");
    const table = document.createElement("table");
    const head = table.insertRow().appendChild(document.createElement("th"));
    head.colSpan = 2;
    head.textContent = figures.labels[at];
    figures.names.forEach((name, index) => {
      const row = table.insertRow();
      row.appendChild(document.createElement("th")).textContent = name;
      const value = figures.values[index][at];
      row.insertCell().textContent = value === null ? "–" : value.toLocaleString("en");
    });
    tip.replaceChildren(table);
    tip.hidden = false;
    const pixel = (x / width) * chart.clientWidth;
    const room = chart.clientWidth - pixel > tip.offsetWidth + 24;
    tip.style.left = `${room ? pixel + 12 : pixel - tip.offsetWidth - 12}px`;
  };
  const hide = () => {
    cursor.setAttribute("hidden", "");
    tip.hidden = true;
  };

  chart.addEventListener("pointermove", (event) => {
    const x = ((event.clientX - chart.getBoundingClientRect().left) / chart.clientWidth) * width;
    const share = (x - figures.left) / (figures.right - figures.left);
    share < 0 || share > 1 ? hide() : show(Math.floor(share * slots));
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at + step);
  });
})();
