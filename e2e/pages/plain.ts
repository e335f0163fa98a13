/**
 * A notebook and nothing else: JupyterLab's own outputs and connection to a kernel, and the widget
 * manager for web pages, which gets from the kernel what JupyterLab's gets.
 */

import * as base from "@jupyter-widgets/base";
import { HTMLManager } from "@jupyter-widgets/html-manager/lib/htmlmanager.js";
import { OutputArea, OutputAreaModel } from "@jupyterlab/outputarea";
import type { Kernel } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import { anyWidget } from "./any_widget.ts";
import { connect, show } from "./notebook.ts";

type Data = Record<string, unknown>;
type Buffers = ArrayBuffer[] | ArrayBufferView[];

/** Does what `KernelWidgetManager` of `@jupyter-widgets/jupyterlab-manager` does. */
class Manager extends HTMLManager {
  readonly kernel: Kernel.IKernelConnection;
  private restoring: Promise<void> | null = null;

  constructor(kernel: Kernel.IKernelConnection) {
    super({ loader });
    this.kernel = kernel;
    kernel.registerCommTarget(this.comm_target_name, async (comm, message) => {
      await this.handle_comm_open(new base.shims.services.Comm(comm), message);
    });
    kernel.statusChanged.connect((_, status) => {
      if (status === "restarting") this.disconnect();
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "connected") this.restore();
    });
  }

  /** Makes a model of each widget that the kernel has. */
  restore(): Promise<void> {
    this.restoring ??= this._loadFromKernel().finally(() => {
      this.restoring = null;
    });
    return this.restoring;
  }

  override async _create_comm(
    target: string,
    id: string,
    data?: unknown,
    metadata?: unknown,
    buffers?: Buffers,
  ): Promise<base.IClassicComm> {
    const comm = this.kernel.createComm(target, id);
    if (data || metadata) comm.open(data as never, metadata as never, buffers as never);
    return new base.shims.services.Comm(comm);
  }

  override async _get_comm_info(): Promise<Data> {
    const { content } = await this.kernel.requestCommInfo({ target_name: this.comm_target_name });
    return content.status === "ok" ? content.comms : {};
  }
}

function loader(module: string): Promise<unknown> {
  if (module === "anywidget") return anyWidget(base);
  return Promise.reject(new Error(`no module ${module}`));
}

const kernel = await connect(true);
const manager = new Manager(kernel);
await manager.restore();

const areas = new Map<HTMLElement, OutputArea>();
await show(async (cell, source) => {
  areas.get(cell)?.dispose();
  const model = new OutputAreaModel({ trusted: true });
  const area = new OutputArea({ model, rendermime: manager.renderMime });
  area.addClass("output");
  Widget.attach(area, cell);
  areas.set(cell, area);
  area.future = kernel.requestExecute({ code: source }, false);
  await area.future.done;
  return model
    .toJSON()
    .filter(({ output_type }) => output_type === "error")
    .map(({ traceback }) => (traceback as string[]).join("\n"));
});
Object.assign(globalThis, { kernel });
