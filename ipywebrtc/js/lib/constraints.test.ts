import { expect, test } from "vitest";
import {
  browserConstraints,
  displayOptions,
  microphoneConstraints,
  wantedFacing,
} from "./constraints.ts";

test("a facing mode beside audio and video moves into video", () => {
  const wishes = { facing_mode: "user", audio: false, video: { width: 640 } };
  expect(browserConstraints(wishes)).toEqual({
    audio: false,
    video: { facingMode: "user", width: 640 },
  });
  expect(browserConstraints({ facing_mode: "user", video: true }).video).toEqual({
    facingMode: "user",
  });
});

test("a facing mode that stands in video already wins", () => {
  const wishes = { facing_mode: "user", video: { facingMode: "environment" } };
  expect(browserConstraints(wishes).video).toEqual({ facingMode: "environment" });
});

test("a facing mode does not open a camera that is not wanted", () => {
  expect(browserConstraints({ facing_mode: "user", audio: true, video: false })).toEqual({
    audio: true,
    video: false,
  });
});

test("what is not asked for is off", () => {
  expect(browserConstraints({ video: true })).toEqual({ audio: false, video: true });
});

test("the wishes are not changed", () => {
  const wishes = Object.freeze({ facing_mode: "user", video: Object.freeze({ width: 1 }) });
  expect(() => browserConstraints(wishes)).not.toThrow();
});

test("the wanted side is found in every form of the standard", () => {
  for (const facingMode of ["user", ["user"], { exact: "user" }, { ideal: ["user"] }]) {
    expect(wantedFacing({ video: { facingMode } })).toBe("user");
  }
  expect(wantedFacing({ video: true })).toBeNull();
  expect(wantedFacing({ video: { width: 1 } })).toBeNull();
});

test("the processing of sound is asked for, or not, in the standard's names", () => {
  expect(microphoneConstraints({ echo: true, noise: false, gain: false })).toEqual({
    echoCancellation: true,
    noiseSuppression: false,
    autoGainControl: false,
  });
});

test("what to share is a hint, and the sound of it is left as it is", () => {
  expect(displayOptions(null, false, null)).toEqual({ video: true, audio: false });
  const { video, audio } = displayOptions("browser", true, "never");
  expect(video).toEqual({ displaySurface: "browser", cursor: "never" });
  expect(audio).toMatchObject({ echoCancellation: false });
});
