/** What makes a file of a stream; `webcodecs.ts` and `media_recorder.ts` have one each. */

import type { Source } from "./live.ts";
import type { Still } from "./still.ts";

export interface EngineOptions {
  kind: "video" | "audio";
  format: string;
  codecs: string;
  /** Bits per second of the video, or of the sound where there is no video. */
  bitrate: number;
  /** Seconds after which it ends by itself, however late the page gets to that. */
  limit: number;
}

export interface EngineHost {
  /** Takes a piece of the file; earlier pieces may be written over. */
  write(position: number, data: Uint8Array<ArrayBuffer>): void;
  /** The file begins anew: what was written before is to be replaced by what comes. */
  restart(): void;
  failed(error: unknown): void;
  /** Ends everything, whatever is not written yet. */
  signal: AbortSignal;
}

export interface Engine {
  readonly mime: string;
  /** Seconds of the recording, without pauses; it starts with the first frame. */
  duration(): number;
  /** What is not in the file, and why, in a sentence; empty where all is. */
  note(): string;
  /** Records the tracks that the stream has now. */
  follow(stream: MediaStream): void;
  pause(): void;
  resume(): void;
  /** Ends the recording; settles when all is written. */
  finish(): Promise<void>;
}

/** Settles when the recording runs; a video begins with the picture that is given. */
export type MakeEngine = (
  source: Source,
  first: Still | null,
  options: EngineOptions,
  host: EngineHost,
) => Promise<Engine>;

/** The codecs that a file of each format may have, the best first. */
export const CODECS = {
  webm: { video: ["vp9", "vp8", "av1"], audio: ["opus"] },
  mp4: { video: ["avc", "vp9", "av1"], audio: ["aac", "opus"] },
  ogg: { video: [], audio: ["opus"] },
  wav: { video: [], audio: ["pcm-s16"] },
} as const;

/** Names of 0.6.0, of the browsers' MIME types, and of common speech. */
const ALIASES: Record<string, string> = {
  av01: "av1",
  avc1: "avc",
  h264: "avc",
  mp4a: "aac",
  pcm: "pcm-s16",
  vp08: "vp8",
  vp09: "vp9",
};

/** The codecs that are asked for by name; the format may have others. */
export function namedCodecs(codecs: string): string[] {
  const names = codecs.split(",").map((name) => name.trim().toLowerCase().split(".")[0] ?? "");
  return names.filter((name) => name).map((name) => ALIASES[name] ?? name);
}

/** A codec that is asked for and that no file of the format has. */
export function foreignCodec({ format, codecs }: Pick<EngineOptions, "format" | "codecs">) {
  const { video, audio } = CODECS[format as keyof typeof CODECS];
  const fitting: string[] = [...video, ...audio];
  return namedCodecs(codecs).find((name) => !fitting.includes(name));
}

/** What MediaRecorder calls the format, or null where it can't record it. */
export function recordedType(
  options: Pick<EngineOptions, "kind" | "format" | "codecs">,
): string | null {
  const { kind, format, codecs } = options;
  const type = `${kind}/${format}${codecs ? `;codecs=${codecs.replaceAll(" ", "")}` : ""}`;
  if (foreignCodec(options) || !globalThis.MediaRecorder?.isTypeSupported(type)) return null;
  return type;
}
