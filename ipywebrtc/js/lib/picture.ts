/** An encoded picture out of a still. */

import { Failure } from "./failure.ts";
import type { Still } from "./still.ts";

export interface PictureOptions {
  format: string;
  /** 0 to 1; for jpeg and webp. */
  quality: number;
  /** Width and height; either may be missing and follows from the proportions. */
  size: [number | null, number | null] | null;
}

export interface Picture {
  blob: Blob;
  width: number;
  height: number;
}

/** The size of a picture of a still. */
export function pictureSize(
  { width, height }: { width: number; height: number },
  size: PictureOptions["size"],
): [number, number] {
  const [w, h] = size ?? [null, null];
  if (w !== null && h !== null) return [w, h];
  if (w !== null) return [w, Math.max(1, Math.round((height * w) / width))];
  if (h !== null) return [Math.max(1, Math.round((width * h) / height)), h];
  return [width, height];
}

export async function encode(still: Still, options: PictureOptions): Promise<Picture> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = pictureSize(still, options.size);
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  if (!context) throw new Failure("MediaError", `The browser has no canvas of ${width}×${height}.`);
  context.drawImage(still.image, 0, 0, width, height);
  const type = `image/${options.format}`;
  const blob = await new Promise<Blob | null>((resolve) =>
    canvas.toBlob(resolve, type, options.quality),
  );
  // A browser that can't encode the type returns a PNG, without a word.
  if (blob?.type !== type) {
    const formats = options.format === "jpeg" ? "png" : "png or jpeg";
    throw new Failure(
      "UnsupportedFormat",
      `This browser can't encode ${options.format} pictures of ${width}×${height}: set format to ${formats}.`,
    );
  }
  return { blob, width, height };
}
