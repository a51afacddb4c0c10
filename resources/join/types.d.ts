// Made from videodesk/protocol by `python -m videodesk.protocol.document`; a test keeps it fresh. Do not edit.

/** addIceCandidate; a failure of one candidate is no failure of the call. */
export interface AddCandidate {
  do: "add_candidate";
  epoch: number;
  candidate: IceCandidate;
}

/** `make_answer` is done: this is the local description. */
export interface AnswerMade {
  type: "answer_made";
  epoch: number;
  sdp: string;
}

/** setRemoteDescription. */
export interface ApplyDescription {
  do: "apply";
  epoch: number;
  description: SessionDescription;
}

/** An AskPage of the agent, to the page. */
export interface Asked {
  type: "page.asked";
  seq: number;
  call_id: string;
  ask: "picture_taken" | "take_still" | "native_camera" | "torch_on" | "torch_off" | "turn_camera" | "zoom";
  snapshot_id: string | null;
  zoom: number | null;
}

/** Build peer connection `epoch` with the servers of `call.ready`; the page adds its tracks before anything else. */
export interface BuildPeer {
  do: "build";
  epoch: number;
}

/** A call's newest state, to its two sides and, while it waits or is taken from waiting, to every agent. */
export interface CallChanged {
  type: "call.changed";
  seq: number;
  call: CallView;
}

/** The call is over on this side. */
export interface CallEnded {
  type: "ended";
}

/** To both sides once the call is accepted, and again after a reconnect or restart: how to reach each other. The customer's page builds peer connection `epoch` with these servers and offers; the desktop builds its own and answers. */
export interface CallReady {
  type: "call.ready";
  seq: number;
  call: CallView;
  ice_servers: IceServer[];
  is_polite: boolean;
}

/** Where a call stands; the transitions are the table in calls/lifecycle.py. */
export type CallState = "waiting" | "accepted" | "connected" | "on_hold" | "reconnecting" | "wrap_up" | "ended" | "abandoned";

/** A call as both sides may see it. `customer_name` is what the case says; `epoch` numbers the peer connections of the call. `consent_digest` is the SHA-256 of the customer's newest answer to the consent question: what is captured now is sealed with it. */
export interface CallView {
  id: string;
  case_id: string;
  case_number: string;
  case_kind: CaseKind;
  state: CallState;
  customer_name: string;
  language: Language;
  agent_id: string | null;
  agent_name: string;
  consents: ConsentScope[];
  consent_digest: string;
  is_recording: boolean;
  epoch: number;
  waiting_since: string;
  accepted_at: string | null;
  connected_at: string | null;
  ended_at: string | null;
  customer: PartyState;
  agent: PartyState;
}

/** The peer connection found a local candidate. */
export interface CandidateFound {
  type: "candidate_found";
  epoch: number;
  candidate: IceCandidate;
}

/** What a case is about; each has a checklist in resources/checklists. */
export type CaseKind = "parcel" | "clothing" | "furniture" | "white_goods" | "screen" | "bicycle" | "home_contents" | "glass" | "styling" | "free";

/** A line of chat, to both sides, the sender included (that is the confirmation). */
export interface ChatLine {
  type: "chat.line";
  seq: number;
  call_id: string;
  message_id: string;
  sender: "agent" | "customer";
  text: string;
  at: string;
}

/** A line of text chat. `message_id` is made by the sender: sent twice, it stands once. */
export interface ChatSend {
  type: "chat.send";
  call_id: string;
  message_id: string;
  text: string;
}

/** Close the peer connection there is. */
export interface ClosePeer {
  do: "close";
}

/** The customer's choice; refused scopes are left out. Sent again, it replaces the earlier one from now on. */
export interface ConsentIn {
  text_version: string;
  language: Language;
  granted: ConsentScope[];
}

/** What a customer consents to, each refusable. */
export type ConsentScope = "video" | "sound" | "stills" | "recording" | "location";

/** The consent text shown, by version: what was agreed to can be read again years later. */
export interface ConsentText {
  version: string;
  scopes: ConsentScope[];
}

/** A stored consent. */
export interface ConsentView {
  id: string;
  text_version: string;
  language: Language;
  granted: ConsentScope[];
  at: string;
}

/** The token of a copy's link. */
export interface CopyKey {
  token: string;
}

/** What the link opens: the pictures, and the ZIP with the verifier (`archive` is its address; empty while there is none). */
export interface CopyOpened {
  id: string;
  case_number: string;
  language: Language;
  expires_at: string;
  taken_on: string | null;
  agent_name: string;
  desk_name: string;
  phone_number: string;
  pictures: CopyPicture[];
  archive: string;
  archive_name: string;
  root_fingerprint: string;
}

