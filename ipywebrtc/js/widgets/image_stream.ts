import { image } from "../lib/image.ts";
import { streamWidget } from "../lib/preview.ts";

export default streamWidget(image);
