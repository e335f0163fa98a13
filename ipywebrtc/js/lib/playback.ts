/** Opens a VideoStream or AudioStream: one media element, whose picture and sound are captured. */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { event, onAbort, onChange } from "./lifetime.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import { type Loadable, loadable, notLoadable } from "./media.ts";
import { page, say } from "./page.ts";
import { child } from "./refs.ts";
import { frameOf, soundOnly } from "./still.ts";
import type { AudioStreamTraits, PlayedTraits, VideoStreamTraits } from "./traits.ts";

/** Milliseconds between two reports of the position. */
const REPORT = 500;

/** Chromium and the standard; Firefox has it under a name of its own, Safari not at all. */
interface Capturing {
  captureStream?(): MediaStream;
  mozCaptureStream?(): MediaStream;
}

type Player = HTMLMediaElement & Capturing;

export const video: Opener<VideoStreamTraits> = playback("video");
export const audio: Opener<AudioStreamTraits> = playback("audio");

function playback<Traits extends PlayedTraits>(kind: "video" | "audio"): Opener<Traits> {
  return {
    async open(model, attempt): Promise<Source> {
      const { signal } = attempt;
      const holder = await child(model, kind);
      if (!holder) throw new Failure("SourceError", `The stream has no ${kind}: set its trait.`);
      onChange(holder, ["value", "format"], attempt.reopen, attempt.replaced);
      const element: Player = document.createElement(kind);
      onAbort(signal, () => {
        element.pause();
        element.removeAttribute("src");
        element.load(); // Frees the decoder now; collection may take minutes.
      });
      element.crossOrigin = "anonymous"; // What is loaded without CORS can't be captured.
      await load(element, await loadable(holder, kind, signal), signal);
      await follow(model, element, attempt);
      const still = async (wanted: AbortSignal) => {
        if (!(element instanceof HTMLVideoElement)) throw soundOnly();
        return frameOf(element, AbortSignal.any([wanted, signal]));
      };
      return { stream: capture(element), mirrored: false, still, element };
    },
    quiet: async () => true,
  };
}

async function load(element: Player, source: Loadable, signal: AbortSignal): Promise<void> {
  element.preload = "auto";
  element.src = source.url;
  const { type } = await event(element, ["loadeddata", "error"], signal);
  if (type === "error") throw notLoadable(source);
}

function capture(element: Player): MediaStream {
  const stream = element.captureStream?.() ?? element.mozCaptureStream?.();
  if (stream) return stream;
  throw new Failure(
    "MediaError",
    "This browser can't make a stream of a media file: use Chrome, Edge or Firefox.",
  );
}

/** Lets the element do what the traits say, and the kernel know where it is. */
async function follow(
  model: AnyModel<PlayedTraits>,
  element: Player,
  attempt: Attempt,
): Promise<void> {
  const { signal } = attempt;
  const tune = () => {
    element.loop = model.get("loop");
    element.volume = model.get("volume");
  };
  const play = () => followPlaying(model, element, attempt);
  const seek = () => {
    element.currentTime = model.get("_seek")[1];
  };
  onChange(model, ["loop", "volume"], tune, signal);
  onChange(model, ["playing"], play, signal);
  onChange(model, ["_seek"], seek, signal);
  // Without a loop the end is a pause, and playing again begins anew.
  const ended = () => {
    model.set("playing", false);
    model.save_changes();
  };
  element.addEventListener("ended", ended, { signal });
  tune();
  // After a reload it goes on where it was.
  element.currentTime = model.get("current_time");
  reportPosition(model, element, signal);
  await play();
}

async function followPlaying(
  model: AnyModel<PlayedTraits>,
  element: Player,
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
    await element.play().catch(() => {}); // Paused again meanwhile.
  }
  if (!element.paused) report("live");
}

/** Tells the kernel position and length, at most twice a second. */
function reportPosition(model: AnyModel, element: Player, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let changed = true;
  const report = () => {
    timer = undefined;
    if (!changed) return;
    changed = false;
    timer = setTimeout(report, REPORT);
    const { currentTime, duration } = element;
    const length = Number.isFinite(duration) ? duration : 0;
    say(model, { kind: "state", page: page(), current_time: currentTime, duration: length });
  };
  const request = () => {
    changed = true;
    if (timer === undefined) report();
  };
  for (const name of ["timeupdate", "seeked", "durationchange"]) {
    element.addEventListener(name, request, { signal });
  }
  onAbort(signal, () => clearTimeout(timer));
  report();
}