/** One picture of the copy. `is_redacted`: what is given is the picture in which something was made unreadable. `file` is its address. */
export interface CopyPicture {
  id: string;
  title: Record<string, string>;
  captured_at: string;
  media_type: string;
  width_px: number;
  height_px: number;
  duration_s: number | null;
  size_bytes: number;
  is_redacted: boolean;
  is_sealed: boolean;
  preview: string;
  file: string;
  file_name: string;
}

/** The words of an e-mail that brings the link. */
export interface CopyText {
  subject: string;
  body: string;
}

/** The customer's copy of one call's pictures. `link` and `texts` are there as long as it opens; the token in it is nowhere stored. */
export interface CopyView {
  id: string;
  case_id: string;
  call_id: string | null;
  link: string;
  texts: Record<string, CopyText>;
  made_at: string | null;
  made_by_name: string;
  expires_at: string;
  revoked_at: string | null;
  opened_at: string | null;
  pictures: number;
}

/** The customer is ready: makes the call (state waiting) or finds the one that this invitation already has. */
export interface EnterWaitingRoom {
  type: "waiting.enter";
  has_camera: boolean;
  has_microphone: boolean;
}

/** `welcome` told of a running call with this epoch: a higher one than ours means that its announcement was missed. */
export interface EpochSeen {
  type: "epoch_seen";
  epoch: number;
}

/** Token from the URL's fragment, or the spoken code; `device` is random and kept by the page (binding to the first device). */
export interface ExchangeIn {
  token?: string | null;
  code?: string | null;
  device: string;
}

/** A core event (snapshot.added, case.changed, review.decided …), to every desktop that may see it. */
export interface Happened {
  type: "event";
  seq: number;
  name: string;
  at: string;
  case_id: string | null;
  call_id: string | null;
  data: Record<string, unknown>;
}

/** First message of every connection. `token`: the agent's sign-in token or the customer's token from /api/v1/join/exchange. `connection` is a name the peer chose for itself (kept over reconnects); a second connection with the same token and another name replaces the first, which is told `replaced`. */
export interface Hello {
  type: "hello";
  protocol: number;
  token: string;
  connection: string;
  resume_from?: number | null;
}

/** RTCIceCandidateInit. An empty `candidate` says that this generation has no more. */
export interface IceCandidate {
  candidate: string;
  sdpMid?: string | null;
  sdpMLineIndex?: number | null;
  usernameFragment?: string | null;
}

/** RTCIceServer (W3C WebRTC §4.2.4): TURN or STUN URLs with a time-limited credential. */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}

/** What the page needs to know. */
export interface JoinView {
  token: string;
  invitation_id: string;
  language: Language;
  desk_name: string;
  agent_name: string;
  agent_has_picture: boolean;
  customer_name: string;
  case_kind: CaseKind;
  case_number: string;
  prefers_rear_camera: boolean;
  phone_number: string;
  consent_text: ConsentText;
  consents: ConsentScope[] | null;
  call: CallView | null;
  expires_at: string;
}

/** Languages in which every text exists. */
export type Language = "nl" | "en";

/** Hang up. */
export interface LeaveCall {
  type: "call.leave";
  call_id: string;
}

/** How much of an upload arrived. */
export interface LineReceived {
  received_bytes: number;
}

/** What a test of the line needs: the servers as a call would get them (with credentials that end soon), and how much goes in one transfer. */
export interface LineView {
  ice_servers: IceServer[];
  max_bytes: number;
}

/** All marks of `by` go ("" everybody's). */
export interface LiveClear {
  type: "live.clear";
  by: "" | "agent" | "customer";
}

/** The desktop shows a frozen picture: a JPEG of `size_bytes` follows in `live.freeze_part`s. The page shows it once it is whole. */
export interface LiveFreeze {
  type: "live.freeze";
  id: string;
  width_px: number;
  height_px: number;
  size_bytes: number;
  may_draw: boolean;
}

/** A piece of the frozen picture, base64, at most FREEZE_PART_BYTES of it, in order from index 0. */
export interface LiveFreezePart {
  type: "live.freeze_part";
  id: string;
  index: number;
  data: string;
}

/** How a mark holds on: `still` to the picture, `following` the object, `lost` while the object is not found (dimmed, where it was last). */
export type LiveHold = "still" | "following" | "lost";

