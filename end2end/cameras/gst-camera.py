#!/usr/bin/python3
"""A real RTSP server with live encoders (GStreamer's gst-rtsp-server), for tests that must not trust our own server.

Debian packages: gir1.2-gst-rtsp-server-1.0 python3-gi python3-gst-1.0 gstreamer1.0-plugins-{base,good,bad,ugly} gstreamer1.0-libav.
Mounts: /main (H.264 640x360 + AAC), /sub (H.264 320x180), /h265, /pcma, /pcmu (H.264 + G.711).
Prints "ready rtsp://127.0.0.1:PORT" once it listens. With --user and --password it asks for Digest.
"""
import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402


def video(width, height, key_interval=25):
    # veryfast, because ultrafast is always constrained baseline; one slice per frame, as cameras send it.
    return (
        f"videotestsrc is-live=true ! video/x-raw,width={width},height={height},framerate=25/1 ! timeoverlay "
        f"! x264enc speed-preset=veryfast tune=zerolatency sliced-threads=false threads=1 bitrate=400 key-int-max={key_interval} "
        "! video/x-h264,profile=high ! rtph264pay name=pay0 pt=96 config-interval=-1"
    )


TONE = "audiotestsrc is-live=true freq=440 volume=0.2"
MOUNTS = {
    "/main": f"{video(640, 360)} {TONE} ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97",
    "/sub": video(320, 180),
    "/h265": (
        "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=25/1 ! timeoverlay "
        "! x265enc speed-preset=ultrafast tune=zerolatency bitrate=400 key-int-max=25 option-string=bframes=0:log-level=none "
        "! h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1"
    ),
    "/pcma": f"{video(320, 180)} {TONE} ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8",
    "/pcmu": f"{video(320, 180)} {TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(arguments.port))
    if arguments.user:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
        auth.add_digest(arguments.user, arguments.password or "", token)
        server.set_auth(auth)
    for path, pipeline in MOUNTS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {pipeline} )")
        factory.set_shared(True)
        if arguments.user:
            factory.add_role_from_structure(media_role())
        server.get_mount_points().add_factory(path, factory)

    if server.attach(None) == 0:
        sys.exit(f"cannot listen on 127.0.0.1:{arguments.port}")
    print(f"ready rtsp://127.0.0.1:{server.get_bound_port()}", flush=True)
    loop = GLib.MainLoop()
    # The starter holds our stdin: when it dies, however it dies, so do we.
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()


def media_role():
    role = Gst.Structure.new_empty("user")
    role.set_value(GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
    role.set_value(GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
    return role


if __name__ == "__main__":
    main()
