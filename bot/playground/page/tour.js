/** A guided tour of ten steps, for a member and for a moderator; it can be left at any step. */

import { h, iconButton } from "./dom.js";

const PHONE_PX = 760;
const MEMBER = [
  [
    "#sidebar",
    "Channels",
    "The same kinds as on Discord: text, announcements, a forum, threads under their parents.",
  ],
  [
    "#composer",
    "Everything starts with a slash",
    "Type / here to see Tagwire's commands. Arrow keys move, Enter or Tab picks.",
  ],
  [
    "#composer",
    "Read by tag",
    "Pick /tag and type a few letters. Names are suggested with the number of articles behind each.",
  ],
  [
    "#view",
    "Answers",
    "An answer shows title, byline, source and an excerpt. Next and Previous turn pages, Read… opens an article.",
  ],
  [
    "#view",
    "For your eyes only",
    "An opened article is shown to you alone. Dismiss it, or share it with the channel by its button.",
  ],
  [
    "#composer",
    "Search",
    "/search takes words, tags, sources and dates. A miss offers the nearest names as buttons.",
  ],
  [
    "#publish",
    "A live feed",
    "The sample feed gains an item every 20 seconds. This button makes it gain one now.",
  ],
  [
    "#open-panel",
    "What just happened",
    "Each step behind the last action: the query it became, the SQL with its time, the requests, an item's way from feed to message.",
  ],
  [
    "#trouble",
    "Make trouble",
    "Break things on purpose. Each item says what should happen, and a check in the panel turns green when it did.",
  ],
  ["#person", "Be someone else", "Switch to the moderator to subscribe channels and add feeds."],
];
const MODERATOR = [
  [
    "#person",
    "You moderate here",
    "A moderator sees more commands. The bot checks the permission each time.",
  ],
  [
    "#composer",
    "Add a subscription",
    "Type /subscription add, choose a channel and write what should be posted in it.",
  ],
  [
    "#view",
    "See it first",
    "Tagwire shows what the query would have posted lately, then asks you to confirm.",
  ],
  [
    "#publish",
    "Publish an item",
    "Press this, and the item shows up in each channel whose subscription it fits.",
  ],
  [
    "#sidebar",
    "Every kind of channel",
    "Text channels get messages, the forum gets a post each, announcements can be published.",
  ],
  [
    "#composer",
    "Feeds",
    "/feed add takes an address and shows what it holds, /feed status how each feed fares, /feed remove asks before it acts.",
  ],
  [
    "#composer",
    "Pause and resume",
    "/subscription pause keeps the backlog, /subscription resume carries on where it stopped.",
  ],
  [
    "#trouble",
    "Lose a permission",
    "Take Tagwire's permission away, publish, and give it back: the post arrives late, and once.",
  ],
  [
    "#trouble",
    "Kill the bot",
    "Kill its process, publish, and start it again. Every post arrives exactly once.",
  ],
  ["#open-panel", "See it proved", "A check turns green when what should follow was seen. Below it stands each request with its answer."],
];

/** Lead through the page for the person one is. */
export function startTour(app) {
  document.querySelector(".tour")?.remove();
  const steps = app.state.person?.moderator ? MODERATOR : MEMBER;
  const before = document.activeElement;
  let at = 0;
  const card = h("div", {
    class: "tour",
    role: "dialog",
    "aria-label": "Guided tour",
    tabindex: "-1",
  });

  function close() {
    mark(null);
    app.drawer(false);
    card.remove();
    document.removeEventListener("keydown", onKey);
    if (before?.isConnected) before.focus();
  }

  function onKey(event) {
    if (event.key === "Escape") close();
  }

  function go(by) {
    at += by;
    if (at >= steps.length) {
      close();
      return;
    }
    const [target, title, text] = steps[at];
    const node = document.querySelector(target);
    // On a phone the list of channels is in a drawer, which opens for the steps about it.
    app.drawer(Boolean(node?.closest("#sidebar")) && innerWidth <= PHONE_PX);
    mark(node);
    const last = at === steps.length - 1;
    card.replaceChildren(
      h(
        "div",
        { class: "tour-head" },
        h("span", { class: "tour-count" }, `${at + 1} of ${steps.length}`),
        iconButton("close", "Skip the tour", close),
      ),
      h("div", { "aria-live": "polite" }, h("h2", {}, title), h("p", {}, text)),
      h(
        "div",
        { class: "tour-foot" },
        h("button", { type: "button", class: "text-button", on: { click: close } }, "Skip"),
        at
          ? h(
              "button",
              { type: "button", class: "button secondary", on: { click: () => go(-1) } },
              "Back",
            )
          : null,
        h(
          "button",
          { type: "button", class: "button primary next", on: { click: () => go(1) } },
          last ? "Done" : "Next",
        ),
      ),
    );
    card.querySelector(".next").focus();
  }

  document.addEventListener("keydown", onKey);
  document.body.append(card);
  go(0);
}

function mark(node) {
  for (const one of document.querySelectorAll(".toured")) one.classList.remove("toured");
  node?.classList.add("toured");
}
