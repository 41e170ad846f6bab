/** "Import your own": an address or a dropped file goes through the bot's own import. */

import { freshId, h, icon, iconButton } from "./dom.js";

/** Open the dialog; a dropped `file` is taken at once. */
export function openBring(app, file = null) {
  document.querySelector(".bring")?.close();
  const title = h("h2", { id: freshId("bring") }, "Import your own");
  const field = freshId("address");
  const address = h("input", {
    id: field,
    class: "text-input",
    type: "url",
    placeholder: "https://example.org/feed",
    maxlength: "2000",
    autocomplete: "off",
  });
  const picker = h("input", {
    type: "file",
    class: "sr",
    id: freshId("file"),
    on: { change: () => picker.files[0] && send(picker.files[0]) },
  });
  const zone = h(
    "label",
    { class: "drop-zone", for: picker.id },
    icon("file"),
    h("span", {}, "Drop a file here, or ", h("b", {}, "choose one")),
    h("span", { class: "field-help" }, "A saved page, a feed or an export, up to 16 MB"),
  );
  const result = h("div", { class: "bring-result", role: "status" });
  const submit = h("button", { type: "submit", class: "button primary" }, "Import");
  const form = h(
    "form",
    { novalidate: true },
    h(
      "header",
      { class: "modal-head" },
      title,
      iconButton("close", "Close", () => dialog.close()),
    ),
    h(
      "div",
      { class: "modal-body" },
      h("div", { class: "field" }, h("label", { for: field }, "Address"), address),
      picker,
      zone,
      result,
    ),
    h("footer", { class: "modal-foot" }, submit),
  );
  const dialog = h("dialog", { class: "modal bring", "aria-labelledby": title.id }, form);
  const before = document.activeElement;

  async function send(dropped) {
    const query = new URLSearchParams({ t: app.token });
    if (dropped) query.set("name", dropped.name);
    else query.set("address", address.value);
    if (form.inert) return;
    form.inert = true;
    say(h("p", {}, h("span", { class: "spin", "aria-hidden": "true" }), " Importing…"));
    let told;
    try {
      const answer = await fetch(`/page/import?${query}`, { method: "POST", body: dropped });
      told = await answer.json();
    } catch {
      told = { error: "The playground does not answer. Try again when the page is connected." };
    }
    form.inert = false;
    picker.value = "";
    if (told.ok) done(told);
    else failed(told.error);
  }

  function say(...nodes) {
    result.replaceChildren(...nodes);
  }

  function failed(words) {
    say(h("p", { class: "bring-bad" }, icon("warn"), h("span", {}, words)));
    address.focus();
  }

  function done({ says, problems }) {
    const latest = h(
      "button",
      { type: "button", class: "button secondary", on: { click: () => show() } },
      "Show the latest",
    );
    say(
      h("p", { class: "bring-good" }, icon("check"), h("span", {}, says)),
      problems.length ? h("ul", {}, problems.map((one) => h("li", {}, one))) : "",
      latest,
    );
    latest.focus();
  }

  function show() {
    dialog.close();
    const leaf = app.composer.leaves().find((one) => one.name === "latest");
    if (leaf) app.runCommand(leaf, []).catch((error) => app.complain(error));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(null);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  address.focus();
  if (file) send(file);
}

/** Take files that are dropped anywhere on the page. */
export function takeDrops(app) {
  // What is dropped on an input for files is meant for that input.
  const brings = (event) =>
    event.dataTransfer?.types.includes("Files") && !event.target.closest?.("input[type=file]");
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    document.documentElement.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.documentElement.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    document.documentElement.classList.remove("dropping");
    if (!brings(event)) return;
    event.preventDefault();
    openBring(app, event.dataTransfer.files[0]);
  });
}
