/** One message as a node: who, when, what it says, and what can be done with it. */

import { cleaned, h, icon, iconButton, toast } from "./dom.js";
import { drawComponents, fileCard, hex, nameOf, ownPath, picture, spoilered } from "./components.js";
import { openMenu } from "./listbox.js";
import { fillTimes, inStyle, stamp } from "./time.js";

const CROSSPOSTED = 1;
const EPHEMERAL = 64;
const LOADING = 128;
const HUES = 6;
const BLOCKS = "h1, h2, h3, p, div, li, blockquote, pre";

/** Tell whether only one person sees a message. */
export function isEphemeral(message) {
  return Boolean(message.ephemeral || message.flags & EPHEMERAL);
}

/** Draw a round mark: a picture of this server's, else the first letter on a colour of its own. */
export function avatar(user, size = "") {
  const name = nameOf(user);
  const app = user?.bot && !user.named;
  const own = user?.named ? name : (user?.id ?? name);
  const hue =
    [...own].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % HUES;
  const image = ownPath(user?.picture ?? "");
  const letter = [...name][0]?.toUpperCase();
  return h(
    "span",
    { class: `avatar ${size} hue-${app ? "bot" : hue}`, "aria-hidden": "true" },
    app ? icon("rss") : image.startsWith("/") ? h("img", { src: image, alt: "" }) : letter,
  );
}

/** Draw a message; `app` gives state and deeds, `joined` leaves out the head of a run. */
export function drawMessage(message, app, joined = false) {
  const alone = isEphemeral(message);
  const author = app.state.users.get(message.author?.id) ?? message.author;
  const at = new Date(message.timestamp);
  const node = h("li", {
    class: `message${joined ? " joined" : ""}${alone ? " ephemeral" : ""}`,
    id: `m-${message.id}`,
    tabindex: "-1",
    data: { id: message.id },
    "aria-label": `${nameOf(author)}, ${stamp(at)}`,
  });
  node.append(
    usedLine(message, app),
    h(
      "div",
      { class: "message-side" },
      joined
        ? h("time", { class: "side-time", datetime: message.timestamp }, inStyle(at, "t"))
        : avatar(author),
    ),
  );
  const body = h("div", { class: "message-body" });
  if (!joined) body.append(headLine(author, at, message));
  body.append(...contents(message, app), footNotes(message, app, alone));
  node.append(body, tools(message, app, alone));
  fillTimes(node);
  return node;
}

function headLine(author, at, message) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, nameOf(author)),
    author?.bot ? h("span", { class: "badge" }, "APP") : null,
    author?.moderator
      ? h(
          "span",
          { class: "role-mark", title: "Moderator" },
          icon("shield"),
          h("span", { class: "sr" }, "Moderator"),
        )
      : null,
    h("time", { class: "stamp", datetime: message.timestamp, title: inStyle(at, "F") }, stamp(at)),
  );
}

function usedLine(message, app) {
  const meta = message.interaction_metadata ?? message.interaction;
  if (!meta?.user || (!meta.name && !meta.command_name)) return "";
  const user = app.state.users.get(meta.user.id) ?? meta.user;
  return h(
    "div",
    { class: "used" },
    avatar(user, "tiny"),
    h("span", { class: "used-name" }, nameOf(user)),
    " used ",
    h("span", { class: "used-command" }, `/${meta.name ?? meta.command_name}`),
  );
}

function contents(message, app) {
  if (message.flags & LOADING) return [thinking(nameOf(message.author))];
  const deal = dealFor(message, app);
  const parts = [];
  if (message.html || message.content) parts.push(cleaned(message.html, message.content));
  for (const embed of message.embeds ?? []) parts.push(drawEmbed(embed));
  const v2 = Boolean(message.flags & 32768);
  for (const file of v2 ? [] : (message.attachments ?? [])) parts.push(drawAttachment(file));
  if (message.components?.length)
    parts.push(
      h(
        "div",
        { class: v2 ? "components v2" : "components" },
        drawComponents(message.components, deal),
      ),
    );
  if (message.thread) parts.push(threadLink(message.thread, app));
  return parts;
}

function dealFor(message, app) {
  const rows = [...app.state.pending.values()].filter(
    (row) => row.kind === "component" && row.message_id === message.id,
  );
  return {
    state: app.state,
    stopped: false,
    isBusy: (customId) => rows.some((row) => row.custom_id === customId && row.state !== "failed"),
    send: (fields) => app.useComponent(message, fields),
  };
}

