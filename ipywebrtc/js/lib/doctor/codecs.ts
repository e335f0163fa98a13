/** What this browser can encode: for calls by WebRTC, and for recordings. */

import { CODECS, recordedType } from "../engine.ts";
import { type Fact, facts } from "./fact.ts";

/** Codecs of recordings, as WebCodecs registers them: https://www.w3.org/TR/webcodecs-codec-registry/. */
const VIDEO = { vp9: "vp09.00.10.08", vp8: "vp8", av1: "av01.0.04M.08", avc: "avc1.42001f" };
const AUDIO = { opus: "opus", aac: "mp4a.40.2" };
const SIZE = { width: 640, height: 480 };
const SOUND = { sampleRate: 48_000, numberOfChannels: 1 };
/** What WebRTC lists beside codecs: repair, silence and telephone keys. */
const NO_CODECS = ["rtx", "red", "ulpfec", "flexfec-03", "cn", "telephone-event"];

const NO_CALLS =
  "This browser can't call, so rooms do not work in it: open the notebook in another one.";
const NO_WEBCODECS =
  "Recordings are made by MediaRecorder, in fewer formats: open the notebook by https or from localhost, in a current browser.";
const NO_RECORDINGS =
  "This browser can record neither video nor sound: open the notebook in another one.";

const { ok, warning, failure } = facts("Encoding");

export async function codecFacts(): Promise<Fact[]> {
  const video = await able(VIDEO, async (codec) =>
    Boolean((await VideoEncoder.isConfigSupported({ codec, ...SIZE })).supported),
  );
  const audio = await able(AUDIO, async (codec) =>
    Boolean((await AudioEncoder.isConfigSupported({ codec, ...SOUND })).supported),
  );
  return [called("video"), called("audio"), webCodecs(video, audio), mediaRecorder(video, audio)];
}

function called(kind: "video" | "audio"): Fact {
  const codecs = globalThis.RTCRtpSender?.getCapabilities(kind)?.codecs ?? [];
  const names = new Set(codecs.map(({ mimeType }) => mimeType.replace(`${kind}/`, "")));
  for (const name of names) if (NO_CODECS.includes(name.toLowerCase())) names.delete(name);
  return names.size
    ? ok(`calls, ${kind}`, [...names].join(", "))
    : failure(`calls, ${kind}`, "none", NO_CALLS);
}

/** The names of the codecs that can be used; none where a part of the browser is missing. */
async function able(
  codecs: Record<string, string>,
  can: (codec: string) => Promise<boolean>,
): Promise<string[]> {
  const found = Object.entries(codecs).map(async ([name, codec]) =>
    (await can(codec).catch(() => false)) ? name : "",
  );
  return (await Promise.all(found)).filter(Boolean);
}

function webCodecs(video: string[], audio: string[]): Fact {
  const value = [...video, ...audio].join(", ") || "none";
  const whole = video.length && audio.length;
  return whole ? ok("WebCodecs", value) : warning("WebCodecs", value, NO_WEBCODECS);
}

function mediaRecorder(video: string[], audio: string[]): Fact {
  const types = (["video", "audio"] as const).flatMap((kind) =>
    Object.keys(CODECS).map((format) => recordedType({ kind, format, codecs: "" })),
  );
  const value = types.filter(Boolean).join(", ") || "none";
  const works = video.length || audio.length || value !== "none";
  return works ? ok("MediaRecorder", value) : failure("MediaRecorder", value, NO_RECORDINGS);
}
