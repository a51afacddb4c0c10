// How a live mark looks, as SVG paths in px of the screen. The same forms as in the editor: arrows widen towards the head, steps are discs.

/** @typedef {import("./live_places.js").Spot} Spot */
/** @typedef {{path: string, isFilled: boolean}} Outline */

const STEP_RADIUS_PER_WIDTH = 3.5;
const ROUND_PARTS = 48;
const MIN_WIDTH_PX = 3;
const MIN_STEP_PX = 13;
const POINTER_PX = 15;

/** @param {number} value */
const px = (value) => String(Math.round(value * 100) / 100);
/** @param {Spot} spot */
const at = ({ x, y }) => `${px(x)} ${px(y)}`;

/** The line's width on this screen: never too thin to see. @param {number} share of the picture's width @param {number} width of the picture, px */
export function lineWidth(share, width) {
  return Math.max(MIN_WIDTH_PX, share * width);
}

/** @param {number} line px */
export function stepRadius(line) {
  return Math.max(MIN_STEP_PX, line * STEP_RADIUS_PER_WIDTH);
}

/** @param {Spot} centre @param {number} radius */
function disc({ x, y }, radius) {
  const r = px(radius);
  return `M${px(x - radius)} ${px(y)}a${r} ${r} 0 1 0 ${px(2 * radius)} 0a${r} ${r} 0 1 0 ${px(-2 * radius)} 0Z`;
}

/** @param {Spot} from @param {Spot} to @param {number} width */
function arrow(from, to, width) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length < 0.5) {
    return disc(to, width);
  }
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const head = Math.min(width * 4.2, length * 0.75);
  const half = head * 0.46;
  const neck = length - head * 0.84;
  /** @param {number} along @param {number} aside */
  const corner = (along, aside) => at({ x: from.x + ux * along - uy * aside, y: from.y + uy * along + ux * aside });
  const thick = Math.min(width * 0.55, half * 0.5);
  const edge = [corner(length, 0), corner(length - head, half), corner(neck, thick), corner(0, width * 0.22), corner(0, -width * 0.22), corner(neck, -thick), corner(length - head, -half)];
  return `M${edge.join("L")}Z`;
}

/** A stroke through its places, round at every one of them: the middles between them are joined by parabolas. @param {readonly Spot[]} spots */
export function smooth(spots) {
  const [first, second, ...rest] = spots;
  if (!first) {
    return "";
  }
  if (!second) {
    return `M${at(first)}l0 0.01`;
  }
  /** @param {Spot} one @param {Spot} other */
  const middle = (one, other) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
  let path = `M${at(first)}L${at(middle(first, second))}`;
  let before = second;
  for (const spot of rest) {
    path += `Q${at(before)} ${at(middle(before, spot))}`;
    before = spot;
  }
  return `${path}L${at(before)}`;
}

/** The four corners, clockwise from the upper left, of what is given by two opposite ones or by four. @param {readonly Spot[]} spots @returns {Spot[]} */
function corners(spots) {
  const [one, other] = spots;
  if (spots.length >= 4 || !one || !other) {
    return spots.slice(0, 4);
  }
  const [left, right, top, bottom] = [Math.min(one.x, other.x), Math.max(one.x, other.x), Math.min(one.y, other.y), Math.max(one.y, other.y)];
  return [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
}

/**
 * The ellipse inside a rectangle that lies anyhow in space: a circle of the unit square through the square's homography (Heckbert 1989, §2.2.3).
 * @param {readonly Spot[]} four
 */
function roundIn(four) {
  const [a, b, c, d] = four;
  if (!a || !b || !c || !d) {
    return "";
  }
  const [dx1, dx2, sx] = [b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x];
  const [dy1, dy2, sy] = [b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y];
  const below = dx1 * dy2 - dx2 * dy1;
  const g = below ? (sx * dy2 - dx2 * sy) / below : 0;
  const h = below ? (dx1 * sy - sx * dy1) / below : 0;
  const spots = Array.from({ length: ROUND_PARTS }, (_, part) => {
    const angle = (2 * Math.PI * part) / ROUND_PARTS;
    const [u, v] = [0.5 + 0.5 * Math.cos(angle), 0.5 + 0.5 * Math.sin(angle)];
    const w = g * u + h * v + 1;
    return { x: ((b.x - a.x + g * b.x) * u + (d.x - a.x + h * d.x) * v + a.x) / w, y: ((b.y - a.y + g * b.y) * u + (d.y - a.y + h * d.y) * v + a.y) / w };
  });
  return `M${spots.map(at).join("L")}Z`;
}

/**
 * @param {import("./types").LiveMark["shape"]} shape
 * @param {readonly Spot[]} spots
 * @param {number} width of the line, px
 * @returns {Outline}
 */
export function outlineOf(shape, spots, width) {
  const first = spots[0] ?? { x: 0, y: 0 };
  const last = spots.at(-1) ?? first;
  switch (shape) {
    case "arrow":
      return { path: arrow(first, last, width), isFilled: true };
    case "step":
      return { path: disc(first, stepRadius(width)), isFilled: true };
    case "pointer":
      return { path: disc(last, Math.max(POINTER_PX, width * 2)), isFilled: false };
    case "line":
      return { path: `M${at(first)}L${at(last)}`, isFilled: false };
    case "rectangle":
      return { path: `M${corners(spots).map(at).join("L")}Z`, isFilled: false };
    case "ellipse":
      return { path: roundIn(corners(spots)), isFilled: false };
    default:
      return { path: smooth(spots), isFilled: false };
  }
}

/** The rim's colour: light around dark marks, dark around light ones. @param {string} colour #rrggbb */
export function rimOf(colour) {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) => Number.parseInt(colour.slice(from, from + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 165 ? "#111418" : "#ffffff";
}
