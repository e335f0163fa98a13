/** Records by MediaRecorder, and mends its files by Mediabunny (MPL-2.0). */

export { mediaRecorder as makeEngine } from "../lib/media_recorder.ts";
