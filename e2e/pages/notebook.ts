/**
 * A notebook's cells and its kernel on a Jupyter server, for pages that show outputs in the way of
 * some application. The tests run the cells by `globalThis.notebook`.
 */

import {
  type Kernel,
  KernelManager,
  type KernelMessage,
  ServerConnection,
} from "@jupyterlab/services";

export interface Output {
  /** The widget that it shows, or else its text. */
  widget?: string;
  text: string;
}

export interface Outputs {
  /** Makes room for the outputs of a cell that starts, in place of the ones before. */
  clear(cell: HTMLElement): void;
  show(cell: HTMLElement, output: Output): Promise<void>;
}

interface Content {
  data?: Record<string, unknown>;
  text?: string;
  traceback?: string[];
}

const WIDGET = "application/vnd.jupyter.widget-view+json";

/** Connects to the kernel of the notebook that the address of this page names. */
export async function connect(handleComms: boolean): Promise<Kernel.IKernelConnection> {
  const { server, notebook } = parameters();
  const sessions: { path: string; kernel: Kernel.IModel }[] = await get(server, "sessions");
  const session = sessions.find(({ path }) => path === notebook);
  if (!session) throw new Error(`${notebook} has no kernel`);
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: `http://${server}`,
    wsUrl: `ws://${server}`,
  });
  const kernel: Kernel.IKernelConnection = new KernelManager({ serverSettings }).connectTo({
    model: session.kernel,
    handleComms,
  });
  await kernel.info;
  return kernel;
}

/** Runs a cell's source, shows its outputs there, and returns the tracebacks among them. */
type Run = (cell: HTMLElement, source: string) => Promise<string[]>;

/** Shows the cells, and lets the tests run them. */
export async function show(run: Run): Promise<void> {
  const { server, notebook } = parameters();
  const file = await get(server, `contents/${notebook}`);
  const sources: string[] = file.content.cells.map(({ source }: { source: string }) => source);
  const cells = sources.map((source) => {
    const cell = document.createElement("section");
    const code = document.createElement("pre");
    code.textContent = source;
    cell.append(code);
    document.body.append(cell);
    return { source, cell, errors: [] as string[], running: false };
  });

  async function start(index: number): Promise<void> {
    const entry = cells[index];
    if (!entry) throw new Error(`there is no cell ${index}`);
    entry.running = true;
    entry.errors = await run(entry.cell, entry.source);
    entry.running = false;
  }

  Object.assign(globalThis, {
    notebook: {
      path: notebook,
      start: (index: number) => {
        start(index);
      },
      running: (index: number) => cells[index]?.running,
      errors: (index: number) => cells[index]?.errors,
    },
  });
}

/** Shows of each output its widget, or else its text. */
export function showIn(kernel: Kernel.IKernelConnection, outputs: Outputs): Run {
  return async (cell, source) => {
    const errors: string[] = [];
    outputs.clear(cell);
    const future = kernel.requestExecute({ code: source });
    future.onIOPub = async ({ content }: KernelMessage.IIOPubMessage) => {
      const { data, text, traceback } = content as Content;
      if (traceback) errors.push(traceback.join("\n"));
      const view = data?.[WIDGET] as { model_id: string } | undefined;
      const shown = traceback?.join("\n") ?? text ?? data?.["text/plain"];
      if (view) await outputs.show(cell, { widget: view.model_id, text: "" });
      else if (shown) await outputs.show(cell, { text: String(shown) });
    };
    await future.done;
    return errors;
  };
}

function parameters(): { server: string; notebook: string } {
  const { server = location.host, notebook = "" } = Object.fromEntries(
    new URLSearchParams(location.search),
  );
  return { server, notebook };
}

async function get(server: string, what: string) {
  const answer = await fetch(`http://${server}/api/${what}`);
  if (!answer.ok) throw new Error(`${what}: ${answer.status}`);
  return answer.json();
}
