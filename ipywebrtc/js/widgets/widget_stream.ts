import { streamWidget } from "../lib/preview.ts";
import { widget } from "../lib/widget.ts";

export default streamWidget(widget);
