/** Opens a WidgetStream, by `assets/dom.ts`, which pages that have none need not load. */

import type { AnyModel } from "@anywidget/types";
import { asset } from "./asset.ts";
import { Declined } from "./failure.ts";
import { unlessAborted } from "./lifetime.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import type { WidgetStreamTraits } from "./traits.ts";

type Model = AnyModel<WidgetStreamTraits>;

interface Dom {
  openWidget(model: Model, attempt: Attempt): Promise<Source>;
}

let loading: Promise<Dom> | null = null;

/** The asset, loaded once: who else waits for it must not lose it with the first who asked. */
function load(model: Model): Promise<Dom> {
  if (loading) return loading;
  loading = asset<Dom>(model, "dom", new AbortController().signal);
  loading.catch(() => {
    loading = null;
  });
  return loading;
}

export const widget: Opener<WidgetStreamTraits> = {
  async open(model, attempt) {
    const { openWidget } = await unlessAborted(load(model), attempt.signal);
    try {
      return await openWidget(model, attempt);
    } catch (error) {
      // The asset has classes of its own, with the same shape.
      const { message, aloud } = error as Partial<Declined>;
      throw aloud === undefined ? error : new Declined(message ?? "", { aloud });
    }
  },
  quiet: async () => true,
  fleeting: "A stream of a widget",
  byHand(model) {
    if (model.get("method") !== "screen") return false;
    // The browser lets a click prompt for 5 s, in which a busy kernel may send nothing.
    load(model);
    return true;
  },
};
