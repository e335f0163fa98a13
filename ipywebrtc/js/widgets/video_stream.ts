import { streamWidget } from "../lib/preview.ts";
import { video } from "../lib/video.ts";

export default streamWidget(video);
