/** The stream that a recorder, a reader or a peer uses, whichever kind of stream it is. */

import type { AnyModel } from "@anywidget/types";
import { asset } from "./asset.ts";
import { Failure } from "./failure.ts";
import { knownLive, type Live } from "./live.ts";
import { child } from "./refs.ts";
import type { StreamTraits } from "./traits.ts";

interface Streams {
  openAny(model: AnyModel<StreamTraits>): Live;
}

/** The live object of the stream that a trait of a model refers to. */
export async function liveStream(
  model: AnyModel,
  signal: AbortSignal,
  trait = "stream",
): Promise<Live> {
  const stream = await child<StreamTraits>(model, trait);
  if (!stream) throw new Failure("SourceError", `There is no stream: set the trait \`${trait}\`.`);
  const known = knownLive(stream);
  if (known) return known;
  const { openAny } = await asset<Streams>(model, "streams", signal);
  return openAny(stream);
}
