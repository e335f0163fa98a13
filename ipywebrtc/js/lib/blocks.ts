/** Cuts sound into blocks of one rate and number of channels, and finds what is missing in it. */

import { makeResampler, type Resample } from "./resample.ts";
import type { TimedSound } from "./tracks.ts";

/** Seconds over which the timestamps of sound are compared with its length. */
const SPAN = 0.5;
/** Seconds that must be missing to count: a stalled output delays sound by some 10 ms, and loses none. */
const SHORTEST = 0.05;

export interface Block {
  /** Sample after sample, the channels of each side by side. */
  samples: Float32Array<ArrayBuffer>;
  /** When it was complete, by `performance.now()`. */
  came: number;
  /** Frames of the output that were lost before it. */
  missing: number;
}

export interface Cut {
  sampleRate: number;
  channels: number;
  /** Frames in a block. */
  size: number;
}

/** Takes sound, and returns the blocks that it completes. `begin` tells that a track begins. */
export function makeBlocks({ sampleRate, channels, size }: Cut, now = () => performance.now()) {
  let resamplers: Resample[] = [];
  let rate = 0;
  let block = new Float32Array(size * channels);
  let filled = 0;
  let missing = 0;
  let lost = makeLossFinder();
  let ended: number | null = null;
  let begins = false;

  return {
    begin(): void {
      begins = true;
      lost = makeLossFinder();
    },
    push(sound: TimedSound): Block[] {
      const came = now();
      const duration = (sound.planes[0]?.length ?? 0) / sound.sampleRate;
      let seconds = lost(sound.timestamp, duration);
      // Between two tracks only the page's clock goes on.
      if (begins && ended !== null) seconds = Math.max(0, (came - ended) / 1000 - duration);
      begins = false;
      ended = came;
      missing += Math.round(seconds * sampleRate);
      if (rate !== sound.sampleRate || resamplers.length === 0) {
        rate = sound.sampleRate;
        resamplers = Array.from({ length: channels }, () => makeResampler(rate, sampleRate));
      }
      const planes = mix(sound.planes, channels).map((plane, index) => resamplers[index]?.(plane));
      const complete: Block[] = [];
      const count = planes[0]?.length ?? 0;
      for (let frame = 0; frame < count; frame += 1) {
        for (let channel = 0; channel < channels; channel += 1) {
          block[filled * channels + channel] = planes[channel]?.[frame] ?? 0;
        }
        filled += 1;
        if (filled < size) continue;
        complete.push({ samples: block, came, missing });
        block = new Float32Array(size * channels);
        filled = missing = 0;
      }
      return complete;
    },
  };
}

/** One channel is the mean of all; of more, each is one of the sound's, or repeats its last. */
export function mix(
  planes: Float32Array<ArrayBuffer>[],
  channels: number,
): Float32Array<ArrayBuffer>[] {
  const [first] = planes;
  if (!first) return [];
  if (channels > 1 || planes.length === 1) {
    return Array.from(
      { length: channels },
      (_, index) => planes[Math.min(index, planes.length - 1)] ?? first,
    );
  }
  const sum = (_: number, index: number) =>
    planes.reduce((total, plane) => total + (plane[index] ?? 0), 0) / planes.length;
  return [first.map(sum)];
}

/**
 * Says how many seconds of sound are missing, by its timestamps.
 *
 * They waver, and the pieces after a hiccup come late: so the least delay of half a second is
 * compared with that of the half before, which finds a loss up to a second late.
 */
export function makeLossFinder(): (timestamp: number, duration: number) => number {
  let origin: number | null = null;
  let heard = 0;
  let span = 0;
  let base = 0;
  let least = Number.POSITIVE_INFINITY;
  return (timestamp, duration) => {
    origin ??= timestamp;
    least = Math.min(least, timestamp - origin - heard);
    heard += duration;
    span += duration;
    if (span < SPAN) return 0;
    const missing = least - base;
    base = least;
    least = Number.POSITIVE_INFINITY;
    span = 0;
    return missing > SHORTEST ? missing : 0;
  };
}
