/** Lists to choose from: one keyboard and one look for menus, selects and suggestions. */

import { clamp, freshId, h, icon } from "./dom.js";

const SEARCH_FROM = 8;
const LEAST_WIDTH_PX = 330;
const MOST_HEIGHT_PX = 640;

/** Show options and tell which is active; the input that drives it keeps the focus. */
export class OptionList {
  constructor({ label, onPick, multi = false }) {
    this.onPick = onPick;
    this.items = [];
    this.active = -1;
    this.node = h("div", {
      role: "listbox",
      id: freshId("list"),
      class: "options",
      "aria-label": label,
      "aria-multiselectable": multi ? "true" : null,
    });
  }

  /** Show these items; `item.group` starts a heading where it changes. */
  show(items, active = 0) {
    this.items = items;
    this.node.replaceChildren();
    let group;
    let holder = this.node;
    items.forEach((item, index) => {
      if (item.group && item.group !== group) {
        const heading = h("div", { class: "options-group", id: freshId("group") }, item.group);
        holder = h("div", { role: "group", "aria-labelledby": heading.id }, heading);
        this.node.append(holder);
      }
      group = item.group;
      item.node = this.row(item, index);
      (item.group ? holder : this.node).append(item.node);
    });
    this.move(items.length ? clamp(active, -1, items.length - 1) : -1);
  }

  row(item, index) {
    const row = h("div", {
      role: "option",
      id: freshId("option"),
      class: "option",
      "aria-selected": item.selected ? "true" : "false",
      "aria-disabled": item.disabled ? "true" : null,
      on: {
        pointerdown: (event) => event.preventDefault(),
        click: () => this.pick(index),
        // A list that opens under a mouse at rest is not pointed at.
        pointermove: (event) =>
          (event.movementX || event.movementY) && this.active !== index && this.move(index, false),
      },
    });
    row.append(
      h("span", { class: "option-mark" }, item.emoji ?? (item.icon ? icon(item.icon) : null)),
    );
    row.append(
      h(
        "span",
        { class: "option-text" },
        h("span", { class: "option-label" }, item.label),
        item.description ? h("span", { class: "option-description" }, item.description) : null,
      ),
    );
    if (item.aside) row.append(h("span", { class: "option-aside" }, item.aside));
    if (item.checkable) row.append(h("span", { class: "option-check" }, icon("check")));
    return row;
  }

  move(index, scroll = true) {
    this.items[this.active]?.node?.classList.remove("active");
    this.active = index;
    const node = this.items[index]?.node;
    node?.classList.add("active");
    if (scroll && node) node.scrollIntoView({ block: "nearest" });
    this.onActive?.(node?.id ?? "");
  }

  step(by) {
    if (this.items.length) this.move((this.active + by + this.items.length) % this.items.length);
  }

  pick(index = this.active) {
    const item = this.items[index];
    if (!item || item.disabled) return false;
    this.move(index);
    this.onPick(item);
    return true;
  }

  /** Take a key that belongs to a list; tells whether it was one. */
  key(event) {
    const far = this.items.length - 1;
    const moves = {
      ArrowDown: () => this.step(1),
      ArrowUp: () => this.step(-1),
      PageDown: () => this.move(Math.min(far, this.active + 8)),
      PageUp: () => this.move(Math.max(0, this.active - 8)),
    };
    if (!moves[event.key] || !this.items.length) return false;
    event.preventDefault();
    moves[event.key]();
    return true;
  }
}