/** One mark. `points`: a pointer's and a step's place; two ends; two opposite corners; a stroke's places. A rectangle or ellipse that follows an object carries its four corners, clockwise from the upper left. */
export interface LiveMark {
  id: string;
  shape: LiveShape;
  points: [number, number][];
  colour: string;
  width: number;
  number: number;
  by: "agent" | "customer";
  fades: boolean;
  hold: LiveHold;
  freeze: string;
}

/** The page shows the measuring marker on its screen, or no longer. */
export interface LiveMarker {
  type: "live.marker";
  is_shown: boolean;
}

/** Changes of the marks, both ways, at most one every BATCH_MS: new or replaced ones, longer strokes, moved ones, ids that are gone. `seq` counts from 1 in each direction; a page answers the desktop's with `live.seen` once they are painted. */
export interface LiveMarks {
  type: "live.marks";
  seq: number;
  frame_ms: number | null;
  put: LiveMark[];
  more: LiveMore[];
  moved: LiveMoved[];
  gone: string[];
}

/** The stroke of mark `id` goes on. */
export interface LiveMore {
  id: string;
  points: [number, number][];
}

/** Where a following mark is now. */
export interface LiveMoved {
  id: string;
  points: [number, number][];
  hold: LiveHold;
}

/** The page has painted all up to `seq` (and shows the frozen picture `freeze`). `is_hidden`: the customer has put the drawings away. */
export interface LiveSeen {
  type: "live.seen";
  seq: number;
  freeze: string;
  is_hidden: boolean;
}

/** What is drawn live. `pointer` is one place that moves; all others stay where they were put. */
export type LiveShape = "pointer" | "arrow" | "line" | "rectangle" | "ellipse" | "pen" | "step";

/** The live video again; marks on the frozen picture are gone. */
export interface LiveThaw {
  type: "live.thaw";
  id: string;
}

/** setLocalDescription(answer), then feed back `answer_made`. */
export interface MakeAnswer {
  do: "make_answer";
  epoch: number;
}

/** setLocalDescription(offer), then feed back `offer_made`. */
export interface MakeOffer {
  do: "make_offer";
  epoch: number;
}

/** The sender's own state changed (muted, camera turned, torch, page hidden, media connected). */
export interface MyState {
  type: "state.mine";
  call_id: string;
  state: PartyState;
}

/** The peer connection says so. */
export interface NegotiationNeeded {
  type: "negotiation_needed";
  epoch: number;
}

/** `make_offer` is done: this is the local description. */
export interface OfferMade {
  type: "offer_made";
  epoch: number;
  sdp: string;
}

/** What one side of a call says about itself: W3C track states and what the camera can do. */
export interface PartyState {
  is_connected: boolean;
  audio_muted: boolean;
  video_muted: boolean;
  facing: "user" | "environment" | "unknown";
  has_torch: boolean;
  is_torch_on: boolean;
  is_page_hidden: boolean;
  can_take_still: boolean;
  zoom: number;
  zoom_min: number;
  zoom_max: number;
  width_px: number;
  height_px: number;
}

/** The peer connection is beyond repair (or the person wants a fresh one). */
export interface PeerFailed {
  type: "failed";
  epoch: number;
}

/** A customer's uploaded photo became a snapshot (method upload). */
export interface PhotoUploaded {
  snapshot_id: string;
  digest: string;
  width_px: number;
  height_px: number;
}

/** Are you there? Answered by `pong` with the same `n`. Sent by either peer every 10 s; 30 s without a word is a lost connection. */
export interface Ping {
  type: "ping";
  n?: number;
}

/** Answer to ping; not numbered. */
export interface Pong {
  type: "pong";
  n: number;
}

/** What an agent is doing. */
export type Presence = "available" | "busy" | "in_call" | "wrap_up" | "break" | "offline";

/** An agent's presence changed; to every desktop. */
export interface PresenceChanged {
  type: "presence.changed";
  seq: number;
  person_id: string;
  display_name: string;
  presence: Presence;
  since: string;
}

/** RFC 9457 problem+json, with the error's code and parameters; `detail` is the English text. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  params: Record<string, string | number | boolean | null>;
  retryable: boolean;
}

/** `call.ready` came: the call has peer connection `epoch`. */
export interface Ready {
  type: "ready";
  epoch: number;
}

/** A message was refused. `code` is of the error catalogue; `in_reply_to` the refused type. The connection goes on unless it closes. */
export interface Refused {
  type: "error";
  seq: number;
  code: string;
  params: Record<string, string | number | boolean | null>;
  retryable: boolean;
  in_reply_to: string | null;
}

