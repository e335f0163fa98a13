import { streamWidget } from "../lib/preview.ts";
import { remote } from "../lib/remote.ts";

export default streamWidget(remote);
