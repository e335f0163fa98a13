import { expect, test } from "vitest";
import { makeBlocks, makeLossFinder, mix } from "./blocks.ts";

const sound = (values: number[], timestamp: number) => ({
  planes: [Float32Array.from(values)],
  sampleRate: 100,
  timestamp,
});

test("blocks of one size are cut from sound of any", () => {
  const blocks = makeBlocks({ sampleRate: 100, channels: 2, size: 3 }, () => 0);
  blocks.begin();
  expect(blocks.push(sound([1, 2], 0))).toEqual([]);
  const complete = blocks.push(sound([3, 4, 5, 6, 7], 0.02));
  expect(complete.map(({ samples }) => [...samples])).toEqual([
    [1, 1, 2, 2, 3, 3],
    [4, 4, 5, 5, 6, 6],
  ]);
});

test("the time between two tracks is missing in the block after it", () => {
  let time = 0;
  const blocks = makeBlocks({ sampleRate: 100, channels: 1, size: 2 }, () => time);
  blocks.begin();
  expect(blocks.push(sound([1, 2], 7))[0]?.missing).toBe(0);
  blocks.begin();
  time = 1020;
  expect(blocks.push(sound([1, 2], 3))[0]?.missing).toBe(100);
});

test("one channel is the mean, and more repeat the last", () => {
  const planes = [Float32Array.of(1, 0), Float32Array.of(0, 0.5)];
  expect(mix(planes, 1).map((plane) => [...plane])).toEqual([[0.5, 0.25]]);
  expect(mix(planes, 3).map((plane) => [...plane])).toEqual([
    [1, 0],
    [0, 0.5],
    [0, 0.5],
  ]);
});

test("lost sound is found, and a hiccup is none", () => {
  const lost = makeLossFinder();
  const missing = Array.from({ length: 400 }, (_, index) => {
    const late = index === 50 ? 0.3 : 0; // One piece comes late, those after it in time.
    const gap = index >= 200 ? 0.2 : 0; // And here 0.2 s never come.
    const wavering = 0.01 * (index % 2);
    return lost(index * 0.01 + late + gap + wavering, 0.01);
  }).filter(Boolean);
  expect(missing).toHaveLength(1);
  expect(missing[0]).toBeCloseTo(0.2);
});
