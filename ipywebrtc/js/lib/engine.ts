/** What makes a file of a stream; `webcodecs.ts` and `media_recorder.ts` have one each. */

import type { Source } from "./live.ts";
import type { Still } from "./still.ts";

export interface EngineOptions {
  kind: "video" | "audio";
  format: string;
  codecs: string;
  /** Bits per second of the video, or of the sound where there is no video. */
  bitrate: number;
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
  /** Frames that were not encoded, as the machine was too slow. */
  dropped(): number;
  /** Records the tracks that the stream has now. */
  follow(stream: MediaStream): void;
  pause(): void;
  resume(): void;
  /** Ends the recording at `duration`, at most; settles when all is written. */
  finish(duration: number): Promise<void>;
}

/** Settles when the recording runs; a video begins with the picture that is given. */
export type MakeEngine = (
  source: Source,
  first: Still | null,
  options: EngineOptions,
  host: EngineHost,
) => Promise<Engine>;

/** What MediaRecorder calls the format, or null where it can't record it. */
export function recordedType({ kind, format, codecs }: EngineOptions): string | null {
  const type = `${kind}/${format}${codecs ? `;codecs=${codecs.replaceAll(" ", "")}` : ""}`;
  return globalThis.MediaRecorder?.isTypeSupported(type) ? type : null;
}
