/** A button that puts a text on the clipboard, and says that it did. */

import { h } from "./shell.ts";

/** Milliseconds for which the button says that it was done. */
const SAID = 1500;

export function makeCopyButton(label: string, text: () => string): HTMLButtonElement {
  const button = h("button", { type: "button", className: "plain" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      copySelected(button, text());
    }
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = label;
    }, SAID);
  });
  return button;
}

/** Pages that are not secure have no clipboard but that of what is selected. */
function copySelected(button: HTMLElement, text: string): void {
  const area = h("textarea", { value: text });
  button.after(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  button.focus();
}
