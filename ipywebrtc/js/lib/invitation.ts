/** The name of a room, to be copied and sent to others. */

import type { AnyModel } from "@anywidget/types";
import { onChange } from "./lifetime.ts";
import { h } from "./shell.ts";
import type { WebRTCRoomTraits } from "./traits.ts";

/** Milliseconds for which the button says that it was done. */
const SAID = 1500;

export function makeInvitation(
  model: AnyModel<WebRTCRoomTraits>,
  signal: AbortSignal,
): HTMLElement {
  const code = h("input", { readOnly: true, ariaLabel: "Code of this room" });
  const copy = h("button", { type: "button", className: "plain" }, "Copy");
  const element = h("div", { className: "invitation" }, code, copy);
  copy.addEventListener("click", async () => {
    code.select();
    try {
      await navigator.clipboard.writeText(code.value);
    } catch {
      // Pages that are not secure have no clipboard, but this.
      document.execCommand("copy");
    }
    copy.textContent = "Copied";
    setTimeout(() => {
      copy.textContent = "Copy";
    }, SAID);
  });
  const update = () => {
    code.value = model.get("room");
    code.size = Math.max(4, code.value.length);
  };
  onChange(model, ["room"], update, signal);
  update();
  return element;
}
