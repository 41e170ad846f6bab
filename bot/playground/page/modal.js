/** A form the bot asks to be filled in, with every input Discord has for one. */

import { cleaned, freshId, h, icon, iconButton } from "./dom.js";
import { openList } from "./listbox.js";
import { selectItems } from "./components.js";
import { upload } from "./upload.js";

const REQUIRED = "This field is required";

/** Show a modal; `onSubmit` gets its components as Discord sends them. */
export function openModal(modal, state, onSubmit) {
  const fields = [];
  const error = h("div", { class: "modal-error", role: "alert", hidden: true });
  const title = h("h2", { id: freshId("modal") }, modal.title);
  const submit = h("button", { type: "submit", class: "button primary" }, "Submit");
  const body = h(
    "div",
    { class: "modal-body" },
    modal.components.map((component) => top(component, fields, state)),
  );
  const dialog = h(
    "dialog",
    { class: "modal", "aria-labelledby": title.id },
    h(
      "form",
      { novalidate: true },
      h(
        "header",
        { class: "modal-head" },
        title,
        iconButton("close", "Close", () => dialog.close()),
      ),
      body,
      error,
      h(
        "footer",
        { class: "modal-foot" },
        h(
          "button",
          { type: "button", class: "button secondary", on: { click: () => dialog.close() } },
          "Cancel",
        ),
        submit,
      ),
    ),
  );
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  dialog.firstElementChild.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = fields.filter((field) => !field.check());
    if (wrong.length) {
      wrong[0].focus();
      return;
    }
    submit.disabled = true;
    error.hidden = true;
    try {
      await onSubmit(modal.components.map((component) => answerOf(component, fields)));
      dialog.close();
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    } finally {
      submit.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  fields[0]?.focus();
  return dialog;
}

function top(component, fields, state) {
  if (component.type === 10) return cleaned(component.html, component.content, "md modal-text");
  if (component.type === 1)
    return h(
      "div",
      {},
      component.components.map((one) => labelled(one, one.label, "", fields, state)),
    );
  if (component.type === 18)
    return labelled(component.component, component.label, component.description, fields, state);
  return h("div", { class: "unknown" }, `Component of type ${component.type}`);
}

function labelled(component, words, description, fields, state) {
  const id = freshId("input");
  const needed = component.required !== false && component.type !== 23;
  const wrong = h("span", { class: "field-error", id: `${id}-wrong`, role: "alert" });
  const kind = KINDS[component.type] ?? inert;
  const field = Object.assign(kind(component, { id, words, needed, state }), { component });
  field.check = () => {
    wrong.textContent = field.problem(needed);
    field.mark?.setAttribute("aria-invalid", String(Boolean(wrong.textContent)));
    return !wrong.textContent;
  };
  fields.push(field);
  const label = [
    words,
    needed ? h("span", { class: "needed", "aria-hidden": "true" }, " *") : null,
  ];
  const help = description
    ? h("span", { class: "field-help", id: `${id}-help` }, description)
    : null;
  field.mark?.setAttribute("aria-describedby", `${id}-help ${id}-wrong`);
  if (field.beside) {
    field.mark.removeAttribute("aria-describedby");
    return h("label", { class: "field tick" }, field.node, h("span", {}, words, help));
  }
  if (field.grouped)
    return h("fieldset", { class: "field" }, h("legend", {}, label), help, field.node, wrong);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id, id: `${id}-label` }, label),
    help,
    field.node,
    wrong,
  );
}

const KINDS = {
  3: chooser,
  5: chooser,
  6: chooser,
  7: chooser,
  8: chooser,
  4: textInput,
  19: upload,
  21: radios,
  22: checks,
  23: check,
};

