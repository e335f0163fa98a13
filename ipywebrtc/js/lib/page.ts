/**
 * What a page says to the kernel, and does for it; the other end and the table of messages are in
 * `_media.py`. A request may come several times: it is done once, and answered as often as asked.
 */

import type { AnyModel } from "@anywidget/types";
import { asFailure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";

const KEY = Symbol.for("ipywebrtc.page/1");
const SERVERS = Symbol.for("ipywebrtc.servers/1");
const HASTENING = Symbol.for("ipywebrtc.hastening/1");
const SAID = Symbol.for("ipywebrtc.said/1");
/** Answers that are kept for a kernel that did not receive them. */
const KEPT = 4;
/** Milliseconds after which unfinished work is acknowledged; the kernel asks again after 1000. */
const ACK_DELAY = 300;
/**
 * Milliseconds after an answer at which an empty message is sent.
 *
 * Jupyter's server leaves Nagle's algorithm on: what the kernel says in reply waits in the server
 * until the browser's system confirms the packet before, which it does after 40 ms, or with the
 * next data that it sends. With this message a loop of snapshots takes 40 ms in place of 62.
 */
const FLUSH_DELAY = 8;

export interface Request {
  id: string;
  name: string;
  /** Seconds. */
  timeout: number;
}

export interface Answer {
  content?: Record<string, unknown>;
  buffers?: ArrayBuffer[];
}

/**
 * Does what is requested. `onRepeat` calls back when the kernel sends the request again, which it
 * does at least every second until it is answered, as it may have changed since.
 */
export type Action = (
  request: Request,
  signal: AbortSignal,
  onRepeat: (listener: (request: Request) => void) => void,
) => Promise<Answer>;

interface Job {
  stop: AbortController;
  repeats: Set<(request: Request) => void>;
  answer?: Answer;
}

/** What is asked of a model, by the requests' ids. */
type Jobs = Map<string, Job>;

/** The name of this page, the same for all widgets in it and another one after a reload. */
export function page(): string {
  const shared = globalThis as { [KEY]?: string };
  // crypto.randomUUID is missing on pages that are not secure.
  shared[KEY] ??= Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) =>
    n.toString(36),
  ).join("");
  return shared[KEY];
}

/**
 * Enters a model's jobs, until the signal fires, among those of every model that its widget has in
 * this page, the newest last.
 *
 * Colab makes two: one when the kernel makes the widget, and one when an output shows it. Both hear
 * each request, which one of them must do.
 */
function enter(uid: string, jobs: Jobs, signal: AbortSignal): Set<Jobs> {
  const shared = globalThis as { [SERVERS]?: Map<string, Set<Jobs>> };
  shared[SERVERS] ??= new Map();
  const servers = shared[SERVERS];
  const ours = servers.get(uid) ?? new Set();
  servers.set(uid, ours.add(jobs));
  onAbort(signal, () => {
    ours.delete(jobs);
    if (!ours.size) servers.delete(uid);
  });
  return ours;
}

/** Sends a message, unless the kernel has ended: then there is nobody to tell. */
export function say(
  model: AnyModel,
  content: Record<string, unknown>,
  buffers: ArrayBuffer[] = [],
): void {
  try {
    model.send({ ...content, ...(content.kind === "state" && ordered()) }, undefined, buffers);
  } catch {
    // It throws where the notebook has no kernel.
  }
}

/**
 * Numbers the states that this page tells: a kernel may read the first messages of a page on one
 * thread and the next ones on another, so an old state can come after a new one.
 */
function ordered(): { order: number } {
  const shared = globalThis as { [SAID]?: number };
  shared[SAID] = (shared[SAID] ?? 0) + 1;
  return { order: shared[SAID] };
}

/** Sends an empty message soon; one is enough for all widgets that have just said something. */
export function hasten(send: () => void): void {
  const shared = globalThis as { [HASTENING]?: ReturnType<typeof setTimeout> };
  clearTimeout(shared[HASTENING]);
  shared[HASTENING] = setTimeout(send, FLUSH_DELAY);
}

/** Says hello, and serves the kernel's requests until the signal fires. */
export function serve(
  model: AnyModel,
  actions: Record<string, Action>,
  signal: AbortSignal,
): { press(name: string, more: { timeout: number } & Record<string, unknown>): Promise<void> } {
  const jobs: Jobs = new Map();
  const servers = enter(model.get("_uid"), jobs, signal);

  function send(kind: string, answer: Answer = {}): void {
    say(model, { kind, page: page(), ...answer.content }, answer.buffers);
  }

  async function work(request: Request, unasked: boolean, job: Job): Promise<Answer> {
    const about = { id: request.id, name: request.name, unasked };
    try {
      const action = actions[request.name];
      if (!action) throw new Error(`this page knows no request ${request.name}`);
      const ends = AbortSignal.any([signal, job.stop.signal]);
      const { content, buffers = [] } = await action(request, ends, (listener) =>
        job.repeats.add(listener),
      );
      return { content: { ...about, ...content }, buffers };
    } catch (error) {
      const { name, message } = asFailure(error);
      return { content: { ...about, failure: { name, message } } };
    }
  }

  async function start(request: Request, unasked: boolean): Promise<void> {
    const job: Job = { stop: new AbortController(), repeats: new Set() };
    jobs.set(request.id, job);
    const done = [...jobs].filter(([, { answer }]) => answer);
    for (const [id] of done.slice(0, -KEPT)) jobs.delete(id);
    const timer = setTimeout(() => acknowledge(request), ACK_DELAY);
    const answer = await work(request, unasked, job);
    clearTimeout(timer);
    if (job.stop.signal.aborted || signal.aborted) return;
    job.answer = answer;
    send("answer", answer);
    hasten(() => send("flush"));
  }

  function acknowledge({ id }: Request): void {
    if (!signal.aborted) send("ack", { content: { id } });
  }

  function receive(message: { kind?: string; page?: string } & Request): void {
    if (message.kind === "who") send("hello");
    if (message.kind === "cancel") jobs.get(message.id)?.stop.abort();
    if (message.kind !== "request" || message.page !== page()) return;
    const job = jobs.get(message.id);
    if (!job) {
      // The newest is the one that is seen.
      const all = [...servers];
      const taken = all.some((others) => others.has(message.id));
      if (all.at(-1) === jobs && !taken) start(message, false);
    } else if (job.answer) send("answer", job.answer);
    else {
      for (const listener of job.repeats) listener(message);
      acknowledge(message);
    }
  }

  model.on("msg:custom", receive);
  onAbort(signal, () => model.off("msg:custom", receive));
  addEventListener("pagehide", () => send("bye"), { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && send("hello"), { signal });
  send("hello");

  return {
    press: (name, more) => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      return start({ id, name, ...more }, true);
    },
  };
}
