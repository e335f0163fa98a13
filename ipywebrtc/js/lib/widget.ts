/** Opens a WidgetStream, by `assets/dom.ts`, which pages that have none need not load. */

import type { AnyModel } from "@anywidget/types";
import { asset } from "./asset.ts";
import { Declined } from "./failure.ts";
import type { Attempt, Opener, Source } from "./live.ts";
import type { WidgetStreamTraits } from "./traits.ts";

interface Dom {
  openWidget(model: AnyModel<WidgetStreamTraits>, attempt: Attempt): Promise<Source>;
}

export const widget: Opener<WidgetStreamTraits> = {
  async open(model, attempt) {
    const { openWidget } = await asset<Dom>(model, "dom", attempt.signal);
    try {
      return await openWidget(model, attempt);
    } catch (error) {
      // The asset has classes of its own, with the same shape.
      const { message, aloud } = error as Partial<Declined>;
      throw aloud === undefined ? error : new Declined(message ?? "", { aloud });
    }
  },
  quiet: async () => true,
  byHand: (model) => model.get("method") === "screen",
};
