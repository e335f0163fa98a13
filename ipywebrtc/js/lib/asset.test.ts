import { beforeEach, describe, expect, it, vi } from "vitest";
import { asset } from "./asset.ts";
import { fakeModel } from "./fake_model.ts";
import { page } from "./page.ts";

const forever = new AbortController().signal;
const answer = (fields: Record<string, unknown>) => ({
  kind: "asset",
  page: page(),
  name: "dom",
  ...fields,
});

beforeEach(() => {
  vi.stubGlobal("addEventListener", () => {});
});

describe("an asset", () => {
  it("is asked for with the hashes that the page has, and listens no more afterwards", async () => {
    const fake = fakeModel({});
    const module = Promise.resolve({ loaded: true });
    const key = Symbol.for("ipywebrtc.assets/1");
    (globalThis as { [key]?: unknown })[key] = new Map([["abc", module]]);
    const loading = asset(fake.model, "dom", forever);
    expect(fake.sent).toEqual([answer({ have: ["abc"] })]);
    fake.receive(answer({ page: "another page", hash: "abc" }));
    fake.receive(answer({ hash: "abc" }));
    expect(await loading).toEqual({ loaded: true });
    expect(fake.listeners()).toBe(0);
  });

  it("is asked for once, as the kernel may be busy the next time", async () => {
    const fake = fakeModel({});
    expect(await asset(fake.model, "dom", forever)).toEqual({ loaded: true });
    expect(fake.sent).toEqual([]);
  });

  it("that is missing says why", async () => {
    const fake = fakeModel({});
    const loading = asset(fake.model, "lost", forever);
    fake.receive(answer({ name: "lost", failure: "It is not built." }));
    await expect(loading).rejects.toThrow("It is not built.");
  });

  it("is given up with the signal", async () => {
    const fake = fakeModel({});
    const stop = new AbortController();
    const loading = asset(fake.model, "late", stop.signal);
    stop.abort(new Error("closed"));
    await expect(loading).rejects.toThrow("closed");
    expect(fake.listeners()).toBe(0);
  });
});
