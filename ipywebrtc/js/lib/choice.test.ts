import { afterEach, expect, test, vi } from "vitest";
import {
  type Device,
  findDevice,
  leavesOpen,
  listDevices,
  remember,
  remembered,
  withDevice,
} from "./choice.ts";

const DEVICES: Device[] = [
  { id: "1a", kind: "videoinput", label: "HD Webcam Pro" },
  { id: "2b", kind: "videoinput", label: "HD Webcam" },
  { id: "HD Webcam Pro", kind: "videoinput", label: "Endoscope" },
  { id: "1a", kind: "audioinput", label: "HD Webcam Mono" },
];

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["2b", "2b"],
  ["hd webcam", "2b"],
  ["endo", "HD Webcam Pro"],
  ["HD Webcam Pro", "HD Webcam Pro"],
  ["webcam", "1a"],
])("%s is found by its id, else its label, else a part of one", (wish, id) => {
  expect(findDevice(DEVICES, "video", wish).id).toBe(id);
});

test("a device of the other kind is not taken", () => {
  expect(findDevice(DEVICES, "audio", "HD Webcam").label).toBe("HD Webcam Mono");
  expect(() => findDevice(DEVICES, "audio", "Endoscope")).toThrow('but there is "HD Webcam Mono"');
});

test("a missing device is told with those that are there", () => {
  expect(() => findDevice(DEVICES, "video", "Kinect")).toThrow(
    'There is no camera "Kinect", but there is "HD Webcam Pro", "HD Webcam", "Endoscope": set video_device',
  );
  expect(() => findDevice([], "audio", "x")).toThrow("none at all");
});

test("a chosen device takes the place of a side, and keeps the other constraints", () => {
  const wish = Object.freeze({ width: 640, facingMode: { exact: "user" } });
  expect(withDevice(wish, { exact: "2b" })).toEqual({ width: 640, deviceId: { exact: "2b" } });
  expect(withDevice(true, "2b")).toEqual({ deviceId: "2b" });
});

test("a remembered device is for constraints that name none", () => {
  expect([true, { width: 640 }].map(leavesOpen)).toEqual([true, true]);
  const named = [false, undefined, { deviceId: "1a" }, { facingMode: "user" }, { groupId: "g" }];
  expect(named.map(leavesOpen)).toEqual(named.map(() => false));
});

test("devices that the page may not know yet are left out", async () => {
  const enumerateDevices = async () => [
    { deviceId: "", kind: "audioinput", label: "" },
    { deviceId: "1a", kind: "videoinput", label: "HD Webcam" },
    { deviceId: "3c", kind: "audiooutput", label: "Speaker" },
  ];
  vi.stubGlobal("navigator", { mediaDevices: { enumerateDevices } });
  expect(await listDevices(["audio", "video"])).toEqual([
    { id: "1a", kind: "videoinput", label: "HD Webcam" },
  ]);
});

test("a browser without storage remembers nothing", () => {
  const refuse = () => {
    throw new Error("SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
  remember("video", "1a");
  expect(remembered("video")).toBeNull();
});
