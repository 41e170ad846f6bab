/** The channel list with its threads, and the person one is. */

import { h, icon, iconButton } from "./dom.js";
import { channelIcon, channelName, nameOf } from "./components.js";
import { avatar } from "./message.js";
import { openList, openMenu } from "./listbox.js";

const KINDS = {
  0: "text channel",
  1: "direct message",
  5: "announcement channel",
  10: "thread",
  11: "thread",
  12: "private thread",
  15: "forum",
};
const SHOWN_THREADS = 6;

/** Keep the channel list current inside `root`. */
export class Sidebar {
  constructor(app, root) {
    this.app = app;
    this.state = app.state;
    this.root = root;
    for (const name of ["loaded", "channels", "unread", "went", "bot"])
      this.state.on(name, () => this.draw());
    root.addEventListener("keydown", (event) => this.key(event));
  }

  draw() {
    const held = document.activeElement?.dataset?.channel;
    this.root.replaceChildren(
      h(
        "div",
        { class: "guild" },
        this.guildButton(),
        iconButton("close", "Close channel list", () => this.app.drawer(false), {
          class: "icon-button phone-only",
        }),
      ),
      h("div", { class: "channels" }, this.sections()),
      this.personRow(),
    );
    if (held) this.root.querySelector(`[data-channel="${held}"]`)?.focus();
  }

  guildButton() {
    const name = this.state.guild?.name ?? "Playground";
    const { current, offered = [] } = this.state.servers ?? {};
    const here = offered.find((one) => one.id === current);
    const button = h(
      "button",
      {
        type: "button",
        class: "guild-button",
        id: "guild",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        "aria-label": `${name}${here ? `, ${here.name}` : ""}. Import, or another sample server`,
      },
      h("span", { class: "guild-mark", "aria-hidden": "true" }, icon("rss")),
      h(
        "span",
        { class: "guild-text" },
        h("span", { class: "guild-name" }, name),
        here ? h("span", { class: "guild-sample" }, here.name) : "",
      ),
      icon("down"),
    );
    button.addEventListener("click", () =>
      openMenu(button, "This server", [
        {
          label: "Import your own…",
          description: "An address, or a file that you have",
          icon: "file",
          run: () => this.app.bring(),
        },
        ...offered.map((one) => ({
          label: one.name,
          description: one.description,
          icon: "rss",
          aside: one.id === current ? "here" : "",
          run: () => one.id !== current && this.app.changeServer(one),
        })),
      ]),
    );
    return button;
  }

  sections() {
    const all = [...this.state.channels.values()];
    const tops = all
      .filter((one) => ![1, 4, 10, 11, 12].includes(one.type))
      .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    const groups = [
      ["Channels", tops.filter((one) => one.type === 0)],
      ["News", tops.filter((one) => one.type !== 0)],
      ["Direct messages", all.filter((one) => one.type === 1)],
    ];
    return groups
      .filter(([, list]) => list.length)
      .map(([words, list]) =>
        h(
          "section",
          { class: "channel-group" },
          h("h2", {}, words),
          h(
            "ul",
            {},
            list.map((channel) => this.row(channel)),
          ),
        ),
      );
  }

  row(channel) {
    const threads = this.state.threadsOf(channel.id);
    const kept = threads.filter(
      (one, index) => index < SHOWN_THREADS || one.id === this.state.current,
    );
    const shown =
      channel.type === 15
        ? kept.filter((one) => one.id === this.state.current || this.state.unread.get(one.id))
        : kept;
    return h(
      "li",
      {},
      this.link(channel),
      shown.length
        ? h(
            "ul",
            { class: "threads" },
            shown.map((one) => h("li", {}, this.link(one))),
          )
        : null,
    );
  }

  link(channel) {
    const here = channel.id === this.state.current;
    const count = this.state.unread.get(channel.id) ?? 0;
    const name = channelName(channel);
    return h(
      "a",
      {
        href: this.app.addressOf(channel.id),
        class: `channel${here ? " here" : ""}${count ? " unread" : ""}`,
        "aria-current": here ? "page" : null,
        data: { channel: channel.id },
        "aria-label": `${name}, ${KINDS[channel.type] ?? "channel"}${count ? `, ${count} unread` : ""}`,
      },
      icon(channelIcon(channel)),
      h("span", { class: "channel-name" }, name),
      count ? h("span", { class: "pill" }, count > 99 ? "99+" : String(count)) : null,
    );
  }

  personRow() {
    const me = this.state.person;
    const button = h(
      "button",
      {
        type: "button",
        class: "person",
        id: "person",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        "aria-label": `You are ${nameOf(me)}, ${roleWord(me)}. Switch person`,
      },
      avatar(me),
      h("span", { class: "person-text" }, h("b", {}, nameOf(me)), h("span", {}, roleWord(me))),
      icon("down"),
    );
    button.addEventListener("click", () =>
      openList(button, {
        label: "Be another person",
        search: false,
        items: [...this.state.users.values()]
          .filter((user) => !user.bot)
          .map((user) => ({
            value: user.id,
            label: nameOf(user),
            description: user.moderator
              ? "Moderator: may subscribe channels and add feeds"
              : "Member: may search and read",
            icon: user.moderator ? "shield" : "user",
            selected: user.id === this.state.me,
          })),
        onPick: ([id]) => id !== this.state.me && this.app.become(id),
      }),
    );
    const language = iconButton(
      "globe",
      `Language: ${this.state.locales[me?.locale] ?? "English"}. Choose another`,
      () =>
        openList(language, {
          label: "The language of this person’s Discord",
          search: false,
          items: Object.entries(this.state.locales).map(([value, label]) => ({
            value,
            label,
            icon: "globe",
            selected: value === me?.locale,
          })),
          onPick: ([locale]) => locale !== me?.locale && this.app.speak(locale),
        }),
      { id: "language", "aria-haspopup": "dialog" },
    );
    return h(
      "div",
      { class: "person-row" },
      button,
      language,
      iconButton(
        this.app.theme.isDark() ? "sun" : "moon",
        this.app.theme.isDark() ? "Light theme" : "Dark theme",
        () => {
          this.app.theme.flip();
          this.draw();
          document.getElementById("theme")?.focus();
        },
        { id: "theme" },
      ),
    );
  }

  key(event) {
    if (!["ArrowDown", "ArrowUp"].includes(event.key) || !event.target.dataset?.channel) return;
    event.preventDefault();
    const links = [...this.root.querySelectorAll("a.channel")];
    links[links.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  }
}

/** Say a person's standing. */
export function roleWord(user) {
  return user?.moderator ? "Moderator" : "Member";
}
