/** Pixels of one, three or four bytes as those of a canvas. */

export function toRgba(bytes: Uint8Array, channels: number): Uint8ClampedArray<ArrayBuffer> {
  if (channels === 4) return new Uint8ClampedArray(bytes);
  const count = bytes.length / channels;
  const rgba = new Uint8ClampedArray(4 * count);
  const words = new Uint32Array(rgba.buffer);
  // All machines that browsers run on are little-endian: alpha is the highest byte.
  const byte = (index: number) => bytes[index] as number;
  if (channels === 1) {
    for (let pixel = 0; pixel < count; pixel += 1) {
      words[pixel] = 0xff000000 | (byte(pixel) * 0x010101);
    }
  } else {
    for (let pixel = 0, from = 0; pixel < count; pixel += 1, from += 3) {
      words[pixel] = 0xff000000 | (byte(from + 2) << 16) | (byte(from + 1) << 8) | byte(from);
    }
  }
  return rgba;
}
