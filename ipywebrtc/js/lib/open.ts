/** The live object of any stream's model: so every bundle can open every source. */

import type { AnyModel } from "@anywidget/types";
import { camera } from "./camera.ts";
import { Failure } from "./failure.ts";
import { image } from "./image.ts";
import { type Live, liveOf, type Opener } from "./live.ts";
import { audio, video } from "./playback.ts";
import { remote } from "./remote.ts";
import type { StreamTraits } from "./traits.ts";

const OPENERS: Record<string, Opener> = { audio, camera, image, remote, video };

export function openAny(model: AnyModel<StreamTraits>): Live {
  const opener = OPENERS[model.get("_kind")];
  if (opener) return liveOf(model, opener);
  throw new Failure("SourceError", "This widget is no stream that can be opened.");
}
