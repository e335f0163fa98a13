/**
 * Media on the way to the kernel: at most two items at a time, each until the kernel is done with it.
 *
 * `_reading.py` is the other end. An item is one frame or some blocks of sound; it is numbered, and
 * cut into messages that every host lets through. The kernel says `next` when it is done
 * with an item, and with the request that it repeats every second how far it has come: so what was
 * lost, with a connection for example, is noticed and sent again.
 */

import type { AnyModel } from "@anywidget/types";
import { onAbort } from "./lifetime.ts";
import { page, say } from "./page.ts";

/** Bytes in a message: Jupyter takes 10 MiB, Colab much less. */
const CHUNK = 512 * 1024;
/** Items that may be on the way, so that one travels while the kernel works on another. */
const WINDOW = 2;
/** Seconds of work on an item that make the travel unimportant: one on the way is fresher. */
const SLOW = 0.1;
/** Milliseconds after which the kernel should have received an item that it does not know of. */
const LOST = 2000;

/** What the kernel says of its own: in a request that it repeats, and in a `next`. */
export interface Progress {
  id: string;
  /** The last item that it is done with. */
  done: number;
  /** The last item that has arrived there. */
  received: number;
  /** The number that the next frame gets. */
  sequence: number;
  /** Seconds that the last item took it. */
  busy: number;
  /** Unix time when the item `done` arrived, and now, in seconds of the kernel's clock. */
  arrived?: number;
  time?: number;
  fps?: number;
  latency?: number | null;
  dropped?: number;
  level?: number;
}

interface Item {
  number: number;
  sent: number;
  send(): void;
}

export interface Lane {
  /** Whether the kernel takes another item now. */
  free(): boolean;
  send(content: Record<string, unknown>, data: ArrayBuffer): void;
  /** Takes in what the kernel said; calls `onFree` where that makes room. */
  progress(told: Progress): void;
  /** A time of the page's `performance.now()` as Unix time of the kernel's clock. */
  kernelTime(milliseconds: number): number;
}

/** Begins after the item that has arrived, which another page may have sent. */
export function makeLane(
  model: AnyModel,
  { id, received: first }: Progress,
  onFree: () => void,
  signal: AbortSignal,
): Lane {
  const items: Item[] = [];
  const times = makeClock();
  let last = first;
  let slots = WINDOW;
  onAbort(signal, () => items.splice(0));

  function post(item: Item): void {
    item.sent = performance.now();
    item.send();
  }

  return {
    free: () => items.length < slots && !signal.aborted,
    kernelTime: times.kernelTime,
    send(content, data) {
      last += 1;
      const number = last;
      const parts = Math.max(1, Math.ceil(data.byteLength / CHUNK));
      const send = () => {
        for (let part = 0; part < parts; part += 1) {
          const message = { kind: "data", page: page(), id, number, part, parts, ...content };
          const chunk = data.slice(part * CHUNK, (part + 1) * CHUNK);
          say(model, message, [chunk]);
        }
      };
      const item = { number, sent: 0, send };
      items.push(item);
      post(item);
    },
    progress({ done, received, busy, arrived, time }) {
      const item = items.find(({ number }) => number === done);
      if (item && arrived && time) times.learn(item.sent, arrived, time);
      while (items[0] && items[0].number <= done) items.shift();
      slots = busy > SLOW ? 1 : WINDOW;
      const overdue = performance.now() - LOST;
      for (const item of items) if (item.number > received && item.sent < overdue) post(item);
      if (items.length < slots) onFree();
    },
  };
}

/**
 * Learns how far the kernel's clock is ahead, from messages there and back.
 *
 * A message can't arrive before it is sent, which bounds the difference on both sides. Clocks that
 * may agree are taken to agree.
 */
export function makeClock(now: () => number = () => performance.now()) {
  const unix = (milliseconds: number) => (performance.timeOrigin + milliseconds) / 1000;
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  return {
    learn(sent: number, arrived: number, answered: number): void {
      most = Math.min(most, arrived - unix(sent));
      least = Math.max(least, answered - unix(now()));
    },
    kernelTime(milliseconds: number): number {
      return unix(milliseconds) + Math.min(Math.max(0, least), most);
    },
  };
}
