import { beforeEach, expect, test, vi } from "vitest";
import { Failure } from "./failure.ts";
import { type FakeModel, fakeModel } from "./fake_model.ts";
import { type Action, page, say, serve } from "./page.ts";

let fake: FakeModel;
let life: AbortController;
let events: EventTarget;

beforeEach(() => {
  fake = fakeModel({ _uid: crypto.randomUUID() });
  life = new AbortController();
  events = new EventTarget();
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
});

function request(id: string, name = "act"): Record<string, unknown> {
  return { kind: "request", page: page(), id, name, timeout: 1 };
}

function kinds(): unknown[] {
  return fake.sent.map(({ kind }) => kind).filter((kind) => kind !== "flush");
}

test("a page says hello, again when it is asked, and bye", () => {
  serve(fake.model, {}, life.signal);
  fake.receive({ kind: "who" });
  events.dispatchEvent(new Event("pagehide"));
  expect(kinds()).toEqual(["hello", "hello", "bye"]);
  expect(new Set(fake.sent.map((message) => message.page))).toEqual(new Set([page()]));
});

test("what a page tells of its state has an order, of all models", () => {
  const other = fakeModel({ _uid: crypto.randomUUID() });
  say(fake.model, { kind: "state", status: "starting" });
  say(other.model, { kind: "state", status: "live" });
  say(fake.model, { kind: "data", number: 1 });
  const [first, data] = fake.sent as { order: number }[];
  const [second] = other.sent as { order: number }[];
  expect(second?.order).toBeGreaterThan(first?.order ?? Number.NaN);
  expect(data).toEqual({ kind: "data", number: 1 });
});

test("a request is done once and answered as often as it comes", async () => {
  let done = 0;
  const act = async () => {
    done += 1;
    return { content: { result: done } };
  };
  serve(fake.model, { act }, life.signal);
  fake.receive(request("a"));
  fake.receive(request("a"));
  await vi.waitFor(() => expect(kinds()).toContain("answer"));
  fake.receive(request("a"));
  expect(kinds()).toEqual(["hello", "ack", "answer", "answer"]);
  const result = { id: "a", name: "act", unasked: false, result: 1 };
  expect(fake.sent.filter(({ kind }) => kind === "answer")).toMatchObject([result, result]);
});

test("of two models of a widget the newest does a request, and what it began alone", async () => {
  const older = vi.fn(async () => ({}));
  const newer = vi.fn(async () => ({}));
  const other = fakeModel({ _uid: fake.model.get("_uid") });
  const send = (id: string) => {
    for (const one of [fake, other]) one.receive(request(id));
  };
  serve(fake.model, { act: older }, life.signal);
  send("a");
  const shown = new AbortController();
  serve(other.model, { act: newer }, shown.signal);
  send("a");
  send("b");
  await vi.waitFor(() => expect(kinds()).toContain("answer"));
  expect([older.mock.calls.length, newer.mock.calls.length]).toEqual([1, 1]);
  shown.abort();
  send("c");
  expect([older.mock.calls.length, newer.mock.calls.length]).toEqual([2, 1]);
});

test("work that takes longer is acknowledged", async () => {
  vi.useFakeTimers();
  serve(fake.model, { act: () => new Promise(() => {}) }, life.signal);
  fake.receive(request("a"));
  await vi.advanceTimersByTimeAsync(999);
  expect(fake.sent.at(-1)).toMatchObject({ kind: "ack", id: "a" });
  vi.useRealTimers();
});

test("what another page is asked is not done here", () => {
  const act = vi.fn();
  serve(fake.model, { act }, life.signal);
  fake.receive({ ...request("a"), page: "another" });
  expect(act).not.toHaveBeenCalled();
  expect(kinds()).toEqual(["hello"]);
});

test("a failure is answered by its name", async () => {
  const act = async () => {
    throw new Failure("DeviceNotFound", "Plug it in.");
  };
  serve(fake.model, { act }, life.signal);
  fake.receive(request("a"));
  await vi.waitFor(() => expect(kinds()).toContain("answer"));
  const failure = { name: "DeviceNotFound", message: "Plug it in." };
  expect(fake.sent).toContainEqual(expect.objectContaining({ id: "a", failure }));
});

