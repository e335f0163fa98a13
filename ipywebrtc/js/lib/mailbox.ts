/**
 * Carries signals to and from the kernel, in order, once, and whatever is lost on the way.
 *
 * Each message holds all that the other end has not confirmed, so one that arrives makes up for those
 * that did not. The other end is in `peers.py`.
 */

import { onAbort } from "./lifetime.ts";

/** Milliseconds after which what is not confirmed is sent again. */
const AGAIN = 1000;
/**
 * Milliseconds until what came is confirmed, unless a letter that goes out anyway does it sooner: each
 * message costs two more of the kernel about itself.
 */
const CONFIRM = 300;

export interface Letter<Signal> {
  /** Each page that takes the call over counts anew. */
  turn: string;
  /** The number of the first of the signals. */
  first: number;
  signals: Signal[];
  /** The number of the last that came from the other end. */
  heard: number;
}

export interface Mailbox<Signal> {
  post(signal: Signal): void;
  /** Takes a message of the kernel, and hands over what is new in it. */
  receive(letter: Letter<Signal>): void;
}

export function makeMailbox<Signal>(
  send: (letter: Letter<Signal>) => void,
  deliver: (signal: Signal) => void,
  signal: AbortSignal,
): Mailbox<Signal> {
  let waiting: Signal[] = [];
  let confirmed = 0;
  let heard = 0;
  const turn = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let confirming: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    clearTimeout(confirming);
    confirming = undefined;
    send({ turn, first: confirmed + 1, signals: waiting, heard });
  };
  const timer = setInterval(() => waiting.length && write(), AGAIN);
  onAbort(signal, () => {
    clearInterval(timer);
    clearTimeout(confirming);
  });
  return {
    post(one) {
      waiting.push(one);
      write();
    },
    receive(letter) {
      if (letter.turn === turn && letter.heard > confirmed) {
        waiting = waiting.slice(letter.heard - confirmed);
        confirmed = letter.heard;
      }
      const fresh = letter.signals.filter((_, index) => letter.first + index > heard);
      heard = Math.max(heard, letter.first + letter.signals.length - 1);
      for (const one of fresh) if (!signal.aborted) deliver(one);
      if (letter.signals.length && !signal.aborted) confirming ??= setTimeout(write, CONFIRM);
    },
  };
}
