/** The page itself: joins the socket, the state and the views, and holds what one can do. */

import { openBring, takeDrops } from "./bring.js";
import { h, toast } from "./dom.js";
import { channelName } from "./components.js";
import { Composer } from "./composer.js";
import { Deeds } from "./deeds.js";
import { ForumView } from "./forum.js";
import { Head } from "./head.js";
import { keepTimesFresh } from "./time.js";
import { MessageView } from "./messages.js";
import { Panel } from "./panel.js";
import { Sidebar } from "./sidebar.js";
import { Socket } from "./socket.js";
import { State } from "./state.js";
import { Theme } from "./theme.js";
import { startTour } from "./tour.js";

const WIDE_PX = 1100;
const BANNER_AFTER_MS = 600;
const byId = (id) => document.getElementById(id);

class App extends Deeds {
  constructor() {
    super();
    this.state = new State();
    this.theme = new Theme();
    this.token = new URLSearchParams(location.search).get("t") ?? "";
    this.messages = new MessageView(this, byId("view"));
    this.forum = new ForumView(this, byId("view"));
    this.sidebar = new Sidebar(this, byId("sidebar"));
    this.head = new Head(this, byId("head"));
    this.composer = new Composer(this, byId("composer"));
    this.panel = new Panel(this, byId("panel"));
    this.listen();
    this.showPanel(innerWidth > WIDE_PX, false);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new Socket(
      `${scheme}//${location.host}/page/socket?t=${encodeURIComponent(this.token)}`,
      { onEvent: (event) => this.take(event), onState: (state) => this.line(state) },
    );
  }

