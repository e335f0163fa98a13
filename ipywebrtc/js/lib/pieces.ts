/** Gets the last recording from the kernel, piece by piece: `_MediaRecorder._read` sends them. */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import { page } from "./page.ts";

/** Milliseconds between two askings for the same piece. */
const AGAIN = 3000;
/** Askings for one piece, after which it is given up. */
const TRIES = 10;
const LENGTH = 1 << 20;

interface Piece {
  kind?: string;
  page?: string;
  position?: number;
  total?: number;
}

/** The file as a Blob of this type; `progress` is told how much of it is here, 0 to 1. */
export async function fetchRecording(
  model: AnyModel,
  type: string,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const parts: BlobPart[] = [];
  let position = 0;
  let total = Number.POSITIVE_INFINITY;
  while (position < total) {
    const piece = await ask(model, position, signal);
    if (!piece.length)
      throw new Failure("MediaError", "The kernel has no recording: record again.");
    parts.push(piece.bytes);
    position += piece.length;
    total = piece.total;
    progress(position / total);
  }
  return new Blob(parts, { type });
}

function ask(
  model: AnyModel,
  position: number,
  signal: AbortSignal,
): Promise<{ bytes: BlobPart; length: number; total: number }> {
  const done = new AbortController();
  const ends = AbortSignal.any([signal, done.signal]);
  return new Promise<{ bytes: BlobPart; length: number; total: number }>((resolve, reject) => {
    let tries = 0;
    const send = () => {
      tries += 1;
      if (tries > TRIES) {
        reject(new Failure("MediaError", "The kernel does not answer: try again when it is free."));
      } else model.send({ kind: "read", page: page(), position, length: LENGTH });
    };
    const receive = (piece: Piece, [bytes]: ArrayBufferView[] = []) => {
      if (piece.kind !== "piece" || piece.page !== page() || piece.position !== position) return;
      const length = bytes?.byteLength ?? 0;
      resolve({ bytes: bytes as BlobPart, length, total: piece.total ?? 0 });
    };
    model.on("msg:custom", receive);
    const again = setInterval(send, AGAIN);
    onAbort(ends, () => {
      model.off("msg:custom", receive);
      clearInterval(again);
      reject(signal.reason);
    });
    send();
  }).finally(() => done.abort());
}
