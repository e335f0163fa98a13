import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deviceFacts } from "./devices.ts";

let permissions: Record<string, string>;
let devices: Partial<MediaDeviceInfo>[];

beforeEach(() => {
  permissions = { camera: "granted", microphone: "prompt" };
  devices = [
    { kind: "videoinput", deviceId: "a", label: "Ada's phone" },
    { kind: "audioinput", deviceId: "default", label: "Default" },
    { kind: "audioinput", deviceId: "b", label: "Ada's ears" },
  ];
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("location", { protocol: "https:", origin: "https://hub.test" });
  vi.stubGlobal("document", {});
  // Without getUserMedia: nothing may be opened.
  vi.stubGlobal("navigator", {
    mediaDevices: { enumerateDevices: async () => devices, getDisplayMedia: null },
    permissions: { query: async ({ name }: { name: string }) => ({ state: permissions[name] }) },
  });
});

afterEach(() => vi.unstubAllGlobals());

test("devices are counted and not named", async () => {
  const facts = await deviceFacts();
  expect(facts.map(({ value }) => value)).toEqual([
    "1 found, the permission is granted",
    "found, the browser will ask for the microphone",
    "not in this browser",
  ]);
  expect(JSON.stringify(facts)).not.toContain("Ada");
});

test("what is denied or missing has the sentence of the stream", async () => {
  permissions.camera = "denied";
  devices = [];
  const [camera, microphone, screen] = await deviceFacts();
  expect(camera).toMatchObject({
    state: "failure",
    advice: expect.stringContaining("not allowed to use the camera: allow it by the icon"),
  });
  expect(microphone).toMatchObject({
    state: "warning",
    advice: expect.stringContaining("finds no device for the microphone: plug it in"),
  });
  expect(screen?.advice).toContain("a browser on a computer");
});

test("what the page is to blame for is not told again", async () => {
  vi.stubGlobal("isSecureContext", false);
  const facts = await deviceFacts();
  expect(facts.map(({ state, advice }) => [state, advice])).toEqual(Array(3).fill(["failure", ""]));
});
