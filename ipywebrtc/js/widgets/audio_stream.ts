import { audio } from "../lib/playback.ts";
import { streamWidget } from "../lib/preview.ts";

export default streamWidget(audio);
