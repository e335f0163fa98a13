/** The name of a room, to be copied and sent to others. */

import type { AnyModel } from "@anywidget/types";
import { makeCopyButton } from "./copy_button.ts";
import { onChange } from "./lifetime.ts";
import { h } from "./shell.ts";
import type { WebRTCRoomTraits } from "./traits.ts";

export function makeInvitation(
  model: AnyModel<WebRTCRoomTraits>,
  signal: AbortSignal,
): HTMLElement {
  const code = h("input", { readOnly: true, ariaLabel: "Code of this room" });
  const copy = makeCopyButton("Copy", () => code.value);
  const element = h("div", { className: "invitation" }, code, copy);
  copy.addEventListener("click", () => code.select());
  const update = () => {
    code.value = model.get("room");
    code.size = Math.max(4, code.value.length);
  };
  onChange(model, ["room"], update, signal);
  update();
  return element;
}
