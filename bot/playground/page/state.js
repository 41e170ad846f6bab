/** What the page knows: the server's state, kept current by events; views listen by name. */

import { byAge } from "./dom.js";

const KEPT_PER_CHANNEL = 3000;
const TEXT_KINDS = new Set([0, 5, 10, 11, 12, 1]);

/** Hold channels, people, messages and what is under way. */
export class State {
  constructor() {
    this.listeners = new Map();
    this.channels = new Map();
    this.users = new Map();
    this.messages = new Map();
    this.pending = new Map();
    this.settled = new Map();
    this.unread = new Map();
    this.trace = [];
    this.checks = [];
    this.commands = [];
    this.locales = {};
    this.roles = [];
    this.feeds = [];
    this.current = null;
    this.connected = false;
    this.bot = { user: null, online: false };
  }

  /** Listen; gives the way to stop. */
  on(name, call) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), call]);
    return () =>
      this.listeners.set(
        name,
        this.listeners.get(name).filter((one) => one !== call),
      );
  }

  tell(name, detail) {
    for (const call of this.listeners.get(name) ?? []) call(detail);
  }

  /** Take the whole state as `hello` gives it; message lists are read again. */
  load(hello) {
    this.guild = hello.guild;
    this.users = new Map(hello.users.map((user) => [user.id, user]));
    this.roles = hello.roles ?? [];
    this.me = hello.me;
    this.bot = hello.bot;
    if (hello.bot?.user) this.users.set(hello.bot.user.id, hello.bot.user);
    this.channels.clear();
    for (const channel of hello.channels) this.putChannel(channel);
    this.commands = hello.commands ?? [];
    this.locales = hello.locales ?? {};
    this.feeds = hello.feeds ?? [];
    this.checks = hello.checks ?? [];
    this.servers = hello.servers;
    this.unread = new Map(Object.entries(hello.unread ?? {}));
    this.messages.clear();
    this.pending.clear();
    this.tell("loaded");
  }

  /** Keep a channel, new or changed; a direct message bears the bot's name. */
  putChannel(channel) {
    const whole = { ...this.channels.get(channel.id), ...channel };
    if (channel.type === 1) whole.name = this.bot?.user?.username ?? "Direct message";
    this.channels.set(channel.id, whole);
  }

  get person() {
    return this.users.get(this.me);
  }

  get channel() {
    return this.channels.get(this.current);
  }

  /** Tell whether messages can be read and written here; forums hold posts instead. */
  isText(channel) {
    return TEXT_KINDS.has(channel?.type);
  }

  /** Give the threads under a channel, newest first. */
  threadsOf(channelId) {
    return [...this.channels.values()]
      .filter((one) => one.parent_id === channelId && [10, 11, 12].includes(one.type))
      .sort((a, b) => byAge(b.last_message_id ?? b.id, a.last_message_id ?? a.id));
  }

  listOf(channelId) {
    if (!this.messages.has(channelId))
      this.messages.set(channelId, { list: [], whole: false, read: false });
    return this.messages.get(channelId);
  }

  addMessage(message) {
    const held = this.listOf(message.channel_id);
    const at = held.list.findIndex((one) => one.id === message.id);
    if (at >= 0) {
      held.list[at] = message;
      this.tell("message-changed", message);
      return;
    }
    const late = held.list.findIndex((one) => byAge(one.id, message.id) > 0);
    if (late < 0) held.list.push(message);
    else held.list.splice(late, 0, message);
    if (held.list.length > KEPT_PER_CHANNEL) {
      held.list.shift();
      held.whole = false;
    }
    const channel = this.channels.get(message.channel_id);
    if (channel) channel.last_message_id = message.id;
    this.settleByMessage(message);
    this.countUnread(message);
    this.tell("message-added", { message, last: late < 0 });
  }

  countUnread(message) {
    const seen = message.channel_id === this.current && document.visibilityState === "visible";
    if (seen) this.tell("read", message.channel_id);
    if (seen || message.author?.id === this.me || message.ephemeral) return;
    this.unread.set(message.channel_id, (this.unread.get(message.channel_id) ?? 0) + 1);
    this.tell("unread");
  }

  /** Drop the "thinking" row that a message answers. */
  settleByMessage(message) {
    const id = message.interaction_metadata?.id;
    const row = id && this.pending.get(id);
    if (row && !(message.flags & 128)) this.removePending(id);
  }

  changeMessage(message) {
    const held = this.messages.get(message.channel_id);
    const at = held?.list.findIndex((one) => one.id === message.id) ?? -1;
    if (at < 0) {
      // A change of something older than what is held here is read with the history, later.
      if (
        held?.read &&
        message.author &&
        (held.whole || byAge(held.list[0]?.id ?? message.id, message.id) < 0)
      )
        this.addMessage(message);
      return;
    }
    held.list[at] = { ...held.list[at], ...message };
    this.tell("message-changed", held.list[at]);
  }

  dropMessage({ channel_id: channelId, id }) {
    const held = this.messages.get(channelId);
    if (!held) return;
    held.list = held.list.filter((one) => one.id !== id);
    this.tell("message-dropped", { channel_id: channelId, id });
  }

  markRead(channelId) {
    if (!this.unread.get(channelId)) return;
    this.tell("read", channelId);
    this.unread.delete(channelId);
    this.tell("unread");
  }

  /** Note an interaction that was refused before the bot heard of it. */
  addFailed(row, error) {
    this.refused = (this.refused ?? 0) + 1;
    const id = `refused-${this.refused}`;
    this.addPending(id, row);
    this.changePending({ interaction_id: id, state: "failed", error });
  }

  /** Note an interaction under way; an end heard before its own answer counts at once. */
  addPending(id, row) {
    const end = this.settled.get(id);
    this.pending.set(id, { ...row, state: "sent" });
    this.tell("pending", this.pending.get(id));
    if (end) this.changePending(end);
  }

  changePending(event) {
    const row = this.pending.get(event.interaction_id);
    if (!row) {
      this.settled.set(event.interaction_id, event);
      if (this.settled.size > 200) this.settled.delete(this.settled.keys().next().value);
      return;
    }
    if (event.state === "answered") {
      this.removePending(event.interaction_id);
      return;
    }
    Object.assign(row, { state: event.state, ephemeral: event.ephemeral, error: event.error });
    this.tell("pending", row);
  }

  removePending(id) {
    const row = this.pending.get(id);
    if (!row) return;
    this.pending.delete(id);
    this.tell("pending", { ...row, state: "answered" });
  }

  /** Tell whether the person may publish a message: an announcement, one's own or moderated. */
  mayPublish(message) {
    const mine = this.person?.moderator || message.author?.id === this.me;
    const told = message.flags & 1 || message.ephemeral;
    return this.channels.get(message.channel_id)?.type === 5 && mine && !told;
  }

  addTrace(entry) {
    this.trace.push(entry);
    if (this.trace.length > 300) this.trace.splice(0, 100);
    this.tell("trace", entry);
  }

  /** Tell whether the person may use a command, by the rule of its default permissions. */
  mayUse(command) {
    const needed = command.default_member_permissions;
    if (needed === null || needed === undefined || this.person?.moderator) return true;
    const everyone = this.roles.find((role) => role.id === this.guild.id)?.permissions ?? "0";
    const held = BigInt(this.person?.permissions ?? everyone);
    return needed !== "0" && (held & BigInt(needed)) === BigInt(needed);
  }
}
