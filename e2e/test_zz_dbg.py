from e2e.test_peers import *
for k in [k for k in globals() if k.startswith('test_')]: del globals()[k]
def test_dbg(notebook):
    nb = notebook(pair, path=None)
    nb.run()
    nb.wait_for("a.connected and b.connected")
    nb.execute("import time; times=[]; frames=[]")
    for i in range(8):
        nb.execute(
            "a.close(); b.close()\n"
            "a, b = ipywebrtc.WebRTCPeer(stream_local=camera), ipywebrtc.WebRTCPeer()\n"
            "t0=time.time()\n"
            "b.observe(lambda c: times.append(time.time()-t0) if c.new else None, 'connected')\n"
            "r = ipywebrtc.FrameReader(stream=b.stream_remote)\n"
            "got=[]\n"
            "r.on_frame(lambda f: got or (got.append(1), frames.append(time.time()-t0)))\n"
            "a.connect(b)")
        nb.wait_for("a.connected and b.connected and got", timeout=20)
    print([round(t,2) for t in nb.python("times")], [round(t,2) for t in nb.python("frames")])
