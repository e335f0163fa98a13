/** Paints a view that is one canvas or video, by copying that. */

import { eachFrame, isBlank, play } from "./dom/pictures.ts";
import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import type { MakePainter } from "./painter.ts";

type Picture = HTMLCanvasElement | HTMLVideoElement;

/** The part of a view's width and height that a canvas must fill to stand for all of it. */
const FILLED = 0.95;
/** What a view shows beside a canvas. */
const OTHER = "img,svg,input,button,select,textarea,iframe";

/** The canvases and videos in a view, itself and its shadow trees included. */
export function picturesIn(view: Element): Picture[] {
  const found: Picture[] = [];
  const visit = (element: Element) => {
    if (element instanceof HTMLCanvasElement || element instanceof HTMLVideoElement) {
      found.push(element);
    }
    for (const child of element.shadowRoot?.querySelectorAll("*") ?? []) visit(child);
  };
  for (const element of [view, ...view.querySelectorAll("*")]) visit(element);
  return found;
}

/** Whether a view shows one canvas or video, and nothing else. */
export function isFilled(view: HTMLElement): boolean {
  const [only, other] = picturesIn(view);
  if (!only || other) return false;
  if (only === view) return true;
  if (view.innerText.trim() || view.querySelector(OTHER)) return false;
  const inner = only.getBoundingClientRect();
  const outer = view.getBoundingClientRect();
  return inner.width >= FILLED * outer.width && inner.height >= FILLED * outer.height;
}

/** Copies the largest canvas or video of a view, at its own resolution. */
export const makeCopier: MakePainter = (view, { changed, signal }) => {
  let followed: { picture: Picture; player: HTMLVideoElement | null; stop: AbortController };

  function follow(): void {
    const picture = largest(view);
    if (followed?.picture === picture) return;
    followed?.stop.abort();
    const stop = new AbortController();
    const ends = AbortSignal.any([signal, stop.signal]);
    const player = picture instanceof HTMLVideoElement ? picture : play(picture, ends);
    followed = { picture, player, stop };
    if (player) eachFrame(player, ends, changed);
  }

  follow();
  const observer = new MutationObserver(changed);
  observer.observe(view, { childList: true, subtree: true });
  onAbort(signal, () => observer.disconnect());

  return {
    async paint(canvas) {
      follow();
      const { picture, player } = followed;
      // A WebGL canvas forgets what it shows; its player does not.
      const blank = picture instanceof HTMLCanvasElement && player?.videoWidth && isBlank(picture);
      const source = blank ? (player as HTMLVideoElement) : picture;
      const { width, height } = sizeOf(source);
      if (!width || !height) return;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      const context = canvas.getContext("2d");
      context?.clearRect(0, 0, width, height);
      context?.drawImage(source, 0, 0);
    },
  };
};

function largest(view: HTMLElement): Picture {
  const area = (picture: Picture) => picture.clientWidth * picture.clientHeight;
  const [first, ...rest] = picturesIn(view);
  if (!first) {
    throw new Failure(
      "SourceError",
      "The widget shows no canvas and no video: set method to 'auto' or 'dom'.",
    );
  }
  const picture = rest.reduce((most, next) => (area(next) > area(most) ? next : most), first);
  checkReadable(picture);
  return picture;
}

/** Throws for what another site has drawn, which the browser lets nobody read. */
function checkReadable(picture: Picture): void {
  const scratch = document.createElement("canvas");
  scratch.width = scratch.height = 1;
  const context = scratch.getContext("2d");
  if (!sizeOf(picture).width) return;
  context?.drawImage(picture, 0, 0, 1, 1);
  try {
    context?.getImageData(0, 0, 1, 1);
  } catch {
    throw new Failure(
      "SourceError",
      "The widget shows pictures of another site, which the browser lets no page read: load them from the notebook's own server, or from one that allows other sites (CORS).",
    );
  }
}

function sizeOf(picture: Picture): { width: number; height: number } {
  return picture instanceof HTMLVideoElement
    ? { width: picture.videoWidth, height: picture.videoHeight }
    : { width: picture.width, height: picture.height };
}
