"""A widget whose pictures hardly compress: 640 by 480, 20 a second."""

from __future__ import annotations

import anywidget


class Noise(anywidget.AnyWidget):
    """A canvas of noise."""

    _esm = """export default { render({ el, signal }) {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [640, 480];
      el.append(canvas);
      const context = canvas.getContext("2d");
      const picture = context.createImageData(640, 480);
      const words = new Uint32Array(picture.data.buffer);
      let seed = 1;
      const draw = () => {
        for (let i = 0; i < words.length; i++) {
          seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
          words[i] = seed | 0xff000000;
        }
        context.putImageData(picture, 0, 0);
      };
      const timer = setInterval(draw, 50);
      signal.addEventListener("abort", () => clearInterval(timer));
    } }"""
