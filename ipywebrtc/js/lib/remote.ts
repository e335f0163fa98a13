/** Opens the stream that a peer receives: it is there while this page is in the call. */

import { Failure } from "./failure.ts";
import { event } from "./lifetime.ts";
import type { Opener } from "./live.ts";
import { flows, remoteOf } from "./remotes.ts";
import { stillOf } from "./still.ts";

const NOBODY = new Failure("SourceError", "Nobody is connected now.");
const OVER = new Failure("SourceError", "The call is over.");

export const remote: Opener = {
  async open(model, { signal, report, changed }) {
    const remote = remoteOf(model.get("_uid"));
    while (!flows(remote)) {
      report("waiting", NOBODY);
      await event(remote, ["change"], signal);
      if (remote.over) throw OVER;
    }
    const { stream } = remote;
    const follow = () => {
      if (remote.over) report("ended", OVER);
      else if (!flows(remote)) report("waiting", NOBODY);
      else {
        report("live");
        changed();
      }
    };
    remote.addEventListener("change", follow, { signal });
    return { stream, mirrored: false, fickle: true, still: stillOf(stream, signal) };
  },
  quiet: async () => true,
  fleeting: "Somebody in a call",
};
