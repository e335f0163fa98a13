import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeModel, fakeModel } from "../fake_model.ts";
import { kernelFacts } from "./round_trip.ts";

let kernel: FakeModel;
let delay: number;
const signal = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = fakeModel({});
  delay = 20;
  Object.assign(kernel.model, {
    widget_manager: { kernel: { supportsSubshells: true, commsOverSubshells: "perComm" } },
    send: (content: Record<string, unknown>) => {
      setTimeout(() => kernel.receive({ ...content, page: "another", kind: "pong" }), 1);
      setTimeout(() => kernel.receive({ ...content, kind: "pong" }), delay);
    },
  });
});

afterEach(() => {
  vi.useRealTimers();
});

async function told() {
  const facts = kernelFacts(kernel.model, signal);
  await vi.advanceTimersByTimeAsync(10_000);
  return (await facts).map(({ name, state, value }) => [name, state, value]);
}

test("the time to the kernel and back", async () => {
  expect(await told()).toEqual([
    ["subshells", "ok", "used (perComm)"],
    ["round trip", "ok", "20 ms from page to kernel and back"],
  ]);
  expect(kernel.listeners()).toBe(0);
});

test("a kernel that is far", async () => {
  delay = 400;
  expect((await told())[1]).toEqual([
    "round trip",
    "warning",
    "400 ms from page to kernel and back",
  ]);
});

test("a kernel that does not answer", async () => {
  vi.spyOn(AbortSignal, "timeout").mockImplementation((limit) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), limit);
    return stop.signal;
  });
  delay = 100_000;
  expect((await told())[1]).toEqual(["round trip", "failure", "none in 5 s"]);
  expect(kernel.listeners()).toBe(0);
});
