/**
 * The page of a notebook in Colab: it keeps the state of every widget, and gives each output an
 * iframe of another origin, which asks for the widgets that it shows.
 */

import { put_buffers } from "@jupyter-widgets/base";
import { KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import type { ToOutput, ToPage } from "./channel.ts";
import { connect, type Output, show, showIn } from "./notebook.ts";

const TARGET = "jupyter.widget";
const ALLOW = "autoplay; camera; microphone";
const SANDBOX =
  "allow-downloads allow-forms allow-pointer-lock allow-popups allow-same-origin allow-scripts";

interface Comm {
  state: Record<string, unknown>;
  ports: Set<MessagePort>;
}

interface CommContent {
  comm_id: string;
  target_name?: string;
  data: JSONObject;
}

const comms = new Map<string, Comm>();
const frames = new Map<HTMLElement, { frame: HTMLIFrameElement; port: Promise<MessagePort> }>();
const kernel = await connect(false);
/** The output of the cell that runs. */
let running: Promise<MessagePort> | null = null;

kernel.iopubMessage.connect((_, { header, content, buffers }) => {
  const { comm_id: id, target_name, data } = content as unknown as CommContent;
  if (header.msg_type === "comm_open" && target_name === TARGET) {
    const comm: Comm = { state: {}, ports: new Set() };
    comms.set(id, comm);
    merge(comm, data, toArrayBuffers(buffers));
    // The output of the cell that made it is told of it; Colab forgets the buffers.
    running?.then((port) => {
      tell(port, { kind: "opened", id, data });
      comm.ports.add(port);
    });
  }
  const comm = comms.get(id);
  if (!comm) return;
  if (header.msg_type === "comm_msg") {
    const copies = toArrayBuffers(buffers);
    if (data.method === "update") merge(comm, data, copies);
    for (const port of comm.ports) tell(port, { kind: "message", id, data, buffers: copies });
  }
  if (header.msg_type === "comm_close") {
    comms.delete(id);
    for (const port of comm.ports) tell(port, { kind: "closed", id });
  }
});

await show(
  showIn(kernel, {
    clear(cell) {
      frames.get(cell)?.frame.remove();
      const entry = open(cell);
      frames.set(cell, entry);
      running = entry.port;
    },
    async show(cell, output: Output) {
      const port = await frames.get(cell)?.port;
      if (port) tell(port, { kind: "show", output });
    },
  }),
);

/** Adds an iframe; localhost is another origin than that of this page, but as trustworthy. */
function open(cell: HTMLElement): { frame: HTMLIFrameElement; port: Promise<MessagePort> } {
  const frame = document.createElement("iframe");
  frame.allow = ALLOW;
  frame.setAttribute("sandbox", SANDBOX);
  frame.src = `http://localhost:${location.port}/output.html`;
  const port = new Promise<MessagePort>((resolve) => {
    addEventListener("message", function listen({ source, ports: [port] }) {
      if (source !== frame.contentWindow || !port) return;
      removeEventListener("message", listen);
      port.onmessage = ({ data }: MessageEvent<ToPage>) => receive(port, data);
      resolve(port);
    });
  });
  cell.append(frame);
  return { frame, port };
}

function receive(port: MessagePort, message: ToPage): void {
  const comm = comms.get(message.id);
  if (message.kind === "want") {
    tell(port, { kind: "state", id: message.id, state: comm?.state ?? null });
    comm?.ports.add(port);
  } else {
    if (comm && message.data.method === "update") merge(comm, message.data, message.buffers);
    send(message.id, message.data, message.buffers);
  }
}

function tell(port: MessagePort, message: ToOutput): void {
  port.postMessage(message);
}

function send(id: string, data: JSONObject, buffers: ArrayBuffer[]): void {
  const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<"shell">>({
    msgType: "comm_msg",
    channel: "shell",
    session: kernel.clientId,
    username: kernel.username,
    content: { comm_id: id, data },
    buffers,
  });
  kernel.sendShellMessage(message);
}

/** Takes a change into the state that iframes ask for. */
function merge(comm: Comm, data: JSONObject, buffers: ArrayBuffer[]): void {
  const state = structuredClone(data.state) as JSONObject;
  put_buffers(
    state,
    (data.buffer_paths ?? []) as (string | number)[][],
    buffers.map((buffer) => new DataView(buffer)),
  );
  Object.assign(comm.state, state);
}

function toArrayBuffers(buffers: KernelMessage.IMessage["buffers"] = []): ArrayBuffer[] {
  return buffers.map((buffer) => {
    if (!ArrayBuffer.isView(buffer)) return buffer;
    const start = buffer.byteOffset;
    return buffer.buffer.slice(start, start + buffer.byteLength) as ArrayBuffer;
  });
}
