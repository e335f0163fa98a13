/** Records by WebCodecs; Mediabunny (MPL-2.0), which writes the files, is too large for a bundle. */

export { webcodecs as makeEngine } from "../lib/webcodecs.ts";
