/** Filling in one slash command: a field for each option, suggestions above, errors in place. */

import { freshId, h, icon, iconButton } from "./dom.js";
import { OptionList } from "./listbox.js";
import {
  inOrder,
  isRemote,
  kindWord,
  localItems,
  matching,
  readFile,
  resolve,
  takesFile,
  toData,
} from "./options.js";

const DEBOUNCE_MS = 160;

/** Ask for one leaf's options inside `root`; `onDone` is told how it ended. */
export class CommandForm {
  constructor(app, root, leaf, { onDone, rest = "" }) {
    this.app = app;
    this.root = root;
    this.leaf = leaf;
    this.onDone = onDone;
    this.asked = 0;
    this.fields = inOrder(leaf.options)
      .filter((option) => option.required)
      .map((option) => this.field(option));
    if (rest && !this.fields.length && leaf.options.length)
      this.fields.push(this.field(leaf.options[0]));
    if (rest && this.fields.length) this.fields[0].text = rest;
    this.build();
  }

  field(option) {
    return { option, text: "", value: undefined, error: "", id: freshId("field") };
  }

  build() {
    this.list = new OptionList({ label: "Suggestions", onPick: (item) => this.pick(item) });
    this.list.onActive = (id) => this.input?.setAttribute("aria-activedescendant", id);
    this.hint = h("div", { class: "hint", id: freshId("hint"), "aria-live": "polite" });
    this.status = h("div", { class: "popup-note", role: "status", hidden: true });
    this.extras = h("div", { class: "extras" });
    this.box = h("div", { class: "suggest" }, this.hint, this.list.node, this.status, this.extras);
    this.pills = h("div", { class: "pills" });
    this.form = h(
      "form",
      { class: "bar command", "aria-label": `Command /${this.leaf.name}`, novalidate: true },
      iconButton("close", "Cancel command", () => this.onDone("cancelled"), {
        class: "icon-button bar-left",
      }),
      h(
        "div",
        { class: "command-row" },
        h("span", { class: "command-name" }, `/${this.leaf.name}`),
        this.pills,
      ),
      h(
        "button",
        { type: "submit", class: "icon-button send", title: "Send", "aria-label": "Send command" },
        icon("send"),
      ),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener("keydown", (event) => this.key(event));
    this.root.replaceChildren(this.box, this.form);
    this.drawPills();
    this.showList(null);
    this.focus(this.fields[0]);
  }

  drawPills() {
    this.pills.replaceChildren(...this.fields.map((field) => this.pill(field)));
    const left = this.optionalLeft();
    this.extras.hidden = !left.length;
    this.extras.replaceChildren(
      h("span", { class: "extras-word" }, "Optional"),
      ...left.map((option) =>
        h(
          "button",
          {
            type: "button",
            class: "tag chip",
            title: option.description,
            "aria-label": `Add option ${option.name}: ${option.description}`,
            on: { click: () => this.add(option) },
          },
          icon("plus"),
          option.name,
        ),
      ),
    );
    if (!this.fields.length)
      this.pills.append(
        h("input", {
          class: "end",
          readonly: true,
          "aria-label": `/${this.leaf.name}: Enter sends`,
          placeholder: left.length ? "Enter sends, or add an option" : "Enter sends",
        }),
      );
  }

  optionalLeft() {
    const used = new Set(this.fields.map((field) => field.option.name));
    return this.leaf.options.filter((option) => !used.has(option.name));
  }

  pill(field) {
    const { option } = field;
    if (takesFile(option)) return this.filePill(field);
    const input = h("input", {
      type: "text",
      id: field.id,
      value: field.text,
      autocomplete: "off",
      spellcheck: "false",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.node.id,
      "aria-describedby": this.hint.id,
      "aria-required": String(Boolean(option.required)),
      enterkeyhint: "send",
      inputmode: option.type === 4 ? "numeric" : option.type === 10 ? "decimal" : null,
    });
    field.input = input;
    field.node = h(
      "div",
      { class: field.error ? "pill-field wrong" : "pill-field" },
      h("label", { for: field.id }, option.name),
      input,
    );
    this.fit(field);
    input.addEventListener("focus", () => this.entered(field));
    input.addEventListener("blur", () => this.left(field));
    input.addEventListener("input", () => {
      field.text = input.value;
      field.value = undefined;
      field.loose = false;
      this.fit(field);
      if (field.error) this.check(field);
      this.tellHint(field);
      this.suggest(field, DEBOUNCE_MS);
    });
    return field.node;
  }

  filePill(field) {
    const { option } = field;
    const input = h("input", {
      type: "file",
      id: field.id,
      "aria-describedby": this.hint.id,
      "aria-required": String(Boolean(option.required)),
    });
    field.input = input;
    const name = h("span", { class: "file-name" }, field.text);
    field.node = h("div", { class: "pill-field" }, h("label", { for: field.id }, option.name), input);
    // A field that is drawn anew has forgotten its file's name; the value is kept.
    if (field.text) field.node.append(name);
    input.addEventListener("focus", () => this.entered(field));
    input.addEventListener("change", async () => {
      const [file] = input.files;
      const { value, error = "" } = file ? await readFile(file) : {};
      field.value = value;
      field.text = value ? file.name : "";
      field.error = error;
      field.node.classList.toggle("wrong", Boolean(error));
      name.remove();
      this.tellHint(field);
    });
    return field.node;
  }

  fit(field) {
    field.input.size = Math.max(6, Math.min(44, [...field.text].length + 1));
  }

  add(option) {
    const field = this.field(option);
    this.fields.push(field);
    this.drawPills();
    this.focus(field);
  }

  focus(field) {
    const target = field?.input ?? this.pills.querySelector("input");
    target?.focus();
    if (target?.type !== "file")
      target?.setSelectionRange?.(target.value.length, target.value.length);
  }

  entered(field) {
    this.current = field;
    this.input = field.input;
    this.tellHint(field);
    if (field.value === undefined) this.suggest(field, 0);
    else this.showList(null);
  }

  left(field) {
    if (field.text.trim()) this.check(field);
    field.input.setAttribute("aria-expanded", "false");
  }

  tellHint(field) {
    const { option } = field;
    this.hint.replaceChildren(
      h("b", {}, option.name),
      " ",
      h("span", {}, option.description),
      h("span", { class: "hint-kind" }, kindWord(option)),
      field.error ? h("span", { class: "hint-error" }, icon("warn"), field.error) : "",
    );
  }

  check(field) {
    const { error = "" } = resolve(field, this.app.state);
    field.error = error;
    field.node.classList.toggle("wrong", Boolean(error));
    field.input.setAttribute("aria-invalid", String(Boolean(error)));
    if (field === this.current) this.tellHint(field);
    return !error;
  }

  suggest(field, wait) {
    clearTimeout(this.timer);
    // Each question makes all earlier ones stale, so a late answer can never replace a newer one.
    this.asked += 1;
    const mine = this.asked;
    const local = localItems(field.option, this.app.state);
    if (local) {
      this.showList(matching(local, field.text), "No options match your search");
    } else if (isRemote(field.option)) {
      // Until the bot answers, only what still fits can be picked from the earlier answer.
      const still = matching(field.offered ?? [], field.text);
      if (still.length) this.showList(still);
      else this.showNote("Loading options…");
      this.timer = setTimeout(() => this.askBot(field, mine), wait);
    } else {
      this.showList(null);
    }
  }

  async askBot(field, mine) {
    const options = toData(this.leaf, this.fields, this.app.state, field);
    let shown;
    let word = "No options match your search";
    try {
      const answer = await this.app.ask("autocomplete", {
        channel_id: this.app.state.current,
        command_id: this.leaf.command.id,
        options,
      });
      shown = answer.choices.map((choice) => ({ value: choice.value, label: choice.name }));
    } catch (error) {
      shown = [];
      word = /loading options/i.test(error.message) ? error.message : "Loading options failed";
    }
    if (mine !== this.asked || field !== this.current || !this.form.isConnected) return;
    field.offered = shown;
    this.showList(shown, word);
  }

  showList(items, word = "") {
    this.list.show(items ?? []);
    const some = Boolean(items?.length);
    this.list.node.hidden = !some;
    this.input?.setAttribute("aria-expanded", String(some));
    this.status.hidden = some || !items;
    this.status.textContent = this.status.hidden ? "" : word;
  }

  showNote(word) {
    this.list.node.hidden = true;
    this.status.hidden = false;
    this.status.textContent = word;
  }

  pick(item) {
    const field = this.current;
    if (!field) return;
    clearTimeout(this.timer);
    this.asked += 1;
    field.value = item.value;
    field.text = item.label;
    field.input.value = item.label;
    this.fit(field);
    this.check(field);
    this.showList(null);
    const next = this.fields.find(
      (one) => one.option.required && one.value === undefined && !one.text.trim(),
    );
    this.focus(next ?? field);
  }

  key(event) {
    const open = !this.list.node.hidden;
    const field = this.fields.find((one) => one.input === event.target);
    if (field && open && this.list.key(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      if (open) this.showList(null);
      else this.onDone("cancelled");
    } else if (
      field &&
      open &&
      (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey && field.text)) &&
      this.list.active >= 0
    ) {
      event.preventDefault();
      this.list.pick();
    } else if (event.key === "Backspace" && event.target.value === "") {
      this.stepBack(event, field);
    }
  }

  stepBack(event, field) {
    event.preventDefault();
    const at = this.fields.indexOf(field);
    if (field && !field.option.required) {
      this.fields.splice(at, 1);
      this.drawPills();
      this.focus(this.fields[at - 1]);
    } else if (at > 0) {
      this.focus(this.fields[at - 1]);
    } else {
      this.onDone("back");
    }
  }

  async submit() {
    const wrong = this.fields.filter((field) => !this.check(field));
    if (wrong.length) {
      this.focus(wrong[0]);
      this.entered(wrong[0]);
      this.showList(null);
      return;
    }
    try {
      await this.app.runCommand(this.leaf, toData(this.leaf, this.fields, this.app.state));
      this.onDone("sent");
    } catch (error) {
      this.app.complain(error);
    }
  }
}
