// A click on a heading sorts the rows of a table of scores; rows without a number stay last.
for (const table of document.querySelectorAll("table.scores")) {
  const headings = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  headings.forEach((heading, at) => heading.addEventListener("click", () => {
    const down = heading.getAttribute("aria-sort") !== "descending";
    const sign = down ? -1 : 1;
    const numbers = heading.classList.contains("number");
    const read = (row) => {
      const cell = row.cells[at];
      if (!numbers) return cell.textContent.replace("★", "").trim();
      return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
    };
    const rows = [...body.rows].map((row) => [read(row), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (numbers ? a - b : a.localeCompare(b, "en", { numeric: true }));
    });
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map(([, row]) => row));
  }));
}
