/** Sends the sound of a track to the kernel: all of it, and what had to be left out is counted. */

import type { AnyModel } from "@anywidget/types";
import { type Block, makeBlocks } from "./blocks.ts";
import type { Reader, Reading } from "./reading.ts";
import { readSound, type TimedSound } from "./tracks.ts";
import type { AudioReaderTraits } from "./traits.ts";

/** Seconds of sound that wait for a busy kernel. */
const KEPT = 60;
/** Bytes of sound that travel at once. */
const MOST = 256 * 1024;

/** The reader of a model's audio track. */
export function sound(model: AnyModel<AudioReaderTraits>): Reader {
  return { kind: "audio", begin: (reading) => begin(model, reading) };
}

function begin(model: AnyModel<AudioReaderTraits>, { lane, failed, signal }: Reading) {
  const sampleRate = model.get("sample_rate");
  const channels = model.get("channels");
  const size = Math.max(1, Math.round(model.get("block") * sampleRate));
  const seconds = size / sampleRate;
  const blocks = makeBlocks({ sampleRate, channels, size });
  const waiting: Block[] = [];
  let restart = true;

  function pump(): void {
    while (waiting.length && lane.free()) send();
  }

  /** Sends the first blocks, up to one that something is missing before. */
  function send(): void {
    const bytes = size * channels * Float32Array.BYTES_PER_ELEMENT;
    const [first] = waiting as [Block];
    let count = 1;
    while (waiting[count]?.missing === 0 && (count + 1) * bytes <= MOST) count += 1;
    const data = new Float32Array(count * size * channels);
    for (const [index, { samples }] of waiting.splice(0, count).entries()) {
      data.set(samples, index * size * channels);
    }
    const time = lane.kernelTime(first.came) - seconds;
    lane.send({ size, restart, time, missing: first.missing }, data.buffer);
    restart = false;
  }

  function take(complete: Block[]): void {
    waiting.push(...complete);
    while (waiting.length * seconds > KEPT) {
      const lost = waiting.shift() as Block;
      const next = waiting[0];
      if (next) next.missing += lost.missing + size;
    }
    pump();
  }

  return {
    onFree: pump,
    use(track: MediaStreamTrack, until: AbortSignal): void {
      blocks.begin();
      const hear = (piece: TimedSound) => !signal.aborted && take(blocks.push(piece));
      readSound(track, hear, failed, until);
    },
  };
}
