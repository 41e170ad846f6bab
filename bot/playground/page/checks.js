/** What should follow each trouble, and whether it did: a line that turns green or red. */

import { h, icon } from "./dom.js";

const MARKS = { waiting: null, good: "check", bad: "warn", idle: "eye" };
const WORDS = {
  waiting: "Watching",
  good: "It happened",
  bad: "It did not happen",
  idle: "Nothing to see",
};
const SHOWN = 4;

/** Keep the checks inside `root`, newest first. */
export class Checks {
  constructor(state, root) {
    this.root = root;
    this.rows = new Map();
    this.list = h("ul", {});
    root.append(h("h3", {}, "Checks"), this.list);
    state.on("loaded", () => {
      this.rows.clear();
      for (const check of state.checks) this.put(check, false);
      this.draw();
    });
    state.on("check", (check) => this.put(check));
    this.draw();
  }

  put(check, told = true) {
    this.rows.set(check.id, check);
    if (!told) return;
    this.draw();
    if (check.state !== "waiting")
      document.getElementById("news").textContent = `${WORDS[check.state]}: ${check.found}`;
  }

  draw() {
    const shown = [...this.rows.values()].slice(-SHOWN).reverse();
    this.root.hidden = !shown.length;
    this.list.replaceChildren(...shown.map(row));
  }
}

function row(check) {
  const mark = MARKS[check.state];
  return h(
    "li",
    { class: `check-row ${check.state}`, data: { check: check.kind } },
    h(
      "span",
      { class: "check-mark", title: WORDS[check.state] },
      mark ? icon(mark) : h("span", { class: "spin", "aria-hidden": "true" }),
      h("span", { class: "sr" }, WORDS[check.state]),
    ),
    h("div", {}, h("p", {}, check.says), check.found ? h("p", { class: "found" }, check.found) : ""),
  );
}
