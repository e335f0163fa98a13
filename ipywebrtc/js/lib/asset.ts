/**
 * Heavy modules, which the kernel sends on first use: so no bundle carries them.
 *
 * A page imports one once, from a blob, and keeps it for all bundles under the hash of its bytes:
 * two versions of the package may meet on one page.
 */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import { page } from "./page.ts";

const KEY = Symbol.for("ipywebrtc.assets/1");
/** Milliseconds between two askings: a busy kernel answers the first of them late. */
const AGAIN = 5_000;
const PATIENCE = 30_000;

interface Message {
  kind?: string;
  page?: string;
  name?: string;
  hash?: string;
  failure?: string;
}

/** What this bundle was sent: it need not ask again, which the kernel may be too busy to answer. */
const sent = new Map<string, unknown>();

/** The module `name` of `js/assets/`, asked for by way of a widget's model. */
export async function asset<Module>(
  model: AnyModel,
  name: string,
  signal: AbortSignal,
): Promise<Module> {
  if (!sent.has(name)) sent.set(name, await load(model, name, signal));
  return sent.get(name) as Module;
}

async function load(model: AnyModel, name: string, signal: AbortSignal): Promise<unknown> {
  const { hash, bytes } = await ask(model, name, signal);
  const modules = loaded();
  const known = modules.get(hash) ?? importBytes(bytes);
  modules.set(hash, known);
  known.catch(() => modules.delete(hash));
  return known;
}

function loaded(): Map<string, Promise<unknown>> {
  const shared = globalThis as { [KEY]?: Map<string, Promise<unknown>> };
  shared[KEY] ??= new Map();
  return shared[KEY];
}

function ask(
  model: AnyModel,
  name: string,
  signal: AbortSignal,
): Promise<{ hash: string; bytes: BlobPart | undefined }> {
  const done = new AbortController();
  const ends = AbortSignal.any([signal, done.signal]);
  return new Promise<{ hash: string; bytes: BlobPart | undefined }>((resolve, reject) => {
    const receive = (message: Message, buffers: BlobPart[]) => {
      if (message.kind !== "asset" || message.page !== page() || message.name !== name) return;
      if (message.failure) reject(new Failure("MediaError", message.failure));
      else resolve({ hash: message.hash ?? "", bytes: buffers?.[0] });
    };
    const send = () =>
      model.send({ kind: "asset", page: page(), name, have: [...loaded().keys()] });
    const silent = new Failure(
      "MediaError",
      `The kernel has not sent ${name}.js, which this stream needs: try again when it is not busy.`,
    );
    model.on("msg:custom", receive);
    const again = setInterval(send, AGAIN);
    const late = setTimeout(() => reject(silent), PATIENCE);
    onAbort(ends, () => {
      model.off("msg:custom", receive);
      clearInterval(again);
      clearTimeout(late);
      reject(signal.reason);
    });
    send();
  }).finally(() => done.abort());
}

async function importBytes(bytes: BlobPart | undefined): Promise<unknown> {
  if (!bytes) throw new Failure("MediaError", "A part of the message was lost: try again.");
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
