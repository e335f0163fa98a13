import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { browserWish, capture, type Plan } from "./capture.ts";
import { type Device, KINDS } from "./choice.ts";
import type { Failure } from "./failure.ts";
import { type FakeModel, fakeModel } from "./fake_model.ts";

const DEVICES: Device[] = [
  { id: "1a", kind: "videoinput", label: "Webcam" },
  { id: "2b", kind: "videoinput", label: "Endoscope" },
];

/** A request to the browser that the test answers. */
interface Asked {
  constraints: MediaStreamConstraints;
  give(deviceId: string): FakeTrack;
  refuse(name: string): void;
}

class FakeTrack extends EventTarget {
  readonly kind = "video";
  enabled = true;
  readyState = "live";
  label: string;
  readonly getSettings: () => { deviceId: string };

  constructor(deviceId: string) {
    super();
    this.label = DEVICES.find(({ id }) => id === deviceId)?.label ?? "";
    this.getSettings = () => ({ deviceId });
  }

  stop() {
    this.readyState = "ended";
  }
}

class FakeStream {
  private tracks: FakeTrack[];

  constructor(tracks: FakeTrack[]) {
    this.tracks = tracks;
  }

  getTracks = () => [...this.tracks];
  addTrack = (track: FakeTrack) => this.tracks.push(track);
  removeTrack = (track: FakeTrack) => {
    this.tracks = this.tracks.filter((other) => other !== track);
  };
}

let asked: Asked[];
let given: FakeTrack[];
let fake: FakeModel;
let closed: AbortController;
let changes: (Failure | null | undefined)[];
let reports: string[];

beforeEach(() => {
  [asked, given, changes, reports] = [[], [], [], []];
  closed = new AbortController();
  fake = fakeModel({ video_device: null });
  const getUserMedia = (constraints: MediaStreamConstraints) =>
    new Promise((resolve, reject) => {
      asked.push({
        constraints,
        give(deviceId) {
          const track = new FakeTrack(deviceId);
          given.push(track);
          resolve(new FakeStream([track]));
          return track;
        },
        refuse: (name) => reject(Object.assign(new Error("no"), { name })),
      });
    });
  const enumerateDevices = async () =>
    DEVICES.map(({ id, kind, label }) => ({ deviceId: id, kind, label }));
  const mediaDevices = Object.assign(new EventTarget(), { getUserMedia, enumerateDevices });
  vi.stubGlobal("navigator", { mediaDevices });
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("location", { protocol: "https:", origin: "https://hub.test" });
  vi.stubGlobal("document", {});
});

afterEach(() => {
  closed.abort();
  vi.unstubAllGlobals();
});

function start(): Promise<MediaStream> {
  const attempt = {
    signal: closed.signal,
    replaced: closed.signal,
    report: (status: string) => reports.push(status),
    changed: (failure?: Failure | null) => changes.push(failure),
    reopen: () => reports.push("reopen"),
  };
  const plan = (): Plan => ({
    constraints: { video: { width: 640 } },
    devices: { audio: null, video: fake.model.get("video_device") },
  });
  return capture(fake.model, { plan, kinds: KINDS, follows: ["video_device"] }, attempt);
}

async function opened(): Promise<{ stream: MediaStream; first: FakeTrack }> {
  const opening = start();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const first = asked[0]?.give("1a") as FakeTrack;
  return { stream: await opening, first };
}

async function change(device: string | null): Promise<Asked> {
  const count = asked.length;
  fake.change("video_device", device);
  await vi.waitFor(() => expect(asked).toHaveLength(count + 1));
  return asked.at(-1) as Asked;
}

const live = () => given.filter(({ readyState }) => readyState === "live");

test("the old track stops when the new one is there, and not before", async () => {
  const { stream, first } = await opened();
  const request = await change("endo");
  expect(request.constraints).toEqual({ video: { width: 640, deviceId: { exact: "2b" } } });
  expect(first.readyState).toBe("live");
  first.enabled = false;
  const second = request.give("2b");
  await vi.waitFor(() => expect(changes).toEqual([null]));
  expect(stream.getTracks()).toEqual([second]);
  expect([first.readyState, second.enabled]).toEqual(["ended", false]);
});

