/** The list of a channel's messages: live at its end, older ones read as one scrolls up. */

import { h, icon } from "./dom.js";
import { drawMessage, isEphemeral, spokenText, thinking } from "./message.js";
import { channelName, nameOf } from "./components.js";
import { olderNote, pendingRow, welcome } from "./edges.js";
import { dayName, inStyle, startOfDay } from "./time.js";

const PAGE = 50;
const RUN_MS = 7 * 60 * 1000;
const NEAR_PX = 80;
const TYPING_MS = 8000;
const HAND_MS = 1200;

/** Show one channel at a time inside `root`. */
export class MessageView {
  constructor(app, root) {
    this.app = app;
    this.state = app.state;
    this.root = root;
    this.missed = 0;
    this.fresh = new Set();
    this.touchedAt = -HAND_MS;
    document.addEventListener("keydown", () => (this.touchedAt = performance.now()));
    const { state } = this;
    state.on(
      "message-added",
      ({ message, last }) => this.isShown(message) && this.added(message, last),
    );
    state.on("message-changed", (message) => this.isShown(message) && this.redraw(message.id));
    state.on("message-dropped", (message) => this.isShown(message) && this.dropped(message.id));
    state.on("pending", (row) => this.pendingChanged(row));
    state.on("commands", () => this.inner?.classList.contains("empty-channel") && this.drawTop());
  }

  isShown(message) {
    return message.channel_id === this.channelId && this.list?.isConnected;
  }

  /** Show a channel from its newest message, or around one message. */
  async show(channel, messageId) {
    this.channelId = channel.id;
    this.missed = 0;
    this.fresh.clear();
    this.newFrom = this.state.unread.get(channel.id) ?? 0;
    this.build(channel);
    const held = this.state.listOf(channel.id);
    if (!held.read) await this.readOlder(true);
    if (this.channelId !== channel.id) return;
    this.drawAll();
    this.state.markRead(channel.id);
    if (messageId) await this.showMessage(messageId);
    else this.toEnd();
  }

