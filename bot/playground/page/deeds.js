/** What a person does: commands, controls, forms, and the bench's own switches. */

import { toast } from "./dom.js";
import { nameOf } from "./components.js";
import { openModal } from "./modal.js";

const READ_AFTER_MS = 400;
const NO_ANSWER = /did not respond|interaction failed/i;

/** The page's deeds; what extends it holds `state`, `socket`, `messages` and `reload`. */
export class Deeds {
  ask(op, fields) {
    return this.socket.ask(op, fields);
  }

  complain(error) {
    toast(error.message, "bad");
  }

  /** Tell the server what is read, once for what arrives in a row; a lost word does no harm. */
  noteRead(channelId) {
    clearTimeout(this.readTimer);
    this.readTimer = setTimeout(
      () => this.ask("read", { channel_id: channelId }).catch(() => {}),
      READ_AFTER_MS,
    );
  }

  async runCommand(leaf, options) {
    const row = { kind: "command", channel_id: this.state.current, name: leaf.name };
    await this.begin(row, "command", {
      channel_id: row.channel_id,
      command_id: leaf.command.id,
      options,
    });
    this.messages.toEnd();
  }

  /** Send an interaction; a bot that is away fails it as silence would. */
  async begin(row, op, fields) {
    try {
      const answer = await this.ask(op, fields);
      this.state.addPending(answer.interaction_id, row);
    } catch (error) {
      if (!NO_ANSWER.test(error.message)) throw error;
      this.state.addFailed(row, error.message);
    }
  }

  async useContext(command, targetId) {
    const channelId = this.state.current;
    const fields = {
      channel_id: channelId,
      command_id: command.id,
      options: [],
      target_id: targetId,
    };
    try {
      await this.begin({ kind: "command", channel_id: channelId }, "command", fields);
    } catch (error) {
      this.complain(error);
    }
  }

  async useComponent(message, fields) {
    for (const [id, row] of this.state.pending) {
      if (row.message_id === message.id && row.state === "failed") this.state.removePending(id);
    }
    const row = {
      kind: "component",
      channel_id: message.channel_id,
      message_id: message.id,
      custom_id: fields.custom_id,
    };
    try {
      await this.begin(row, "component", { message_id: message.id, ...fields });
    } catch (error) {
      this.complain(error);
    }
  }

  async dismiss(message) {
    try {
      await this.ask("dismiss", { message_id: message.id });
      this.state.dropMessage(message);
    } catch (error) {
      this.complain(error);
    }
  }

  async become(userId) {
    try {
      await this.ask("become", { user_id: userId });
      await this.reload();
      toast(`You are now ${nameOf(this.state.person)}.`);
      // On a phone the drawer, with the button in it, has closed.
      const opener = document.getElementById("open-channels");
      (opener?.offsetParent ? opener : document.getElementById("person"))?.focus();
    } catch (error) {
      this.complain(error);
    }
  }

  /** Publish an announcement to whoever follows its channel. */
  async crosspost(message) {
    try {
      await this.ask("crosspost", { message_id: message.id });
      toast("Published to the channels that follow.");
    } catch (error) {
      this.complain(error);
    }
  }

  async speak(locale) {
    try {
      const { name } = await this.ask("language", { locale });
      await this.reload();
      toast(`${nameOf(this.state.person)}’s Discord is in ${name} now: so are answers and commands.`);
      const opener = document.getElementById("open-channels");
      (opener?.offsetParent ? opener : document.getElementById("language"))?.focus();
    } catch (error) {
      this.complain(error);
    }
  }

  async publish() {
    try {
      const { title } = await this.ask("publish");
      toast(`Published in the sample feed: ${title}`);
    } catch (error) {
      this.complain(error);
    }
  }

  async changeServer(one) {
    try {
      await this.ask("server", { id: one.id });
      toast(`${one.name} is being made ready. The page comes back by itself.`, "long");
    } catch (error) {
      this.complain(error);
    }
  }

  async trouble(kind) {
    try {
      const { says } = await this.ask("trouble", { kind, channel_id: this.state.current });
      this.state.addTrace({
        at: new Date().toISOString(),
        kind: "trouble",
        text: says,
        detail: "",
      });
      // An open panel says it already, and goes on to say what became of it.
      if (!this.panelOpen()) toast(says, "long");
    } catch (error) {
      this.complain(error);
    }
  }

  showModal(event) {
    this.state.removePending(event.interaction_id);
    openModal(event.modal, this.state, async (components) => {
      const answer = await this.ask("modal", {
        interaction_id: event.interaction_id,
        custom_id: event.modal.custom_id,
        components,
      });
      await this.ended(answer.interaction_id);
    });
  }

  /** Wait until an interaction is answered; throws Discord's words when it is not. */
  ended(id) {
    return new Promise((resolve, reject) => {
      const stops = [];
      const end = (worked) => {
        for (const stop of stops) stop();
        if (worked) resolve();
        else reject(new Error("Something went wrong. Try again."));
      };
      const heard = (row) => {
        if (row.id !== id || row.state === "sent") return;
        end(row.state !== "failed");
        if (row.state === "failed") this.state.removePending(id);
      };
      // After a lost connection the answer's news is not told again.
      stops.push(
        this.state.on("pending", heard),
        this.state.on("loaded", () => end(false)),
      );
      this.state.addPending(id, { id, kind: "modal", channel_id: this.state.current });
    });
  }
}
