import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeModel, fakeModel } from "./fake_model.ts";
import { page } from "./page.ts";
import { fetchRecording } from "./pieces.ts";

const LENGTH = 1 << 20;

let fake: FakeModel;
let life: AbortController;
let listener: (message: unknown, buffers: DataView[]) => void;
let progress: number[];

beforeEach(() => {
  vi.useFakeTimers();
  fake = fakeModel({});
  life = new AbortController();
  progress = [];
  const { on } = fake.model;
  fake.model.on = (name: string, added: typeof listener) => {
    listener = added;
    on(name, added);
  };
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
});

function start(): Promise<Blob> {
  const blob = fetchRecording(fake.model, "video/webm", (part) => progress.push(part), life.signal);
  blob.catch(() => {});
  return blob;
}

function positions(): unknown[] {
  return fake.sent.filter(({ kind }) => kind === "read").map(({ position }) => position);
}

/** The kernel sends a piece, of so many bytes of this value. */
async function send(position: number, total: number, length: number, value = 0, more = {}) {
  const bytes = new DataView(new Uint8Array(length).fill(value).buffer);
  listener({ kind: "piece", page: page(), position, total, ...more }, [bytes]);
  await vi.advanceTimersByTimeAsync(0);
}

test("a recording is asked for from its beginning", () => {
  start();
  expect(fake.sent).toEqual([{ kind: "read", page: page(), position: 0, length: LENGTH }]);
});

test("the pieces are asked for one after another, and make the file", async () => {
  const blob = start();
  await send(0, 10, 4, 1);
  await send(4, 10, 4, 2);
  await send(8, 10, 2, 3);
  const bytes = new Uint8Array(await (await blob).arrayBuffer());
  expect([...bytes]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3]);
  expect((await blob).type).toBe("video/webm");
  expect(positions()).toEqual([0, 4, 8]);
});

test("progress tells how much is here", async () => {
  start();
  await send(0, 8, 2);
  await send(2, 8, 6);
  expect(progress).toEqual([0.25, 1]);
});

test("a piece that comes twice is taken once", async () => {
  const blob = start();
  await send(0, 8, 4, 1);
  await send(0, 8, 4, 1);
  await send(4, 8, 4, 2);
  expect((await blob).size).toBe(8);
});

test("a piece for another page is not taken", async () => {
  start();
  await send(0, 4, 4, 1, { page: "another" });
  expect(progress).toEqual([]);
});

test("a piece that does not come is asked for again", async () => {
  start();
  await vi.advanceTimersByTimeAsync(6000);
  expect(positions()).toEqual([0, 0, 0]);
});

test("a kernel that never answers is given up", async () => {
  const blob = start();
  await vi.advanceTimersByTimeAsync(60_000);
  await expect(blob).rejects.toThrow("The kernel does not answer");
  expect(positions().length).toBe(10);
});

test("a kernel without a recording says so", async () => {
  const blob = start();
  await send(0, 0, 0);
  await expect(blob).rejects.toThrow("The kernel has no recording");
});

test("an abort ends it with its reason", async () => {
  const blob = start();
  life.abort(new Error("enough"));
  await expect(blob).rejects.toThrow("enough");
});

test("no timers and no listeners are left, however it ends", async () => {
  start();
  await send(0, 4, 4);
  expect([vi.getTimerCount(), fake.listeners()]).toEqual([0, 0]);
  start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([vi.getTimerCount(), fake.listeners()]).toEqual([0, 0]);
  start();
  life.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect([vi.getTimerCount(), fake.listeners()]).toEqual([0, 0]);
});
