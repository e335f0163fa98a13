/** Sends the frames of a track to the kernel: the newest there is whenever the kernel takes one. */

import type { AnyModel } from "@anywidget/types";
import { makeEncoder, type Shape } from "./encoder.ts";
import type { Reader, Reading } from "./reading.ts";
import { readFrames } from "./tracks.ts";
import type { FrameReaderTraits } from "./traits.ts";

/** The part of its interval by which a frame may come early: streams are not quite regular. */
const EARLY = 0.25;

interface Waiting {
  frame: VideoFrame;
  /** When the page got it, by `performance.now()`. */
  came: number;
  number: number;
}

/** The reader of a model's video track. */
export function frames(model: AnyModel<FrameReaderTraits>): Reader {
  return { kind: "video", begin: (reading) => begin(model, reading) };
}

function begin(model: AnyModel<FrameReaderTraits>, { lane, sequence, failed, signal }: Reading) {
  const encode = makeEncoder(signal);
  const due = makePace();
  let newest: Waiting | null = null;
  let encoding = false;
  let next = sequence;

  async function pump(): Promise<void> {
    if (!newest || encoding || !lane.free()) return;
    const { frame, came, number } = newest;
    newest = null;
    encoding = true;
    try {
      const { timestamp } = frame;
      const shape = shapeOf(model);
      const { data, width, height } = await encode(frame, shape);
      if (signal.aborted) return;
      const { format } = shape;
      const about = { format, width, height, sequence: number };
      lane.send({ ...about, timestamp: timestamp / 1e6, time: lane.kernelTime(came) }, data);
    } catch (error) {
      failed(error);
    } finally {
      encoding = false;
    }
    pump();
  }

  function take(frame: VideoFrame): void {
    if (signal.aborted || !due(frame.timestamp, model.get("max_fps"))) {
      frame.close();
      return;
    }
    newest?.frame.close(); // The kernel sees by the numbers that it was dropped.
    newest = { frame, came: performance.now(), number: next };
    next += 1;
    pump();
  }

  signal.addEventListener("abort", () => {
    newest?.frame.close();
    newest = null;
  });
  return {
    onFree: pump,
    use: (track: MediaStreamTrack, until: AbortSignal) => readFrames(track, take, until),
  };
}

function shapeOf(model: AnyModel<FrameReaderTraits>): Shape {
  return { format: model.get("format"), quality: model.get("quality"), width: model.get("width") };
}

/** Says of each frame whether it is due, for a mean rate of `fps`; timestamps in microseconds. */
export function makePace(): (timestamp: number, fps: number | null) => boolean {
  let next = Number.NEGATIVE_INFINITY;
  return (timestamp, fps) => {
    if (fps === null) return true;
    const interval = 1e6 / fps;
    // Another track, with another clock.
    if (next - timestamp > (1 + EARLY) * interval) next = timestamp;
    if (timestamp < next - EARLY * interval) return false;
    // What came a little late is made up for, so that the mean is kept; a pause is not.
    next = (timestamp - next > interval ? timestamp : next) + interval;
    return true;
  };
}
