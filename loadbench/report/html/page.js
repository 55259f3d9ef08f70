"use strict";
(() => {
  const MISSING = new Set(["", "\u2013", "-", "N/A", "not stated"]);
  const UNITS = {
    K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
    kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, ns: 1e-9, "\u00b5s": 1e-6, us: 1e-6, ms: 1e-3, min: 60, h: 3600,
  };
  const NUMBER = /^[\u2248~<>\u2264\u2265\u00b1\u00d7#\s]*([-\u2212+]?)(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([A-Za-z\u00b5]*)/;
  const byWords = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const fewest = { sorted: 2, filtered: 6 };

  const make = (tag, properties = {}, ...inside) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...inside);
    return element;
  };

  const spoken = make("p", { className: "spoken" });
  spoken.setAttribute("role", "status");
  document.body.append(spoken);

  // Light and dark: as the system has it, until the button is used.
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const toggle = make("button", { type: "button", textContent: "Dark theme" });
  const showTheme = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();
  document.querySelector("header").append(toggle);

  // The number that a cell begins with, such as 8388608 for "8M" and 1.04 for "1.04 [0.96, 1.14]"; null for none.
  const numberOf = (text) => {
    const found = NUMBER.exec(text);
    if (!found) return null;
    const value = Number(found[2].replaceAll(",", "")) * (UNITS[found[3]] ?? 1);
    return found[1] === "\u2212" || found[1] === "-" ? -value : value;
  };

  // What the cells of a column are compared by: numbers where every cell that says something begins with one.
  const keysOf = (rows, column) => {
    const texts = rows.map((row) => row.cells[column].textContent.trim());
    const numbers = texts.map(numberOf);
    const numeric = texts.every((text, index) => MISSING.has(text) || numbers[index] !== null);
    return texts.map((text, index) => (MISSING.has(text) ? null : numeric ? numbers[index] : text));
  };

  const compare = (one, other) => (typeof one === "number" ? one - other : byWords.compare(one, other));

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const sort = (column, direction) => {
      const keys = keysOf(rows, column);
      const order = rows.map((_, index) => index);
      if (direction !== "none") {
        const sign = direction === "ascending" ? 1 : -1;
        order.sort((a, b) => {
          if (keys[a] === null || keys[b] === null) return (keys[a] === null) - (keys[b] === null) || a - b;
          return sign * compare(keys[a], keys[b]) || a - b;
        });
      }
      body.append(...order.map((index) => rows[index]));
      heads.forEach((head, index) => {
        if (index === column && direction !== "none") head.setAttribute("aria-sort", direction);
        else head.removeAttribute("aria-sort");
      });
      const name = heads[column].textContent;
      spoken.textContent = direction === "none" ? "In the order of the report" : `Sorted by ${name}, ${direction}`;
    };
    const next = { null: "ascending", ascending: "descending", descending: "none" };
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", title: "Sort" }, ...head.childNodes);
      button.addEventListener("click", () => sort(column, next[head.getAttribute("aria-sort")]));
      head.append(button);
    });
  };

  const makeFilterable = (box, table) => {
    const rows = [...table.tBodies[0].rows];
    let texts = null;
    const input = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const shown = make("output", { textContent: `${rows.length} rows` });
    shown.setAttribute("aria-live", "polite");
    input.setAttribute("aria-label", `Filter ${box.getAttribute("aria-label")}`);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      texts ??= rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());
      let count = 0;
      rows.forEach((row, index) => {
        row.hidden = !words.every((word) => texts[index].includes(word));
        count += row.hidden ? 0 : 1;
      });
      shown.textContent = words.length ? `${count} of ${rows.length} rows` : `${rows.length} rows`;
    });
    const tools = make("div", { className: "tools" }, make("label", {}, "Filter ", input), shown);
    box.before(tools);
  };

  for (const box of document.querySelectorAll(".table")) {
    const table = box.querySelector("table");
    const count = table.tBodies[0].rows.length;
    if (count >= fewest.filtered) makeFilterable(box, table);
    if (count >= fewest.sorted) makeSortable(table);
  }

  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      if (!document.execCommand("copy")) return "Selected, copy it by hand";
    }
    return "Copied";
  };
  for (const code of document.querySelectorAll(".command code")) {
    const button = make("button", { type: "button", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", async () => {
      const done = await copy(code);
      button.textContent = spoken.textContent = done;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.closest(".command").append(button);
  }

  document.querySelectorAll("figure").forEach((figure, index) => {
    const button = make("button", { type: "button", textContent: "Save SVG" });
    button.addEventListener("click", () => {
      const theme = isDark() ? "dark" : "light";
      const image = figure.querySelector(`img.${theme}`);
      make("a", { href: image.src, download: `chart-${index + 1}-${theme}.svg` }).click();
    });
    figure.querySelector("figcaption").append(button);
  });
})();
