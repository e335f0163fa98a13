/** What the canvases and videos in a widget show, as data URLs, encoded when they change. */

import { onAbort } from "../lifetime.ts";

type Moving = HTMLCanvasElement | HTMLVideoElement;

const VIDEO_QUALITY = 0.95;

export interface Pictures {
  /** Its data, or null where it may not be read. */
  get(element: Moving): string | null;
  /** Follows these, and no others. */
  follow(elements: readonly Moving[]): void;
}

interface Followed {
  stop: AbortController;
  /** Plays what a canvas shows. */
  player: HTMLVideoElement | null;
  data: string | null;
  stale: boolean;
}

export function followPictures(changed: () => void, signal: AbortSignal): Pictures {
  const known = new Map<Moving, Followed>();

  function start(element: Moving): Followed {
    const stop = new AbortController();
    const ends = AbortSignal.any([stop.signal, signal]);
    const player = element instanceof HTMLCanvasElement ? play(element, ends) : null;
    const followed: Followed = { stop, player, data: null, stale: true };
    const video = player ?? element;
    if (video instanceof HTMLVideoElement) {
      eachFrame(video, ends, () => {
        followed.stale = true;
        changed();
      });
    }
    return followed;
  }

  const pictures: Pictures = {
    get(element) {
      const followed = known.get(element) ?? start(element);
      known.set(element, followed);
      if (!followed.stale) return followed.data;
      followed.stale = false;
      try {
        followed.data =
          element instanceof HTMLCanvasElement
            ? canvasData(element, followed.player)
            : videoData(element, element.clientWidth, "image/jpeg");
      } catch {
        followed.data = null; // It shows another site's picture.
      }
      return followed.data;
    },
    follow(elements) {
      for (const [element, { stop }] of known) {
        if (elements.includes(element)) continue;
        stop.abort();
        known.delete(element);
      }
    },
  };
  return pictures;
}

/** A hidden player of a canvas: it tells of changes, and keeps the frames that WebGL forgets. */
export function play(canvas: HTMLCanvasElement, signal: AbortSignal): HTMLVideoElement | null {
  let stream: MediaStream;
  try {
    stream = canvas.captureStream();
  } catch {
    return null; // Empty, or not to be read.
  }
  const player = document.createElement("video");
  player.muted = true;
  player.autoplay = true;
  player.srcObject = stream;
  onAbort(signal, () => {
    player.srcObject = null;
    for (const track of stream.getTracks()) track.stop();
  });
  return player;
}

/** Calls back at each new frame of a video. */
export function eachFrame(video: HTMLVideoElement, signal: AbortSignal, call: () => void): void {
  let handle = 0;
  const next = () => {
    handle = video.requestVideoFrameCallback(() => {
      next();
      call();
    });
  };
  next();
  onAbort(signal, () => video.cancelVideoFrameCallback(handle));
}

function canvasData(canvas: HTMLCanvasElement, player: HTMLVideoElement | null): string | null {
  if (canvas.width === 0 || canvas.height === 0) return "data:,";
  if (player && player.videoWidth > 0 && isBlank(canvas)) {
    return videoData(player, canvas.width, "image/png");
  }
  return canvas.toDataURL();
}

function videoData(video: HTMLVideoElement, width: number, type: string): string | null {
  if (!video.videoWidth) return "data:,";
  const scratch = document.createElement("canvas");
  const scale = Math.min(1, (width * devicePixelRatio) / video.videoWidth);
  scratch.width = Math.max(1, Math.round(video.videoWidth * scale));
  scratch.height = Math.max(1, Math.round(video.videoHeight * scale));
  scratch.getContext("2d")?.drawImage(video, 0, 0, scratch.width, scratch.height);
  return scratch.toDataURL(type, VIDEO_QUALITY);
}

/** Whether a canvas can't be read now, as WebGL ones can't after their frame. */
export function isBlank(canvas: HTMLCanvasElement): boolean {
  const scratch = document.createElement("canvas");
  scratch.width = scratch.height = 16;
  const context = scratch.getContext("2d");
  context?.drawImage(canvas, 0, 0, 16, 16);
  const pixels = context?.getImageData(0, 0, 16, 16).data ?? [];
  return pixels.every((value) => value === 0);
}
