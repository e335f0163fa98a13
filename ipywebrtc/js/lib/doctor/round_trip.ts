/** How long a message takes to the kernel and back. */

import type { AnyModel } from "@anywidget/types";
import { subshells } from "../kernel.ts";
import { onAbort, unlessAborted } from "../lifetime.ts";
import { page } from "../page.ts";
import { type Fact, facts } from "./fact.ts";

/** How many messages are sent, one after the other. */
const COUNT = 5;
/** Milliseconds in which they must be back. */
const LIMIT = 5000;
/** Milliseconds that are felt. */
const SLOW = 300;
const NO_ANSWER =
  "The kernel took a request but answers no more: wait for its running cell, or interrupt it.";
const FAR =
  "Pictures and live frames come that late: use a kernel that is nearer, or one that computes less.";

const { ok, warning, failure } = facts("Kernel");

export async function kernelFacts(model: AnyModel, signal: AbortSignal): Promise<Fact[]> {
  const told = subshells(model);
  return [...(told ? [ok("subshells", told)] : []), await roundTrip(model, signal)];
}

async function roundTrip(model: AnyModel, signal: AbortSignal): Promise<Fact> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]);
  const times: number[] = [];
  try {
    for (let number = 0; number < COUNT; number += 1) times.push(await trip(model, number, ends));
  } catch {
    return failure("round trip", `none in ${LIMIT / 1000} s`, NO_ANSWER);
  }
  const median = times.sort((a, b) => a - b)[Math.floor(COUNT / 2)] as number;
  const value = `${median.toFixed(median < 10 ? 1 : 0)} ms from page to kernel and back`;
  return median > SLOW ? warning("round trip", value, FAR) : ok("round trip", value);
}

async function trip(model: AnyModel, number: number, signal: AbortSignal): Promise<number> {
  const done = new AbortController();
  const back = new Promise<void>((resolve) => {
    const receive = (message: { kind?: string; page?: string; number?: number }) => {
      if (message.kind === "pong" && message.page === page() && message.number === number) {
        resolve();
      }
    };
    model.on("msg:custom", receive);
    onAbort(done.signal, () => model.off("msg:custom", receive));
  });
  const begun = performance.now();
  model.send({ kind: "ping", page: page(), number });
  try {
    await unlessAborted(back, signal);
  } finally {
    done.abort();
  }
  return performance.now() - begun;
}
