// SHA-256 of a picture's bytes, in hex. WebCrypto where the browser gives it (only on secure pages), else the same sum by hand (FIPS 180-4).

const SLICE_BLOCKS = 8_192; // half a MB: then the page gets a turn

/** The first 32 bits of the fractional parts of the roots of the first primes. @param {number} count @param {number} root */
function constants(count, root) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d += 1) {
      isPrime &&= n % d !== 0;
    }
    if (isPrime) {
      found.push((n ** (1 / root) * 2 ** 32) | 0);
    }
  }
  return new Int32Array(found);
}

/** @param {Int32Array} sums @param {DataView} data @param {number} at @param {Int32Array} k @param {Int32Array} w */
function addBlock(sums, data, at, k, w) {
  /** @param {number} x @param {number} n */
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, last = 0] = sums;
  for (let i = 0; i < 64; i += 1) {
    if (i < 16) {
      w[i] = data.getInt32(at + i * 4);
    } else {
      const far = w[i - 15] ?? 0;
      const near = w[i - 2] ?? 0;
      w[i] = (w[i - 16] ?? 0) + (turn(far, 7) ^ turn(far, 18) ^ (far >>> 3)) + (w[i - 7] ?? 0) + (turn(near, 17) ^ turn(near, 19) ^ (near >>> 10));
    }
    const one = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (k[i] ?? 0) + (w[i] ?? 0)) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [last, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, last].forEach((value, index) => { sums[index] = (sums[index] ?? 0) + value; });
}

/**
 * @param {ArrayBuffer} bytes
 * @returns {Promise<string>}
 */
export async function byHand(bytes) {
  const blocks = Math.floor((bytes.byteLength + 8) / 64) + 1;
  const rest = bytes.byteLength % 64;
  const whole = (bytes.byteLength - rest) / 64;
  const end = new Uint8Array((blocks - whole) * 64);
  end.set(new Uint8Array(bytes, whole * 64));
  end[rest] = 0x80;
  const tail = new DataView(end.buffer);
  tail.setUint32(end.length - 8, Math.floor(bytes.byteLength / 2 ** 29));
  tail.setUint32(end.length - 4, (bytes.byteLength * 8) >>> 0);
  const k = constants(64, 3);
  const sums = constants(8, 2);
  const w = new Int32Array(64);
  const data = new DataView(bytes);
  for (let block = 0; block < blocks; block += 1) {
    addBlock(sums, block < whole ? data : tail, (block < whole ? block : block - whole) * 64, k, w);
    if (block % SLICE_BLOCKS === SLICE_BLOCKS - 1) {
      await new Promise((resolve) => { setTimeout(resolve); });
    }
  }
  return hex(new Uint8Array(new Uint32Array(sums).reduce((/** @type {number[]} */ all, sum) => [...all, sum >>> 24, sum >>> 16 & 255, sum >>> 8 & 255, sum & 255], [])));
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {ArrayBuffer} bytes
 * @returns {Promise<string>}
 */
export async function sha256(bytes) {
  return globalThis.crypto?.subtle ? hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))) : byHand(bytes);
}