/** Open a floating list under an anchor; `onPick` gets the chosen values. */
export function openList(anchor, options) {
  const {
    label,
    items,
    multi = false,
    min = 1,
    max = 1,
    onPick,
    search = items.length >= SEARCH_FROM,
  } = options;
  const chosen = new Set(items.filter((item) => item.selected).map((item) => item.value));
  const before = [...chosen].join("\n");
  const list = new OptionList({ label, multi, onPick: pick });
  const box = h("div", { class: "popup", popover: "auto", role: "dialog", "aria-label": label });
  const input = h("input", {
    class: "popup-search",
    type: "text",
    role: "combobox",
    placeholder: "Search",
    autocomplete: "off",
    "aria-label": `Search ${label}`,
    "aria-controls": list.node.id,
    "aria-expanded": "true",
    "aria-autocomplete": "list",
  });
  const note = h("div", { class: "popup-note", role: "status" });
  const driver = search ? input : list.node;
  let typed = "";

  function visible() {
    const words = input.value.trim().toLowerCase();
    return items.filter(
      (item) => !words || `${item.label} ${item.description ?? ""}`.toLowerCase().includes(words),
    );
  }

  function draw(active) {
    const shown = visible().map((item) => ({
      ...item,
      selected: chosen.has(item.value),
      checkable: multi,
    }));
    const first = shown.findIndex((item) => item.selected);
    list.show(shown, active ?? Math.max(0, first));
    note.textContent = shown.length ? hint() : "No results. Try other words.";
    note.hidden = !note.textContent;
  }

  function hint() {
    if (!multi) return "";
    return min === max ? `Choose ${min}` : `Choose ${min} to ${max}`;
  }

  function pick(item) {
    if (!multi) {
      // What need not be chosen is let go by choosing it again.
      const again = min === 0 && chosen.has(item.value);
      chosen.clear();
      if (!again) chosen.add(item.value);
      close();
      return;
    }
    if (chosen.has(item.value)) chosen.delete(item.value);
    else if (chosen.size < max) chosen.add(item.value);
    draw(list.active);
  }

  function close() {
    box.hidePopover();
  }

  function closed() {
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (document.activeElement === document.body || document.activeElement === null) anchor.focus();
    const values = items.filter((item) => chosen.has(item.value)).map((item) => item.value);
    const changed = multi ? values.join("\n") !== before : picked;
    if (changed && values.length >= min) onPick(values);
  }

  let picked = false;
  const rawPick = list.onPick;
  list.onPick = (item) => {
    picked = true;
    rawPick(item);
  };
  list.onActive = (id) => driver.setAttribute("aria-activedescendant", id);
  driver.addEventListener("keydown", (event) => {
    if (list.key(event)) return;
    if (event.key === "Enter" || (event.key === " " && !search)) {
      event.preventDefault();
      list.pick();
    } else if (event.key === "Tab") {
      close();
    } else if (!search && event.key.length === 1) {
      typed = `${typed}${event.key.toLowerCase()}`;
      setTimeout(() => {
        typed = "";
      }, 700);
      const at = list.items.findIndex((item) => item.label.toLowerCase().startsWith(typed));
      if (at >= 0) list.move(at);
    }
  });
  input.addEventListener("input", () => draw());
  if (search) box.append(h("div", { class: "popup-head" }, icon("search"), input));
  else list.node.tabIndex = 0;
  box.append(list.node, note);
  // A modal dialog makes all outside it inert, so a list of its fields has to live inside it.
  (anchor.closest("dialog") ?? document.body).append(box);
  box.addEventListener("toggle", (event) => event.newState === "closed" && closed());
  draw();
  box.showPopover();
  place(box, anchor);
  anchor.setAttribute("aria-expanded", "true");
  driver.focus();
  return close;
}

/** Put a floating box below its anchor, or above where there is more room. */
export function place(box, anchor) {
  const spot = anchor.getBoundingClientRect();
  const below = window.innerHeight - spot.bottom - 12;
  const above = spot.top - 12;
  const up = below < Math.min(260, box.scrollHeight) && above > below;
  const width = Math.min(Math.max(spot.width, LEAST_WIDTH_PX), window.innerWidth - 16);
  box.style.setProperty("--w", `${width}px`);
  box.style.setProperty("--x", `${clamp(spot.left, 8, window.innerWidth - width - 8)}px`);
  box.style.setProperty("--room", `${Math.min(MOST_HEIGHT_PX, up ? above : below)}px`);
  box.style.setProperty("--top", up ? "auto" : `${spot.bottom + 4}px`);
  box.style.setProperty("--bottom", up ? `${window.innerHeight - spot.top + 4}px` : "auto");
}

/** Open a short menu of actions. */
export function openMenu(anchor, label, actions) {
  const items = actions.map((action, index) => ({ ...action, value: String(index) }));
  openList(anchor, { label, items, search: false, onPick: ([at]) => actions[Number(at)].run() });
}
