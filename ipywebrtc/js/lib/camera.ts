/** Opens a CameraStream by getUserMedia. */

import type { AnyModel } from "@anywidget/types";
import { capture, type Plan, wantedOf } from "./capture.ts";
import { KINDS } from "./choice.ts";
import { browserConstraints, wantedFacing } from "./constraints.ts";
import { granted } from "./devices.ts";
import { onChange } from "./lifetime.ts";
import type { Opener, Source } from "./live.ts";
import { stillOf } from "./still.ts";
import type { CameraStreamTraits } from "./traits.ts";

type Model = AnyModel<CameraStreamTraits>;

export const camera: Opener<CameraStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    onChange(model, ["constraints"], attempt.reopen, attempt.replaced);
    const follows = ["audio_device", "video_device"];
    const plan = () => planOf(model);
    const stream = await capture(model, { plan, kinds: KINDS, follows }, attempt);
    onChange(model, ["mirror"], () => attempt.changed(), attempt.signal);
    return {
      stream,
      get mirrored() {
        return model.get("mirror") ?? looksAtUser(stream, plan());
      },
      still: stillOf(stream, attempt.signal),
    };
  },
  quiet: (model) => granted(wantedOf(planOf(model))),
  fleeting: "A camera",
};

function planOf(model: Model): Plan {
  return {
    constraints: browserConstraints(model.get("constraints")),
    devices: { audio: model.get("audio_device"), video: model.get("video_device") },
  };
}

function looksAtUser(stream: MediaStream, { constraints }: Plan): boolean {
  const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
  return (facing || wantedFacing(constraints)) === "user";
}
