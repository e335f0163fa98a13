import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Failure } from "./failure.ts";
import { type FakeModel, fakeModel } from "./fake_model.ts";
import { page } from "./page.ts";
import { makeUpload, type Upload } from "./upload.ts";

const CHUNK = 1 << 20;
const WINDOW = 8;
const KEPT = 16 * 1024 * 1024;

interface Sent {
  kind: string;
  seq: number;
  part: number;
  position: number;
  length: number;
  number: number;
  bytes: Uint8Array;
}

let fake: FakeModel;
let life: AbortController;
let messages: Sent[];
let refusals: Failure[];
let upload: Upload;

beforeEach(() => {
  vi.useFakeTimers();
  fake = fakeModel({});
  life = new AbortController();
  messages = [];
  refusals = [];
  fake.model.send = (content, _, buffers = []) => {
    const [bytes] = buffers as Uint8Array[];
    messages.push({ ...content, bytes } as Sent);
  };
  upload = start();
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
});

function start(): Upload {
  const refused = (failure: Failure) => {
    refusals.push(failure);
    life.abort(failure);
  };
  return makeUpload(fake.model, "it", { format: "webm", unasked: true }, refused, life.signal);
}

/** The chunks that were sent, without the opening one. */
function chunks(): Sent[] {
  return messages.filter(({ kind, seq }) => kind === "chunk" && seq > 0);
}

function seqs(): number[] {
  return chunks().map(({ seq }) => seq);
}

function probes(): number[] {
  return messages.filter(({ kind }) => kind === "probe").map(({ number }) => number);
}

/** The kernel says which chunk is the next. */
function acknowledge(next: number, more = {}): void {
  fake.receive({ kind: "upload", page: page(), id: "it", next, ...more });
}

function bytes(length: number, value = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}

/** Writes so many chunks at the end of the file. */
function write(count: number): void {
  for (let n = 0; n < count; n += 1) upload.write(upload.size, bytes(CHUNK, n));
}

