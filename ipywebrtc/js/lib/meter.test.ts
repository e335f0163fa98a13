import { expect, test } from "vitest";
import { decibels, FLOOR } from "./meter.ts";

test("a full square wave is 0 dBFS, a full sine -3, half of it -9", () => {
  const sine = Float32Array.from({ length: 4800 }, (_, n) => Math.sin((2 * Math.PI * n) / 48));
  expect(decibels(new Float32Array(100).fill(1))).toBe(0);
  expect(decibels(sine)).toBeCloseTo(-3.01, 1);
  expect(decibels(sine.map((sample) => sample / 2))).toBeCloseTo(-9.03, 1);
});

test("silence is the floor", () => {
  expect(decibels(new Float32Array(100))).toBe(FLOOR);
});
