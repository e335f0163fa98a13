/** Opens an ImageStream: a canvas with the image on it, captured. */

import type { AnyModel } from "@anywidget/types";
import { asFailure, Failure } from "./failure.ts";
import { onAbort, onChange } from "./lifetime.ts";
import type { Opener, Source } from "./live.ts";
import { loadable, notLoadable } from "./media.ts";
import { child } from "./refs.ts";
import type { ImageStreamTraits } from "./traits.ts";

/** Milliseconds after which an unchanged image is drawn again, for users that come late. */
const REPEAT = 500;

export const image: Opener<ImageStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    const { signal } = attempt;
    const holder = await child(model, "image");
    if (!holder) throw new Failure("SourceError", "The ImageStream has no image: set its trait.");
    const canvas = document.createElement("canvas");
    let shown = new Image();
    let newest = 0;
    const draw = () => {
      canvas.width = shown.naturalWidth; // Clears the canvas, even where the width is the same.
      canvas.height = shown.naturalHeight;
      canvas.getContext("2d")?.drawImage(shown, 0, 0);
    };
    const refresh = async () => {
      newest += 1;
      const mine = newest;
      const decoded = await decode(holder);
      if (mine !== newest) return;
      shown = decoded;
      draw();
    };
    const changed = () => {
      if (signal.aborted) attempt.reopen();
      else refresh().catch((error) => attempt.report("error", asFailure(error)));
    };
    onChange(holder, ["value", "format"], changed, attempt.replaced);
    await refresh();
    const stream = canvas.captureStream();
    const repeat = setInterval(draw, REPEAT);
    onAbort(signal, () => {
      clearInterval(repeat);
      for (const track of stream.getTracks()) track.stop();
    });
    draw(); // A canvas sends what is drawn after it is captured.
    return {
      stream,
      mirrored: false,
      still: async () => ({ image: shown, width: shown.naturalWidth, height: shown.naturalHeight }),
    };
  },
  quiet: async () => true,
};

async function decode(holder: AnyModel): Promise<HTMLImageElement> {
  const loading = new AbortController();
  const source = await loadable(holder, "image", loading.signal);
  const picture = new Image();
  picture.crossOrigin = "anonymous"; // What is loaded without CORS can't be captured.
  picture.src = source.url;
  try {
    await picture.decode();
  } catch {
    throw notLoadable(source);
  } finally {
    loading.abort();
  }
  return picture;
}