  build(channel) {
    this.list = h("ol", {
      class: "messages",
      "aria-label": `Messages in ${channelName(channel)}`,
    });
    this.waiting = h("ol", { class: "messages pending", "aria-label": "Answers under way" });
    this.top = h("div", { class: "list-top" });
    this.inner = h("div", { class: "scroll-inner" }, this.top, this.list, this.waiting);
    this.scroller = h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Messages" },
      this.inner,
    );
    this.jump = h("button", {
      type: "button",
      class: "jump",
      hidden: true,
      on: { click: () => this.toEnd() },
    });
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.scroller.addEventListener("contextmenu", (event) => {
      const row = event.target.closest(".message[data-id]");
      // On a link or a selection the browser's own menu is the useful one.
      if (row && !event.target.closest("a, img") && String(getSelection()) === "")
        openTools(row, event);
    });
    this.root.replaceChildren(this.scroller, this.jump);
    for (const kind of ["wheel", "touchmove", "pointerdown"]) {
      this.scroller.addEventListener(kind, () => (this.touchedAt = performance.now()), {
        passive: true,
      });
    }
    this.stuck = true;
    this.touchedAt = -HAND_MS;
    this.lastTop = 0;
    this.watch?.disconnect();
    // Pictures and rows that come into view change their height late; the end stays the end.
    this.watch = new ResizeObserver(() => this.stuck && this.toEnd());
    this.watch.observe(this.inner);
    this.watch.observe(this.scroller);
  }

  async readOlder(first = false) {
    const held = this.state.listOf(this.channelId);
    if (this.reading || held.whole) return;
    this.reading = true;
    const channelId = this.channelId;
    const before = first ? undefined : held.list[0]?.id;
    try {
      const answer = await this.app.ask("history", { channel_id: channelId, before, limit: PAGE });
      const known = new Set(held.list.map((one) => one.id));
      held.list = [...answer.messages.filter((one) => !known.has(one.id)), ...held.list];
      held.read = true;
      held.whole = answer.messages.length < PAGE;
    } catch (error) {
      this.app.complain(error);
    } finally {
      this.reading = false;
    }
    if (!first && channelId === this.channelId) this.keepPlace(() => this.drawAll());
  }

  keepPlace(change) {
    const mark = [...this.list.children].find(
      (one) => one.getBoundingClientRect().bottom > 0 && one.dataset.id,
    );
    const before = mark?.getBoundingClientRect().top ?? 0;
    const id = mark?.id;
    change();
    const after = id
      ? (document.getElementById(id)?.getBoundingClientRect().top ?? before)
      : before;
    this.scroller.scrollTop += after - before;
  }

  drawAll() {
    const { list } = this.state.listOf(this.channelId);
    const firstNew = this.newFrom ? list.length - this.newFrom : -1;
    const rows = [];
    list.forEach((message, index) => {
      const previous = list[index - 1];
      if (this.isNewDay(previous, message)) rows.push(this.dayLine(message));
      if (index === firstNew) rows.push(h("li", { class: "new-line" }, h("span", {}, "New")));
      rows.push(
        drawMessage(message, this.app, index !== firstNew && this.isJoined(previous, message)),
      );
    });
    this.fresh.clear();
    this.list.replaceChildren(...rows);
    this.drawTop();
    this.drawPending();
    this.list.lastElementChild?.setAttribute("tabindex", "0");
  }

  drawTop() {
    const channel = this.state.channels.get(this.channelId);
    const { whole, list } = this.state.listOf(this.channelId);
    const empty = whole && !list.length;
    this.inner.classList.toggle("empty-channel", empty);
    this.top.replaceChildren(
      whole ? welcome(channel, this.state, this.app, empty) : olderNote(),
    );
  }

  isNewDay(previous, message) {
    return (
      !previous ||
      startOfDay(new Date(previous.timestamp)) !== startOfDay(new Date(message.timestamp))
    );
  }

  isJoined(previous, message) {
    return (
      Boolean(previous) &&
      previous.author?.id === message.author?.id &&
      previous.author?.username === message.author?.username &&
      !this.isNewDay(previous, message) &&
      !message.interaction_metadata &&
      !isEphemeral(message) &&
      !isEphemeral(previous) &&
      new Date(message.timestamp) - new Date(previous.timestamp) < RUN_MS
    );
  }

  dayLine(message) {
    const at = new Date(message.timestamp);
    return h(
      "li",
      { class: "day-line" },
      h("time", { datetime: message.timestamp, title: inStyle(at, "F") }, dayName(at)),
    );
  }

  /** Draw what arrives once a frame, however much of it there is. */
  added(message, last) {
    if (!last) {
      this.keepPlace(() => this.drawAll());
      return;
    }
    this.fresh.add(message.id);
    if (message.author?.id === this.typist) this.typing?.remove();
    this.frame ??= requestAnimationFrame(() => this.drawFresh());
  }

  drawFresh() {
    this.frame = null;
    const { list } = this.state.listOf(this.channelId);
    const first = list.findIndex((one) => this.fresh.has(one.id));
    this.fresh.clear();
    if (first < 0 || !this.list?.isConnected) return;
    const fresh = list.slice(first);
    const rows = fresh.flatMap((message, index) => {
      const previous = list[first + index - 1];
      const node = drawMessage(message, this.app, this.isJoined(previous, message));
      node.classList.add("arriving");
      return this.isNewDay(previous, message) ? [this.dayLine(message), node] : [node];
    });
    if (!first) this.drawTop();
    this.list.append(...rows);
    this.rove(rows.at(-1), false);
    const forMe = (one) => one.author?.id === this.state.me || isEphemeral(one);
    if (this.stuck || fresh.some(forMe)) this.toEnd();
    else this.miss(fresh.length);
    this.announce(fresh.at(-1));
  }

  announce(message) {
    if (message.author?.id === this.state.me || message.flags & 128) return;
    const words = spokenText(message).slice(0, 160);
    document.getElementById("news").textContent = `${nameOf(message.author)}: ${words}`;
  }

  redraw(id) {
    const old = document.getElementById(`m-${id}`);
    const { list } = this.state.listOf(this.channelId);
    const index = list.findIndex((one) => one.id === id);
    if (!old || index < 0) return;
    const held = document.activeElement;
    const inside = old.contains(held);
    const node = drawMessage(list[index], this.app, old.classList.contains("joined"));
    node.tabIndex = old.tabIndex;
    old.replaceWith(node);
    if (inside) refocus(node, held, old);
    if (this.stuck) this.toEnd();
  }

  dropped(id) {
    const node = document.getElementById(`m-${id}`);
    const next = node?.nextElementSibling;
    const inside = node?.contains(document.activeElement);
    if (node?.previousElementSibling?.classList.contains("day-line") && !next?.dataset.id)
      node.previousElementSibling.remove();
    node?.remove();
    if (next?.classList.contains("joined")) this.drawAll();
    if (inside) this.app.focusComposer();
  }

  pendingChanged(row) {
    if (row.channel_id !== this.channelId || !this.list?.isConnected) return;
    if (row.kind === "component") this.redraw(row.message_id);
    this.drawPending();
    if (this.stuck) this.toEnd();
  }

  drawPending() {
    const rows = [...this.state.pending.entries()].filter(
      ([, row]) =>
        row.channel_id === this.channelId && (row.kind === "command" || row.state === "thinking"),
    );
    this.waiting.replaceChildren(...rows.map(([id, row]) => pendingRow(id, row, this.state)));
    this.waiting.hidden = !rows.length;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    // Rows change their height as they come into view, which moves the end without anyone having
    // scrolled: only a move upwards by hand lets go of it.
    const byHand = performance.now() - this.touchedAt < HAND_MS;
    if (byHand) this.touchedAt = performance.now();
    if (atEnd) this.stuck = true;
    else if (byHand && scrollTop < this.lastTop) this.stuck = false;
    this.lastTop = scrollTop;
    if (this.stuck) this.missed = 0;
    this.drawJump();
    if (scrollTop < 300 && this.state.listOf(this.channelId).read) this.readOlder();
  }

  miss(count) {
    this.missed += count;
    this.drawJump();
  }

  drawJump() {
    this.jump.hidden = this.stuck;
    const words = this.missed
      ? `${this.missed} new ${this.missed === 1 ? "message" : "messages"}`
      : "You are viewing older messages";
    this.jump.replaceChildren(h("span", {}, words), h("b", {}, "Jump to latest"), icon("down"));
  }

  /** Say for some seconds that someone writes here. */
  showTyping(user) {
    clearTimeout(this.typingTimer);
    this.typing?.remove();
    this.typing = h("div", { class: "typing" }, thinking(nameOf(user), "is typing…"));
    this.typist = user?.id;
    this.root.append(this.typing);
    this.typingTimer = setTimeout(() => this.typing.remove(), TYPING_MS);
  }

  toEnd() {
    this.stuck = true;
    this.missed = 0;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
    this.drawJump();
  }

  async showMessage(id) {
    for (let tries = 0; tries < 20 && !document.getElementById(`m-${id}`); tries += 1) {
      if (this.state.listOf(this.channelId).whole) break;
      await this.readOlder();
    }
    const node = document.getElementById(`m-${id}`);
    if (!node) {
      this.app.complain(new Error("That message is not here any more."));
      return;
    }
    this.stuck = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("pointed");
    this.rove(node);
  }

  rove(node, focus = true) {
    for (const one of this.list.querySelectorAll('.message[tabindex="0"]')) one.tabIndex = -1;
    node.tabIndex = 0;
    if (focus) node.focus({ preventScroll: false });
  }

  key(event) {
    const row = event.target.closest?.(".message[data-id]");
    if (row && event.target === row && event.key === "Enter") openTools(row, event);
    if (event.key === "End" && event.target === this.scroller) this.toEnd();
    if (!row || event.target !== row || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    let next = row;
    do next = event.key === "ArrowUp" ? next.previousElementSibling : next.nextElementSibling;
    while (next && !next.dataset.id);
    if (next) this.rove(next);
  }
}

function openTools(row, event) {
  event.preventDefault();
  row.querySelector(".tools .icon-button:last-child").click();
}

function refocus(node, held, old) {
  const custom = held.dataset?.customId;
  const same =
    custom &&
    [...node.querySelectorAll("button:not(:disabled)")].find(
      (one) => one.dataset.customId === custom,
    );
  const words = held !== old && held.textContent;
  const alike =
    words &&
    [...node.querySelectorAll("button:not(:disabled)")].find((one) => one.textContent === words);
  (same || alike || node).focus({ preventScroll: true });
}