test("a change that is overtaken by the way back leaves the first camera", async () => {
  const { stream, first } = await opened();
  const request = await change("endo");
  fake.change("video_device", "webcam");
  request.give("2b");
  await vi.waitFor(() => expect(live()).toEqual([first]));
  expect(stream.getTracks()).toEqual([first]);
  expect(changes).toEqual([null]);
});

test("changes come one after the other, and only the last of those that wait", async () => {
  const { stream } = await opened();
  const request = await change("endo");
  fake.change("video_device", "webcam");
  fake.change("video_device", "2b");
  await new Promise((resolve) => setTimeout(resolve));
  expect(asked).toHaveLength(2);
  request.give("2b");
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  const last = asked[2]?.give("2b");
  await vi.waitFor(() => expect(changes).toEqual([null]));
  expect([stream.getTracks(), live()]).toEqual([[last], [last]]);
});

test("a change that is overtaken by closing leaves no track", async () => {
  await opened();
  const request = await change("endo");
  closed.abort();
  request.give("2b");
  await vi.waitFor(() => expect(live()).toEqual([]));
  expect(changes).toEqual([]);
});

test("a change while it opens is in the stream that opens", async () => {
  const opening = start();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  fake.change("video_device", "endo");
  asked[0]?.give("1a");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  const second = asked[1]?.give("2b");
  expect((await opening).getTracks()).toEqual([second]);
  expect(live()).toEqual([second]);
});

test("an opening that is closed meanwhile leaves no track", async () => {
  const opening = start();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  closed.abort();
  asked[0]?.give("1a");
  await opening;
  expect(live()).toEqual([]);
});

test("a change that fails keeps the stream and says why", async () => {
  const { stream, first } = await opened();
  (await change("endo")).refuse("NotAllowedError");
  await vi.waitFor(() => expect(changes).toHaveLength(1));
  expect(changes[0]?.name).toBe("PermissionDenied");
  expect([stream.getTracks(), live()]).toEqual([[first], [first]]);
});

test("a phone's second camera opens when the first has made room", async () => {
  const { stream, first } = await opened();
  (await change("endo")).refuse("NotReadableError");
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  expect(first.readyState).toBe("ended");
  const second = asked[2]?.give("2b");
  await vi.waitFor(() => expect(stream.getTracks()).toEqual([second]));
});

test("a stream that lost its track by a change that failed says so", async () => {
  await opened();
  (await change("endo")).refuse("NotReadableError");
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  asked[2]?.refuse("NotReadableError");
  await vi.waitFor(() => expect(reports).toContain("error"));
});

test("a track that was replaced does not end the stream", async () => {
  const { first } = await opened();
  const second = (await change("endo")).give("2b");
  await vi.waitFor(() => expect(changes).toHaveLength(1));
  first.dispatchEvent(new Event("ended"));
  expect(reports).not.toContain("ended");
  second.dispatchEvent(new Event("ended"));
  expect(reports).toContain("ended");
});

test("the devices are told, and told again when one is plugged in", async () => {
  await opened();
  const count = fake.sent.length;
  expect(fake.sent.at(-1)).toMatchObject({ kind: "state", devices: DEVICES });
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  await vi.waitFor(() => expect(fake.sent).toHaveLength(count + 1));
  closed.abort();
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  await Promise.resolve();
  expect(fake.sent).toHaveLength(count + 1);
});

test("a remembered device is asked for where nothing else is", () => {
  const plan: Plan = {
    constraints: { audio: true, video: { facingMode: "user" } },
    devices: { audio: null, video: null },
  };
  expect(browserWish(plan, [], () => "3c")).toEqual({
    audio: { deviceId: { exact: "3c" } },
    video: { facingMode: "user" },
  });
  const named = { ...plan, devices: { audio: null, video: "endo" } };
  expect(browserWish(named, DEVICES, () => null).video).toEqual({ deviceId: { exact: "2b" } });
  expect(browserWish(named, [], () => null).video).toEqual({ deviceId: { ideal: "endo" } });
});

test("a remembered device that is no more is passed over", async () => {
  vi.stubGlobal("localStorage", { getItem: () => "gone", setItem: () => {} });
  const opening = start();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]?.constraints.video).toMatchObject({ deviceId: { exact: "gone" } });
  asked[0]?.refuse("OverconstrainedError");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  expect(asked[1]?.constraints.video).toEqual({ width: 640 });
  const track = asked[1]?.give("1a");
  expect((await opening).getTracks()).toEqual([track]);
});
