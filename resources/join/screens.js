// Which screen is shown, as one table: what happened moves the page from one screen to another. Pure.

/** @typedef {import("./types").JoinView} JoinView */
/** @typedef {import("./types").CallView} CallView */
/** @typedef {import("./types").ConsentScope} ConsentScope */
/** @typedef {import("./signaling.js").ChannelState} ChannelState */
/** @typedef {import("./api.js").Refusal} Refusal */
/** @typedef {"loading" | "code" | "welcome" | "consent" | "check" | "waiting" | "call" | "photos" | "thanks" | "trouble"} Screen */
/** @typedef {"expired" | "revoked" | "used" | "unknown" | "locked" | "other_device" | "replaced" | "offline" | "session" | "browser" | "version" | "bug"} Trouble */
/** @typedef {"over" | "left" | "lost" | "photos"} Ending */
/**
 * @typedef {object} Model
 * @property {Screen} screen
 * @property {Screen} before where `photos` and `consent` go back to
 * @property {JoinView | null} join
 * @property {CallView | null} call
 * @property {ChannelState} channel
 * @property {Trouble} trouble
 * @property {number} retryAfterS
 * @property {Ending} ending
 * @property {string} codeProblem a text key, empty when there is none
 */
/**
 * @typedef {{type: "opened", hasLink: boolean}
 *   | {type: "joined", join: JoinView, isOver?: boolean}
 *   | {type: "refused", refusal: Refusal}
 *   | {type: "code_wanted" | "begun" | "checked" | "photos_wanted" | "photos_done" | "consent_wanted" | "back" | "left" | "hung_up" | "again"}
 *   | {type: "consented", granted: ConsentScope[]}
 *   | {type: "called", call: CallView}
 *   | {type: "channel", state: ChannelState}
 *   | {type: "broken", trouble: Trouble}} Happening
 */

/** States in which the two sides talk. @type {Set<string>} */
export const TALKING = new Set(["accepted", "connected", "on_hold", "reconnecting"]);
const OVER = new Set(["wrap_up", "ended", "abandoned"]);

/** @type {Record<string, (model: Model) => boolean>} */
const GUARDS = {
  always: () => true,
  talks: ({ call }) => call !== null && TALKING.has(call.state),
  waits: ({ call }) => call?.state === "waiting",
  is_over: ({ call }) => call !== null && OVER.has(call.state) && call.state !== "abandoned",
  consented: ({ join }) => join !== null && join.consents !== null,
  has_no_link: ({ join }) => join === null,
  came_from_talk: ({ before }) => before === "waiting" || before === "call",
};

/** From, what happened, guard, to. The first row that fits counts; without one the screen stays. `*` is every screen. */
/** @type {readonly (readonly [Screen | "*", Happening["type"], string, Screen | "before"])[]} */
export const TRANSITIONS = [
  ["loading", "joined", "talks", "call"],
  ["loading", "joined", "waits", "waiting"],
  ["loading", "joined", "is_over", "thanks"],
  ["loading", "joined", "consented", "check"],
  ["loading", "joined", "always", "welcome"],
  ["code", "joined", "talks", "call"],
  ["code", "joined", "waits", "waiting"],
  ["code", "joined", "is_over", "thanks"],
  ["code", "joined", "consented", "check"],
  ["code", "joined", "always", "welcome"],
  ["trouble", "code_wanted", "always", "code"],
  ["trouble", "again", "always", "loading"],
  ["welcome", "begun", "always", "consent"],
  ["consent", "consented", "came_from_talk", "before"],
  ["consent", "consented", "always", "check"],
  ["consent", "back", "came_from_talk", "before"],
  ["consent", "back", "always", "welcome"],
  ["check", "checked", "always", "waiting"],
  ["check", "consent_wanted", "always", "consent"],
  ["check", "photos_wanted", "always", "photos"],
  ["photos", "consent_wanted", "always", "consent"],
  ["photos", "photos_done", "came_from_talk", "before"],
  ["photos", "photos_done", "always", "thanks"],
  ["photos", "back", "always", "before"],
  ["photos", "called", "talks", "call"],
  ["waiting", "called", "talks", "call"],
  ["waiting", "called", "is_over", "thanks"],
  ["waiting", "photos_wanted", "always", "photos"],
  ["waiting", "left", "always", "thanks"],
  ["call", "called", "waits", "waiting"],
  ["call", "called", "is_over", "thanks"],
  ["call", "hung_up", "always", "thanks"],
  ["thanks", "again", "consented", "check"],
  ["thanks", "again", "always", "welcome"],
  ["*", "broken", "always", "trouble"],
];

