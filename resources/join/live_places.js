// Where the picture is on the screen, and where a place of the picture is then. Places are shares of the upright picture that the agent receives.

/** @typedef {import("./live_words.js").Place} Place */
/** @typedef {{x: number, y: number}} Spot px from the upper left corner of the element that shows the picture */
/**
 * @typedef {object} Frame where the picture lies: more than the element shows of it where it is cut off, less where it is shown whole
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {boolean} isMirrored
 */

/**
 * As `object-fit` does it (CSS Images 3 §5.5), with the picture in the middle.
 * @param {{width: number, height: number}} element
 * @param {{width: number, height: number}} picture
 * @param {{fit: string, isMirrored?: boolean}} how
 * @returns {Frame | null} null where there is nothing to see
 */
export function frameOf(element, picture, { fit, isMirrored = false }) {
  if (!(element.width > 0 && element.height > 0 && picture.width > 0 && picture.height > 0)) {
    return null;
  }
  const across = element.width / picture.width;
  const down = element.height / picture.height;
  const scale = fit === "cover" ? Math.max(across, down) : Math.min(across, down);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (element.width - width) / 2, y: (element.height - height) / 2, width, height, isMirrored };
}

/** @param {Frame} frame @param {Place} place @returns {Spot} */
export function toSpot({ x, y, width, height, isMirrored }, [across, down]) {
  return { x: x + (isMirrored ? 1 - across : across) * width, y: y + down * height };
}

/** The other way; never outside the picture. @param {Frame} frame @param {Spot} spot @returns {[number, number]} */
export function toPlace({ x, y, width, height, isMirrored }, spot) {
  const across = Math.min(1, Math.max(0, (spot.x - x) / width));
  const down = Math.min(1, Math.max(0, (spot.y - y) / height));
  return [rounded(isMirrored ? 1 - across : across), rounded(down)];
}

/** A ten-thousandth of the picture is less than a pixel. @param {number} share */
function rounded(share) {
  return Math.round(share * 1e4) / 1e4;
}

/** Whether some of these places, which lie in the picture, are cut off by the element's edges. @param {Frame} frame @param {{width: number, height: number}} element @param {readonly Place[]} places */
export function isCutOff(frame, element, places) {
  return places.some((place) => {
    const isInside = place[0] >= 0 && place[0] <= 1 && place[1] >= 0 && place[1] <= 1;
    const spot = toSpot(frame, place);
    return isInside && (spot.x < 0 || spot.y < 0 || spot.x > element.width || spot.y > element.height);
  });
}

/**
 * The nine parts of the picture as it is shown, for words: row then column.
 * @param {Place} place
 * @param {boolean} isMirrored
 * @returns {`${"upper" | "middle" | "lower"}_${"left" | "middle" | "right"}`}
 */
export function partOf([across, down], isMirrored) {
  const column = isMirrored ? 1 - across : across;
  return `${down < 1 / 3 ? "upper" : down > 2 / 3 ? "lower" : "middle"}_${column < 1 / 3 ? "left" : column > 2 / 3 ? "right" : "middle"}`;
}
