"""A camera in marimo: `marimo edit examples/marimo_camera.py`."""

import marimo

__generated_with = "0.25.2"
app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from ipywebrtc import CameraStream, ImageRecorder, VideoRecorder

    return CameraStream, ImageRecorder, VideoRecorder, mo


@app.cell
def _(mo):
    mo.md("""
    # A camera in marimo

    In marimo no cell waits for a picture: the cells that use a recorder's `value` run when it has
    one. So take a picture here, and look below.
    """)
    return


@app.cell
def _(CameraStream, ImageRecorder, mo):
    camera = CameraStream.facing_user(audio=False)
    picture = mo.ui.anywidget(ImageRecorder(stream=camera))
    mo.hstack([camera, picture])
    return camera, picture


@app.cell
def _(mo, picture):
    picture.value
    mo.stop(not picture.widget.image.value, "There is no picture yet.")
    pixels = picture.widget.to_numpy()
    f"{pixels.shape} {pixels.dtype}, the mean colour is {pixels.mean((0, 1)).round()}"
    return (pixels,)


@app.cell
def _(mo, pixels):
    mo.image(255 - pixels[..., :3])
    return


@app.cell
def _(VideoRecorder, camera, mo):
    film = mo.ui.anywidget(VideoRecorder(stream=camera, max_duration=3))
    film
    return (film,)


@app.cell
def _(film, mo):
    film.value
    recording = bytes(film.widget.video.value)
    mo.stop(not recording, "There is no recording yet.")
    f"{film.widget.duration:.1f} s in {len(recording) / 1000:.0f} kB"
    return (recording,)


if __name__ == "__main__":
    app.run()
