import { expect, test } from "vitest";
import { fakeModel } from "./fake_model.ts";
import { child, modelId } from "./refs.ts";

test("both forms of a reference give the id", () => {
  expect(modelId("IPY_MODEL_a1")).toBe("a1");
  expect(modelId("anywidget:a1")).toBe("a1");
});

test("anything else is no reference", () => {
  for (const value of [null, undefined, "", "a1", 3, {}]) expect(modelId(value)).toBeNull();
});

test("a child is found by its reference, or is there already", async () => {
  const { model } = fakeModel({ stream: "IPY_MODEL_a1", none: null });
  const other = fakeModel({}).model;
  model.widget_manager = { get_model: async (id) => (id === "a1" ? other : Promise.reject(id)) };
  expect(await child(model, "stream")).toBe(other);
  expect(await child(fakeModel({ layout: other }).model, "layout")).toBe(other);
  expect(await child(model, "none")).toBeNull();
});
