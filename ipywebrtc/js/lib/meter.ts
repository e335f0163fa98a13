/** How loud a stream is. */

import { onAbort } from "./lifetime.ts";

const KEY = Symbol.for("ipywebrtc.audio/1");
/** Milliseconds between two values. */
const INTERVAL = 50;
/** What counts as silence, in dBFS. */
export const FLOOR = -60;

/** Calls back with the root mean square of the sound, in dBFS from -60 to 0, until the signal. */
export function followLevel(
  stream: MediaStream,
  listener: (level: number) => void,
  signal: AbortSignal,
): void {
  const context = audioContext();
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  const samples = new Float32Array(analyser.fftSize);
  source.connect(analyser);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    listener(decibels(samples));
  }, INTERVAL);
  onAbort(signal, () => {
    clearInterval(timer);
    source.disconnect();
  });
}

/** The root mean square of samples from -1 to 1, in decibels of full scale. */
export function decibels(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return Math.min(0, Math.max(FLOOR, 10 * Math.log10(power)));
}

/** The page's one context: browsers allow few, and let them start only after a click. */
function audioContext(): AudioContext {
  const shared = globalThis as { [KEY]?: AudioContext };
  if (!shared[KEY]) {
    const context = new AudioContext();
    shared[KEY] = context;
    if (context.state === "suspended") {
      addEventListener("pointerdown", () => context.resume(), { once: true, capture: true });
    }
  }
  return shared[KEY];
}
