/**
 * The iframe of one output in Colab, with a widget manager of its own that makes a model when a
 * view or another model asks for it.
 */

import * as base from "@jupyter-widgets/base";
import { HTMLManager } from "@jupyter-widgets/html-manager/lib/htmlmanager.js";
import type { JSONObject } from "@lumino/coreutils";
import { anyWidget } from "./any_widget.ts";
import type { Message, ToOutput, ToPage } from "./channel.ts";

type State = Record<string, unknown>;
type Buffers = ArrayBuffer[] | ArrayBufferView[];

const { port1: page, port2 } = new MessageChannel();
const wanted = new Map<string, (state: State | null) => void>();
const comms = new Map<string, FrameComm[]>();

/** The page's comm, as far as managers use it; messages wait until the model listens. */
class FrameComm {
  readonly comm_id: string;
  readonly target_name = "";
  private waiting: Message[] = [];
  private listener: ((message: unknown) => void) | null = null;
  private ends: ((message: unknown) => void) | null = null;

  constructor(id: string) {
    this.comm_id = id;
    comms.set(id, [...(comms.get(id) ?? []), this]);
  }

  open(): string {
    throw new Error("outputs open no comm");
  }

  send(data: JSONObject, callbacks: unknown, _metadata?: unknown, buffers: Buffers = []): string {
    const copies = [...buffers].map((buffer) =>
      ArrayBuffer.isView(buffer)
        ? (buffer.buffer.slice(
            buffer.byteOffset,
            buffer.byteOffset + buffer.byteLength,
          ) as ArrayBuffer)
        : buffer,
    );
    // As Colab does: what JSON can't say is left out.
    const plain = JSON.parse(JSON.stringify(data));
    tell({ kind: "send", id: this.comm_id, data: plain, buffers: copies });
    const { iopub } = (callbacks ?? {}) as { iopub?: { status?: (message: unknown) => void } };
    // The manager holds the next change of state back until it hears of this one.
    queueMicrotask(() => iopub?.status?.({ content: { execution_state: "idle" } }));
    return "";
  }

  close(): string {
    throw new Error("outputs close no comm");
  }

  on_msg(listener: (message: unknown) => void): void {
    this.listener = listener;
    for (const message of this.waiting.splice(0)) this.receive(message);
  }

  on_close(listener: (message: unknown) => void): void {
    this.ends = listener;
  }

  receive(message: Message): void {
    if (!this.listener) {
      this.waiting.push(message);
      return;
    }
    // Colab hands out bytes, where JupyterLab hands out a DataView.
    const buffers = message.buffers.map((buffer) => new Uint8Array(buffer));
    this.listener({ content: { comm_id: this.comm_id, data: message.data }, buffers });
  }

  end(): void {
    this.ends?.({});
  }
}

class Manager extends HTMLManager {
  private readonly made = new Map<string, Promise<base.WidgetModel>>();

  override get_model(id: string): Promise<base.WidgetModel> {
    let model = this.made.get(id);
    if (!model) {
      model = this.make(id);
      this.made.set(id, model);
    }
    return model;
  }

  /** Makes a model of a new widget, and as in Colab one more when a view needs it. */
  opened(id: string, data: JSONObject): void {
    if (this.made.has(id)) return;
    const comm = new FrameComm(id) as unknown as base.IClassicComm;
    const metadata = { version: base.PROTOCOL_VERSION };
    try {
      this.handle_comm_open(comm, { content: { data }, metadata } as never);
    } catch {
      // The bytes of an image or a video are missing.
    }
  }

  /** Colab has the widgets of ipywidgets 8 for kernels with ipywidgets 7 too. */
  protected override loadClass(name: string, module: string, version: string) {
    const own = module.startsWith("@jupyter-widgets/");
    return super.loadClass(name, module, own ? "2.0.0" : version);
  }

  private async make(id: string): Promise<base.WidgetModel> {
    const comm = new FrameComm(id);
    const state = await new Promise<State | null>((resolve) => {
      wanted.set(id, resolve);
      tell({ kind: "want", id });
    });
    if (!state) throw new Error(`model ${id} not found`);
    return this.new_model(
      {
        model_id: id,
        model_name: String(state._model_name),
        model_module: String(state._model_module),
        model_module_version: String(state._model_module_version),
        comm: comm as unknown as base.IClassicComm,
      },
      state as JSONObject,
    );
  }
}

const manager = new Manager({
  loader: (module: string) =>
    module === "anywidget" ? anyWidget(base) : Promise.reject(new Error(`no module ${module}`)),
});

page.onmessage = async ({ data: message }: MessageEvent<ToOutput>) => {
  switch (message.kind) {
    case "state":
      wanted.get(message.id)?.(message.state);
      break;
    case "message":
      for (const comm of comms.get(message.id) ?? []) comm.receive(message);
      break;
    case "opened":
      manager.opened(message.id, message.data);
      break;
    case "closed":
      for (const comm of comms.get(message.id) ?? []) comm.end();
      break;
    case "show": {
      const place = document.createElement("div");
      document.body.append(place);
      const { widget, text } = message.output;
      if (!widget) place.textContent = text;
      else await manager.display_view(manager.create_view(await manager.get_model(widget)), place);
    }
  }
};
parent.postMessage("output", "*", [port2]);

function tell(message: ToPage): void {
  page.postMessage(message);
}
