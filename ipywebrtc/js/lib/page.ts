/**
 * What a page says to the kernel, and does for it; the other end and the table of messages are in
 * `_media.py`. A request may come several times: it is done once, and answered as often as asked.
 */

import type { AnyModel } from "@anywidget/types";
import { asFailure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";

const KEY = Symbol.for("ipywebrtc.page/1");
/** Answers that are kept for a kernel that did not receive them. */
const KEPT = 4;

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

export type Action = (request: Request, signal: AbortSignal) => Promise<Answer>;

/** The name of this page, the same for all widgets in it and another one after a reload. */
export function page(): string {
  const shared = globalThis as { [KEY]?: string };
  // crypto.randomUUID is missing on pages that are not secure.
  shared[KEY] ??= Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) =>
    n.toString(36),
  ).join("");
  return shared[KEY];
}

/** Says hello, and serves the kernel's requests until the signal fires. */
export function serve(
  model: AnyModel,
  actions: Record<string, Action>,
  signal: AbortSignal,
): { press(name: string, timeout: number): Promise<void> } {
  const jobs = new Map<string, { stop: AbortController; answer?: Answer }>();

  function send(kind: string, answer: Answer = {}): void {
    model.send({ kind, page: page(), ...answer.content }, undefined, answer.buffers ?? []);
  }

  async function work(request: Request, unasked: boolean, stop: AbortSignal): Promise<Answer> {
    const about = { id: request.id, name: request.name, unasked };
    try {
      const action = actions[request.name];
      if (!action) throw new Error(`this page knows no request ${request.name}`);
      const { content, buffers = [] } = await action(request, AbortSignal.any([signal, stop]));
      return { content: { ...about, ...content }, buffers };
    } catch (error) {
      const { name, message } = asFailure(error);
      return { content: { ...about, failure: { name, message } } };
    }
  }

  async function start(request: Request, unasked: boolean): Promise<void> {
    const job: { stop: AbortController; answer?: Answer } = { stop: new AbortController() };
    jobs.set(request.id, job);
    for (const id of [...jobs.keys()].slice(0, -KEPT)) jobs.delete(id);
    job.answer = await work(request, unasked, job.stop.signal);
    if (!job.stop.signal.aborted && !signal.aborted) send("answer", job.answer);
  }

  function receive(message: { kind?: string; page?: string } & Request): void {
    if (message.kind === "who") send("hello");
    if (message.kind === "cancel") jobs.get(message.id)?.stop.abort();
    if (message.kind !== "request" || message.page !== page()) return;
    const known = jobs.get(message.id);
    if (known?.answer) {
      send("answer", known.answer);
      return;
    }
    send("ack", { content: { id: message.id } });
    if (!known) start(message, false);
  }

  model.on("msg:custom", receive);
  onAbort(signal, () => model.off("msg:custom", receive));
  addEventListener("pagehide", () => send("bye"), { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && send("hello"), { signal });
  send("hello");

  return {
    press: (name, timeout) => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      return start({ id, name, timeout }, true);
    },
  };
}
