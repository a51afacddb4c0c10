// Perfect negotiation as a pure machine: an event in, the next state and a list of actions out.
// The same table as videodesk/protocol/negotiation.py, which explains it; tests/protocol/vectors run both.
// Perform the actions strictly one after another, in order; feed back what the peer connection says, with its epoch.

/** @typedef {import("./types").NegotiationEvent} NegotiationEvent */
/** @typedef {import("./types").NegotiationAction} NegotiationAction */
/** @typedef {import("./types").IceCandidate} IceCandidate */
/** @typedef {"idle" | "stable" | "offering" | "offered" | "answering"} Phase */
/**
 * @typedef {object} Negotiation
 * @property {boolean} isPolite
 * @property {number} epoch
 * @property {Phase} phase
 * @property {boolean} hasRemote
 * @property {boolean} isIgnoring
 * @property {boolean} isNeededAgain
 * @property {boolean} isRestartAsked
 * @property {number} answersDue
 * @property {IceCandidate[]} queued
 */
/** @typedef {{state: Negotiation, actions: NegotiationAction[]}} Step */

export const MAX_QUEUED_CANDIDATES = 200;

/** Phase and input → next phase and steps. What is not here is ignored. @type {Record<string, [Phase, string[]]>} */
export const TABLE = {
  "stable needed": ["offering", ["make_offer"]],
  "stable remote_offer": ["answering", ["apply", "flush", "make_answer"]],
  "offering offer_made": ["offered", ["send_offer"]],
  "offering glare_yield": ["answering", ["rollback", "apply", "flush", "make_answer"]],
  "offering glare_ignore": ["offering", ["ignore"]],
  "offered needed": ["offered", ["remember"]],
  "offered remote_answer": ["stable", ["apply", "flush", "again"]],
  "offered glare_yield": ["answering", ["rollback", "apply", "flush", "make_answer"]],
  "offered glare_ignore": ["offered", ["ignore"]],
  "answering needed": ["answering", ["remember"]],
  "answering remote_offer": ["answering", ["apply", "flush", "make_answer"]],
  "answering early_answer_made": ["answering", []],
  "answering answer_made": ["stable", ["send_answer", "again"]],
};

/**
 * The state before the first epoch. The page is polite.
 * @param {boolean} isPolite
 * @returns {Negotiation}
 */
export function begin(isPolite) {
  return { ...fresh(isPolite, 0), phase: "idle" };
}

/**
 * The next state and what to do now. Never throws; an event that means nothing now gives the same state and no action.
 * @param {Negotiation} state
 * @param {NegotiationEvent} event
 * @returns {Step}
 */
export function advance(state, event) {
  if (event.type === "ended") {
    return { state: { ...fresh(state.isPolite, state.epoch), phase: "idle" }, actions: state.phase === "idle" ? [] : [{ do: "close" }] };
  }
  if (event.type === "ready" || (event.type === "signaled" && event.restart)) {
    return rebuild(state, event.epoch);
  }
  if (event.type === "epoch_seen") {
    return event.epoch > state.epoch ? askRestart(state, event.epoch) : { state, actions: [] };
  }
  if (event.epoch !== state.epoch || state.phase === "idle") {
    return { state, actions: [] };
  }
  if (event.type === "failed") {
    return askRestart(state, state.epoch);
  }
  if (event.type === "candidate_found") {
    return { state, actions: [{ do: "send", epoch: state.epoch, candidate: event.candidate }] };
  }
  if (event.type === "signaled" && !event.description) {
    return event.candidate ? takeCandidate(state, event.candidate) : { state, actions: [] };
  }
  return exchange(state, event);
}

/**
 * @param {boolean} isPolite
 * @param {number} epoch
 * @returns {Negotiation}
 */
function fresh(isPolite, epoch) {
  return {
    isPolite, epoch, phase: "stable", hasRemote: false, isIgnoring: false, isNeededAgain: false, isRestartAsked: false,
    answersDue: 0, queued: [],
  };
}

/**
 * @param {Negotiation} state
 * @param {number} epoch
 * @returns {Step}
 */
function rebuild(state, epoch) {
  if (epoch <= state.epoch) {
    return { state, actions: [] };
  }
  /** @type {NegotiationAction[]} */
  const actions = state.phase === "idle" ? [] : [{ do: "close" }];
  actions.push({ do: "build", epoch });
  const built = fresh(state.isPolite, epoch);
  if (!state.isPolite) {
    return { state: built, actions };
  }
  const offering = exchange(built, { type: "negotiation_needed", epoch });
  return { state: offering.state, actions: [...actions, ...offering.actions] };
}

