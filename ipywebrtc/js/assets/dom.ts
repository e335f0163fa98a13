/** All that a WidgetStream needs and no other stream does: the renderer of `lib/dom/` above all. */

export { openWidget } from "../lib/widget_source.ts";
