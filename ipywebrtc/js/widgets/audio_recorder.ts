import { recorderWidget } from "../lib/recorder_widget.ts";

export default recorderWidget("audio");
