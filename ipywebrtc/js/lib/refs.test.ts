import { expect, test } from "vitest";
import { modelId } from "./refs.ts";

test("both forms of a reference give the id", () => {
  expect(modelId("IPY_MODEL_a1")).toBe("a1");
  expect(modelId("anywidget:a1")).toBe("a1");
});

test("anything else is no reference", () => {
  for (const value of [null, undefined, "", "a1", 3, {}]) expect(modelId(value)).toBeNull();
});
