import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Declined, Failure } from "./failure.ts";
import { type FakeModel, fakeModel } from "./fake_model.ts";
import { type Attempt, dispose, liveOf, type Opener, type Source } from "./live.ts";

const LINGER = 2000;

let fake: FakeModel;
let attempts: Attempt[];
let fails: Failure | null;
let quiet: boolean;
let tracks: { kind: string; enabled: boolean }[];

const opener: Opener = {
  async open(_, attempt) {
    attempts.push(attempt);
    if (fails) throw fails;
    return makeSource();
  },
  quiet: async () => quiet,
};

function makeSource(): Source {
  const stream = {
    getTracks: () => tracks.map((track) => Object.assign(track, { getSettings: () => ({}) })),
    getAudioTracks: () => tracks.filter(({ kind }) => kind === "audio"),
    getVideoTracks: () => tracks.filter(({ kind }) => kind === "video"),
  };
  return { stream, mirrored: false } as unknown as Source;
}

function start(traits: Record<string, unknown> = {}): FakeModel {
  return fakeModel({
    _uid: crypto.randomUUID(),
    _power: "auto",
    _opened: false,
    audio_enabled: true,
    video_enabled: true,
    ...traits,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  fake = start();
  attempts = [];
  fails = null;
  quiet = false;
  tracks = [
    { kind: "audio", enabled: true },
    { kind: "video", enabled: true },
  ];
});

afterEach(() => {
  dispose(fake.model);
  vi.useRealTimers();
});

test("whoever asks for a uid gets the same live object", () => {
  expect(liveOf(fake.model, opener)).toBe(liveOf(fake.model, opener));
  expect(liveOf(start().model, opener)).not.toBe(liveOf(fake.model, opener));
});

test("users that open at once share one attempt", async () => {
  const live = liveOf(fake.model, opener);
  const [first, second] = await Promise.all([live.open(), live.open()]);
  expect(first).toBe(second);
  expect(attempts).toHaveLength(1);
  expect(live.status).toBe("live");
});

test("the last user's end closes it after a linger", async () => {
  const live = liveOf(fake.model, opener);
  const users = [new AbortController(), new AbortController()];
  for (const user of users) live.use(user.signal);
  await live.open();
  users[0]?.abort();
  await vi.advanceTimersByTimeAsync(LINGER);
  expect(attempts[0]?.signal.aborted).toBe(false);
  users[1]?.abort();
  await vi.advanceTimersByTimeAsync(LINGER - 1);
  expect(attempts[0]?.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(attempts[0]?.signal.aborted).toBe(true);
  expect(live.status).toBe("idle");
});

test("a user that comes during the linger keeps it open", async () => {
  const live = liveOf(fake.model, opener);
  const user = new AbortController();
  live.use(user.signal);
  await live.open();
  user.abort();
  live.use(new AbortController().signal);
  await vi.advanceTimersByTimeAsync(2 * LINGER);
  expect(live.status).toBe("live");
});

test("a failure is told to those who wait, to the kernel and to watchers", async () => {
  fails = new Failure("PermissionDenied", "Allow it.");
  const live = liveOf(fake.model, opener);
  const seen: string[] = [];
  live.watch(() => seen.push(live.status), new AbortController().signal);
  await expect(live.open()).rejects.toBe(fails);
  expect(seen).toEqual(["starting", "error"]);
  expect(fake.sent.at(-1)).toMatchObject({ kind: "state", status: "error", error: "Allow it." });
});

test("what the kernel was told already is not said again", async () => {
  const live = liveOf(fake.model, opener);
  await live.open();
  const count = fake.sent.length;
  attempts[0]?.changed();
  expect(fake.sent.length).toBe(count);
  tracks.pop();
  attempts[0]?.changed();
  expect(fake.sent.length).toBe(count + 1);
});

test("after a failure the next try opens it", async () => {
  fails = new Failure("PermissionDenied", "Allow it.");
  const live = liveOf(fake.model, opener);
  await expect(live.open()).rejects.toThrow();
  fails = null;
  await live.open();
  expect(live.failure).toBeNull();
  expect(fake.sent.at(-1)).toMatchObject({ status: "live", error: "" });
});

test("an attempt that was overtaken by its end reports nothing", async () => {
  const live = liveOf(fake.model, opener);
  await live.open();
  attempts[0]?.report("ended", new Failure("DeviceNotFound", "Unplugged."));
  expect(live.status).toBe("ended");
  expect(live.source).toBeNull();
  attempts[0]?.report("live");
  expect(live.status).toBe("ended");
});

test("stop closes it, and nobody opens it until start", async () => {
  const live = liveOf(fake.model, opener);
  await live.open();
  fake.change("_power", "off");
  expect(attempts[0]?.signal.aborted).toBe(true);
  await expect(live.open()).rejects.toThrow("stopped");
  fake.change("_power", "on");
  await vi.advanceTimersByTimeAsync(0);
  expect(live.status).toBe("live");
});

test("start keeps it open without any user", async () => {
  const live = liveOf(fake.model, opener);
  fake.change("_power", "on");
  const user = new AbortController();
  live.use(user.signal);
  user.abort();
  await vi.advanceTimersByTimeAsync(2 * LINGER);
  expect(live.status).toBe("live");
});

test("start tries again after a failure", async () => {
  fails = new Failure("PermissionDenied", "Allow it.");
  const live = liveOf(fake.model, opener);
  fake.change("_power", "on");
  await vi.advanceTimersByTimeAsync(0);
  expect(live.status).toBe("error");
  fails = null;
  fake.change("_attempt", 2);
  await vi.advanceTimersByTimeAsync(0);
  expect(live.status).toBe("live");
});

test("a page that was reloaded does not prompt", async () => {
  fake = start({ _opened: true });
  const live = liveOf(fake.model, opener);
  await live.openQuietly();
  expect(attempts).toHaveLength(0);
  quiet = true;
  await live.openQuietly();
  expect(attempts).toHaveLength(1);
});

test("a new widget opens with its first display", async () => {
  await liveOf(fake.model, opener).openQuietly();
  expect(attempts).toHaveLength(1);
});

test("a changed trait opens it anew, after a failure too, but only while somebody uses it", async () => {
  const live = liveOf(fake.model, opener);
  await live.open();
  fails = new Failure("DeviceNotFound", "Relax it.");
  attempts[0]?.reopen();
  await vi.advanceTimersByTimeAsync(0);
  expect([live.status, attempts.length]).toEqual(["error", 2]);
  attempts[0]?.reopen();
  expect(attempts).toHaveLength(2);
  fails = null;
  attempts[1]?.reopen();
  await vi.advanceTimersByTimeAsync(0);
  expect(attempts).toHaveLength(2);
  live.use(new AbortController().signal);
  attempts[1]?.reopen();
  await vi.advanceTimersByTimeAsync(0);
  expect(live.status).toBe("live");
});

test("tracks follow audio_enabled and video_enabled, at opening and later", async () => {
  fake = start({ audio_enabled: false });
  await liveOf(fake.model, opener).open();
  expect(tracks.map(({ enabled }) => enabled)).toEqual([false, true]);
  fake.change("video_enabled", false);
  expect(tracks.map(({ enabled }) => enabled)).toEqual([false, false]);
});

test("a disposed stream is closed and leaves no listener", async () => {
  const live = liveOf(fake.model, opener);
  live.use(new AbortController().signal);
  await live.open();
  dispose(fake.model);
  expect(attempts[0]?.signal.aborted).toBe(true);
  expect(fake.listeners()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(liveOf(fake.model, opener)).not.toBe(live);
});

test("a source with other tracks is told to the kernel and to watchers, and they are muted too", async () => {
  fake = start({ video_enabled: false });
  const live = liveOf(fake.model, opener);
  await live.open();
  const watcher = vi.fn();
  live.watch(watcher, new AbortController().signal);
  tracks = [{ kind: "video", enabled: true }];
  const failure = new Failure("DeviceNotFound", "Take another.");
  attempts[0]?.changed(failure);
  expect(watcher).toHaveBeenCalledOnce();
  expect(tracks[0]?.enabled).toBe(false);
  expect(fake.sent.at(-1)).toMatchObject({ status: "live", error: "Take another." });
  attempts[0]?.changed();
  expect(live.failure).toBe(failure);
  attempts[0]?.changed(null);
  expect(fake.sent.at(-1)).toMatchObject({ status: "live", error: "" });
});

test("what was declined leaves it idle, and only who waited is told, unless it is said aloud", async () => {
  const live = liveOf(fake.model, opener);
  fails = new Declined("Nothing was chosen.", { aloud: false });
  await expect(live.open()).rejects.toBe(fails);
  expect(fake.sent.at(-1)).toMatchObject({ status: "idle", error: "" });
  fails = new Declined("Press the button.", { aloud: true });
  await expect(live.open()).rejects.toBe(fails);
  expect(fake.sent.at(-1)).toMatchObject({ status: "idle", error: "Press the button." });
});

test("what opens by hand is not opened by its display, but by start", async () => {
  const live = liveOf(fake.model, { ...opener, byHand: () => true });
  await live.openQuietly();
  expect(attempts).toHaveLength(0);
  fake.change("_power", "on");
  await vi.advanceTimersByTimeAsync(0);
  expect(live.status).toBe("live");
});

test("a saved widget without a kernel says what it was, and never opens", async () => {
  quiet = true;
  fake = start({ _power: "on", layout: { comm_live: false } });
  const live = liveOf(fake.model, { ...opener, fleeting: "A camera" });
  live.openQuietly();
  await expect(live.open()).rejects.toThrow("A camera was here");
  expect(live.failure?.message).toContain("A camera was here");
  expect(attempts).toEqual([]);
  expect(fake.listeners()).toBe(0);
});

test("a saved widget that has all it shows opens without a kernel", async () => {
  fake = start({ layout: { comm_live: false } });
  await liveOf(fake.model, opener).open();
  expect(attempts.length).toBe(1);
});
