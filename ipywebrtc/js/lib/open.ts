/** The live object of any stream's model; bundles get at it by `streams.ts`, as an asset. */

import type { AnyModel } from "@anywidget/types";
import { array } from "./array.ts";
import { camera } from "./camera.ts";
import { Failure } from "./failure.ts";
import { canCapture, foreign } from "./foreign.ts";
import { image } from "./image.ts";
import { type Live, liveOf, type Opener } from "./live.ts";
import { microphone } from "./microphone.ts";
import { audio, video } from "./playback.ts";
import { remote } from "./remote.ts";
import { screen } from "./screen.ts";
import type { StreamTraits } from "./traits.ts";
import { widget } from "./widget.ts";

const OPENERS: Record<string, Opener> = {
  array,
  audio,
  camera,
  image,
  microphone,
  remote,
  screen,
  video,
  widget,
};

export function openAny(model: AnyModel<StreamTraits>): Live {
  const opener = isForeign(model) ? foreign : OPENERS[model.get("_kind")];
  if (opener) return liveOf(model, opener);
  throw new Failure("SourceError", "This widget is no stream that can be opened.");
}

/** Whether it's a MediaStream of another JavaScript module: its model makes the stream. */
function isForeign(model: AnyModel): boolean {
  const ours = model.get("_kind") !== "remote" && model.get("_kind") in OPENERS;
  return !ours && (canCapture(model) || model.get("_model_module") !== "anywidget");
}