  listen() {
    window.addEventListener("hashchange", () => this.follow());
    takeDrops(this);
    byId("shade").addEventListener("click", () => this.drawer(false));
    document.addEventListener("visibilitychange", () => {
      if (this.state.current && document.visibilityState === "visible")
        this.state.markRead(this.state.current);
    });
    this.state.on("read", (channelId) => this.noteRead(channelId));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.escape();
    });
    document.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("keydown", (event) => {
      if (["Enter", " "].includes(event.key) && event.target.matches?.(".spoiler:not(.open)"))
        this.clicked(event);
    });
  }

  escape() {
    if (byId("app").classList.contains("drawer-open")) this.drawer(false);
    else if (this.panelOpen() && innerWidth <= WIDE_PX) this.showPanel(false);
    else if (document.activeElement?.closest(".view, .sidebar")) this.composer.focus();
  }

  /** Follow what was clicked inside rendered text: spoilers, and links to messages here. */
  clicked(event) {
    if (event.target.closest?.(".skip")) {
      event.preventDefault();
      this.composer.focus();
    }
    const spoiler = event.target.closest?.(".spoiler:not(.open)");
    if (spoiler) {
      event.preventDefault();
      spoiler.classList.add("open");
      return;
    }
    const mention = event.target.closest?.("[data-channel-id]");
    if (mention) this.go(mention.dataset.channelId);
    const link = event.target.closest?.(".md a[href]");
    if (!link) return;
    const inside =
      /^https?:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?/.exec(
        link.href,
      );
    if (inside && this.state.channels.has(inside[1])) {
      event.preventDefault();
      this.go(inside[1], inside[2]);
    } else if (new URL(link.href, location.href).origin !== location.origin) {
      link.target = "_blank";
      link.rel = "noopener noreferrer";
    }
  }

  /** Take the socket's state: read everything again when it is back. */
  async line(state) {
    this.state.connected = state === "open";
    byId("app").dataset.line = state;
    if (state === "lost") {
      // A restart takes a moment; only a longer silence is worth a word. Each further try that
      // fails changes nothing: what is told already stays, so that its button can be pressed.
      this.bannerTimer ??= setTimeout(
        () => this.banner("Connection lost. Reconnecting…"),
        BANNER_AFTER_MS,
      );
      return;
    }
    clearTimeout(this.bannerTimer);
    this.bannerTimer = null;
    this.banner("");
    await this.reload();
  }

  banner(text) {
    const node = byId("banner");
    node.hidden = !text;
    node.replaceChildren(
      text ? h("span", { class: "spin", "aria-hidden": "true" }) : "",
      text,
      text
        ? h(
            "button",
            { type: "button", class: "text-button", on: { click: () => this.socket.hurry() } },
            "Try now",
          )
        : "",
    );
  }

  async reload() {
    try {
      this.state.load(await this.ask("hello"));
      const { entries } = await this.ask("trace");
      this.panel.load(entries);
    } catch (error) {
      this.complain(error);
      return;
    }
    byId("app").dataset.loading = "false";
    this.follow();
  }

  /** Go where the address says, or to the first channel. */
  follow() {
    const [channelId, messageId] = location.hash.replace(/^#\/?/, "").split("/");
    const first = [...this.state.channels.values()].find((channel) => channel.type === 0);
    const channel = this.state.channels.get(channelId) ?? this.state.channel ?? first;
    if (channel) this.open(channel, messageId);
  }

  open(channel, messageId) {
    const moved = this.state.current !== channel.id;
    this.state.current = channel.id;
    document.title = `${channelName(channel)} · Tagwire Playground`;
    this.drawer(false);
    this.state.tell("went");
    if (channel.type === 15) this.forum.show(channel);
    else this.messages.show(channel, messageId);
    if (moved && matchMedia("(pointer: fine)").matches && !messageId) this.composer.focus();
  }

  go(channelId, messageId) {
    const hash = `#/${channelId}${messageId ? `/${messageId}` : ""}`;
    if (location.hash === hash) this.follow();
    else location.hash = hash;
  }

  addressOf(channelId) {
    return `${location.pathname}${location.search}#/${channelId}`;
  }

  linkTo(message) {
    return `${location.origin}${this.addressOf(message.channel_id)}/${message.id}`;
  }

  drawer(open) {
    byId("app").classList.toggle("drawer-open", open);
    byId("shade").hidden = !open;
    if (open) byId("sidebar").querySelector(".here, a")?.focus();
  }

  panelOpen() {
    return !byId("panel").hidden;
  }

  showPanel(open = !this.panelOpen(), draw = true) {
    byId("panel").hidden = !open;
    byId("app").classList.toggle("panel-open", open);
    if (draw) this.head.draw();
    if (draw && !open) byId("open-panel")?.focus();
  }

  focusComposer() {
    this.composer.focus();
  }

  usableCommands() {
    const place = this.state.channel?.type === 1 ? 1 : 0;
    return this.state.commands.filter(
      (command) =>
        this.state.mayUse(command) &&
        (!command.contexts?.length || command.contexts.includes(place)),
    );
  }

  contextCommands(type) {
    return this.usableCommands().filter((command) => command.type === type);
  }

  bring() {
    this.drawer(false);
    openBring(this);
  }

  startTour() {
    startTour(this);
  }

  /** Take one pushed event. */
  take(event) {
    const { state } = this;
    const calls = {
      message_create: () => state.addMessage(event.message),
      message_update: () => state.changeMessage(event.message),
      message_delete: () => state.dropMessage(event),
      interaction: () => state.changePending(event),
      modal: () => this.showModal(event),
      commands: () => {
        state.commands = event.commands;
        state.tell("commands");
      },
      channel_create: () => this.channelChanged(event.channel),
      channel_update: () => this.channelChanged(event.channel),
      channel_delete: () => this.channelGone(event.channel),
      bot: () => {
        state.bot.online = event.online;
        state.tell("bot");
      },
      typing: () => this.typing(event),
      trace: () => state.addTrace(event.entry),
      check: () => state.tell("check", event.check),
    };
    calls[event.event]?.();
  }

  channelChanged(channel) {
    this.state.putChannel(channel);
    this.state.tell("channels");
  }

  channelGone(channel) {
    const name = this.state.channels.get(channel.id)?.name;
    this.state.channels.delete(channel.id);
    for (const thread of this.state.threadsOf(channel.id)) this.state.channels.delete(thread.id);
    this.state.tell("channels");
    if (this.state.channels.has(this.state.current)) return;
    toast(`#${name} was deleted.`);
    this.state.current = null;
    location.hash = "";
    this.follow();
  }

  typing({ channel_id: channelId, user_id: userId }) {
    if (channelId !== this.state.current) return;
    this.messages.showTyping(this.state.users.get(userId));
  }
}

keepTimesFresh();
new App();
