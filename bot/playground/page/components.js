/** Message components, version 1 and 2, as nodes that speak for themselves. */

import { cleaned, h, icon } from "./dom.js";
import { openList } from "./listbox.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
const SELECTS = { 3: "string", 5: "user", 6: "role", 7: "mentionable", 8: "channel" };
const CHANNEL_ICONS = {
  0: "hash",
  1: "at",
  5: "megaphone",
  10: "thread",
  11: "thread",
  12: "thread",
  15: "forum",
};

/** Name the icon of a channel's kind. */
export function channelIcon(channel) {
  return CHANNEL_ICONS[channel?.type] ?? "hash";
}

/** Draw a list of components; `deal` gives state, send and which are busy. */
export function drawComponents(components, deal) {
  return (components ?? []).map((component) => draw(component, deal));
}

const DRAWERS = {
  1: drawRow,
  2: drawButton,
  3: drawSelect,
  5: drawSelect,
  6: drawSelect,
  7: drawSelect,
  8: drawSelect,
  9: drawSection,
  10: drawText,
  11: drawThumbnail,
  12: drawGallery,
  13: drawFile,
  14: drawSeparator,
  17: drawContainer,
};

function draw(component, deal) {
  const drawer = DRAWERS[component.type];
  return drawer
    ? drawer(component, deal)
    : h("div", { class: "unknown" }, `Component of type ${component.type}`);
}

function drawRow(row, deal) {
  const node = h("div", { class: "row" }, drawComponents(row.components, deal));
  return node;
}

function drawText(text) {
  return cleaned(text.html, text.content, "md text-display");
}

function drawSection(section, deal) {
  return h(
    "div",
    { class: "section" },
    h("div", { class: "section-text" }, drawComponents(section.components, deal)),
    h("div", { class: "section-side" }, section.accessory ? draw(section.accessory, deal) : null),
  );
}

function drawContainer(container, deal) {
  const colour = container.accent_color;
  const node = h(
    "div",
    { class: `container${colour === null || colour === undefined ? "" : " accented"}` },
    drawComponents(container.components, deal),
  );
  if (colour !== null && colour !== undefined) node.style.setProperty("--accent", hex(colour));
  return container.spoiler ? spoilered(node) : node;
}

function drawSeparator(separator) {
  return h("div", {
    class: `separator${separator.divider === false ? " plain" : ""}${separator.spacing === 2 ? " wide" : ""}`,
    role: separator.divider === false ? null : "separator",
  });
}

function drawThumbnail(thumbnail) {
  const node = picture(thumbnail.media, thumbnail.description, "thumbnail");
  return thumbnail.spoiler ? spoilered(node) : node;
}

function drawGallery(gallery) {
  const count = gallery.items.length;
  return h(
    "div",
    { class: `gallery of-${Math.min(count, 4)}` },
    gallery.items.map((item) => {
      const node = picture(item.media, item.description, "gallery-item");
      return item.spoiler ? spoilered(node) : node;
    }),
  );
}

function drawFile(file) {
  const name = file.name ?? file.file?.url?.split("/").pop() ?? "file";
  const node = fileCard(name, file.size, file.file?.url);
  return file.spoiler ? spoilered(node) : node;
}

/** Draw a file's card with its name and size. */
export function fileCard(name, size, url) {
  return h(
    "div",
    { class: "file" },
    icon("file"),
    h(
      "span",
      { class: "file-text" },
      url && !url.startsWith("attachment:")
        ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name)
        : name,
      size ? h("span", { class: "file-size" }, `${Math.max(1, Math.round(size / 1024))} KB`) : null,
    ),
  );
}

/** Draw an image; one that may not be loaded shows its words instead. */
export function picture(media, description, className) {
  const url = ownPath(media?.url ?? media?.proxy_url ?? "");
  const words = description || "Image";
  const frame = h("span", { class: className });
  const local = url.startsWith("/") || url.startsWith("data:image/");
  if (!local) return placeholder(frame, words, url);
  const image = h("img", {
    src: url,
    alt: description ?? "",
    loading: "lazy",
    width: media.width,
    height: media.height,
  });
  image.addEventListener("error", () => {
    image.remove();
    placeholder(frame, words, url);
  });
  frame.append(image);
  return frame;
}

/** Give the path of an address on this very server, under whichever of its names it stands. */
export function ownPath(url) {
  const own = /^http:\/\/(?:127\.0\.0\.1|localhost):(\d+)(\/.*)$/.exec(url);
  return own && own[1] === location.port ? own[2] : url;
}

function placeholder(frame, words, url) {
  // The page asks nothing of the outside, so a picture from elsewhere is named and not fetched.
  frame.classList.add("picture-named");
  const small = frame.className.includes("thumbnail");
  frame.append(icon("image"), h("span", { class: small ? "sr" : null }, words));
  frame.title = `${words} ${url}`.trim();
  return frame;
}

