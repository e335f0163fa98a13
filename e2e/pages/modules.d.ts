/** The package has no types. */
declare module "@vscode/jupyter-ipywidgets8" {
  export function activate(): void;
}
