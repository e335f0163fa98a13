/** Opens a CameraStream by getUserMedia. */

import type { AnyModel } from "@anywidget/types";
import { browserConstraints, wantedFacing } from "./constraints.ts";
import { deviceNames, explain, granted, unavailable, type Wanted } from "./devices.ts";
import { Failure } from "./failure.ts";
import { onAbort, onChange } from "./lifetime.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import { stillOf } from "./still.ts";
import type { CameraStreamTraits } from "./traits.ts";

export const camera: Opener<CameraStreamTraits> = {
  async open(model, attempt): Promise<Source> {
    const { signal } = attempt;
    onChange(model, ["constraints"], attempt.reopen, attempt.replaced);
    const constraints = browserConstraints(model.get("constraints"));
    const wanted = wantedOf(model);
    const reason = unavailable(wanted);
    if (reason) throw reason;
    if (!(await granted(wanted))) attempt.report("waiting");
    const stream = await getUserMedia(constraints, wanted);
    onAbort(signal, () => {
      for (const track of stream.getTracks()) track.stop();
    });
    followEnd(stream, wanted, attempt);
    const facing = stream.getVideoTracks()[0]?.getSettings().facingMode;
    return {
      stream,
      mirrored: (facing || wantedFacing(constraints)) === "user",
      still: stillOf(stream, signal),
    };
  },
  quiet: (model) => granted(wantedOf(model)),
};

function wantedOf(model: AnyModel<CameraStreamTraits>): Wanted {
  const { audio, video } = browserConstraints(model.get("constraints"));
  return { audio: audio !== false, video: video !== false };
}

async function getUserMedia(
  constraints: MediaStreamConstraints,
  wanted: Wanted,
): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw explain(error, wanted);
  }
}

/** A track ends by itself when its device is unplugged or its permission is taken back. */
function followEnd(stream: MediaStream, wanted: Wanted, { signal, report }: Attempt): void {
  for (const track of stream.getTracks()) {
    const ended = () =>
      report(
        "ended",
        new Failure(
          "DeviceNotFound",
          `${track.label || deviceNames(wanted)} was unplugged, or its permission taken back: press Start, or call start().`,
        ),
      );
    track.addEventListener("ended", ended, { signal });
  }
}
