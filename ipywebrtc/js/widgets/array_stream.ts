import { array } from "../lib/array.ts";
import { streamWidget } from "../lib/preview.ts";

export default streamWidget(array);
