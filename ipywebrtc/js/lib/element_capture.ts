/**
 * The browser's own capture of one element of the page (Element Capture, Chrome and Edge).
 *
 * https://developer.mozilla.org/docs/Web/API/RestrictionTarget/fromElement_static
 */

import { Declined, Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";

interface Target {
  fromElement(element: Element): Promise<unknown>;
}

interface RestrictableTrack extends MediaStreamTrack {
  restrictTo(target: unknown): Promise<void>;
}

interface TabOptions extends DisplayMediaStreamOptions {
  preferCurrentTab: boolean;
}

export interface ElementCapture {
  stream: MediaStream;
  /** Captures this element, and no more the one before. */
  restrict(element: HTMLElement): Promise<void>;
}

/** Asks for this tab's picture; throws where that can't be, with what to do. */
export async function captureTab(
  maxFps: number | null,
  signal: AbortSignal,
): Promise<ElementCapture> {
  const target = (globalThis as { RestrictionTarget?: Target }).RestrictionTarget;
  if (!target || !navigator.mediaDevices?.getDisplayMedia) {
    throw new Failure(
      "MediaError",
      "This browser can't capture one element of a page: use Chrome or Edge on a computer, on https or localhost, or set method to 'dom'.",
    );
  }
  const options: TabOptions = {
    preferCurrentTab: true,
    audio: false,
    video: maxFps === null ? true : { frameRate: { max: maxFps } },
  };
  const stream = await navigator.mediaDevices.getDisplayMedia(options).catch((error: Error) => {
    if (error.name !== "NotAllowedError") throw error;
    throw new Declined("The widget is captured once this tab is shared: press Start.", {
      aloud: true,
    });
  });
  onAbort(signal, () => {
    for (const track of stream.getTracks()) track.stop();
  });
  const track = stream.getVideoTracks()[0] as RestrictableTrack;
  return {
    stream,
    async restrict(element) {
      element.style.isolation = "isolate"; // Only what has a layer of its own can be captured.
      try {
        await track.restrictTo(await target.fromElement(element));
      } catch {
        throw new Failure(
          "SourceError",
          "What is shared is not this tab: press Try again, and choose this tab.",
        );
      }
    },
  };
}
