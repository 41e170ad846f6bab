/** The page's one socket: questions with answers, pushed events, and its own way back. */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8000;
const ANSWER_WITHIN_MS = 15000;

/** Speak with the server; `onEvent` gets what it pushes, `onState` open or lost. */
export class Socket {
  constructor(address, { onEvent, onState }) {
    this.address = address;
    this.onEvent = onEvent;
    this.onState = onState;
    this.number = 0;
    this.waiting = new Map();
    this.tries = 0;
    this.open();
  }

  open() {
    this.line = new WebSocket(this.address);
    this.line.addEventListener("open", () => {
      this.tries = 0;
      this.onState("open");
    });
    this.line.addEventListener("message", (event) => this.take(JSON.parse(event.data)));
    this.line.addEventListener("close", () => this.lost());
  }

  take(data) {
    if (data.re === undefined) {
      this.onEvent(data);
      return;
    }
    const asked = this.waiting.get(data.re);
    this.waiting.delete(data.re);
    if (!asked) return;
    clearTimeout(asked.timer);
    if (data.ok) asked.resolve(data);
    else asked.reject(new Error(data.error || "The playground's server refused this."));
  }

  lost() {
    for (const asked of this.waiting.values()) {
      clearTimeout(asked.timer);
      asked.reject(new Error("The connection was lost. Try again when it is back."));
    }
    this.waiting.clear();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.tries);
    this.tries += 1;
    this.onState("lost", wait);
    // Half fixed, half by chance: two open pages do not come back in step.
    this.timer = setTimeout(() => this.open(), wait / 2 + (Math.random() * wait) / 2);
  }

  /** Try again now instead of at the end of the wait. */
  hurry() {
    if (this.line.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.timer);
    this.open();
  }

  /** Ask the server; gives its answer or throws its sentence. */
  ask(op, fields = {}) {
    if (this.line.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Error("Not connected. The page reconnects by itself."));
    }
    this.number += 1;
    const number = this.number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(number);
        reject(new Error("No answer from the playground's server."));
      }, ANSWER_WITHIN_MS);
      this.waiting.set(number, { resolve, reject, timer });
      this.line.send(JSON.stringify({ op, n: number, ...fields }));
    });
  }
}
