/** The two ends of a message list: how a channel begins, and answers still under way. */

import { h, icon } from "./dom.js";
import { channelIcon, channelName, nameOf } from "./components.js";
import { avatar, thinking } from "./message.js";

const THREADS = [10, 11, 12];

/** Say that there is more above. */
export function olderNote() {
  return h("div", { class: "older", role: "status" }, "Older messages load as you scroll up");
}

const STARTERS = [
  ["tag", "UN", "Read what carries a tag"],
  ["search", "harbour", "Search every word of the archive"],
  ["latest", "", "See what came in last"],
  ["subscription add", "", "Have new articles posted in a channel"],
];

/** Offer first steps: commands ready to send, and the tour. */
function starters(app) {
  const names = new Set(app.composer.leaves().map((leaf) => leaf.name));
  const usable = STARTERS.filter(([name]) => names.has(name));
  if (!usable.length)
    return h("p", { role: "status" }, "Tagwire is starting; its commands are here in a moment.");
  return h(
    "ul",
    { class: "starters", "aria-label": "First steps" },
    usable.map(([name, rest, words]) =>
      starter("slash", `/${name}${rest ? ` ${rest}` : ""}`, words, () =>
        app.composer.start(name, rest),
      ),
    ),
    starter("help", "Guided tour", "Ten steps; leave it at any of them", () => app.startTour()),
  );
}

function starter(mark, name, words, run) {
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "starter", on: { click: run } },
      icon(mark),
      h("span", {}, h("b", {}, name), h("span", {}, words)),
    ),
  );
}

/** Draw the head of a channel that is read to its start; an empty one offers first steps. */
export function welcome(channel, state, app, empty) {
  const name = channelName(channel);
  const place = THREADS.includes(channel?.type) || channel?.type === 1;
  const start = `This is the start of #${name}. Type / to see what Tagwire can do.`;
  return h(
    "div",
    { class: "welcome" },
    h("span", { class: "welcome-mark" }, icon(channelIcon(channel))),
    h("h2", {}, place ? name : `Welcome to #${name}`),
    h("p", {}, place ? "The start of this conversation." : channel?.topic || start),
    tagsOf(channel, state),
    empty && channel?.type === 0 ? starters(app) : null,
  );
}

/** Draw a forum post's tags. */
export function tagsOf(channel, state) {
  const forum = state.channels.get(channel?.parent_id);
  const tags = (channel?.applied_tags ?? [])
    .map((id) => forum?.available_tags?.find((tag) => tag.id === id))
    .filter(Boolean);
  return tags.length
    ? h(
        "span",
        { class: "tags" },
        tags.map((tag) =>
          h("span", { class: "tag" }, tag.emoji_name ? `${tag.emoji_name} ` : "", tag.name),
        ),
      )
    : null;
}

/** Draw an interaction that has no message yet: sent, thought about, or failed. */
export function pendingRow(id, row, state) {
  const bot = state.bot.user;
  const failed = row.state === "failed";
  const alone = row.ephemeral || failed;
  return h(
    "li",
    { class: `message pending-row${alone ? " ephemeral" : ""}` },
    row.name ? usedLine(row, state) : "",
    h("div", { class: "message-side" }, avatar(bot)),
    h(
      "div",
      { class: "message-body" },
      h(
        "div",
        { class: "message-head" },
        h("span", { class: "author" }, nameOf(bot)),
        h("span", { class: "badge" }, "APP"),
      ),
      failed ? failure(row, () => state.removePending(id)) : waiting(row, bot),
    ),
  );
}

function usedLine(row, state) {
  return h(
    "div",
    { class: "used" },
    avatar(state.person, "tiny"),
    h("span", { class: "used-name" }, nameOf(state.person)),
    " used ",
    h("span", { class: "used-command" }, `/${row.name}`),
  );
}

function waiting(row, bot) {
  return row.state === "thinking" ? thinking(nameOf(bot)) : thinking("Sending", "command…");
}

function failure(row, dismiss) {
  const words = row.error || "The application did not respond";
  return h(
    "div",
    { class: "notes" },
    h("span", { class: "failed", role: "alert" }, icon("warn"), words),
    h(
      "span",
      { class: "alone" },
      icon("eye"),
      "Only you can see this · ",
      h(
        "button",
        { type: "button", class: "text-button", on: { click: dismiss } },
        "Dismiss message",
      ),
    ),
  );
}