/** Lets so much time pass that the kernel is asked what it has. */
function wait(): void {
  vi.advanceTimersByTime(3000);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

test("a recording begins with a chunk that says its format", () => {
  expect(messages).toEqual([
    {
      kind: "chunk",
      page: page(),
      id: "it",
      seq: 0,
      part: 0,
      position: 0,
      length: 0,
      format: "webm",
      unasked: true,
      bytes: new Uint8Array(0),
    },
  ]);
});

test("small writes that follow one another are sent as one chunk", () => {
  for (const [position, value] of [10, 20, 30].entries()) {
    upload.write(2 * position, bytes(2, value));
  }
  expect(chunks()).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(chunks()).toMatchObject([{ seq: 1, part: 0, position: 0, length: 6 }]);
  expect([...(chunks()[0]?.bytes ?? [])]).toEqual([10, 10, 20, 20, 30, 30]);
});

test("small writes are sent when they make a chunk", () => {
  for (let n = 0; n < 4; n += 1) upload.write(upload.size, bytes(CHUNK / 4));
  expect(chunks()).toMatchObject([{ seq: 1, length: CHUNK }]);
});

test("a write elsewhere begins another chunk, in its order", () => {
  upload.write(0, bytes(10));
  upload.write(4, bytes(2, 2));
  upload.write(10, bytes(5, 3));
  vi.advanceTimersByTime(1000);
  expect(chunks()).toMatchObject([
    { seq: 1, position: 0, length: 10 },
    { seq: 2, position: 4, length: 2 },
    { seq: 3, position: 10, length: 5 },
  ]);
});

test("a large write is split", () => {
  const data = bytes(2 * CHUNK + 7).map((_, n) => n % 251);
  upload.write(0, data);
  expect(chunks()).toMatchObject([
    { seq: 1, position: 0, length: CHUNK },
    { seq: 2, position: CHUNK, length: CHUNK },
    { seq: 3, position: 2 * CHUNK, length: 7 },
  ]);
  const right = chunks().every((sent) =>
    sent.bytes.every((n, at) => n === data[sent.position + at]),
  );
  expect(right).toBe(true);
});

test("at most so many chunks are under way", () => {
  write(20);
  expect(seqs()).toEqual(range(1, WINDOW - 1)); // And the opening one.
});

test("each acknowledgement lets another chunk go", () => {
  write(20);
  acknowledge(1);
  expect(seqs()).toEqual(range(1, 8));
  acknowledge(4);
  expect(seqs()).toEqual(range(1, 11));
});

test("all chunks arrive once, as long as they are acknowledged", () => {
  write(20);
  for (let next = 1; next <= 21; next += 1) acknowledge(next);
  wait();
  expect(seqs()).toEqual(range(1, 20));
  expect(probes()).toEqual([]);
});

test("size and acknowledged tell how far it is", () => {
  write(3);
  acknowledge(3);
  expect([upload.size, upload.acknowledged]).toEqual([3 * CHUNK, 2 * CHUNK]);
});

test("what is meant for another page or recording is not listened to", () => {
  write(20);
  acknowledge(5, { page: "another" });
  acknowledge(5, { id: "another" });
  acknowledge(5, { kind: "asset", refused: "No." });
  expect([upload.acknowledged, refusals.length]).toEqual([0, 0]);
});

test("while the kernel is silent it is asked, and sent no chunk again", () => {
  write(20);
  vi.advanceTimersByTime(60_000);
  expect(seqs()).toEqual(range(1, 7));
  expect(probes().length).toBeGreaterThan(1);
  expect(probes()).toEqual(range(1, probes().length));
});

test("the kernel is not asked when nothing is under way", () => {
  acknowledge(1);
  vi.advanceTimersByTime(60_000);
  write(1);
  vi.advanceTimersByTime(1000);
  expect(probes()).toEqual([]);
});

test("what the reply to a probe lacks is sent again in order", () => {
  write(20);
  wait();
  messages = [];
  acknowledge(3, { number: 1 });
  expect(seqs()).toEqual(range(3, 10));
});

test("the opening chunk is sent again with its format", () => {
  wait();
  messages = [];
  acknowledge(0, { number: 1 });
  expect(messages).toMatchObject([{ kind: "chunk", seq: 0, format: "webm", unasked: true }]);
});

test("the reply to an old probe sends nothing again", () => {
  write(20);
  vi.advanceTimersByTime(5000);
  expect(probes()).toEqual([1, 2]);
  messages = [];
  acknowledge(3, { number: 1 });
  expect(seqs()).toEqual(range(8, 10));
});

test("what was sent after a probe is not lost because its reply lacks it", () => {
  write(20);
  wait();
  acknowledge(8); // The kernel was only busy,
  messages = [];
  acknowledge(8, { number: 1 }); // and comes to the probe, before the chunks that followed.
  expect(seqs()).toEqual([]);
  acknowledge(9);
  expect(seqs()).toEqual([16]);
});

test("what was lost twice is sent a third time", () => {
  write(3);
  wait();
  acknowledge(1, { number: 1 });
  wait();
  messages = [];
  acknowledge(2, { number: 2 });
  expect(seqs()).toEqual([2, 3]);
});

test("a refusal is told once, and nothing more is sent", () => {
  write(20);
  fake.receive({ kind: "upload", page: page(), id: "it", refused: "The disk is full." });
  messages = [];
  acknowledge(5);
  write(1);
  vi.advanceTimersByTime(60_000);
  expect(refusals.map(({ message }) => message)).toEqual(["The disk is full."]);
  expect(messages).toEqual([]);
});

test("finish sends what is left, and settles when all is acknowledged", async () => {
  const done = vi.fn();
  write(2);
  upload.write(upload.size, bytes(5));
  upload.finish().then(done);
  expect(seqs()).toEqual([1, 2, 3]);
  acknowledge(3);
  await vi.advanceTimersByTimeAsync(0);
  expect(done).not.toHaveBeenCalled();
  acknowledge(4);
  await vi.advanceTimersByTimeAsync(0);
  expect(done).toHaveBeenCalledExactlyOnceWith({ chunks: 4, size: 2 * CHUNK + 5 });
});

test("finish settles at once when all is acknowledged already", async () => {
  write(2);
  acknowledge(3);
  await expect(upload.finish()).resolves.toEqual({ chunks: 3, size: 2 * CHUNK });
});

test("finish rejects when it is aborted", async () => {
  write(2);
  const done = upload.finish();
  life.abort(new Error("enough"));
  await expect(done).rejects.toThrow("enough");
});

test("the whole file is kept, with what was written over", () => {
  upload.write(0, bytes(6, 1));
  upload.write(6, bytes(3, 2));
  upload.write(2, bytes(2, 3));
  expect([...(upload.kept() ?? [])]).toEqual([1, 1, 3, 3, 1, 1, 2, 2, 2]);
});

test("a file of just the limit is kept, and a larger one not", () => {
  upload.write(0, bytes(KEPT));
  expect(upload.kept()?.length).toBe(KEPT);
  upload.write(KEPT, bytes(1));
  expect(upload.kept()).toBeNull();
});

test("a file that was too large stays so when it is written over", () => {
  upload.write(0, bytes(KEPT + 1));
  upload.write(0, bytes(1));
  expect(upload.kept()).toBeNull();
});

test("a restart begins another part, after what was written", async () => {
  upload.write(0, bytes(10, 1));
  upload.restart();
  upload.write(0, bytes(4, 2));
  const done = upload.finish();
  expect(chunks()).toMatchObject([
    { seq: 1, part: 0, position: 0, length: 10 },
    { seq: 2, part: 1, position: 0, length: 4 },
  ]);
  expect([...(upload.kept() ?? [])]).toEqual([2, 2, 2, 2]);
  acknowledge(3);
  await expect(done).resolves.toEqual({ chunks: 3, size: 4 });
});

test("a small part after a large one is kept", () => {
  upload.write(0, bytes(KEPT + 1));
  upload.restart();
  upload.write(0, bytes(2, 7));
  expect([...(upload.kept() ?? [])]).toEqual([7, 7]);
});

test("after an abort there are no timers and no listeners", () => {
  upload.write(0, bytes(10));
  life.abort();
  upload.write(10, bytes(10));
  expect([vi.getTimerCount(), fake.listeners()]).toEqual([0, 0]);
});

test("after an abort nothing is sent", () => {
  upload.write(0, bytes(10));
  life.abort();
  messages = [];
  write(3);
  vi.advanceTimersByTime(60_000);
  expect(messages).toEqual([]);
});