test("a cancelled request stops and is not answered", async () => {
  const stopped = vi.fn();
  const act = (_: unknown, signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped();
        reject(signal.reason);
      });
    });
  serve(fake.model, { act }, life.signal);
  fake.receive(request("a"));
  fake.receive({ kind: "cancel", id: "a" });
  fake.receive({ ...request("b"), name: "unknown" });
  await vi.waitFor(() => expect(kinds()).toContain("answer"));
  expect(stopped).toHaveBeenCalledOnce();
  expect(fake.sent.filter(({ id }) => id === "a")).toEqual([]);
});

test("what the button asks for is answered unasked", async () => {
  const server = serve(fake.model, { act: async () => ({}) }, life.signal);
  await server.press("act", { timeout: 1 });
  expect(fake.sent.at(-1)).toMatchObject({ kind: "answer", name: "act", unasked: true });
});

test("a page that is done listens no more", () => {
  serve(fake.model, {}, life.signal);
  life.abort();
  fake.receive({ kind: "who" });
  events.dispatchEvent(new Event("pagehide"));
  expect(kinds()).toEqual(["hello"]);
  expect(fake.listeners()).toBe(0);
});

test("running work is told when its request comes again, with what has changed in it", () => {
  const repeats: unknown[] = [];
  const act: Action = (_, __, onRepeat) => {
    onRepeat((repeat) => repeats.push(repeat));
    return new Promise(() => {});
  };
  serve(fake.model, { act }, life.signal);
  fake.receive(request("a"));
  expect(repeats).toEqual([]);
  fake.receive({ ...request("a"), turn: 1 });
  fake.receive({ ...request("a"), page: "another", turn: 2 });
  fake.receive({ ...request("b"), turn: 3 });
  expect(repeats).toMatchObject([{ id: "a", turn: 1 }]);
});

test("work that is done is not told that its request comes again", async () => {
  const listener = vi.fn();
  const act: Action = async (_, __, onRepeat) => {
    onRepeat(listener);
    return {};
  };
  serve(fake.model, { act }, life.signal);
  fake.receive(request("a"));
  await vi.waitFor(() => expect(kinds()).toContain("answer"));
  fake.receive(request("a"));
  expect(listener).not.toHaveBeenCalled();
});

test("work that the button began is told when the kernel asks for it", () => {
  const repeats: unknown[] = [];
  let id = "";
  const act: Action = (asked, _, onRepeat) => {
    id = asked.id;
    onRepeat((repeat) => repeats.push(repeat));
    return new Promise(() => {});
  };
  const server = serve(fake.model, { act }, life.signal);
  server.press("act", { timeout: 1 });
  fake.receive({ ...request(id), turn: 1 });
  expect(repeats).toMatchObject([{ turn: 1 }]);
});

test("a running job is never forgotten, however many others are done meanwhile", async () => {
  const began = vi.fn();
  const long = () => {
    began();
    return new Promise<never>(() => {});
  };
  serve(fake.model, { long, act: async () => ({}) }, life.signal);
  fake.receive(request("long", "long"));
  for (let n = 0; n < 20; n += 1) {
    fake.receive(request(`${n}`));
    await vi.waitFor(() => expect(fake.sent.some(({ id }) => id === `${n}`)).toBe(true), {
      interval: 1,
    });
  }
  fake.receive(request("long", "long"));
  expect(began).toHaveBeenCalledOnce();
});

test("the last answers are kept, and older ones forgotten", async () => {
  const done = vi.fn(async () => ({}));
  serve(fake.model, { act: done }, life.signal);
  for (let n = 0; n < 10; n += 1) {
    fake.receive(request(`${n}`));
    await vi.waitFor(() => expect(fake.sent.some(({ id }) => id === `${n}`)).toBe(true), {
      interval: 1,
    });
  }
  fake.receive(request("6"));
  expect(done).toHaveBeenCalledTimes(10);
  fake.receive(request("0"));
  expect(done).toHaveBeenCalledTimes(11);
});
