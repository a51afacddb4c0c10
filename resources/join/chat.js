// The lines of the chat: what stands, what is on its way. Pure.

/** @typedef {import("./types").ChatLine} ChatLine */
/** @typedef {{id: string, sender: "agent" | "customer", text: string, at: string, isSent: boolean}} Line */
/** @typedef {{lines: Line[], unread: number, isOpen: boolean}} Chat */

export const MAX_CHARS = 2000;

/** @returns {Chat} */
export function emptyChat() {
  return { lines: [], unread: 0, isOpen: false };
}

/**
 * A line of one's own, on its way.
 * @param {Chat} chat @param {string} id @param {string} text @param {string} at
 * @returns {Chat}
 */
export function written(chat, id, text, at) {
  return { ...chat, lines: [...chat.lines, { id, sender: "customer", text, at, isSent: false }] };
}

/**
 * A line that stands. The same one again changes nothing.
 * @param {Chat} chat @param {ChatLine} line
 * @returns {Chat}
 */
export function stands(chat, line) {
  const known = chat.lines.find((one) => one.id === line.message_id);
  const entry = { id: line.message_id, sender: line.sender, text: line.text, at: line.at, isSent: true };
  if (known) {
    return { ...chat, lines: chat.lines.map((one) => (one === known ? entry : one)) };
  }
  const isUnread = line.sender === "agent" && !chat.isOpen;
  return { ...chat, lines: [...chat.lines, entry], unread: chat.unread + (isUnread ? 1 : 0) };
}

/**
 * What the service knows, after a reload or a long loss; lines on their way stay behind it.
 * @param {Chat} chat @param {ChatLine[]} lines
 * @returns {Chat}
 */
export function renewed(chat, lines) {
  return lines.reduce(stands, chat);
}

/** @param {Chat} chat @param {boolean} isOpen @returns {Chat} */
export function opened(chat, isOpen) {
  return { ...chat, isOpen, unread: isOpen ? 0 : chat.unread };
}
