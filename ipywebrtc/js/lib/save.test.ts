import { expect, test } from "vitest";
import { fileName } from "./save.ts";

test("a name without an ending gets the format's", () => {
  expect(fileName("record", "png")).toBe("record.png");
  expect(fileName("a.b/record", "png")).toBe("a.b/record.png");
});

test("a name with an ending keeps it", () => {
  expect(fileName("record.dat", "png")).toBe("record.dat");
});
