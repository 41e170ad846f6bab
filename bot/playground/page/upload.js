/** A form's input for files: chosen or dropped on it, read at once, sent with the form. */

import { h, iconButton } from "./dom.js";
import { LONGEST_FILE, readFile } from "./options.js";

const REQUIRED = "This field is required";

/** Make the input; its answer holds each file's name and content. */
export function upload(component, { id, needed }) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  let files = [];
  let wrong = "";
  const list = h("ul", { class: "upload-files", "aria-label": "Chosen files", hidden: true });
  const node = h("input", {
    type: "file",
    id,
    class: "upload",
    multiple: most > 1,
    "aria-required": String(needed),
  });
  const problem = (must) => {
    if (wrong) return wrong;
    if (must && !files.length && least) return REQUIRED;
    if (files.length && files.length < least) return `Choose at least ${least} files`;
    return files.length > most ? `Choose at most ${most} ${most > 1 ? "files" : "file"}` : "";
  };
  const field = {
    node: h("div", { class: "upload-box" }, node, list),
    mark: node,
    focus: () => node.focus(),
    answer: () => ({ values: files.map(({ name, data }) => ({ name, data })) }),
    problem,
  };
  const draw = () => {
    list.replaceChildren(
      ...files.map((file) =>
        h(
          "li",
          {},
          h("span", {}, `${file.name} · ${Math.max(1, Math.round(file.size / 1024))} KB`),
          iconButton("close", `Remove ${file.name}`, () => {
            files = files.filter((one) => one !== file);
            node.files = held(files);
            draw();
            node.focus();
            field.check();
          }),
        ),
      ),
    );
    list.hidden = !files.length;
  };
  node.addEventListener("change", async () => {
    const chosen = [...node.files];
    const size = chosen.reduce((sum, file) => sum + file.size, 0);
    wrong = size > LONGEST_FILE ? "The playground takes files of at most 2 MB together" : "";
    files = wrong
      ? []
      : await Promise.all(
          chosen.map(async (file) => ({ ...(await readFile(file)).value, size: file.size, file })),
        );
    draw();
    field.check();
  });
  return field;
}

/** Give files as an input holds them, so that it counts what is left. */
function held(files) {
  const transfer = new DataTransfer();
  for (const { file } of files) transfer.items.add(file);
  return transfer.files;
}
