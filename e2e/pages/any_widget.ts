/** Loads the front end of anywidget, which its npm package defines for requirejs. */

type Module = Record<string, unknown>;
type Factory = (base: unknown) => Module;

let exports: Promise<Module> | null = null;

/** Makes the classes of anywidget from those of `@jupyter-widgets/base`. */
export function anyWidget(base: unknown): Promise<Module> {
  exports ??= load(base);
  return exports;
}

async function load(base: unknown): Promise<Module> {
  const defined = new Promise<Factory>((resolve) => {
    Object.assign(globalThis, {
      define: (_dependencies: string[], factory: Factory) => resolve(factory),
    });
  });
  // @ts-expect-error - its types are not those of this module
  await import("anywidget");
  return (await defined)(base);
}
