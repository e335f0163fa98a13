/**
 * The webview of a notebook in VS Code: one page with all outputs, and the widget manager of the
 * Jupyter extension, which finds the modules of widgets by requirejs.
 */

import type * as base from "@jupyter-widgets/base";
import type { Kernel } from "@jupyterlab/services";
import { anyWidget } from "./any_widget.ts";
import { connect, show, showIn } from "./notebook.ts";

interface Manager {
  get_model(id: string): Promise<base.WidgetModel>;
  create_view(model: base.WidgetModel, options: { el: HTMLElement }): Promise<base.DOMWidgetView>;
  display_view(message: unknown, view: base.DOMWidgetView, options: { node: HTMLElement }): unknown;
}

interface ScriptLoader {
  widgetsRegisteredInRequireJs: Set<string>;
  loadWidgetScript(module: string): Promise<void>;
  successHandler(): void;
  errorHandler(name: string, module: string, version: string, error: unknown): void;
}

/** What the extension's script leaves in the page. */
interface Globals {
  vscIPyWidgets8: { load(): void };
  vscIPyWidgets: {
    WidgetManager: new (
      kernel: Kernel.IKernelConnection,
      el: HTMLElement,
      loader: ScriptLoader,
      log: (message: string) => void,
    ) => Manager;
  };
}

const BASE = "@jupyter-widgets/base";

const modules = new Map<string, unknown>();
Object.assign(globalThis, {
  define: (name: string, make: () => unknown) => modules.set(name, make()),
  requirejs: ([name = ""]: string[], resolve: (module: unknown) => void, reject: () => void) =>
    modules.has(name) ? resolve(modules.get(name)) : reject(),
});
const extension = await import("@vscode/jupyter-ipywidgets8");
extension.activate();
const page = globalThis as unknown as Globals;
page.vscIPyWidgets8.load();

const kernel = await connect(true);
const loader: ScriptLoader = {
  widgetsRegisteredInRequireJs: new Set(),
  async loadWidgetScript(module) {
    if (module === "anywidget") modules.set(module, await anyWidget(modules.get(BASE)));
  },
  successHandler() {},
  errorHandler: (_name, module, _version, error) => console.error(module, error),
};
const manager = new page.vscIPyWidgets.WidgetManager(kernel, document.body, loader, () => {});

const places = new Map<HTMLElement, HTMLElement>();
await show(
  showIn(kernel, {
    clear(cell) {
      places.get(cell)?.remove();
      const place = document.createElement("div");
      place.className = "output";
      places.set(cell, place);
      cell.append(place);
    },
    async show(cell, { widget, text }) {
      const node = document.createElement("div");
      places.get(cell)?.append(node);
      if (widget) {
        const model = await manager.get_model(widget);
        manager.display_view(null, await manager.create_view(model, { el: node }), { node });
      } else {
        node.textContent = text;
      }
    },
  }),
);
