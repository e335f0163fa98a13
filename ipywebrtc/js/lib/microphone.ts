/** Opens a MicrophoneStream by getUserMedia. */

import type { AnyModel } from "@anywidget/types";
import { capture, type Plan, wantedOf } from "./capture.ts";
import { microphoneConstraints } from "./constraints.ts";
import { granted } from "./devices.ts";
import type { Opener, Source } from "./live.ts";
import { stillOf } from "./still.ts";
import type { MicrophoneStreamTraits } from "./traits.ts";

export const microphone: Opener<MicrophoneStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    // For these Chromium fulfils applyConstraints and changes nothing; so they take a new track.
    const follows = ["audio_device", "echo_cancellation", "noise_suppression", "auto_gain_control"];
    const planner = { plan: () => planOf(model), kinds: ["audio"] as const, follows };
    const stream = await capture(model, planner, attempt);
    return { stream, mirrored: false, still: stillOf(stream, attempt.signal) };
  },
  quiet: (model) => granted(wantedOf(planOf(model))),
  fleeting: "A microphone",
};

function planOf(model: AnyModel<MicrophoneStreamTraits>): Plan {
  const audio = microphoneConstraints({
    echo: model.get("echo_cancellation"),
    noise: model.get("noise_suppression"),
    gain: model.get("auto_gain_control"),
  });
  return { constraints: { audio }, devices: { audio: model.get("audio_device"), video: null } };
}
