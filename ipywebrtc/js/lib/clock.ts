/** The time of a recording: seconds since it began, without its pauses. */

export interface Clock {
  /** Starts it, or goes on after a pause. */
  run(): void;
  pause(): void;
  readonly running: boolean;
  now(): number;
}

export function makeClock(): Clock {
  let before = 0;
  let since: number | null = null;
  const now = () => before + (since === null ? 0 : (performance.now() - since) / 1000);
  return {
    run() {
      since ??= performance.now();
    },
    pause() {
      before = now();
      since = null;
    },
    get running() {
      return since !== null;
    },
    now,
  };
}