function textInput(component, { id, needed }) {
  const long = component.style === 2;
  const node = h(long ? "textarea" : "input", {
    id,
    class: "text-input",
    type: long ? null : "text",
    rows: long ? "4" : null,
    value: component.value ?? "",
    placeholder: component.placeholder,
    maxlength: component.max_length ?? 4000,
    "aria-required": String(needed),
  });
  return {
    node,
    mark: node,
    focus: () => node.focus(),
    answer: () => ({ value: node.value }),
    problem: (must) => {
      const length = [...node.value].length;
      if (must && !node.value.trim()) return REQUIRED;
      return length && length < (component.min_length ?? 0)
        ? `Must be ${component.min_length} or more in length`
        : "";
    },
  };
}

function chooser(component, { id, words, state }) {
  const items = selectItems(component, state);
  let values = items.filter((item) => item.selected).map((item) => item.value);
  const text = h("span", {});
  const node = h(
    "button",
    {
      type: "button",
      id,
      class: "select",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-labelledby": `${id}-label ${id}-value`,
    },
    text,
    icon("down"),
  );
  text.id = `${id}-value`;
  const draw = () => {
    text.className = values.length ? "select-value" : "select-placeholder";
    text.textContent = values.length
      ? items
          .filter((item) => values.includes(item.value))
          .map((item) => item.label)
          .join(", ")
      : component.placeholder || "Make a selection";
  };
  node.addEventListener("click", () =>
    openList(node, {
      label: words,
      items: items.map((item) => ({ ...item, selected: values.includes(item.value) })),
      multi: (component.max_values ?? 1) > 1,
      min: component.required === false ? 0 : (component.min_values ?? 1),
      max: component.max_values ?? 1,
      onPick: (picked) => {
        values = picked;
        draw();
      },
    }),
  );
  draw();
  return {
    node,
    mark: node,
    focus: () => node.focus(),
    answer: () => ({ values }),
    problem: (must) => (must && !values.length ? REQUIRED : ""),
  };
}

function ticks(component, type, { id }) {
  const inputs = component.options.map((option) =>
    h("input", { type, name: id, value: option.value, checked: option.default }),
  );
  const node = h(
    "div",
    { class: "ticks" },
    component.options.map((option, index) =>
      h(
        "label",
        { class: "tick" },
        inputs[index],
        h(
          "span",
          {},
          option.label,
          option.description ? h("span", { class: "field-help" }, option.description) : null,
        ),
      ),
    ),
  );
  return {
    node,
    grouped: true,
    focus: () => inputs[0]?.focus(),
    chosen: () => inputs.filter((one) => one.checked).map((one) => one.value),
  };
}

function radios(component, place) {
  const group = ticks(component, "radio", place);
  return {
    ...group,
    answer: () => ({ value: group.chosen()[0] ?? null }),
    problem: (must) => (must && !group.chosen().length ? REQUIRED : ""),
  };
}

function checks(component, place) {
  const group = ticks(component, "checkbox", place);
  const least = component.min_values ?? 1;
  const most = component.max_values ?? component.options.length;
  return {
    ...group,
    answer: () => ({ values: group.chosen() }),
    problem: (must) => {
      const count = group.chosen().length;
      if (must && !count) return REQUIRED;
      if (count && count < least) return `Choose at least ${least}`;
      return count > most ? `Choose at most ${most}` : "";
    },
  };
}

function check(component, { id }) {
  const node = h("input", { type: "checkbox", id, class: "check", checked: component.default });
  return {
    node,
    mark: node,
    beside: true,
    focus: () => node.focus(),
    answer: () => ({ value: node.checked }),
    problem: () => "",
  };
}

function inert(component) {
  return {
    node: h("div", { class: "unknown" }, `Input of type ${component.type}`),
    focus: () => {},
    answer: () => ({}),
    problem: () => "",
  };
}

function answerOf(component, fields) {
  const one = (inner) => ({
    type: inner.type,
    id: inner.id,
    custom_id: inner.custom_id,
    ...fields.find((field) => field.component === inner).answer(),
  });
  if (component.type === 18)
    return { type: 18, id: component.id, component: one(component.component) };
  if (component.type === 1)
    return { type: 1, id: component.id, components: component.components.map(one) };
  return { type: component.type, id: component.id };
}
