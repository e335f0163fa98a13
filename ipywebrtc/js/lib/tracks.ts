/**
 * The frames of a video track and the samples of an audio track, one after the other.
 *
 * Chromium hands them over as they are made (MediaStreamTrackProcessor, W3C mediacapture-transform).
 * Elsewhere a hidden player shows each new frame, and an AudioWorklet gets the sound at the clock of
 * the page's audio output.
 */

import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import { makePlayer } from "./still.ts";

/** Some 10 ms of sound. */
export interface Sound {
  /** One array for each channel, with values from -1 to 1. */
  planes: Float32Array<ArrayBuffer>[];
  sampleRate: number;
}

export interface TimedSound extends Sound {
  /** When it began, in seconds of the stream's clock, give or take some 20 ms. */
  timestamp: number;
}

type Processor = new (init: {
  track: MediaStreamTrack;
  maxBufferSize?: number;
}) => { readable: ReadableStream };

/** Frames that wait while the page is busy; the oldest are dropped by the browser. */
const FRAMES = 4;
/** Blocks of sound that wait while the page is busy, about 10 s. */
const BLOCKS = 1000;
/** Milliseconds in which the page's audio output begins. */
const START = 3000;

/** Calls back with each frame until the signal fires; the listener closes it. */
export function readFrames(
  track: MediaStreamTrack,
  listener: (frame: VideoFrame) => void,
  signal: AbortSignal,
): void {
  if (!processor()) playFrames(track, listener, signal);
  else process<VideoFrame>(track, FRAMES, listener, signal);
}

/** Calls back with all sound until the signal fires, or says why there is none. */
export function readSound(
  track: MediaStreamTrack,
  listener: (sound: TimedSound) => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): void {
  if (!processor()) {
    workSound(track, listener, failed, signal).catch(failed);
    return;
  }
  const take = (data: AudioData) => {
    const { numberOfChannels, numberOfFrames, sampleRate } = data;
    const timestamp = data.timestamp / 1e6;
    const planes = Array.from({ length: numberOfChannels }, (_, planeIndex) => {
      const plane = new Float32Array(numberOfFrames);
      data.copyTo(plane, { planeIndex, format: "f32-planar" });
      return plane;
    });
    data.close();
    listener({ planes, sampleRate, timestamp });
  };
  process<AudioData>(track, BLOCKS, take, signal).catch(failed);
}

function processor(): Processor | undefined {
  return (globalThis as { MediaStreamTrackProcessor?: Processor }).MediaStreamTrackProcessor;
}

async function process<Datum extends { close(): void }>(
  track: MediaStreamTrack,
  maxBufferSize: number,
  listener: (datum: Datum) => void,
  signal: AbortSignal,
): Promise<void> {
  const Made = processor() as Processor;
  const reader: ReadableStreamDefaultReader<Datum> = new Made({
    track,
    maxBufferSize,
  }).readable.getReader();
  onAbort(signal, () => reader.cancel());
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (signal.aborted) value.close();
    else listener(value);
  }
}

function playFrames(
  track: MediaStreamTrack,
  listener: (frame: VideoFrame) => void,
  signal: AbortSignal,
): void {
  const player = makePlayer(new MediaStream([track]), signal);
  let handle = 0;
  const next = () => {
    handle = player.requestVideoFrameCallback((now) => {
      if (signal.aborted) return;
      listener(new VideoFrame(player, { timestamp: Math.round(now * 1000) }));
      next();
    });
  };
  next();
  onAbort(signal, () => player.cancelVideoFrameCallback(handle));
}

const WORKLET = `registerProcessor("sound", class extends AudioWorkletProcessor {
  process([channels]) {
    const planes = channels.map(plane => plane.slice());
    const sound = { planes, sampleRate, timestamp: currentTime };
    if (planes.length) this.port.postMessage(sound, planes.map(plane => plane.buffer));
    return true;
  }
})`;

async function workSound(
  track: MediaStreamTrack,
  listener: (sound: TimedSound) => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  // Firefox connects no stream to a context of another rate, which is the output's by default.
  const context = new AudioContext();
  const late = setTimeout(() => context.state !== "running" && failed(unheard()), START);
  onAbort(signal, () => {
    clearTimeout(late);
    context.close();
  });
  // A context that was made before the page was clicked stands still until somebody wakes it.
  for (const name of ["pointerdown", "keydown"]) {
    document.addEventListener(name, () => context.resume(), { signal });
  }
  const url = URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }));
  await context.audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url));
  if (signal.aborted) return;
  const node = new AudioWorkletNode(context, "sound", { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => {
    if (!signal.aborted) listener(data);
  };
  context.createMediaStreamSource(new MediaStream([track])).connect(node);
}

function unheard(): Failure {
  return new Failure(
    "MediaError",
    "This browser gives a page no sound before somebody clicks into it, and none without an audio output: click here, and begin again.",
  );
}
