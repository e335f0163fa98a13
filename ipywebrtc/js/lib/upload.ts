/**
 * Sends a recording to the kernel while it is made; the protocol is at the head of `upload.py`.
 *
 * What is not acknowledged is kept, and so is the whole as long as it is small: then the page need
 * not ask for it to show it.
 */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { onAbort, unlessAborted } from "./lifetime.ts";
import { page } from "./page.ts";

/** Bytes of a chunk; Colab takes no more than half of it at once. */
const CHUNK = globalThis.location?.host.endsWith("googleusercontent.com") ? 1 << 19 : 1 << 20;
/** Chunks under way at most; `upload.py` has the same. */
const WINDOW = 8;
/** Milliseconds after which a piece is sent, however small it is. */
const DELAY = 1000;
/** Milliseconds without a word from the kernel after which it is asked what it has. */
const PATIENCE = 2000;
/** Bytes up to which the page keeps what it sent. */
const KEPT = 16 * 1024 * 1024;

export interface Upload {
  /** Writes a piece of the file at a position, over what is there. */
  write(position: number, data: Uint8Array<ArrayBuffer>): void;
  /** Begins the file anew. */
  restart(): void;
  /** Settles when the kernel has all of it. */
  finish(): Promise<{ chunks: number; size: number }>;
  /** Bytes of the file so far, and those of them that the kernel has acknowledged. */
  readonly size: number;
  readonly acknowledged: number;
  /** The whole file, if it is small. */
  kept(): Uint8Array<ArrayBuffer> | null;
}

interface Chunk {
  seq: number;
  part: number;
  position: number;
  data: Uint8Array<ArrayBuffer>;
  more: Record<string, unknown>;
}

interface Reply {
  kind?: string;
  page?: string;
  id?: string;
  next?: number;
  number?: number;
  refused?: string;
}

const EMPTY = new Uint8Array(0);

/** Opens a file in the kernel; `refused` is told when that takes no more of it. */
export function makeUpload(
  model: AnyModel,
  id: string,
  opening: { format: string; unasked: boolean },
  refused: (failure: Failure) => void,
  signal: AbortSignal,
): Upload {
  const waiting: Chunk[] = []; // Those that are not acknowledged, in their order.
  let sent = 0; // How many of them are under way.
  let seq = 0;
  let part = 0;
  let size = 0;
  let acknowledged = 0;
  let heard = performance.now();
  let probe = 0;
  let probed = 0; // The first chunk that was not sent before the last probe.
  let drained: (() => void) | null = null;
  let pieces: { position: number; data: Uint8Array<ArrayBuffer> }[] | null = [];
  let gathered = { position: 0, length: 0, data: [] as Uint8Array<ArrayBuffer>[] };
  let timer: ReturnType<typeof setTimeout> | undefined;

  function queue(position: number, data: Uint8Array<ArrayBuffer>, more = {}): void {
    waiting.push({ seq, part, position, data, more });
    seq += 1;
    send();
  }

  function send(): void {
    if (signal.aborted) return;
    if (sent === 0) heard = performance.now();
    for (; sent < Math.min(WINDOW, waiting.length); sent += 1) {
      const { data, more, ...chunk } = waiting[sent] as Chunk;
      const content = { kind: "chunk", page: page(), id, ...chunk, length: data.length, ...more };
      model.send(content, undefined, [data]);
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!gathered.length) return;
    const { position, length } = gathered;
    const data = new Uint8Array(length);
    let at = 0;
    for (const piece of gathered.data) {
      data.set(piece, at);
      at += piece.length;
    }
    gathered = { position: position + length, length: 0, data: [] };
    for (let begin = 0; begin < length; begin += CHUNK) {
      queue(position + begin, data.slice(begin, begin + CHUNK));
    }
  }

  function receive(reply: Reply): void {
    if (reply.kind !== "upload" || reply.page !== page() || reply.id !== id) return;
    heard = performance.now();
    if (reply.refused) {
      refused(new Failure("MediaError", reply.refused));
      return;
    }
    while (waiting[0] && waiting[0].seq < (reply.next ?? 0)) {
      acknowledged += waiting[0].data.length;
      waiting.shift();
      sent = Math.max(0, sent - 1);
    }
    // A probe follows the chunks on their way: those before it that its reply lacks are lost.
    if (reply.number === probe && (waiting[0]?.seq ?? seq) < probed) sent = 0;
    send();
    if (!waiting.length) drained?.();
  }

  function look(): void {
    if (sent === 0 || performance.now() - heard < PATIENCE) return;
    heard = performance.now();
    probe += 1;
    probed = waiting[sent]?.seq ?? seq;
    model.send({ kind: "probe", page: page(), id, number: probe });
  }

  model.on("msg:custom", receive);
  const looking = setInterval(look, PATIENCE / 2);
  onAbort(signal, () => {
    model.off("msg:custom", receive);
    clearInterval(looking);
    clearTimeout(timer);
  });
  queue(0, EMPTY, opening);

  return {
    get size() {
      return size;
    },
    get acknowledged() {
      return acknowledged;
    },
    write(position, data) {
      if (signal.aborted) return;
      size = Math.max(size, position + data.length);
      if (size > KEPT) pieces = null;
      pieces?.push({ position, data });
      const { position: begin, length } = gathered;
      if (length && position !== begin + length) flush();
      if (!gathered.length) gathered.position = position;
      gathered.data.push(data);
      gathered.length += data.length;
      if (gathered.length >= CHUNK) flush();
      timer ??= setTimeout(flush, DELAY);
    },
    restart() {
      flush();
      part += 1;
      size = 0;
      pieces = [];
      gathered = { position: 0, length: 0, data: [] };
    },
    async finish() {
      flush();
      const done = new Promise<void>((resolve) => {
        drained = resolve;
        if (!waiting.length) resolve();
      });
      await unlessAborted(done, signal);
      return { chunks: seq, size };
    },
    kept() {
      if (!pieces) return null;
      const whole = new Uint8Array(size);
      for (const { position, data } of pieces) whole.set(data, position);
      return whole;
    },
  };
}
