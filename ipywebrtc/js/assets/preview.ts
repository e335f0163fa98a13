/** The view of a stream, for widgets that show one as a part of theirs. */

export { streamWidget } from "../lib/preview.ts";
