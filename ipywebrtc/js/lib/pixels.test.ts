import { expect, test } from "vitest";
import { toRgba } from "./pixels.ts";

test.each([
  [1, [7, 200], [7, 7, 7, 255, 200, 200, 200, 255]],
  [3, [1, 2, 3, 250, 251, 252], [1, 2, 3, 255, 250, 251, 252, 255]],
  [4, [1, 2, 3, 4], [1, 2, 3, 4]],
])("pixels of %i bytes become those of a canvas", (channels, bytes, rgba) => {
  expect([...toRgba(Uint8Array.from(bytes), channels)]).toEqual(rgba);
});