/** Cover a node until it is asked for. */
export function spoilered(node) {
  const box = h("div", { class: "spoiler-box" }, node);
  const cover = h(
    "button",
    { type: "button", class: "spoiler-cover", on: { click: () => cover.remove() } },
    "Spoiler",
  );
  box.append(cover);
  return box;
}

/** Write a colour number as CSS. */
export function hex(colour) {
  return `#${Number(colour).toString(16).padStart(6, "0")}`;
}

function emojiOf(emoji) {
  if (!emoji) return null;
  return h("span", { class: "emoji" }, emoji.id ? `:${emoji.name}:` : emoji.name);
}

function drawButton(button, deal) {
  const words = [emojiOf(button.emoji), button.label ? h("span", {}, button.label) : null];
  if (button.style === 5 && !button.disabled) {
    return h(
      "a",
      {
        class: "button link",
        href: safeHref(button.url),
        target: "_blank",
        rel: "noopener noreferrer",
      },
      words,
      icon("external"),
    );
  }
  const busy = deal.isBusy(button.custom_id);
  return h(
    "button",
    {
      type: "button",
      class: `button ${STYLES[button.style] ?? "secondary"}${busy ? " busy" : ""}`,
      disabled: button.disabled || deal.stopped,
      "aria-busy": busy ? "true" : null,
      "aria-label": button.label ? null : (button.emoji?.name ?? "Button"),
      data: { customId: button.custom_id ?? "" },
      on: { click: () => !busy && deal.send({ custom_id: button.custom_id, component_type: 2 }) },
    },
    words,
  );
}

function safeHref(url) {
  return /^(https?|discord):/i.test(url ?? "") ? url : "#";
}

function drawSelect(select, deal) {
  const items = selectItems(select, deal.state);
  const chosen = items.filter((item) => item.selected);
  const busy = deal.isBusy(select.custom_id);
  const label = select.placeholder || "Make a selection";
  const node = h(
    "button",
    {
      type: "button",
      class: `select${busy ? " busy" : ""}`,
      disabled: select.disabled || deal.stopped,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-busy": busy ? "true" : null,
      data: { customId: select.custom_id },
    },
    h(
      "span",
      { class: chosen.length ? "select-value" : "select-placeholder" },
      chosen.length ? chosen.map((item) => item.label).join(", ") : label,
    ),
    icon("down"),
  );
  node.addEventListener("click", () =>
    openList(node, {
      label,
      items,
      multi: (select.max_values ?? 1) > 1,
      min: select.min_values ?? 1,
      max: select.max_values ?? 1,
      search: select.type !== 3 ? true : undefined,
      onPick: (values) =>
        deal.send({ custom_id: select.custom_id, component_type: select.type, values }),
    }),
  );
  return node;
}

/** List what a select offers: its own options, or people, roles and channels here. */
export function selectItems(select, state) {
  const kind = SELECTS[select.type];
  const set = new Set((select.default_values ?? []).map((value) => String(value.id)));
  if (kind === "string") {
    return select.options.map((option) => ({
      value: option.value,
      label: option.label,
      description: option.description,
      emoji: option.emoji
        ? option.emoji.id
          ? `:${option.emoji.name}:`
          : option.emoji.name
        : undefined,
      selected: option.default === true,
    }));
  }
  const items = [];
  if (kind === "user" || kind === "mentionable") items.push(...userItems(state));
  if (kind === "role" || kind === "mentionable") items.push(...roleItems(state));
  if (kind === "channel") items.push(...channelItems(state, select.channel_types));
  return items.map((item) => ({ ...item, selected: set.has(item.value) }));
}

/** List the people here as options. */
export function userItems(state) {
  return [...state.users.values()].map((user) => ({
    value: user.id,
    label: nameOf(user),
    description: user.username,
    icon: "user",
  }));
}

/** List the roles here as options. */
export function roleItems(state) {
  return state.roles.map((role) => ({ value: role.id, label: role.name, icon: "shield" }));
}

/** List the channels here as options, of the given kinds where any are given. */
export function channelItems(state, kinds) {
  return [...state.channels.values()]
    .filter((channel) => channel.type !== 1 && (!kinds?.length || kinds.includes(channel.type)))
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      icon: channelIcon(channel),
      description: state.channels.get(channel.parent_id)?.name,
    }));
}

/** Give the name that is shown for a channel. */
export function channelName(channel) {
  return channel?.name ?? "";
}

/** Give the name that is shown for a person. */
export function nameOf(user) {
  return user?.nick || user?.global_name || user?.username || "Unknown";
}
