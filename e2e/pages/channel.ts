/** What the page of Colab and the iframes of its outputs tell each other. */

import type { JSONObject } from "@lumino/coreutils";
import type { Output } from "./notebook.ts";

export interface Message {
  data: JSONObject;
  buffers: ArrayBuffer[];
}

export type ToOutput =
  | { kind: "show"; output: Output }
  | { kind: "opened"; id: string; data: JSONObject }
  | { kind: "state"; id: string; state: Record<string, unknown> | null }
  | { kind: "closed"; id: string }
  | ({ kind: "message"; id: string } & Message);

export type ToPage = { kind: "want"; id: string } | ({ kind: "send"; id: string } & Message);
