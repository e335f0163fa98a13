/** Every opener: a page asks for it when it uses a stream whose own widget it has not loaded. */

export { openAny } from "../lib/open.ts";