/** The error's code → what to tell. Codes of every service version that this page may meet. @type {Record<string, Trouble>} */
const TROUBLES = {
  "invitation.expired": "expired",
  "invitation.revoked": "revoked",
  "invitation.used": "used",
  "invitation.unknown": "unknown",
  "invitation.other_device": "other_device",
  "invitation.token_or_code": "unknown",
  "call.over": "used",
  "invitation.code_locked": "locked",
  "rate.limited": "locked",
  "service.offline": "offline",
  "protocol.version": "version",
};

/** @returns {Model} */
export function firstModel() {
  return {
    screen: "loading", before: "loading", join: null, call: null, channel: "closed", trouble: "bug", retryAfterS: 0, ending: "over", codeProblem: "",
  };
}

/**
 * What a refusal means to the customer.
 * @param {Refusal} refusal
 * @returns {Trouble}
 */
export function troubleOf({ code, status }) {
  const known = TROUBLES[code];
  if (known) {
    return known;
  }
  if (status === 401) {
    return "session";
  }
  return status === 404 ? "unknown" : status === 429 ? "locked" : status >= 500 || status === 0 ? "offline" : "bug";
}

/**
 * The next model. Never throws; what means nothing now gives the same screen.
 * @param {Model} model
 * @param {Happening} happening
 * @returns {Model}
 */
export function next(model, happening) {
  const known = learn(model, happening);
  if (happening.type === "opened") {
    return { ...known, screen: happening.hasLink ? "loading" : "code" };
  }
  if (happening.type === "refused") {
    return refused(known, happening.refusal);
  }
  const row = TRANSITIONS.find(([from, type, guard]) => (from === "*" || from === model.screen) && type === happening.type && GUARDS[guard]?.(known));
  if (!row) {
    return known;
  }
  const screen = row[3] === "before" ? known.before : row[3];
  return { ...known, screen, before: screen === known.screen || model.screen === "consent" || model.screen === "photos" ? known.before : model.screen };
}

/**
 * @param {Model} model
 * @param {Happening} happening
 * @returns {Model}
 */
function learn(model, happening) {
  switch (happening.type) {
    case "joined":
      return { ...model, join: happening.join, call: happening.join.call, codeProblem: "", ending: happening.isOver || happening.join.call?.state === "ended" ? "over" : "lost" };
    case "consented":
      return { ...model, join: model.join && { ...model.join, consents: happening.granted } };
    case "called":
      return { ...model, call: happening.call, ending: model.channel === "lost" || model.call?.state === "reconnecting" ? "lost" : "over" };
    case "channel":
      return { ...model, channel: happening.state };
    case "broken":
      return { ...model, trouble: happening.trouble };
    case "left":
      return { ...model, ending: "left" };
    case "hung_up":
      return { ...model, ending: "over" };
    case "photos_done":
      return { ...model, ending: "photos" };
    case "again":
    case "code_wanted":
      return { ...model, codeProblem: "", call: null };
    default:
      return model;
  }
}

/**
 * @param {Model} model
 * @param {Refusal} refusal
 * @returns {Model}
 */
function refused(model, refusal) {
  const trouble = troubleOf(refusal);
  const seconds = refusal.params["retry_after_s"];
  const retryAfterS = typeof seconds === "number" ? seconds : 900;
  if (model.screen === "code") {
    const problem = refusal.code === "invitation.wrong_code" || trouble === "unknown" ? "code.wrong"
      : refusal.status === 422 ? "code.needs_six" : trouble === "offline" ? "code.offline" : "";
    if (problem) {
      return { ...model, codeProblem: problem };
    }
  }
  if (refusal.code === "call.over" && model.join) {
    return { ...model, screen: "thanks", ending: "over" };
  }
  return { ...model, screen: "trouble", before: model.screen, trouble, retryAfterS };
}
