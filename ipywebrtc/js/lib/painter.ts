/** What draws a view on a canvas; `dom/render.ts` and `copy.ts` make them. */

export interface Painter {
  /** Brings the canvas up to date, its size included. */
  paint(canvas: HTMLCanvasElement): Promise<void>;
}

export interface PainterHost {
  /** There is something new to paint. */
  changed(): void;
  /** A sentence about what can't be drawn; empty when all can. */
  problem(sentence: string): void;
  signal: AbortSignal;
}

export type MakePainter = (view: HTMLElement, host: PainterHost) => Painter;
