/** The bar over the messages: where one is, the bot's state, and the bench's controls. */

import { h, icon, iconButton } from "./dom.js";
import { channelIcon, channelName } from "./components.js";
import { openMenu } from "./listbox.js";

const TROUBLE = [
  ["feed_down", "Feed down", "The sample feed answers 503 for a while"],
  ["feed_changed", "Correct an article", "The feed's newest item gets another title and text"],
  ["wire_copy", "Wire copy", "A second feed carries the next story too"],
  ["rest_500", "Discord 500", "The next post is answered with a server error"],
  ["disconnect", "Dropped connection", "The next post's answer is lost on the way"],
  ["rate_limit", "Rate limit", "The channel's bucket is empty for a few seconds"],
  ["permission_lost", "Take permission away", "Tagwire may no longer post in this channel"],
  ["permission_back", "Give permission back", "Tagwire may post in this channel again"],
  ["channel_delete", "Delete this channel", "With every message in it"],
  ["gateway_cut", "Cut the gateway", "The bot's live connection is closed"],
  ["bot_kill", "Kill the bot", "Its process ends without a goodbye"],
  ["bot_start", "Start the bot", "Bring its process back"],
];

/** Draw the bar inside `root` and keep it current. */
export class Head {
  constructor(app, root) {
    this.app = app;
    this.state = app.state;
    this.root = root;
    for (const name of ["loaded", "went", "channels", "bot", "unread"])
      this.state.on(name, () => this.draw());
  }

  draw() {
    const held = document.activeElement?.closest?.("#head") && document.activeElement.id;
    const { channel } = this.state;
    const parent = this.state.channels.get(channel?.parent_id);
    const elsewhere = [...this.state.unread].some(
      ([id, count]) => count && id !== this.state.current,
    );
    this.root.replaceChildren(
      iconButton(
        "menu",
        elsewhere ? "Channel list, unread messages" : "Channel list",
        () => this.app.drawer(true),
        { id: "open-channels", class: `icon-button phone-only${elsewhere ? " dotted" : ""}` },
      ),
      h(
        "h1",
        { class: "where" },
        parent && parent.type !== 4
          ? [
              h(
                "a",
                { class: "crumb", href: this.app.addressOf(parent.id) },
                icon(channelIcon(parent)),
                parent.name,
              ),
              h("span", { class: "crumb-mark" }, "›"),
            ]
          : "",
        icon(channelIcon(channel)),
        h("span", { class: "where-name" }, channelName(channel)),
      ),
      channel?.topic && channel.type !== 15
        ? h("p", { class: "topic", title: channel.topic }, channel.topic)
        : h("span", { class: "topic" }),
      this.botMark(),
      this.controls(),
    );
    if (held) document.getElementById(held)?.focus();
  }

  botMark() {
    const { online } = this.state.bot;
    return h(
      "span",
      {
        class: `bot-mark ${online ? "online" : "offline"}`,
        role: "status",
        title: online ? "Tagwire is online" : "Tagwire is offline",
      },
      h("i", { "aria-hidden": "true" }),
      h("span", { class: "bot-word" }, online ? "Online" : "Offline"),
    );
  }

  controls() {
    const trouble = h(
      "button",
      {
        type: "button",
        class: "head-button",
        id: "trouble",
        title: "Make trouble",
        "aria-label": "Make trouble",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
      },
      icon("bolt"),
      h("span", { class: "wide-only" }, "Make trouble"),
    );
    trouble.addEventListener("click", () =>
      openMenu(
        trouble,
        "Make trouble",
        TROUBLE.map(([kind, label, description]) => ({
          label,
          description,
          icon: "bolt",
          run: () => this.app.trouble(kind),
        })),
      ),
    );
    return h(
      "div",
      { class: "controls" },
      h(
        "button",
        {
          type: "button",
          class: "head-button strong",
          id: "publish",
          title: "The sample feed gains its next item now",
          "aria-label": "Publish now",
          on: { click: () => this.app.publish() },
        },
        icon("rss"),
        h("span", { class: "wide-only" }, "Publish now"),
      ),
      trouble,
      iconButton("panel", "What just happened", () => this.app.showPanel(), {
        id: "open-panel",
        "aria-pressed": String(this.app.panelOpen()),
      }),
      iconButton("help", "Guided tour", () => this.app.startTour(), { id: "open-tour" }),
    );
  }
}
