/** A MediaStream without a source of its own: what it shows is made elsewhere in the page. */

import { Failure } from "./failure.ts";
import type { Opener } from "./live.ts";

export const remote: Opener = {
  async open() {
    throw new Failure(
      "SourceError",
      "This MediaStream has no source: use a CameraStream, VideoStream or ImageStream.",
    );
  },
  quiet: async () => true,
};
