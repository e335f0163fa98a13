/** Pictures out of a MediaStream. */

import { Failure } from "./failure.ts";
import { event, onAbort } from "./lifetime.ts";

export interface Still {
  image: CanvasImageSource;
  width: number;
  height: number;
}

/** The present frame of a video element, as soon as it has one. */
export async function frameOf(video: HTMLVideoElement, signal: AbortSignal): Promise<Still> {
  while (video.readyState < video.HAVE_CURRENT_DATA || video.videoWidth === 0) {
    await event(video, ["loadeddata", "canplay", "resize", "timeupdate"], signal);
  }
  return { image: video, width: video.videoWidth, height: video.videoHeight };
}

/**
 * A source's `still` for streams that have no element of their own.
 *
 * One hidden player per stream is made at the first picture and kept until the stream closes: one
 * for each picture stalled 6 of 20 pictures for 2 s, by elements that go on playing.
 */
export function stillOf(
  stream: MediaStream,
  closed: AbortSignal,
): (s: AbortSignal) => Promise<Still> {
  let player: HTMLVideoElement | null = null;
  return async (signal) => {
    if (stream.getVideoTracks().length === 0) throw soundOnly();
    player ??= makePlayer(stream, closed);
    return frameOf(player, AbortSignal.any([signal, closed]));
  };
}

export function soundOnly(): Failure {
  return new Failure(
    "SourceError",
    "The stream has sound only, and no picture to take: use a stream with video.",
  );
}

/** A muted player of a stream, which lets it go when the signal fires. */
export function makePlayer(stream: MediaStream, signal: AbortSignal): HTMLVideoElement {
  const player = document.createElement("video");
  player.muted = true;
  player.autoplay = true;
  player.playsInline = true;
  player.srcObject = stream;
  onAbort(signal, () => {
    player.srcObject = null;
  });
  return player;
}
