/** "What just happened": the way from a click to an answer, step by step, newest action first. */

import { Checks } from "./checks.js";
import { h, icon, iconButton } from "./dom.js";
import { nameOf } from "./components.js";

const LONGEST_NAME = 22;
const GAP_MS = 1500;
const NOTHING_NEW = / → 304$/;
const KEPT_GROUPS = 40;
const SUGGESTIONS = "autocomplete";
const ICONS = {
  interaction: "bolt",
  autocomplete: "search",
  query: "search",
  store: "file",
  rest: "send",
  gateway: "link",
  feed: "rss",
  post: "megaphone",
  trouble: "warn",
};
const WORDS = {
  interaction: "Interaction",
  autocomplete: "Suggestions",
  query: "Query",
  store: "SQL",
  rest: "REST",
  gateway: "Gateway",
  feed: "Feed",
  post: "Post",
  trouble: "Trouble",
};

/** Keep the side panel inside `root`. */
export class Panel {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.groups = [];
    this.polls = 0;
    this.quiet = h("p", { class: "quiet" });
    this.checks = h("section", { class: "checks", "aria-label": "What should follow" });
    this.list = h("div", {
      class: "trace",
      tabindex: "0",
      role: "region",
      "aria-label": "Steps of the last actions",
    });
    root.append(
      h(
        "div",
        { class: "panel-head" },
        h("h2", {}, "What just happened"),
        iconButton("close", "Close panel", () => app.showPanel(false)),
      ),
      this.quiet,
      this.checks,
      this.list,
    );
    new Checks(app.state, this.checks);
    app.state.on("trace", (entry) => this.add(entry));
    this.drawEmpty();
  }

  drawEmpty() {
    this.list.replaceChildren(
      h(
        "div",
        { class: "empty" },
        icon("bolt"),
        h(
          "p",
          {},
          "Use a command, press a button or publish an item. Each step that follows shows up here.",
        ),
      ),
    );
  }

  load(entries) {
    this.groups = [];
    this.polls = 0;
    this.list.replaceChildren();
    for (const entry of entries) this.add(entry);
    if (!this.groups.length) this.drawEmpty();
  }

  /** Count a look at the feed that found nothing new: a sign of life, not a step. */
  countPoll(at) {
    this.polls += 1;
    const clock = new Date(at).toLocaleTimeString();
    this.quiet.textContent = `Feed: nothing new ${this.polls}×, last at ${clock}`;
  }

  add(told) {
    const entry = { ...told, text: this.named(told.text) };
    const at = new Date(entry.at).getTime();
    if (entry.kind === "feed" && NOTHING_NEW.test(entry.text)) {
      this.countPoll(at);
      return;
    }
    // What belongs to an action is told under it, however late it comes.
    const own = entry.of && this.groups.findLast((one) => one.of === entry.of);
    if (own && (entry.of !== SUGGESTIONS || own === this.groups.at(-1))) {
      own.rows.append(this.row(entry, at - own.first));
      own.last = at;
      own.alone = false;
      return;
    }
    let group = this.groups.at(-1);
    if (group?.alone && group.text === entry.text) {
      group.again(at);
      return;
    }
    if (!group) this.list.replaceChildren();
    const first =
      !group ||
      entry.of ||
      group.of ||
      at - group.last > GAP_MS ||
      (entry.kind === "interaction" && group.lastKind !== "interaction");
    if (first) group = this.begin(entry, at);
    group.last = at;
    group.lastKind = entry.kind;
    group.of = entry.of;
    group.alone = first;
    // The head of a group is its first entry's text already; it has a row for what lies below it.
    if (!first) group.rows.append(this.row(entry, at - group.first));
    else if (detailText(entry.detail))
      group.rows.append(this.row({ ...entry, text: "Details" }, 0));
  }

  /** Say a channel's, person's or role's name for its number, and shorten what has none. */
  named(text) {
    const { channels, users, roles } = this.app.state;
    return text.replace(/\d{17,20}/g, (id) => {
      const channel = channels.get(id)?.name;
      const role = roles.find((one) => one.id === id)?.name;
      const name = channel ?? role ?? (users.has(id) ? nameOf(users.get(id)) : null);
      if (!name) return `…${id.slice(-4)}`;
      const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
      return `${channel ? "#" : "@"}${short.replace(/^@/, "")}`;
    });
  }

  begin(entry, at) {
    const rows = h("ol", { class: "steps" });
    const clock = h("time", { datetime: entry.at }, new Date(at).toLocaleTimeString());
    const node = h(
      "section",
      { class: "steps-group" },
      h(
        "h3",
        {},
        h(
          "span",
          { class: `step-kind kind-${entry.kind}` },
          icon(ICONS[entry.kind] ?? "link"),
          h("span", { class: "sr" }, WORDS[entry.kind] ?? entry.kind),
        ),
        h("span", { class: "steps-name" }, entry.text),
        clock,
      ),
      rows,
    );
    const group = { node, rows, first: at, text: entry.text, times: 1 };
    // A feed that is asked every few seconds and has nothing new is one line with a count.
    group.again = (now) => {
      group.times += 1;
      group.last = now;
      clock.textContent = `${new Date(now).toLocaleTimeString()} · ${group.times}×`;
    };
    this.groups.push(group);
    this.list.prepend(node);
    while (this.groups.length > KEPT_GROUPS) this.groups.shift().node.remove();
    return group;
  }

  row(entry, after) {
    const limit = entry.detail?.["rate limit"];
    const line = [
      h(
        "span",
        { class: `step-kind kind-${entry.kind}` },
        icon(ICONS[entry.kind] ?? "link"),
        WORDS[entry.kind] ?? entry.kind,
      ),
      h(
        "span",
        { class: "step-text" },
        entry.text,
        limit ? h("span", { class: "step-limit" }, limit) : null,
      ),
      h("span", { class: "step-after" }, `+${after} ms`),
    ];
    const detail = detailText(entry.detail);
    if (!detail) return h("li", { class: "step" }, h("div", { class: "step-line" }, line));
    return h(
      "li",
      { class: "step" },
      h(
        "details",
        {},
        h("summary", { class: "step-line" }, line),
        h("pre", { tabindex: "0" }, detail),
      ),
    );
  }
}

function detailText(detail) {
  if (detail === null || detail === undefined || detail === "") return "";
  if (typeof detail === "string") return detail;
  const lines = Object.entries(detail).map(
    ([name, value]) =>
      `${name}: ${typeof value === "object" ? JSON.stringify(value, null, 2) : value}`,
  );
  return lines.join("\n");
}
