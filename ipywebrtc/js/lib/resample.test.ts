import { expect, test } from "vitest";
import { makeResampler } from "./resample.ts";

/** Brings a sine to another rate in blocks of uneven sizes. */
function resampled(from: number, to: number, frequency: number, count: number): number[] {
  const resample = makeResampler(from, to);
  const output: number[] = [];
  for (let start = 0, size = 480; start < count; start += size, size = 300 + (size % 401)) {
    const block = Float32Array.from({ length: size }, (_, index) =>
      Math.sin((2 * Math.PI * frequency * (start + index)) / from),
    );
    output.push(...resample(block));
  }
  return output;
}

test.each([
  [48_000, 16_000],
  [44_100, 16_000],
  [16_000, 48_000],
  [48_000, 22_050],
])("a tone keeps its phase from %i to %i Hz, across all seams", (from, to) => {
  const output = resampled(from, to, 440, from);
  expect(output.length / to).toBeCloseTo(1, 1);
  const errors = output
    .slice(200) // Before it there was silence.
    .map((value, index) => Math.abs(value - Math.sin((2 * Math.PI * 440 * (index + 200)) / to)));
  expect(Math.max(...errors)).toBeLessThan(1e-3);
});

test("what the lower rate can't hold is taken out, and not folded", () => {
  const output = resampled(48_000, 16_000, 9_000, 48_000).slice(200);
  expect(Math.max(...output.map(Math.abs))).toBeLessThan(0.02);
});

test("the same rate changes nothing", () => {
  const input = Float32Array.of(1, 2, 3);
  expect(makeResampler(48_000, 48_000)(input)).toBe(input);
});
