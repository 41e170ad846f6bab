/** Times in the reader's own zone and words, as Discord's timestamp styles say them. */

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const DAY_MS = 86400000;

/** Say how long ago or ahead a time is. */
export function relative(at, now = new Date()) {
  const seconds = Math.round((at - now) / 1000);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(
    Math.round(seconds / size),
    unit,
  );
}

/** Say a time in one of Discord's styles. */
export function inStyle(at, style) {
  if (style === "R") return relative(at);
  return new Intl.DateTimeFormat(undefined, STYLES[style] ?? STYLES.f).format(at);
}

/** Say the time of a message as a client does: clock today, a word yesterday, else a date. */
export function stamp(at, now = new Date()) {
  const clock = inStyle(at, "t");
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);
  if (days === 0) return clock;
  return days === 1 ? `Yesterday at ${clock}` : `${inStyle(at, "d")} ${clock}`;
}

/** Say the day over a run of messages. */
export function dayName(at) {
  return inStyle(at, "D");
}

/** Tell the start of a time's local day. */
export function startOfDay(at) {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** Fill each `<time datetime data-style>` under a node; relative ones are kept fresh. */
export function fillTimes(root) {
  for (const node of root.querySelectorAll("time[datetime][data-style]")) {
    const at = new Date(node.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) continue;
    node.textContent = inStyle(at, node.dataset.style);
    node.title = inStyle(at, "F");
  }
}

/** Keep relative times current while the page is open. */
export function keepTimesFresh() {
  setInterval(() => {
    for (const node of document.querySelectorAll('time[data-style="R"]')) {
      const at = new Date(node.getAttribute("datetime"));
      if (!Number.isNaN(at.getTime())) node.textContent = relative(at);
    }
  }, 15000);
}
