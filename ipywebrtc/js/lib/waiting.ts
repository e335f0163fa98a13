/** What a stream of a widget says while the widget can't be seen. */

import { Failure } from "./failure.ts";

export const NOT_SHOWN = new Failure(
  "SourceError",
  "The widget is not shown in this page now: display it, or scroll to it.",
);
