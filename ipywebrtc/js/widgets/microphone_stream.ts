import { microphone } from "../lib/microphone.ts";
import { streamWidget } from "../lib/preview.ts";

export default streamWidget(microphone);
