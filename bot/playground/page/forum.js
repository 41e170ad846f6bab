/** A forum: its posts as cards, sorted and filtered by tag. */

import { byAge, h, icon } from "./dom.js";
import { nameOf } from "./components.js";
import { avatar, spokenText } from "./message.js";
import { tagsOf } from "./edges.js";
import { relative } from "./time.js";

const EPOCH_MS = 1420070400000n;

/** Give the moment a snowflake was made. */
export function madeAt(id) {
  return new Date(Number((BigInt(id) >> 22n) + EPOCH_MS));
}

/** Show a forum's posts inside `root`. */
export class ForumView {
  constructor(app, root) {
    this.app = app;
    this.state = app.state;
    this.root = root;
    this.previews = new Map();
    this.tag = "";
    const again = () => this.box?.isConnected && this.draw();
    this.state.on("channels", again);
    this.state.on("unread", again);
  }

  show(forum) {
    this.forum = forum;
    this.tag = "";
    this.box = h("div", { class: "forum" });
    this.root.replaceChildren(
      h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": `Posts in ${forum.name}` },
        this.box,
      ),
    );
    this.state.markRead(forum.id);
    this.draw();
  }

  draw() {
    this.forum = this.state.channels.get(this.forum.id) ?? this.forum;
    const posts = this.state
      .threadsOf(this.forum.id)
      .filter((post) => !this.tag || post.applied_tags?.includes(this.tag));
    posts.sort((a, b) => byAge(b.last_message_id ?? b.id, a.last_message_id ?? a.id));
    this.box.replaceChildren(
      this.forum.topic ? h("p", { class: "forum-topic" }, this.forum.topic) : "",
      this.filterRow(),
      posts.length
        ? h(
            "ul",
            { class: "posts", "aria-label": "Posts" },
            posts.map((post) => this.card(post)),
          )
        : this.empty(),
    );
  }

  filterRow() {
    const tags = this.forum.available_tags ?? [];
    if (!tags.length) return "";
    const chip = (id, words) =>
      h(
        "button",
        {
          type: "button",
          class: "tag chip",
          "aria-pressed": String(this.tag === id),
          on: {
            click: () => {
              this.tag = this.tag === id ? "" : id;
              this.draw();
            },
          },
        },
        words,
      );
    return h(
      "div",
      { class: "forum-tags", role: "group", "aria-label": "Filter by tag" },
      chip("", "All"),
      tags.map((tag) => chip(tag.id, `${tag.emoji_name ? `${tag.emoji_name} ` : ""}${tag.name}`)),
    );
  }

  empty() {
    return h(
      "div",
      { class: "empty" },
      icon("forum"),
      h("h2", {}, "No posts yet"),
      h(
        "p",
        {},
        this.tag
          ? "No post has this tag."
          : "A subscription to this forum opens a post for each new item. A moderator adds one with /subscription add.",
      ),
    );
  }

  card(post) {
    const unread = this.state.unread.get(post.id);
    const text = h("p", { class: "post-text" }, this.previews.get(post.id) ?? "…");
    if (!this.previews.has(post.id)) this.preview(post, text);
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: `post${unread ? " unread" : ""}`,
          on: { click: () => this.app.go(post.id) },
        },
        tagsOf(post, this.state),
        h("span", { class: "post-name" }, post.name),
        text,
        h(
          "span",
          { class: "post-foot" },
          avatar(this.state.users.get(post.owner_id), "tiny"),
          nameOf(this.state.users.get(post.owner_id)),
          h("span", {}, "·"),
          `${post.message_count ?? 0} ${post.message_count === 1 ? "reply" : "replies"}`,
          h("span", {}, "·"),
          relative(madeAt(post.last_message_id ?? post.id)),
          unread ? h("span", { class: "pill" }, `${unread} new`) : null,
        ),
      ),
    );
  }

  async preview(post, node) {
    try {
      const { messages } = await this.app.ask("history", { channel_id: post.id, limit: 3 });
      const said = messages.length ? spokenText(messages[0]) : "";
      // A post's first line is often its name, which stands right above.
      const words = (said.startsWith(post.name) ? said.slice(post.name.length) : said).trim();
      this.previews.set(post.id, words);
      node.textContent = words;
    } catch {
      node.textContent = "";
    }
  }
}
