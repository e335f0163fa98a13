/** What a stream of a widget says while the widget can't be seen. */

import { Failure } from "./failure.ts";

/** Colab gives each output an iframe; what is in another one can't be seen. */
const FRAMED = "parent" in globalThis && parent !== self;

export const NOT_SHOWN = new Failure(
  "SourceError",
  `The widget is not shown in this page now: display it, or scroll to it${
    FRAMED ? " (in Colab: in the same output, with a VBox of both)" : ""
  }.`,
);
