/** Small means of building the page: elements, icons, text for people. */

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M4 15h16",
  megaphone: "M4 10v4h3l8 5V5l-8 5H4ZM18 9a4 4 0 0 1 0 6M8 15l1 5h2",
  forum: "M4 5h12v9H9l-4 3v-3H4V5ZM19 9h1v11l-4-3h-6",
  thread: "M6 4v8a4 4 0 0 0 4 4h9M15 12l4 4-4 4",
  at: "M16 12a4 4 0 1 1-1.2-2.8M16 8v5a2.5 2.5 0 0 0 5 0v-1a9 9 0 1 0-4 7.5",
  plus: "M12 5v14M5 12h14",
  send: "M4 12 20 4l-5 16-4-7-7-1Z",
  menu: "M4 6h16M4 12h16M4 18h16",
  panel: "M4 5h16v14H4zM14 5v14M17 9h.01M17 12h.01",
  moon: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10Z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM20 20l-4.5-4.5",
  down: "m6 9 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM15 5H4v11",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  external: "M14 4h6v6M20 4l-9 9M18 14v5H5V6h5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  check: "m5 12 5 5 9-10",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  file: "M6 3h8l4 4v14H6zM14 3v5h4",
  shield: "M12 3 5 6v6c0 4 3 7 7 9 4-2 7-5 7-9V6l-7-3Z",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 21c0-4 3.500-6 8-6s8 2 8 6",
  rss: "M5 19h.01M4 12a8 8 0 0 1 8 8M4 5a15 15 0 0 1 15 15",
  help: "M9 9a3 3 0 1 1 4 3c-1 .6-1 1-1 2M12 18h.01",
  slash: "M15 4 9 20",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  pin: "M9 4h6l-1 7 4 4H6l4-4-1-7ZM12 15v6",
  warn: "M12 4 2.500 20h19L12 4ZM12 10v4M12 17h.01",
};

/** Make one element: props are attributes, `on` listeners, `vars` custom properties. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  node.append(
    ...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on")
    for (const [kind, call] of Object.entries(value)) node.addEventListener(kind, call);
  else if (name === "vars")
    for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "class") node.className = value;
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/** Make a line icon; it is decoration, the words are beside it or in a label. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.dataset.icon = name;
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Make a button that shows an icon only and says its name. */
export function iconButton(name, label, onClick, extra = {}) {
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: label,
      "aria-label": label,
      on: { click: onClick },
      ...extra,
    },
    icon(name),
  );
}

/** Make a block of text that the server has already rendered and cleaned. */
export function cleaned(html, fallback, className = "md") {
  const node = h("div", {
    class: html === undefined || html === null ? `${className} raw` : className,
  });
  // Only the server's `html` fields come here: they are cleaned there, and the content policy
  // lets no script or style run even if one were to slip through.
  if (html === undefined || html === null) node.textContent = fallback ?? "";
  else node.innerHTML = html;
  return node;
}

let counter = 0;

/** Give a fresh id for labels and lists. */
export function freshId(stem) {
  counter += 1;
  return `${stem}-${counter}`;
}

/** Say a short word at the lower edge of the page. */
export function toast(text, kind = "info") {
  const note = h("div", { class: `toast ${kind}` }, text);
  note.append(iconButton("close", "Dismiss", () => note.remove()));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "info" ? 4500 : 12000);
}

/** Compare two snowflakes by age: negative when the first is older. */
export function byAge(one, other) {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

/** Keep a number between two others. */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}
