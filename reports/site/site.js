// A click on a heading sorts the rows of a table of scores from the best down, a second one turns
// the order; rows without a number stay last.
for (const table of document.querySelectorAll("table.scores")) {
  const headings = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  headings.forEach((heading, at) => heading.addEventListener("click", () => {
    const numbers = heading.classList.contains("number");
    const first = numbers && heading.dataset.best !== "lowest" ? "descending" : "ascending";
    const second = first === "descending" ? "ascending" : "descending";
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    const sign = order === "descending" ? -1 : 1;
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
    heading.setAttribute("aria-sort", order);
    body.append(...rows.map(([, row]) => row));
  }));
}

// Answers are shown a page at a time, all of them or those of one kind.
const PAGE = 10;
const KINDS = { all: "All", right: "Right", wrong: "Wrong", cut: "Cut" };
for (const answers of document.querySelectorAll(".answers")) {
  const rows = [...answers.querySelectorAll("tbody tr")];
  const of = (kind) => rows.filter((row) => kind === "all" || row.dataset.kinds.split(" ").includes(kind));
  const bar = document.createElement("div");
  bar.className = "bar";
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    bar.append(made);
    return made;
  };
  let kind = "all";
  let start = 0;
  const choices = Object.keys(KINDS).filter((name) => of(name).length).map((name) =>
    [name, button(`${KINDS[name]} ${of(name).length}`, () => { kind = name; start = 0; show(); })]);
  const back = button("‹ previous", () => { start -= PAGE; show(); });
  const where = document.createElement("span");
  where.setAttribute("aria-live", "polite");
  bar.append(where);
  const on = button("next ›", () => { start += PAGE; show(); });
  const show = () => {
    const some = of(kind);
    const here = new Set(some.slice(start, start + PAGE));
    rows.forEach((row) => { row.hidden = !here.has(row); });
    where.textContent = `${start + 1}–${start + here.size} of ${some.length}`;
    back.disabled = start === 0;
    on.disabled = start + PAGE >= some.length;
    choices.forEach(([name, made]) => made.setAttribute("aria-pressed", String(name === kind)));
  };
  answers.prepend(bar);
  show();
}
