/** Opens a VideoStream: one video element, whose picture and sound are captured. */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { event, onAbort, onChange } from "./lifetime.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import { type Loadable, loadable, notLoadable } from "./media.ts";
import { child } from "./refs.ts";
import { frameOf } from "./still.ts";
import type { VideoStreamTraits } from "./traits.ts";

/** Chromium and the standard; Firefox has it under a name of its own, Safari not at all. */
interface Capturing {
  captureStream?(): MediaStream;
  mozCaptureStream?(): MediaStream;
}

export const video: Opener<VideoStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    const { signal } = attempt;
    const holder = await child(model, "video");
    if (!holder) throw new Failure("SourceError", "The VideoStream has no video: set its trait.");
    onChange(holder, ["value", "format"], attempt.reopen, attempt.replaced);
    const element = document.createElement("video");
    onAbort(signal, () => {
      element.pause();
      element.removeAttribute("src");
      element.load(); // Frees the decoder now; collection may take minutes.
    });
    element.playsInline = true;
    element.crossOrigin = "anonymous"; // What is loaded without CORS can't be captured.
    element.loop = holder.get("loop");
    await load(element, await loadable(holder, "video", signal), signal);
    const stream = capture(element);
    const play = () => followPlaying(model, element, attempt);
    onChange(model, ["playing"], play, signal);
    await play();
    const still = (wanted: AbortSignal) => frameOf(element, AbortSignal.any([wanted, signal]));
    return { stream, mirrored: false, still };
  },
  quiet: async () => true,
};

async function load(
  element: HTMLVideoElement,
  source: Loadable,
  signal: AbortSignal,
): Promise<void> {
  element.preload = "auto";
  element.src = source.url;
  const { type } = await event(element, ["loadeddata", "error"], signal);
  if (type === "error") throw notLoadable(source);
}

function capture(element: HTMLVideoElement & Capturing): MediaStream {
  const stream = element.captureStream?.() ?? element.mozCaptureStream?.();
  if (stream) return stream;
  throw new Failure(
    "MediaError",
    "This browser can't make a stream of a video: use Chrome, Edge or Firefox.",
  );
}

async function followPlaying(
  model: AnyModel<VideoStreamTraits>,
  element: HTMLVideoElement,
  { report }: Attempt,
): Promise<void> {
  if (!model.get("playing")) {
    element.pause();
    report("paused");
    return;
  }
  try {
    await element.play();
  } catch (error) {
    if ((error as Error).name !== "NotAllowedError") return; // Paused again meanwhile.
    element.muted = true; // Sound needs a click first; the picture does not.
    await element.play().catch(() => {});
  }
  if (!element.paused) report("live");
}
