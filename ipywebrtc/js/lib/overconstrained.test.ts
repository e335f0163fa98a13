import { afterEach, expect, test, vi } from "vitest";
import { askedFor, overconstrained, range } from "./overconstrained.ts";

afterEach(() => vi.unstubAllGlobals());

function stubCamera(capabilities: object) {
  const stop = vi.fn();
  const track = { label: "Webcam", getCapabilities: () => capabilities, stop };
  const getUserMedia = vi.fn(async (_: object) => ({ getTracks: () => [track] }));
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  return { stop, getUserMedia };
}

test("the sentence has the constraint, the wish and the range; the device is let go", async () => {
  const { stop, getUserMedia } = stubCamera({ width: { min: 2, max: 1920 } });
  const constraints = { audio: true, video: { width: { min: 100000 }, deviceId: "1a" } };
  const { message } = await overconstrained({ constraint: "width" }, constraints);
  expect(message).toContain('constraint width: {"min":100000}, but Webcam has 2 to 1920: relax it');
  expect(getUserMedia).toHaveBeenCalledWith({ video: { deviceId: "1a" } });
  expect(stop).toHaveBeenCalledOnce();
});

test("where the device does not open, the wish alone is told", async () => {
  const { getUserMedia } = stubCamera({});
  getUserMedia.mockRejectedValue(new Error("NotAllowedError"));
  const { message } = await overconstrained(
    { constraint: "sampleRate" },
    { audio: { sampleRate: 1 } },
  );
  expect(message).toContain("constraint sampleRate: 1: relax it");
});

test("a browser that does not name the constraint gets a sentence too", async () => {
  const { getUserMedia } = stubCamera({});
  const { message } = await overconstrained({ constraint: "" }, { video: { width: 1 } });
  expect(message).toContain("the constraint given: relax it");
  expect(getUserMedia).not.toHaveBeenCalled();
});

test("a wish is found in the advanced sets too", () => {
  expect(askedFor({ advanced: [{ zoom: 2 }, { height: 1 }] }, "height")).toBe(1);
  expect(askedFor(true, "height")).toBeUndefined();
});

test.each([
  [{ min: 1, max: 30 }, "1 to 30"],
  [{ min: 16, max: 16 }, "16"],
  [["user", "environment"], "user, environment"],
  [[], "none"],
  [undefined, "none"],
  [false, "false"],
])("the capability %j reads %s", (capability, words) => {
  expect(range(capability)).toBe(words);
});
