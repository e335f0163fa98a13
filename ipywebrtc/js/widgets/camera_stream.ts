import { camera } from "../lib/camera.ts";
import { streamWidget } from "../lib/preview.ts";

export default streamWidget(camera);
