import { expect, test } from "vitest";
import { makePace } from "./frames.ts";

/** Counts what is due of frames that come at a rate, for so many seconds. */
function count(from: number, fps: number | null, seconds = 10): number {
  const due = makePace();
  const times = Array.from({ length: from * seconds }, (_, index) => {
    const wavering = index % 3 === 0 ? 4000 : 0;
    return (index * 1e6) / from + wavering;
  });
  return times.filter((time) => due(time, fps)).length;
}

test.each([
  [30, 10, 100],
  [20, 15, 150],
  [30, 7, 70],
  [20, 20, 200],
  [20, 60, 200],
  [20, null, 200],
])("of %i frames a second %s are due as a mean", (from, fps, expected) => {
  expect(Math.abs(count(from, fps) - expected)).toBeLessThanOrEqual(2);
});

test("a track with another clock goes on at once", () => {
  const due = makePace();
  expect(due(5e9, 10)).toBe(true);
  expect(due(0, 10)).toBe(true);
  expect(due(10_000, 10)).toBe(false);
});

test("the next frame after an early one is not due yet", () => {
  const due = makePace();
  const times = [0, 196_000, 246_000, 446_000, 496_000];
  expect(times.filter((time) => due(time, 4))).toEqual([0, 196_000, 446_000]);
});