/** Another connection with the same token took over; this one closes with 4409 and does not come back by itself. */
export interface Replaced {
  type: "replaced";
  seq: number;
}

/** Take the local offer back. */
export interface RollBack {
  do: "rollback";
  epoch: number;
}

/** Send `signal` with these fields and the call's id. */
export interface SendSignal {
  do: "send";
  epoch: number;
  description?: SessionDescription | null;
  candidate?: IceCandidate | null;
  restart?: boolean;
}

/** GET /api/v1/info, public: what this service is. `can_call` is false where a customer's browser would refuse the camera. */
export interface ServiceInfo {
  product: "videodesk";
  version: string;
  protocol: number;
  needs_setup: boolean;
  is_embedded: boolean;
  public_url: string;
  desk_name: string;
  phone_number: string;
  can_call: boolean;
  why_not: string | null;
}

/** RTCSessionDescription: an offer or an answer. */
export interface SessionDescription {
  type: "offer" | "answer";
  sdp: string;
}

/** One step of negotiation for a call: a description, a candidate, or the wish for a fresh peer connection (`restart`). `epoch` is the peer connection it belongs to. A `restart` carries the new, higher epoch; both sides drop the old connection, build a new one and the page offers. What belongs to a lower epoch is ignored. */
export interface Signal {
  type: "signal";
  call_id: string;
  epoch: number;
  description?: SessionDescription | null;
  candidate?: IceCandidate | null;
  restart?: boolean;
}

/** A Signal of the other side. */
export interface Signaled {
  type: "signaled";
  seq: number;
  call_id: string;
  epoch: number;
  description: SessionDescription | null;
  candidate: IceCandidate | null;
  restart: boolean;
}

/** `signaled` came: a step of the other side. */
export interface SignaledEvent {
  type: "signaled";
  epoch: number;
  description?: SessionDescription | null;
  candidate?: IceCandidate | null;
  restart?: boolean;
}

/** What the customer's page knows of a still. The bytes were uploaded before as `upload_id`; `digest` is their SHA-256 as the page sent them. The media type and the size in pixels are what the service finds in the bytes. */
export interface StillMeta {
  call_id: string;
  snapshot_id: string;
  upload_id: string;
  method: "take_photo" | "full_frame" | "native_camera";
  digest: string;
  captured_at: string;
}

/** How far the full-resolution still of a snapshot is; at most four a second. `method` and the size are known from `sending` on. `failed` is the end of it (`code` says why: `still.unsupported`, `still.camera_failed`, `still.consent`, `still.declined`); the frame stands. */
export interface StillProgress {
  type: "still.progress";
  call_id: string;
  snapshot_id: string;
  stage: "taking" | "sending" | "sent" | "failed";
  method?: "take_photo" | "full_frame" | "native_camera" | null;
  sent_bytes?: number;
  size_bytes?: number;
  width_px?: number;
  height_px?: number;
  code?: string;
}

/** Answer to hello. `calls`: for the customer the own call, for an agent the own calls and all that wait. */
export interface Welcome {
  type: "welcome";
  seq: number;
  protocol: number;
  is_resumed: boolean;
  me: "agent" | "customer";
  my_id: string;
  presence: Presence | null;
  calls: CallView[];
  chat: ChatLine[];
  server_time: string;
}

/** Every message the page may send. */
export type FromPage =
  | Hello
  | Ping
  | Signal
  | MyState
  | ChatSend
  | LeaveCall
  | EnterWaitingRoom
  | StillProgress;

/** Every message the service may send. */
export type FromService =
  | Ping
  | Welcome
  | Pong
  | Refused
  | CallChanged
  | CallReady
  | Signaled
  | ChatLine
  | Asked
  | PresenceChanged
  | Happened
  | Replaced;

/** What goes into the negotiation. */
export type NegotiationEvent =
  | Ready
  | EpochSeen
  | NegotiationNeeded
  | OfferMade
  | AnswerMade
  | CandidateFound
  | SignaledEvent
  | PeerFailed
  | CallEnded;

/** What comes out of the negotiation. */
export type NegotiationAction =
  | ClosePeer
  | BuildPeer
  | MakeOffer
  | MakeAnswer
  | RollBack
  | ApplyDescription
  | AddCandidate
  | SendSignal;

/** Every message of live drawing, over the data channel. */
export type LiveMessage =
  | LiveMarks
  | LiveClear
  | LiveFreeze
  | LiveFreezePart
  | LiveThaw
  | LiveSeen
  | LiveMarker;

export declare const PROTOCOL_VERSION: 1;
