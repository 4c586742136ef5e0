"use strict";
(() => {
  const root = document.documentElement;
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const toggle = () => { root.dataset.theme = dark() ? "light" : "dark"; };
  document.getElementById("theme").addEventListener("click", toggle);

  // Sections: the one that is being read is the last whose top has passed the upper edge.
  const sections = [...document.querySelectorAll("main > section")];
  const walk = (by) => {
    const passed = sections.filter((section) => section.getBoundingClientRect().top < 80).length - 1;
    const next = sections[Math.max(0, Math.min(sections.length - 1, passed + by))];
    next.focus({ preventScroll: true });
    next.scrollIntoView();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "t") toggle();
    if (event.key === "j") walk(1);
    if (event.key === "k") walk(-1);
  });

  // Tables: by the number of a cell where it has one, else by its words; missing numbers last.
  const key = (row, column) => {
    const cell = row.cells[column];
    if (!cell.classList.contains("n")) return cell.textContent;
    return "v" in cell.dataset ? Number(cell.dataset.v) : null;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "string" ? a.localeCompare(b) : a - b;
  };
  for (const head of document.querySelectorAll("table.sortable th")) {
    head.querySelector("button").addEventListener("click", () => {
      const body = head.closest("table").tBodies[0];
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].map((row) => [key(row, head.cellIndex), row]);
      rows.sort(([a], [b]) => a === null || b === null || up ? compare(a, b) : compare(b, a));
      body.append(...rows.map(([, row]) => row));
    });
  }
})();
