import { streamWidget } from "../lib/preview.ts";
import { screen } from "../lib/screen.ts";

export default streamWidget(screen);
