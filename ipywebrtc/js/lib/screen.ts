/** Opens a ScreenStream by getDisplayMedia: the user chooses what to share, at a click. */

import type { AnyModel } from "@anywidget/types";
import { displayOptions } from "./constraints.ts";
import { explainDisplay, unavailable } from "./devices.ts";
import { Failure } from "./failure.ts";
import { onAbort } from "./lifetime.ts";
import type { Opener, Source } from "./live.ts";
import { stillOf } from "./still.ts";
import type { ScreenStreamTraits } from "./traits.ts";

export const screen: Opener<ScreenStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    const { signal } = attempt;
    const reason = unavailable({ audio: false, video: false, display: true });
    if (reason) throw reason;
    attempt.report("waiting");
    const stream = await choose(model);
    onAbort(signal, () => {
      for (const track of stream.getTracks()) track.stop();
    });
    // Sharing ends with the picture; its sound may end before, as that of a closed tab does.
    const ended = () =>
      attempt.report(
        "ended",
        new Failure(
          "SourceError",
          "Sharing was ended in the browser, or what was shared was closed: press the view's button to share again.",
        ),
      );
    stream.getVideoTracks()[0]?.addEventListener("ended", ended, { signal });
    return { stream, mirrored: false, still: stillOf(stream, signal) };
  },
  quiet: async () => false,
  fleeting: "A shared screen",
  byHand: () => true,
};

/** Nothing may be awaited before: browsers forget the click. */
async function choose(model: AnyModel<ScreenStreamTraits>): Promise<MediaStream> {
  const options = displayOptions(model.get("surface"), model.get("audio"), model.get("cursor"));
  try {
    return await navigator.mediaDevices.getDisplayMedia(options);
  } catch (error) {
    throw explainDisplay(error);
  }
}
