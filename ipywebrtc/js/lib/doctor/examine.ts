/** Examines the page for the kernel's request; it opens nothing and makes the browser ask nothing. */

import type { AnyModel } from "@anywidget/types";
import type { Answer, Request } from "../page.ts";
import { codecFacts } from "./codecs.ts";
import { deviceFacts } from "./devices.ts";
import { placeFacts } from "./place.ts";
import { kernelFacts } from "./round_trip.ts";
import { networkFacts } from "./ways.ts";

type Told = Request & { ice_servers: RTCIceServer[] };

export async function examine(
  model: AnyModel,
  request: Request,
  signal: AbortSignal,
): Promise<Answer> {
  const groups = await Promise.all([
    kernelFacts(model, signal),
    placeFacts(),
    deviceFacts(),
    codecFacts(),
    networkFacts((request as Told).ice_servers, signal),
  ]);
  return { content: { facts: groups.flat() } };
}
