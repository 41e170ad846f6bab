/** What a slash command takes: its leaves, its rules and what can be offered for each option. */

import { channelItems, roleItems, userItems } from "./components.js";

const SUB = 1;
const GROUP = 2;
const STRING = 3;
const INTEGER = 4;
const BOOLEAN = 5;
const USER = 6;
const CHANNEL = 7;
const ROLE = 8;
const MENTIONABLE = 9;
const NUMBER = 10;
const FILE = 11;
/** The most bytes that go with one command or form. */
export const LONGEST_FILE = 2 * 1024 * 1024;
const LONGEST_TEXT = 6000;
const WANTED = {
  [USER]: "user",
  [CHANNEL]: "channel",
  [ROLE]: "role",
  [MENTIONABLE]: "user or role",
  [FILE]: "file",
};

/** List every command that can be sent: subcommands stand for themselves. */
export function leavesOf(commands) {
  return commands
    .filter((command) => (command.type ?? 1) === 1)
    .flatMap((command) => walk(command, command, [command.name]));
}

function walk(command, node, path) {
  const subs = (node.options ?? []).filter(
    (option) => option.type === SUB || option.type === GROUP,
  );
  if (subs.length) return subs.flatMap((sub) => walk(command, sub, [...path, sub.name]));
  return [
    {
      command,
      path,
      name: path.join(" "),
      description: node.description,
      options: node.options ?? [],
    },
  ];
}

/** Find the leaves that fit what is typed after the slash, best first, groups kept together. */
export function findLeaves(leaves, typed) {
  const words = typed.trim().toLowerCase();
  const ranked = leaves
    .map((leaf) => ({ leaf, rank: rankOf(leaf, words) }))
    .filter((one) => one.rank < 9);
  const best = new Map();
  for (const { leaf, rank } of ranked) {
    best.set(groupOf(leaf), Math.min(rank, best.get(groupOf(leaf)) ?? 9));
  }
  const order = [...best.keys()];
  return ranked
    .sort(
      (a, b) =>
        best.get(groupOf(a.leaf)) - best.get(groupOf(b.leaf)) ||
        order.indexOf(groupOf(a.leaf)) - order.indexOf(groupOf(b.leaf)) ||
        a.rank - b.rank,
    )
    .map((one) => one.leaf);
}

function rankOf(leaf, words) {
  if (!words || leaf.name === words) return 0;
  if (leaf.name.startsWith(words)) return 1;
  if (leaf.path.some((part) => part.startsWith(words))) return 2;
  if (leaf.name.includes(words)) return 3;
  return leaf.description.toLowerCase().includes(words) ? 4 : 9;
}

/** Name the heading a command stands under in the picker. */
export function groupOf(leaf) {
  return leaf.path.length > 1 ? `/${leaf.path[0]}` : "Tagwire";
}

/** Give the options in the order they are asked: required first. */
export function inOrder(options) {
  return [
    ...options.filter((option) => option.required),
    ...options.filter((option) => !option.required),
  ];
}

/** Tell whether the bot is asked for suggestions while one types. */
export function isRemote(option) {
  return option.autocomplete === true;
}

/** Tell whether a file is given to the option. */
export function takesFile(option) {
  return option.type === FILE;
}

/** Read a chosen file into what the playground's server takes, or say what is wrong. */
export async function readFile(file) {
  if (file.size > LONGEST_FILE) return { error: "The playground takes files of at most 2 MB" };
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return { value: { name: file.name, data: btoa(text) } };
}

/** List what can be chosen for an option here, or null where any text goes. */
export function localItems(option, state) {
  if (option.choices?.length)
    return option.choices.map((choice) => ({ value: choice.value, label: choice.name }));
  if (option.type === BOOLEAN)
    return [
      { value: true, label: "True" },
      { value: false, label: "False" },
    ];
  if (option.type === USER) return userItems(state);
  if (option.type === ROLE) return roleItems(state);
  if (option.type === MENTIONABLE) return [...userItems(state), ...roleItems(state)];
  if (option.type === CHANNEL) return channelItems(state, option.channel_types);
  return null;
}

/** Keep the items that fit what is typed, those that begin with it first. */
export function matching(items, typed) {
  const words = typed.trim().toLowerCase().replace(/^[#@]/, "");
  if (!words) return items.slice(0, 25);
  const begins = (item) => Number(!item.label.toLowerCase().startsWith(words));
  return items
    .filter((item) => item.label.toLowerCase().includes(words))
    .sort((a, b) => begins(a) - begins(b))
    .slice(0, 25);
}

/** Turn what was typed into a value, or say what is wrong in Discord's words. */
export function resolve(field, state) {
  const { option } = field;
  const text = field.text.trim();
  if (field.value !== undefined) return { value: field.value };
  if (!text)
    return option.required
      ? { error: "This option is required. Specify a value" }
      : { value: undefined };
  const items = localItems(option, state);
  if (items) return resolveChoice(option, items, text);
  if (option.type === INTEGER || option.type === NUMBER) return resolveNumber(option, text);
  return resolveText(option, text);
}

function resolveChoice(option, items, text) {
  const words = text.toLowerCase().replace(/^[#@]/, "");
  const found = items.find((item) => item.label.toLowerCase() === words);
  if (found) return { value: found.value };
  if (option.type === BOOLEAN) return { error: "Select true or false" };
  return {
    error: WANTED[option.type] ? `Select a valid ${WANTED[option.type]}` : "Select a valid choice",
  };
}

function resolveNumber(option, text) {
  const whole = option.type === INTEGER;
  const value = Number(text);
  if (
    !(whole ? /^[-+]?\d+$/ : /^[-+]?\d*\.?\d+$/).test(text) ||
    !Number.isFinite(value) ||
    (whole && !Number.isSafeInteger(value))
  ) {
    return { error: whole ? "Input a valid integer" : "Input a valid number" };
  }
  if (option.min_value !== undefined && value < option.min_value)
    return { error: "Value is too small" };
  if (option.max_value !== undefined && value > option.max_value)
    return { error: "Value is too big" };
  return { value };
}

function resolveText(option, text) {
  const length = [...text].length;
  if (length > (option.max_length ?? LONGEST_TEXT)) return { error: "Value is too long" };
  if (length < (option.min_length ?? 0)) return { error: "Value is too short" };
  return { value: text };
}

/** Write an interaction's options for a leaf; `focused` is the field being typed. */
export function toData(leaf, fields, state, focused) {
  const written = [];
  for (const field of fields) {
    const { option } = field;
    const base = { name: option.name, type: option.type };
    if (field === focused) {
      written.push({ ...base, value: field.text, focused: true });
      continue;
    }
    const { value } = resolve(field, state);
    if (value !== undefined) written.push({ ...base, value });
  }
  return leaf.path
    .slice(1)
    .reduceRight(
      (options, name, index) => [
        { name, type: index === leaf.path.length - 2 ? SUB : GROUP, options },
      ],
      written,
    );
}

/** Name the kind of value an option takes. */
export function kindWord(option) {
  return (
    {
      [STRING]: "text",
      [INTEGER]: "whole number",
      [BOOLEAN]: "true or false",
      [NUMBER]: "number",
      ...WANTED,
    }[option.type] ?? "value"
  );
}
