import { expect, test } from "vitest";
import type { Fact } from "./fact.ts";
import { groupsOf, verdict } from "./view.ts";

const some = (...states: Fact["state"][]): Fact[] =>
  states.map((state) => ({ group: "", name: "", value: "", state, advice: "" }));

test("the troubles are counted", () => {
  expect(verdict(some("ok", "ok"))).toBe("All is well");
  expect(verdict(some("ok", "info"))).toBe("All is well");
  expect(verdict(some("failure", "ok"))).toBe("1 thing does not work");
  expect(verdict(some("failure", "warning", "failure"))).toBe("2 things do not work, 1 warning");
  expect(verdict(some("warning", "warning"))).toBe("2 warnings");
});

test("groups with troubles come first", () => {
  const about = { name: "", value: "", advice: "" };
  const facts: Fact[] = [
    { ...about, group: "Versions", state: "ok" },
    { ...about, group: "Page", state: "warning" },
    { ...about, group: "Network", state: "ok" },
    { ...about, group: "Network", state: "failure" },
  ];
  expect(groupsOf(facts)).toEqual(["Network", "Versions", "Page"]);
});
