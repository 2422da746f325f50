"use strict";
// Sorting and filtering of the rows that are there already: without this the page still says everything.
(() => {
  const table = document.getElementById("all");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const form = document.getElementById("filters");
  const count = document.getElementById("shown");
  const tiles = [...document.querySelectorAll(".tiles button")];
  const points = [...document.querySelectorAll(".japan [data-s]")];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  form.hidden = false;

  const narrow = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["prefecture", "kind", "cloud", "outcome", "group"].map((name) => [name, form.elements[name]?.value]);
    const visible = new Set();
    for (const row of rows) {
      const fits = wanted.every(([name, value]) => !value || ` ${row.dataset[name]} `.includes(` ${value} `));
      row.hidden = !(fits && words.every((word) => texts.get(row).includes(word)));
      if (!row.hidden) visible.add(row.id.slice(2));
    }
    for (const point of points) point.setAttribute("opacity", visible.has(point.dataset.s) ? 1 : 0.12);
    for (const tile of tiles) tile.setAttribute("aria-pressed", tile.dataset.prefecture === form.elements.prefecture.value);
    count.textContent = count.dataset.text.replace("{}", visible.size).replace("{}", rows.length);
  };

  const compare = (column, numeric, sign) => (a, b) => {
    const [x, y] = [a, b].map((row) => row.cells[column].dataset.v ?? row.cells[column].textContent);
    return sign * (numeric ? Number(x) - Number(y) : x.localeCompare(y, document.documentElement.lang));
  };
  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    cell.querySelector("button")?.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort(compare(column, cell.classList.contains("n"), down ? -1 : 1));
      body.append(...rows);
    });
  });

  form.addEventListener("input", narrow);
  form.addEventListener("reset", () => setTimeout(narrow));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      const select = form.elements.prefecture;
      select.value = select.value === tile.dataset.prefecture ? "" : tile.dataset.prefecture;
      narrow();
    });
  }
  for (const link of document.querySelectorAll("a[data-pick]")) {
    link.addEventListener("click", () => {
      form.reset();
      form.elements.group.value = link.dataset.pick;
      setTimeout(narrow);
    });
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  narrow();
})();
