/** The images and fonts of a widget as data URLs: a picture of SVG can't load anything. */

/** What is drawn where an image should be that may not be read. */
export const PLACEHOLDER = `data:image/svg+xml,${encodeURIComponent(
  "<svg xmlns='http://www.w3.org/2000/svg' width='32' height='32'><path fill='#ccc' d='M0 0h32v32H0z'/><path stroke='#999' d='m0 0 32 32M32 0 0 32'/></svg>",
)}`;
/** Milliseconds that a picture waits for what it shows. */
const PATIENCE = 5000;

export interface Resources {
  /** The data of a URL, once it is there; null while it is awaited. */
  get(url: string): string | null;
  /** Settles when all that was asked for is there, or can't be had. */
  settled(): Promise<void>;
  /** What could not be read, of all that was asked for since the last `sweep`. */
  failed(): string[];
  /** Forgets what was not asked for since the last call. */
  sweep(): void;
}

interface Entry {
  data: string | null;
  failed: boolean;
  used: boolean;
  loading: Promise<void>;
}

export function makeResources(signal: AbortSignal): Resources {
  const entries = new Map<string, Entry>();

  function begin(url: string): Entry {
    const entry: Entry = { data: null, failed: false, used: true, loading: Promise.resolve() };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const read = async () => dataOf(await (await load(url, limit)).blob());
    entry.loading = read().then(
      (data) => {
        entry.data = data;
      },
      () => {
        entry.data = PLACEHOLDER;
        entry.failed = true;
      },
    );
    return entry;
  }

  return {
    get(url) {
      if (url.startsWith("data:")) return url;
      const entry = entries.get(url) ?? begin(url);
      entries.set(url, entry);
      entry.used = true;
      return entry.data;
    },
    async settled() {
      await Promise.all([...entries.values()].map(({ loading }) => loading));
    },
    failed: () => [...entries].filter(([, e]) => e.failed && e.used).map(([url]) => url),
    sweep() {
      for (const [url, entry] of entries) {
        if (!entry.used) entries.delete(url);
        entry.used = false;
      }
    },
  };
}

/** Loads a file; rejects where it can't be read. */
export async function load(url: string, signal: AbortSignal | null = null): Promise<Response> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

/** A file as a data URL. */
export function dataOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
