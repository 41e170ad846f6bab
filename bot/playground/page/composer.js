/** Where one writes: plain text, or a slash that opens the list of commands. */

import { freshId, h, icon, iconButton } from "./dom.js";
import { channelName } from "./components.js";
import { CommandForm } from "./command.js";
import { OptionList } from "./listbox.js";
import { findLeaves, groupOf, inOrder, leavesOf } from "./options.js";

/** Keep the writing bar inside `root`. */
export class Composer {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.form = null;
    app.state.on("went", () => this.went());
    app.state.on("loaded", () => this.went());
    document.addEventListener("keydown", (event) => this.wake(event));
  }

  /** Begin anew in another place; what was being written stays when the place did. */
  went() {
    const here = `${this.app.state.current} ${this.app.state.me}`;
    if (here === this.here && this.root.childElementCount) return;
    this.here = here;
    this.toText();
  }

  /** Show the bar for plain text, with words already in it. */
  toText(words = "", focus = false) {
    this.form = null;
    const { channel } = this.app.state;
    if (!this.app.state.isText(channel)) {
      this.root.replaceChildren(
        h(
          "div",
          { class: "bar still" },
          channel?.type === 15 ? "Open a post to read and answer in it." : "",
        ),
      );
      return;
    }
    this.list = new OptionList({
      label: "Slash commands",
      onPick: (item) => this.begin(item.leaf),
    });
    this.list.onActive = (id) => this.input?.setAttribute("aria-activedescendant", id);
    this.note = h("div", { class: "popup-note", role: "status", hidden: true });
    this.suggest = h("div", { class: "suggest", hidden: true }, this.list.node, this.note);
    const where = `${channel.type === 1 || channel.parent_id ? "" : "#"}${channelName(channel)}`;
    this.input = h("textarea", {
      rows: "1",
      id: freshId("write"),
      placeholder: `Message ${where}`,
      "aria-label": `Message ${where}. Type a slash for commands`,
      "aria-autocomplete": "list",
      "aria-controls": this.list.node.id,
      "aria-haspopup": "listbox",
      maxlength: "2000",
      enterkeyhint: "send",
    });
    this.input.value = words;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => {
      this.suggest.hidden = true;
    });
    this.input.addEventListener("focus", () => this.typed());
    const bar = h(
      "form",
      { class: "bar text", "aria-label": "Write a message" },
      iconButton(
        "slash",
        "Slash commands",
        () => {
          this.input.value = "/";
          this.input.focus();
          this.typed();
        },
        { class: "icon-button bar-left slash" },
      ),
      this.input,
      h(
        "button",
        { type: "submit", class: "icon-button send", title: "Send", "aria-label": "Send message" },
        icon("send"),
      ),
    );
    bar.addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter();
    });
    this.root.replaceChildren(this.suggest, bar);
    if (focus) this.input.focus();
    if (words && focus) this.typed();
  }

  focus() {
    this.root.querySelector("textarea, input")?.focus();
  }

  leaves() {
    return leavesOf(this.app.usableCommands());
  }

  typed() {
    const text = this.input.value;
    const slash = /^\/([^\n]*)$/.exec(text);
    if (!slash) {
      this.suggest.hidden = true;
      return;
    }
    const typed = slash[1];
    const leaves = this.leaves();
    const whole = leaves.find((leaf) => typed === `${leaf.name} `);
    if (whole) {
      this.begin(whole);
      return;
    }
    this.offer(leaves, typed);
  }

  offer(leaves, typed) {
    // Words after a whole command's name belong to its first option, as when a line is pasted.
    this.rest = "";
    let found = findLeaves(leaves, typed);
    const named =
      !found.length &&
      leaves.filter((leaf) => typed.toLowerCase().startsWith(`${leaf.name} `)).at(-1);
    if (named) {
      found = [named];
      this.rest = typed.slice(named.name.length + 1);
    }
    this.list.show(
      found.map((leaf) => ({
        leaf,
        label: `/${leaf.name}`,
        description: leaf.description,
        icon: "slash",
        group: groupOf(leaf),
        aside: inOrder(leaf.options)
          .slice(0, 3)
          .map((option) => (option.required ? option.name : `${option.name}?`))
          .join(" "),
      })),
    );
    this.list.node.hidden = !found.length;
    this.note.hidden = found.length > 0;
    this.note.textContent = found.length ? "" : this.emptyWord();
    this.suggest.hidden = false;
  }

  /** Open a command by its name, its first option filled in; gives whether there is one. */
  start(name, rest = "") {
    const leaf = this.leaves().find((one) => one.name === name);
    if (!leaf || !this.app.state.isText(this.app.state.channel)) return false;
    this.rest = rest;
    this.begin(leaf);
    return true;
  }

  emptyWord() {
    return this.app.state.commands.length
      ? "No command has that name. Backspace to see them all."
      : "Tagwire has registered no commands yet. It does so when it starts.";
  }

  begin(leaf) {
    const rest = this.rest ?? "";
    this.rest = "";
    this.form = new CommandForm(this.app, this.root, leaf, {
      rest,
      onDone: (how) => this.done(how, leaf),
    });
  }

  done(how, leaf) {
    this.toText(how === "back" ? `/${leaf.name}` : "", true);
  }

  key(event) {
    const open = !this.suggest.hidden && this.list.items.length > 0;
    if (open && this.list.key(event)) return;
    if (event.key === "Escape" && !this.suggest.hidden) {
      event.preventDefault();
      this.suggest.hidden = true;
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.list.pick();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (open) this.list.pick();
      else this.enter();
    }
  }

  async enter() {
    const text = this.input.value.trim();
    if (!text) return;
    if (!this.suggest.hidden && this.list.items.length) {
      this.list.pick();
      return;
    }
    this.input.value = "";
    try {
      await this.app.ask("say", { channel_id: this.app.state.current, text });
    } catch (error) {
      this.input.value ||= text;
      this.app.complain(error);
    }
  }

  /** Take a letter typed anywhere on the page, as the reader expects to write at once. */
  wake(event) {
    const busy =
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.key.length !== 1 ||
      event.key === " ";
    const free =
      document.activeElement === document.body ||
      document.activeElement?.matches(".scroll, .message");
    if (!busy && free && !document.querySelector("dialog[open], [popover]:popover-open"))
      this.focus();
  }
}
