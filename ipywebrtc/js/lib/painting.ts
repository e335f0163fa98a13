/**
 * A canvas that is painted when there is something new, and the stream of it.
 *
 * It outlives the views that it is painted from: a recording goes on when a widget is displayed
 * anew elsewhere.
 */

import { onAbort } from "./lifetime.ts";
import type { MakePainter, Painter } from "./painter.ts";

/** Milliseconds after which an unchanged picture is sent again, for users that come late. */
const REPEAT = 2000;
/** Milliseconds between two pictures at least: no screen shows more. */
const SHORTEST = 16;

export interface Painting {
  readonly canvas: HTMLCanvasElement;
  /** Paints from a view until the signal fires; settles when the first picture is there. */
  from(view: HTMLElement, make: MakePainter, signal: AbortSignal): Promise<void>;
  /** Brings the canvas up to date. */
  refresh(): Promise<void>;
  /** The stream of the canvas, which has been painted before. */
  capture(): MediaStream;
}

export interface PaintingHost {
  problem(sentence: string): void;
  failed(error: unknown): void;
  signal: AbortSignal;
}

/** Makes a painting that changes at most so many times a second. */
export function makePainting(maxFps: number | null, host: PaintingHost): Painting {
  const canvas = document.createElement("canvas");
  const pause = maxFps === null ? SHORTEST : Math.max(SHORTEST, 1000 / maxFps);
  let painter: Painter | null = null;
  let busy: Promise<void> | null = null;
  let dirty = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = Number.NEGATIVE_INFINITY;

  function cancel(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  function schedule(): void {
    if (!dirty || !painter || busy || timer !== undefined || host.signal.aborted) return;
    // No animation frame is waited for: there is none in a tab behind, where recordings go on.
    const wait = Math.max(0, last + pause - performance.now());
    timer = setTimeout(() => paint().catch(host.failed), wait);
  }

  async function paint(): Promise<void> {
    while (busy) await busy.catch(() => {});
    const mine = painter;
    if (!mine) return;
    cancel();
    dirty = false;
    last = performance.now();
    busy = mine.paint(canvas);
    try {
      await busy;
    } catch (error) {
      if (painter === mine) throw error; // Else its view has gone meanwhile.
    } finally {
      busy = null;
      schedule();
    }
  }

  return {
    canvas,
    async from(view, make, signal) {
      const mine = make(view, {
        changed() {
          dirty = true;
          schedule();
        },
        problem: host.problem,
        signal,
      });
      painter = mine;
      onAbort(signal, () => {
        if (painter !== mine) return;
        painter = null;
        cancel();
      });
      await paint();
    },
    refresh: paint,
    capture() {
      const stream = canvas.captureStream();
      const context = canvas.getContext("2d");
      const repeat = () => {
        if (canvas.width && performance.now() - last >= REPEAT) {
          context?.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
        }
      };
      const repeating = setInterval(repeat, REPEAT);
      onAbort(host.signal, () => {
        clearInterval(repeating);
        cancel();
        for (const track of stream.getTracks()) track.stop();
      });
      // A canvas sends what is drawn after it is captured.
      context?.drawImage(canvas, 0, 0, 1, 1, 0, 0, 1, 1);
      return stream;
    },
  };
}
