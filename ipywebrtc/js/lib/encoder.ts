/** Makes bytes of a frame, in a worker where the page may have one. */

import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";

export interface Shape {
  format: "jpeg" | "webp" | "rgb" | "gray";
  /** 0 to 1; for jpeg and webp. */
  quality: number;
  /** The width of the bytes' picture at most. */
  width: number | null;
}

export interface Encoded {
  data: ArrayBuffer;
  width: number;
  height: number;
}

export type Encode = (frame: VideoFrame, shape: Shape) => Promise<Encoded>;

/**
 * Encodes and closes a frame; the canvas is any, and kept for the next one.
 *
 * It refers to nothing outside of itself, as its text is the worker's source.
 */
export async function encodeFrame(
  canvas: OffscreenCanvas,
  frame: VideoFrame,
  { format, quality, width: most }: Shape,
): Promise<Encoded> {
  const { displayWidth, displayHeight } = frame;
  const width = Math.min(most ?? displayWidth, displayWidth);
  const height = Math.max(1, Math.round((displayHeight * width) / displayWidth));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context) throw new Error(`the browser has no canvas of ${width}×${height}`);
  context.drawImage(frame, 0, 0, width, height);
  frame.close();
  if (format === "jpeg" || format === "webp") {
    const type = `image/${format}`;
    const blob = await canvas.convertToBlob({ type, quality });
    // A browser that can't encode the type returns a PNG, without a word.
    if (blob.type !== type) throw new Error(`this browser can't encode ${format}`);
    return { data: await blob.arrayBuffer(), width, height };
  }
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = data.length / 4;
  const bytes = new Uint8Array(format === "rgb" ? 3 * pixels : pixels);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const red = data[from] as number;
    const green = data[from + 1] as number;
    const blue = data[from + 2] as number;
    if (format === "rgb") {
      bytes[to++] = red;
      bytes[to++] = green;
      bytes[to++] = blue;
    } else {
      // Brightness as ITU-R BT.601 weighs it, rounded as Pillow does.
      bytes[to++] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    }
  }
  return { data: bytes.buffer, width, height };
}

/** The source of a worker that says that it's there, and answers each frame with its bytes. */
const source = () => `
  const encode = ${encodeFrame};
  const canvas = new OffscreenCanvas(1, 1);
  onmessage = async ({ data: { frame, shape } }) => {
    try {
      const encoded = await encode(canvas, frame, shape);
      postMessage(encoded, [encoded.data]);
    } catch (error) {
      postMessage({ failure: error.message });
    }
  };
  postMessage("ready");`;

/** An encoder that takes one frame at a time, until the signal fires. */
export function makeEncoder(signal: AbortSignal): Encode {
  const inWorker = startWorker(signal);
  const canvas = new OffscreenCanvas(1, 1);
  return async (frame, shape) => {
    try {
      return await (inWorker() ?? ((...values) => encodeFrame(canvas, ...values)))(frame, shape);
    } catch (error) {
      throw new Failure(
        "UnsupportedFormat",
        `No frames as ${shape.format}: ${(error as Error).message}. Set another format, such as "rgb".`,
      );
    }
  };
}

type Answer = Encoded | { failure: string } | "ready";

/** Starts a worker, and returns what tells its encoder: none where the host forbids workers. */
function startWorker(signal: AbortSignal): () => Encode | null {
  const url = URL.createObjectURL(new Blob([source()], { type: "text/javascript" }));
  onAbort(signal, () => URL.revokeObjectURL(url));
  let ready = false;
  let busy = false;
  let settle: (answer: Answer) => void = () => {};
  let worker: Worker;
  try {
    worker = new Worker(url);
  } catch {
    return () => null;
  }
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if (data === "ready") {
      ready = true;
      return;
    }
    busy = false;
    settle(data);
    if (signal.aborted) worker.terminate();
  };
  worker.onerror = (event) => event.preventDefault(); // It is never ready.
  onAbort(signal, () => {
    // One that is busy closes its frame first, or the browser complains.
    if (!busy) worker.terminate();
    settle({ failure: "reading has stopped" });
  });
  const encode: Encode = async (frame, shape) => {
    const answer = await new Promise<Answer>((resolve) => {
      settle = resolve;
      busy = true;
      worker.postMessage({ frame, shape }, [frame]);
    });
    if (typeof answer !== "object" || "failure" in answer) {
      throw new Error(typeof answer === "object" ? answer.failure : answer);
    }
    return answer;
  };
  return () => (ready ? encode : null);
}
