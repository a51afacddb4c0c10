// The WebSocket to the desk: hello, resume, pings, coming back after a loss. What it carries is not its business.

/** @typedef {import("./types").FromPage} FromPage */
/** @typedef {import("./types").FromService} FromService */
/** @typedef {"connecting" | "open" | "lost" | "closed"} ChannelState */
/**
 * @typedef {object} Handlers
 * @property {(message: FromService) => void} onMessage
 * @property {(state: ChannelState) => void} onState
 * @property {(code: number) => void} onRefused the service does not want this connection; it is not tried again
 */

export const PROTOCOL_VERSION = 1;
const PING_MS = 10_000;
const SILENT_MS = 30_000;
const HELLO_MS = 10_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8_000;
const MAX_WAITING = 50;
// Closed for good: trying again would get the same answer.
const FINAL_CODES = new Set([4401, 4403, 4409, 4410]);

/**
 * How long to wait before try number `tries` (from 0), in ms: doubling, with up to a third of chance so that a restarted desk is not
 * met by everybody at once.
 * @param {number} tries
 * @param {number} chance 0 … 1
 * @returns {number}
 */
export function waitBefore(tries, chance) {
  return Math.round(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (1 - chance / 3));
}

export class Channel {
  /**
   * @param {{url: string, token: string, connection: string} & Handlers} options
   */
  constructor(options) {
    this.options = options;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ChannelState} */
    this.state = "connecting";
    /** @type {number | null} */
    this.handled = null;
    this.tries = 0;
    this.heardAt = 0;
    /** @type {FromPage[]} */
    this.waiting = [];
    this.retryTimer = 0;
    this.pulseTimer = 0;
    this.wake = () => this.hurry();
    window.addEventListener("online", this.wake);
    this.connect();
  }

  /** Send now, or once the connection is there again. */
  /** @param {FromPage} message @param {{isKept?: boolean}} [how] what is not kept is dropped while the line is away */
  send(message, { isKept = true } = {}) {
    if (this.state === "open" && this.socket) {
      this.socket.send(JSON.stringify(message));
    } else if (isKept && this.state !== "closed") {
      this.waiting = [...this.waiting, message].slice(-MAX_WAITING);
    }
  }

  /** Something says that the network may be back: do not wait for the timer. */
  hurry() {
    if (this.state === "closed") {
      return;
    }
    if (this.state === "open") {
      this.check();
      return;
    }
    if (!this.socket) {
      this.tries = 0;
      this.connect();
    }
  }

  /** @param {boolean} [isFinal] */
  close(isFinal = true) {
    if (isFinal) {
      window.removeEventListener("online", this.wake);
      this.set("closed");
    }
    clearTimeout(this.retryTimer);
    clearInterval(this.pulseTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  connect() {
    clearTimeout(this.retryTimer);
    const socket = new WebSocket(this.options.url);
    this.socket = socket;
    this.heardAt = performance.now();
    const greeting = setTimeout(() => socket.close(), HELLO_MS);
    socket.onopen = () => {
      const { token, connection } = this.options;
      const resume = this.handled === null ? {} : { resume_from: this.handled };
      socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL_VERSION, token, connection, ...resume }));
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) {
        this.heardAt = performance.now();
        this.take(/** @type {FromService} */ (JSON.parse(String(event.data))), greeting);
      }
    };
    socket.onclose = (event) => {
      clearTimeout(greeting);
      if (this.socket === socket) {
        this.lose(event.code);
      }
    };
  }

  /**
   * @param {FromService} message
   * @param {ReturnType<typeof setTimeout>} greeting
   */
  take(message, greeting) {
    if (message.type === "ping") {
      // A hidden page's timers run once a minute at best: the service's ping is the only clock that wakes us.
      this.send({ type: "ping", n: message.n }, { isKept: false });
      return;
    }
    if (message.type === "pong") {
      return;
    }
    if (message.type === "welcome") {
      clearTimeout(greeting);
      this.handled = message.seq;
      this.tries = 0;
      this.pulseTimer = window.setInterval(() => this.check(), PING_MS);
      this.set("open");
      this.options.onMessage(message);
      const waiting = this.waiting;
      this.waiting = [];
      waiting.forEach((one) => this.send(one));
      return;
    }
    if (this.handled !== null && message.seq > this.handled) {
      this.handled = message.seq;
    }
    this.options.onMessage(message);
  }

  check() {
    if (performance.now() - this.heardAt > SILENT_MS) {
      const socket = this.socket;
      this.lose(1006);
      socket?.close();
      return;
    }
    this.send({ type: "ping", n: 0 }, { isKept: false });
  }

  /** @param {number} code */
  lose(code) {
    clearInterval(this.pulseTimer);
    this.socket = null;
    if (FINAL_CODES.has(code)) {
      this.close();
      this.options.onRefused(code);
      return;
    }
    if (this.state === "closed") {
      return;
    }
    this.set("lost");
    this.retryTimer = window.setTimeout(() => this.connect(), waitBefore(this.tries, Math.random()));
    this.tries += 1;
  }

  /** @param {ChannelState} state */
  set(state) {
    if (this.state !== state) {
      this.state = state;
      this.options.onState(state);
    }
  }
}
