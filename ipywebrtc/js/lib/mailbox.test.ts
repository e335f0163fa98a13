import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Letter, makeMailbox } from "./mailbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function mailbox() {
  const sent: Letter<string>[] = [];
  const came: string[] = [];
  const stop = new AbortController();
  const box = makeMailbox<string>(
    (letter) => sent.push({ ...letter, signals: [...letter.signals] }),
    (one) => came.push(one),
    stop.signal,
  );
  const hear = (heard: number, turn = sent[0]?.turn ?? "") =>
    box.receive({ turn, first: 1, signals: [], heard });
  return { box, sent, came, stop, hear };
}

test("what is not confirmed is in every letter, and sent again", () => {
  const { box, sent, hear } = mailbox();
  box.post("a");
  box.post("b");
  expect(sent.at(-1)).toMatchObject({ first: 1, signals: ["a", "b"] });
  hear(1);
  vi.advanceTimersByTime(1000);
  expect(sent.at(-1)).toMatchObject({ first: 2, signals: ["b"] });
  hear(2);
  const count = sent.length;
  vi.advanceTimersByTime(5000);
  expect(sent.length).toBe(count);
});

test("what comes again is handed over once, and confirmed", () => {
  const { box, sent, came } = mailbox();
  box.receive({ turn: "", first: 7, signals: ["a"], heard: 0 });
  box.receive({ turn: "", first: 7, signals: ["a", "b"], heard: 0 });
  box.receive({ turn: "", first: 8, signals: ["b"], heard: 0 });
  expect(came).toEqual(["a", "b"]);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(500);
  expect(sent).toMatchObject([{ signals: [], heard: 8 }]);
});

test("what is said meanwhile confirms what came", () => {
  const { box, sent } = mailbox();
  box.receive({ turn: "", first: 1, signals: ["a"], heard: 0 });
  box.post("b");
  vi.advanceTimersByTime(500);
  expect(sent).toMatchObject([{ signals: ["b"], heard: 1 }]);
});

test("what a former page was confirmed does not count", () => {
  const { box, sent, hear } = mailbox();
  hear(5, "former");
  box.post("a");
  expect(sent.at(-1)).toMatchObject({ first: 1, signals: ["a"] });
});

test("nothing happens after the signal", () => {
  const { box, sent, came, stop } = mailbox();
  box.post("a");
  stop.abort();
  vi.advanceTimersByTime(5000);
  expect(sent.length).toBe(1);
  box.receive({ turn: "", first: 1, signals: ["b"], heard: 0 });
  expect(came).toEqual([]);
});
