import { expect, test, vi } from "vitest";
import { fakeModel } from "./fake_model.ts";
import { makeClock, makeLane, type Progress } from "./lane.ts";

const told = (done: number, more: Partial<Progress> = {}): Progress => ({
  id: "request",
  done,
  received: done,
  sequence: 0,
  busy: 0,
  ...more,
});

function open(received = 0) {
  const { model, sent } = fakeModel({});
  const stop = new AbortController();
  const onFree = vi.fn();
  const lane = makeLane(model, told(0, { received }), onFree, stop.signal);
  const send = (bytes = 1) => lane.send({ format: "rgb" }, new ArrayBuffer(bytes));
  return { lane, sent, send, stop, onFree };
}

test("two items are on the way, and a third when the kernel is done with one", () => {
  const { lane, send, sent, onFree } = open();
  send();
  expect(lane.free()).toBe(true);
  send();
  expect(lane.free()).toBe(false);
  lane.progress(told(1));
  expect(onFree).toHaveBeenCalledOnce();
  expect(lane.free()).toBe(true);
  expect(sent.map(({ number }) => number)).toEqual([1, 2]);
});

test("one is on the way to a slow callback, so that the next is fresh", () => {
  const { lane, send, onFree } = open();
  send();
  send();
  lane.progress(told(1, { busy: 0.5 }));
  expect(lane.free()).toBe(false);
  expect(onFree).not.toHaveBeenCalled();
  lane.progress(told(2, { busy: 0.5 }));
  expect(lane.free()).toBe(true);
});

test("a large item travels in parts", () => {
  const { send, sent } = open();
  send(1_000_000);
  expect(sent.map(({ part, parts, number }) => [part, parts, number])).toEqual([
    [0, 2, 1],
    [1, 2, 1],
  ]);
});

test("what the kernel has not received after a while is sent again", () => {
  vi.useFakeTimers();
  const { lane, send, sent } = open();
  send();
  send();
  vi.advanceTimersByTime(1000);
  lane.progress(told(0));
  expect(sent).toHaveLength(2);
  vi.advanceTimersByTime(2000);
  lane.progress(told(0, { received: 1 })); // It works on the first.
  expect(sent.map(({ number }) => number)).toEqual([1, 2, 2]);
  vi.useRealTimers();
});

test("a page that takes over goes on counting", () => {
  const { send, sent } = open(7);
  send();
  expect(sent[0]?.number).toBe(8);
});

test("nothing is sent when reading has ended", () => {
  const { lane, stop } = open();
  stop.abort();
  expect(lane.free()).toBe(false);
});

test("clocks that may agree are taken to agree, and others are bounded by the messages", () => {
  const unix = (milliseconds: number) => (performance.timeOrigin + milliseconds) / 1000;
  const clock = makeClock(() => 200);
  clock.learn(100, unix(140), unix(150));
  expect(clock.kernelTime(0)).toBeCloseTo(unix(0), 3);
  const ahead = makeClock(() => 200);
  ahead.learn(100, unix(5140), unix(5150));
  const difference = ahead.kernelTime(0) - unix(0);
  expect(difference).toBeGreaterThanOrEqual(4.949);
  expect(difference).toBeLessThanOrEqual(5.041);
});
