import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Clock, makeClock } from "./clock.ts";

let clock: Clock;

beforeEach(() => {
  vi.useFakeTimers();
  clock = makeClock();
});

afterEach(() => {
  vi.useRealTimers();
});

test("it stands still until it is started", () => {
  vi.advanceTimersByTime(5000);
  expect([clock.now(), clock.running]).toEqual([0, false]);
});

test("it counts seconds", () => {
  clock.run();
  vi.advanceTimersByTime(1500);
  expect([clock.now(), clock.running]).toEqual([1.5, true]);
});

test("a pause does not count", () => {
  clock.run();
  vi.advanceTimersByTime(1000);
  clock.pause();
  vi.advanceTimersByTime(5000);
  expect([clock.now(), clock.running]).toEqual([1, false]);
  clock.run();
  vi.advanceTimersByTime(500);
  expect(clock.now()).toBe(1.5);
});

test("starting twice changes nothing", () => {
  clock.run();
  vi.advanceTimersByTime(1000);
  clock.run();
  vi.advanceTimersByTime(1000);
  expect(clock.now()).toBe(2);
});

test("pausing twice changes nothing", () => {
  clock.run();
  vi.advanceTimersByTime(1000);
  clock.pause();
  vi.advanceTimersByTime(1000);
  clock.pause();
  expect(clock.now()).toBe(1);
});

test("it works without being a method", () => {
  const { run, pause, now } = clock;
  run();
  vi.advanceTimersByTime(1000);
  pause();
  expect(now()).toBe(1);
});
