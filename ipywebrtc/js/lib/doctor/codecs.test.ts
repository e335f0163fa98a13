import { afterEach, expect, test, vi } from "vitest";
import { codecFacts } from "./codecs.ts";

afterEach(() => vi.unstubAllGlobals());

const values = async () =>
  Object.fromEntries((await codecFacts()).map(({ name, state, value }) => [name, [state, value]]));

test("a browser that has everything", async () => {
  const codecs = ["video/VP8", "video/rtx", "video/H264", "video/VP8"];
  vi.stubGlobal("RTCRtpSender", {
    getCapabilities: () => ({ codecs: codecs.map((mimeType) => ({ mimeType })) }),
  });
  const isConfigSupported = async ({ codec }: { codec: string }) => {
    if (codec.startsWith("av01")) throw new TypeError("what is that?");
    return { supported: codec !== "mp4a.40.2" };
  };
  vi.stubGlobal("VideoEncoder", { isConfigSupported });
  vi.stubGlobal("AudioEncoder", { isConfigSupported });
  vi.stubGlobal("MediaRecorder", { isTypeSupported: (type: string) => type.endsWith("webm") });
  expect(await values()).toMatchObject({
    "calls, video": ["ok", "VP8, H264"],
    WebCodecs: ["ok", "vp9, vp8, avc, opus"],
    MediaRecorder: ["ok", "video/webm, audio/webm"],
  });
});

test("a browser that has nothing", async () => {
  expect(await values()).toEqual({
    "calls, video": ["failure", "none"],
    "calls, audio": ["failure", "none"],
    WebCodecs: ["warning", "none"],
    MediaRecorder: ["failure", "none"],
  });
});
