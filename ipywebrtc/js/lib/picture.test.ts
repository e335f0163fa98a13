import { expect, test } from "vitest";
import { pictureSize } from "./picture.ts";

const still = { width: 640, height: 480 };

test("without a size a picture has the stream's own", () => {
  expect(pictureSize(still, null)).toEqual([640, 480]);
  expect(pictureSize(still, [null, null])).toEqual([640, 480]);
});

test("one of width and height follows from the other", () => {
  expect(pictureSize(still, [320, null])).toEqual([320, 240]);
  expect(pictureSize(still, [null, 240])).toEqual([320, 240]);
});

test("both may break the proportions", () => {
  expect(pictureSize(still, [100, 100])).toEqual([100, 100]);
});

test("no side vanishes", () => {
  expect(pictureSize({ width: 1000, height: 10 }, [10, null])).toEqual([10, 1]);
});
