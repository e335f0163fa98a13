import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deviceNames, explainDisplay, unavailable } from "./devices.ts";
import { Declined } from "./failure.ts";

const SCREEN = { audio: false, video: false, display: true };
const CAMERA = { audio: true, video: true };

let forbidden: string[];

beforeEach(() => {
  forbidden = [];
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("location", { protocol: "https:", origin: "https://hub.test" });
  vi.stubGlobal("navigator", { mediaDevices: { getDisplayMedia: () => {} } });
  const allowsFeature = (name: string) => !forbidden.includes(name);
  vi.stubGlobal("document", { featurePolicy: { allowsFeature } });
});

afterEach(() => vi.unstubAllGlobals());

test("where nothing is in the way, nothing is unavailable", () => {
  expect([unavailable(SCREEN), unavailable(CAMERA)]).toEqual([null, null]);
});

test("a host that forbids the screen does not forbid the camera", () => {
  forbidden = ["display-capture"];
  expect(unavailable(SCREEN)?.message).toContain('without allow="display-capture"');
  expect(unavailable(CAMERA)).toBeNull();
});

test("a host that forbids the microphone is told what to allow", () => {
  forbidden = ["microphone"];
  expect(unavailable(CAMERA)?.message).toContain('without allow="camera; microphone"');
  expect(unavailable({ audio: false, video: true })).toBeNull();
});

test("VS Code and pages that are not secure have their sentences for the screen too", () => {
  vi.stubGlobal("isSecureContext", false);
  expect(unavailable(SCREEN)).toMatchObject({ name: "InsecureContext" });
  vi.stubGlobal("location", { protocol: "vscode-webview:" });
  expect(unavailable(SCREEN)?.message).toContain("VS Code blocks the screen");
});

test("VS Code in a browser is known by its theme, as its pages come by https", () => {
  vi.stubGlobal("document", { body: { dataset: { vscodeThemeKind: "vscode-dark" } } });
  expect(unavailable(CAMERA)?.message).toContain("https://github.com/microsoft/vscode/issues/");
});

test("a phone can't share its screen", () => {
  vi.stubGlobal("navigator", { mediaDevices: {} });
  expect(unavailable(SCREEN)?.message).toContain("a browser on a computer");
  expect(unavailable(CAMERA)).toBeNull();
});

test.each([
  ["NotAllowedError", "Permission denied", "Nothing was chosen", false],
  ["InvalidStateError", "requires transient activation", "press the button", true],
  ["InvalidAccessError", "must be called from a user gesture handler", "press the button", true],
])("%s is nobody's fault", (name, message, sentence, aloud) => {
  const failure = explainDisplay(new DOMException(message, name));
  expect(failure).toBeInstanceOf(Declined);
  expect(failure.message).toContain(sentence);
  expect(failure).toMatchObject({ aloud });
});

test.each([
  ["NotAllowedError", "Permission denied by system", "PermissionDenied"],
  ["NotReadableError", "Could not start video source", "SourceError"],
])("%s, %s is an error", (name, message, kind) => {
  expect(explainDisplay(new DOMException(message, name))).toMatchObject({ name: kind });
});

test("the devices have names", () => {
  expect([CAMERA, { audio: true, video: false }, SCREEN].map(deviceNames)).toEqual([
    "the camera and the microphone",
    "the microphone",
    "the screen",
  ]);
});
