/** What the host tells of the kernel behind a widget. */

import type { AnyModel } from "@anywidget/types";
import { onAbort } from "./lifetime.ts";

/** After these a kernel knows nothing of the widgets that it had. A lost connection is none. */
const GONE = ["restarting", "autorestarting", "terminating", "dead"];

type Listener = (sender: unknown, status: string) => void;

interface Signal<Handler> {
  connect(listener: Handler): void;
  disconnect(listener: Handler): void;
}

/** What the widget managers of JupyterLab, Notebook 7 and Voilà have. */
interface WithKernel {
  kernel?: {
    /** How the messages of widgets go to subshells, in JupyterLab 4.4 and later. */
    commsOverSubshells?: string;
    supportsSubshells?: boolean;
    statusChanged?: Signal<Listener>;
    /** When the notebook has this kernel no more: after "No Kernel", nothing else tells of it. */
    disposed?: Signal<() => void>;
  } | null;
}

/**
 * Whether this page shows what a notebook saved of a widget, and no kernel has it: an exported
 * HTML page, or a notebook that was opened without a kernel.
 *
 * A model's own connection is hidden from its module; that of its layout is not, where the host
 * has one. Both are made together.
 */
export function isSaved(model: AnyModel): boolean {
  const layout = model.get("layout") as { comm_live?: boolean } | string | undefined;
  return typeof layout === "object" && layout?.comm_live === false;
}

/** Calls back when the kernel of a model restarts, ends or is left, until the signal fires. */
export function onKernelGone(model: AnyModel, callback: () => void, signal: AbortSignal): void {
  const { kernel } = model.widget_manager as WithKernel;
  const listener: Listener = (_, status) => {
    if (GONE.includes(status)) callback();
  };
  kernel?.statusChanged?.connect(listener);
  kernel?.disposed?.connect(callback);
  onAbort(signal, () => {
    kernel?.statusChanged?.disconnect(listener);
    kernel?.disposed?.disconnect(callback);
  });
}

/** Whether messages of widgets reach the kernel beside the cell that runs; null if nobody tells. */
export function subshells(model: AnyModel): string | null {
  const { supportsSubshells, commsOverSubshells } =
    (model.widget_manager as WithKernel).kernel ?? {};
  if (supportsSubshells === undefined) return null;
  return supportsSubshells ? `used (${commsOverSubshells})` : "not supported";
}
