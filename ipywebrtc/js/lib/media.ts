/** The bytes or URL that a core Image, Video or Audio widget holds, as something to load. */

import type { AnyModel } from "@anywidget/types";
import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";

export interface Loadable {
  url: string;
  /** What to call it in a sentence. */
  name: string;
  /** What to try when it does not load. */
  advice: string;
}

/** Resolves URLs relative to the notebook, where the host can. */
interface UrlResolver {
  resolveUrl?(url: string): Promise<string>;
}

/** Whether a URL is http, https, blob or relative; `_download.py` has the same. */
export function mayLoad(url: string): boolean {
  try {
    return ["http:", "https:", "blob:"].includes(new URL(url).protocol);
  } catch {
    return true; // It is relative.
  }
}

/** A URL for what `holder` holds, valid until the signal fires. */
export async function loadable(
  holder: AnyModel,
  kind: string,
  signal: AbortSignal,
): Promise<Loadable> {
  const value: DataView | Uint8Array<ArrayBuffer> | ArrayBuffer | string = holder.get("value");
  const format: string = holder.get("format");
  const size = typeof value === "string" ? value.length : (value?.byteLength ?? 0);
  if (size === 0) {
    throw new Failure("SourceError", `The ${kind} is empty: set ${kind}.value, or use from_file.`);
  }
  if (format === "url") {
    const given = typeof value === "string" ? value : new TextDecoder().decode(value);
    if (!mayLoad(given)) {
      throw new Failure(
        "SourceError",
        `The URL of the ${kind} has another scheme than http, https or blob: use one of these, a relative URL, or from_file.`,
      );
    }
    const url = (await (holder.widget_manager as UrlResolver)?.resolveUrl?.(given)) ?? given;
    return {
      url,
      name: `The ${kind} ${given}`,
      advice: `check that it opens in a browser tab and that its server allows other sites (CORS), or use from_download`,
    };
  }
  const url = URL.createObjectURL(new Blob([value as BlobPart], { type: `${kind}/${format}` }));
  onAbort(signal, () => URL.revokeObjectURL(url));
  return {
    url,
    name: `The ${kind}, ${size} bytes of ${format},`,
    advice: `check that the file is whole and of a format that this browser shows`,
  };
}

export function notLoadable({ name, advice }: Loadable): Failure {
  return new Failure("SourceError", `${name} could not be loaded: ${advice}.`);
}
