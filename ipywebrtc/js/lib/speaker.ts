/** A stream of sound that is written piece by piece. */

import { onAbort } from "./lifetime.ts";

/** Seconds that the first piece, or one that comes too late, waits: so the next may waver. */
const LEAD = 0.1;

export interface Speaker {
  stream: MediaStream;
  /** Plays 32-bit floats, the channels of each frame side by side, after those before. */
  play(bytes: Uint8Array, channels: number): void;
}

export function makeSpeaker(sampleRate: number, signal: AbortSignal): Speaker {
  const context = new AudioContext({ sampleRate });
  onAbort(signal, () => context.close());
  if (context.state === "suspended") {
    addEventListener("pointerdown", () => context.resume(), { once: true, capture: true, signal });
  }
  const output = context.createMediaStreamDestination();
  // A destination that nothing is connected to gives no sound, and no silence either.
  const silence = new ConstantSourceNode(context, { offset: 0 });
  silence.connect(output);
  silence.start();
  let end = 0; // Of what is written, in frames, so that pieces meet exactly.
  return {
    stream: output.stream,
    play(bytes, channels) {
      const samples = new Float32Array(bytes.slice().buffer);
      const frames = samples.length / channels;
      const buffer = context.createBuffer(channels, frames, sampleRate);
      for (let channel = 0; channel < channels; channel += 1) {
        const plane = buffer.getChannelData(channel);
        for (let frame = 0; frame < frames; frame += 1) {
          plane[frame] = samples[frame * channels + channel] as number;
        }
      }
      const now = context.currentTime * sampleRate;
      if (end < now) end = Math.ceil(now + LEAD * sampleRate);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(output);
      source.start(end / sampleRate);
      end += frames;
    },
  };
}
