/** A timer that goes on in a hidden page. */

import { onAbort } from "./lifetime.ts";

/**
 * Calls back every so many milliseconds until the signal fires.
 *
 * Browsers wake the timers of a page that is hidden for long once a minute, but not those of its
 * workers: https://developer.chrome.com/blog/timer-throttling-in-chrome-88
 */
export function every(interval: number, callback: () => void, signal: AbortSignal): void {
  const done = new AbortController();
  onAbort(signal, () => done.abort());
  const plain = () => {
    const timer = setInterval(callback, interval);
    onAbort(done.signal, () => clearInterval(timer));
  };
  const code = `setInterval(() => postMessage(0), ${interval})`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  onAbort(done.signal, () => URL.revokeObjectURL(url));
  try {
    const worker = new Worker(url);
    worker.addEventListener("message", callback);
    // Where the host's content security policy forbids it.
    worker.addEventListener("error", plain, { once: true });
    onAbort(done.signal, () => worker.terminate());
  } catch {
    plain();
  }
}
