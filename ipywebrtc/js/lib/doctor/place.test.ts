import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { placeFacts } from "./place.ts";

let forbidden: string[];

beforeEach(() => {
  forbidden = [];
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("location", { protocol: "https:", origin: "https://hub.test" });
  vi.stubGlobal("navigator", { userAgent: "Test/1", mediaDevices: { getDisplayMedia: () => {} } });
  vi.stubGlobal("window", { top: null });
  const allowsFeature = (name: string) => !forbidden.includes(name);
  vi.stubGlobal("document", { featurePolicy: { allowsFeature } });
});

afterEach(() => vi.unstubAllGlobals());

const fact = (name: string) => placeFacts().find((fact) => fact.name === name);

test("a page in another one says so", () => {
  expect(fact("frame")).toMatchObject({ state: "ok", value: "an iframe in another page" });
});

test("what is forbidden is listed, with one sentence", () => {
  forbidden = ["camera", "microphone"];
  expect(fact("permissions policy")).toMatchObject({
    state: "failure",
    value: "forbids camera, microphone, allows display-capture",
    advice: expect.stringContaining('without allow="camera; microphone"'),
  });
  forbidden = ["display-capture"];
  expect(fact("permissions policy")?.advice).toContain("does not let it use the screen");
});

test("VS Code forbids all", () => {
  vi.stubGlobal("location", { protocol: "vscode-webview:" });
  expect(fact("permissions policy")).toMatchObject({
    value: "forbids camera, microphone, display-capture",
    advice: expect.stringContaining("VS Code blocks the camera and the microphone"),
  });
});

test("a page that is not secure is told as that alone", () => {
  vi.stubGlobal("isSecureContext", false);
  expect(fact("secure context")?.advice).toContain("through an ssh tunnel");
  expect(fact("permissions policy")?.state).toBe("ok");
});
