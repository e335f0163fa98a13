/** Small helpers that end with an AbortSignal, as everything here does. */

import type { AnyModel } from "@anywidget/types";

/** Calls `cleanup` when the signal fires, at once if it has fired already. */
export function onAbort(signal: AbortSignal, cleanup: () => void): void {
  if (signal.aborted) cleanup();
  else signal.addEventListener("abort", cleanup, { once: true });
}

/** Calls `listener` at each change of one of the model's traits, until the signal fires. */
export function onChange(
  model: AnyModel,
  names: string[],
  listener: () => void,
  signal: AbortSignal,
): void {
  for (const name of names) model.on(`change:${name}`, listener);
  onAbort(signal, () => {
    for (const name of names) model.off(`change:${name}`, listener);
  });
}

/** Settles as `promise` does, or rejects with the signal's reason when that fires first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    onAbort(signal, abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Waits for the first of the events; rejects when the signal fires. */
export function event(target: EventTarget, names: string[], signal: AbortSignal): Promise<Event> {
  const done = new AbortController();
  const fired = new Promise<Event>((resolve) => {
    for (const name of names) target.addEventListener(name, resolve, { signal: done.signal });
  });
  return unlessAborted(fired, signal).finally(() => done.abort());
}
