/**
 * Streams that other packages' models make: pythreejs has `captureStream(fps)`, a method that
 * returns a MediaStream or a promise of one; ipyvolume has `stream`, set when it is displayed.
 */

import type { AnyModel } from "@anywidget/types";
import { onAbort, unlessAborted } from "./lifetime.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import { shown, shownNow, untilPage } from "./shown.ts";
import { frameOf, makePlayer, soundOnly } from "./still.ts";
import { NOT_SHOWN } from "./waiting.ts";

/** Milliseconds after which an unchanged canvas sends its frame again, for users that come late. */
const REPEAT = 1000;
/** Milliseconds that a picture waits for the frame that was asked for. */
const FRAME_PATIENCE = 250;

interface Capturing {
  captureStream?(fps?: number): MediaStream | Promise<MediaStream>;
  stream?: MediaStream | Promise<MediaStream> | null;
  views?: Record<string, unknown>;
}

/** Whether the model makes a stream itself, now. */
export function canCapture(model: AnyModel): boolean {
  const { captureStream, stream } = model as AnyModel & Capturing;
  return typeof captureStream === "function" || Boolean(stream);
}

/** The stream that a model makes of itself, ended when the signal fires. */
export async function foreignStream(
  model: AnyModel,
  fps: number | null,
  signal: AbortSignal,
): Promise<MediaStream> {
  const capturing = model as AnyModel & Capturing;
  await untilPage(() => canCapture(model), signal);
  const own = typeof capturing.captureStream !== "function";
  // pythreejs looks for a view, and fails where there is none.
  if (!own && capturing.views) await shown(model, signal);
  const given = own ? capturing.stream : capturing.captureStream?.(fps ?? undefined);
  const stream = await unlessAborted(Promise.resolve(given as MediaStream), signal);
  // What the model keeps for others must not end with us.
  const mine = own ? new MediaStream(stream.getTracks().map((track) => track.clone())) : stream;
  const repeat = setInterval(() => requestFrame(mine), REPEAT);
  onAbort(signal, () => {
    clearInterval(repeat);
    for (const track of mine.getTracks()) track.stop();
  });
  requestFrame(mine);
  return mine;
}

/** A source of what a model makes of itself. */
export async function foreignSource(
  model: AnyModel,
  fps: number | null,
  { signal, report }: Attempt,
): Promise<Source> {
  const views = (model as AnyModel & Capturing).views;
  if (!canCapture(model) || (views && !(await shownNow(model)))) report("waiting", NOT_SHOWN);
  const stream = await foreignStream(model, fps, signal);
  const player = makePlayer(stream, signal);
  return {
    stream,
    mirrored: false,
    async still(wanted) {
      if (stream.getVideoTracks().length === 0) throw soundOnly();
      await freshFrame(stream, player);
      return frameOf(player, AbortSignal.any([wanted, signal]));
    },
  };
}

/** Opens a MediaStream of another JavaScript module. */
export const foreign: Opener = {
  open: (model, attempt) => foreignSource(model, null, attempt),
  quiet: async () => true,
};

/** Asks a canvas for its frame, painted or not since the last. */
function requestFrame(stream: MediaStream): void {
  for (const track of stream.getVideoTracks())
    (track as CanvasCaptureMediaStreamTrack).requestFrame?.();
}

/** Lets a canvas send what it shows now. */
function freshFrame(stream: MediaStream, player: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      player.cancelVideoFrameCallback(handle);
      resolve();
    };
    const handle = player.requestVideoFrameCallback(done);
    const timer = setTimeout(done, FRAME_PATIENCE);
    requestFrame(stream);
  });
}