/**
 * @param {Negotiation} state
 * @param {number} above
 * @returns {Step}
 */
function askRestart(state, above) {
  if (state.isRestartAsked) {
    return { state, actions: [] };
  }
  return { state: { ...state, isRestartAsked: true }, actions: [{ do: "send", epoch: above + 1, restart: true }] };
}

/**
 * @param {Negotiation} state
 * @param {IceCandidate} candidate
 * @returns {Step}
 */
function takeCandidate(state, candidate) {
  if (state.isIgnoring) {
    return { state, actions: [] };
  }
  if (state.hasRemote) {
    return { state, actions: [{ do: "add_candidate", epoch: state.epoch, candidate }] };
  }
  if (state.queued.length >= MAX_QUEUED_CANDIDATES) {
    return { state, actions: [] };
  }
  return { state: { ...state, queued: [...state.queued, candidate] }, actions: [] };
}

/**
 * @param {Negotiation} state
 * @param {NegotiationEvent} event
 * @returns {string}
 */
function inputOf(state, event) {
  if (event.type === "negotiation_needed") {
    return "needed";
  }
  if (event.type === "answer_made") {
    return state.answersDue > 1 ? "early_answer_made" : "answer_made";
  }
  if (event.type === "signaled" && event.description) {
    if (event.description.type === "answer") {
      return "remote_answer";
    }
    if (state.phase === "offering" || state.phase === "offered") {
      return state.isPolite ? "glare_yield" : "glare_ignore";
    }
    return "remote_offer";
  }
  return event.type;
}

/**
 * @param {Negotiation} state
 * @param {NegotiationEvent} event
 * @returns {Step}
 */
function exchange(state, event) {
  const input = inputOf(state, event);
  const row = TABLE[`${state.phase} ${input}`];
  if (!row) {
    return { state, actions: [] };
  }
  let next = { ...state, phase: row[0] };
  if (input === "early_answer_made") {
    next.answersDue -= 1;
  }
  /** @type {NegotiationAction[]} */
  const actions = [];
  for (const step of row[1]) {
    const done = perform(next, step, event);
    next = done.state;
    actions.push(...done.actions);
  }
  return { state: next, actions };
}

/**
 * @param {Negotiation} state
 * @param {string} step
 * @param {NegotiationEvent} event
 * @returns {Step}
 */
function perform(state, step, event) {
  const epoch = state.epoch;
  switch (step) {
    case "remember":
      return { state: { ...state, isNeededAgain: true }, actions: [] };
    case "ignore":
      return { state: { ...state, isIgnoring: true }, actions: [] };
    case "again":
      return state.isNeededAgain ? exchange(state, { type: "negotiation_needed", epoch }) : { state, actions: [] };
    case "flush":
      return {
        state: { ...state, queued: [] },
        actions: state.queued.map((candidate) => ({ do: "add_candidate", epoch, candidate })),
      };
    case "make_offer":
      return { state: { ...state, isNeededAgain: false }, actions: [{ do: "make_offer", epoch }] };
    case "rollback":
      return { state, actions: [{ do: "rollback", epoch }] };
    case "make_answer":
      return { state: { ...state, answersDue: state.answersDue + 1 }, actions: [{ do: "make_answer", epoch }] };
    default:
      return describe(state, step, event);
  }
}

/**
 * @param {Negotiation} state
 * @param {string} step
 * @param {NegotiationEvent} event
 * @returns {Step}
 */
function describe(state, step, event) {
  const epoch = state.epoch;
  if (step === "apply" && event.type === "signaled" && event.description) {
    return {
      state: { ...state, hasRemote: true, isIgnoring: false },
      actions: [{ do: "apply", epoch, description: event.description }],
    };
  }
  if (step === "send_offer" && event.type === "offer_made") {
    return { state, actions: [{ do: "send", epoch, description: { type: "offer", sdp: event.sdp } }] };
  }
  if (step === "send_answer" && event.type === "answer_made") {
    return {
      state: { ...state, answersDue: 0 },
      actions: [{ do: "send", epoch, description: { type: "answer", sdp: event.sdp } }],
    };
  }
  throw new Error(step);
}