/** Draw the row shown while an answer is being made. */
export function thinking(name, words = "is thinking…") {
  return h(
    "div",
    { class: "thinking" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", {}, `${name} ${words}`),
  );
}

function footNotes(message, app, alone) {
  const notes = h("div", { class: "notes" });
  if (message.edited_timestamp) {
    notes.append(
      h(
        "span",
        { class: "edited", title: inStyle(new Date(message.edited_timestamp), "F") },
        "(edited)",
      ),
    );
  }
  if (message.pinned) notes.append(h("span", {}, icon("pin"), "Pinned"));
  if (message.flags & CROSSPOSTED || message.crossposted) {
    notes.append(h("span", { class: "published" }, icon("megaphone"), "Published"));
  }
  if (alone) {
    notes.append(
      h(
        "span",
        { class: "alone" },
        icon("eye"),
        "Only you can see this · ",
        h(
          "button",
          { type: "button", class: "text-button", on: { click: () => app.dismiss(message) } },
          "Dismiss message",
        ),
      ),
    );
  }
  const failed = [...app.state.pending.values()].find(
    (row) => row.message_id === message.id && row.state === "failed",
  );
  if (failed)
    notes.append(
      h("span", { class: "failed", role: "alert" }, icon("warn"), "This interaction failed"),
    );
  notes.hidden = !notes.childElementCount;
  return notes;
}

function tools(message, app, alone) {
  const more = iconButton(
    "more",
    "More actions",
    () => openMenu(more, "Message actions", actions(message, app, alone)),
    { tabindex: "-1", "aria-haspopup": "dialog", "aria-expanded": "false" },
  );
  return h(
    "div",
    { class: "tools" },
    app.state.mayPublish(message)
      ? iconButton("megaphone", "Publish", () => app.crosspost(message), { tabindex: "-1" })
      : null,
    alone
      ? null
      : iconButton("link", "Copy link", () => copy(app.linkTo(message), "Link copied"), {
          tabindex: "-1",
        }),
    more,
  );
}

function actions(message, app, alone) {
  const list = [
    { label: "Copy text", icon: "copy", run: () => copy(plainText(message), "Text copied") },
  ];
  if (!alone)
    list.push({
      label: "Copy message link",
      icon: "link",
      run: () => copy(app.linkTo(message), "Link copied"),
    });
  if (app.state.mayPublish(message))
    list.unshift({
      label: "Publish",
      description: "To the channels that follow this one",
      icon: "megaphone",
      run: () => app.crosspost(message),
    });
  list.push({ label: "Copy message ID", icon: "copy", run: () => copy(message.id, "ID copied") });
  for (const command of app.contextCommands(3)) {
    list.push({
      label: command.name,
      description: "Apps",
      icon: "bolt",
      run: () => app.useContext(command, message.id),
    });
  }
  for (const command of message.author?.bot ? [] : app.contextCommands(2)) {
    list.push({
      label: command.name,
      description: `Apps, on ${nameOf(message.author)}`,
      icon: "user",
      run: () => app.useContext(command, message.author.id),
    });
  }
  return list;
}

async function copy(text, word) {
  try {
    await navigator.clipboard.writeText(text);
    toast(word);
  } catch {
    toast("Copying is not allowed here.", "bad");
  }
}

/** Give a message's words as they were written, with their marks. */
export function plainText(message) {
  return textsOf(message)
    .map(([source]) => source)
    .join("\n");
}

/** Give a message's words as they are read: marks done, times told, no layout. */
export function spokenText(message) {
  const words = textsOf(message).map(([source, html]) => {
    if (html === undefined || html === null) return source;
    const inert = document.createElement("template");
    inert.innerHTML = html;
    fillTimes(inert.content);
    for (const block of inert.content.querySelectorAll(BLOCKS))
      block.append(block.classList.contains("subtext") && block.nextElementSibling ? " — " : " ");
    return inert.content.textContent.trim();
  });
  return words.join(" ").replace(/\s+/g, " ");
}

function textsOf(message) {
  const found = [[message.content, message.html]];
  for (const embed of message.embeds ?? []) {
    found.push([embed.title, embed.html?.title], [embed.description, embed.html?.description]);
  }
  const walk = (components) => {
    for (const one of components ?? []) {
      if (one.type === 10) found.push([one.content, one.html]);
      walk(one.components);
    }
  };
  walk(message.components);
  return found.filter(([source]) => source);
}

function threadLink(thread, app) {
  return h(
    "button",
    { type: "button", class: "thread-link", on: { click: () => app.go(thread.id) } },
    h("span", { class: "thread-name" }, icon("thread"), thread.name),
    h("span", { class: "thread-more" }, `${thread.message_count ?? 0} messages ›`),
  );
}

function drawAttachment(file) {
  const image = file.content_type?.startsWith("image/");
  const node = image
    ? picture(
        { url: file.url, width: file.width, height: file.height },
        file.description ?? file.filename,
        "attachment",
      )
    : fileCard(file.filename, file.size, file.url);
  return file.filename?.startsWith("SPOILER_") ? spoilered(node) : node;
}

function drawEmbed(embed) {
  const html = embed.html ?? {};
  const node = h("article", {
    class: "embed",
    vars: embed.color ? { "--accent": hex(embed.color) } : {},
  });
  const main = h("div", { class: "embed-main" });
  if (embed.author) main.append(cleaned(html.author, embed.author.name, "md embed-author"));
  if (embed.title) main.append(titleOf(embed, html));
  if (embed.description)
    main.append(cleaned(html.description, embed.description, "md embed-description"));
  if (embed.fields?.length)
    main.append(
      h(
        "div",
        { class: "embed-fields" },
        embed.fields.map((field, index) =>
          h(
            "div",
            { class: field.inline ? "embed-field inline" : "embed-field" },
            cleaned(html.fields?.[index]?.name, field.name, "md embed-name"),
            cleaned(html.fields?.[index]?.value, field.value),
          ),
        ),
      ),
    );
  if (embed.image) main.append(picture(embed.image, embed.image.description, "attachment"));
  const foot = [
    embed.footer ? cleaned(html.footer, embed.footer.text, "md") : null,
    embed.timestamp ? h("time", { datetime: embed.timestamp, data: { style: "f" } }) : null,
  ].filter(Boolean);
  if (foot.length) main.append(h("footer", { class: "embed-foot" }, foot));
  node.append(main);
  if (embed.thumbnail)
    node.append(picture(embed.thumbnail, embed.thumbnail.description, "thumbnail"));
  return node;
}

function titleOf(embed, html) {
  const title = cleaned(html.title, embed.title, "md embed-title");
  if (!/^https?:/i.test(embed.url ?? "")) return title;
  return h(
    "a",
    { class: "embed-link", href: embed.url, target: "_blank", rel: "noopener noreferrer" },
    title,
  );
}
