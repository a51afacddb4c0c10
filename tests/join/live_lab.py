"""A call to draw in: a camera that shows discs at known places, an agent's page that reads them back from what it receives, and eyes for the screen."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from tests.join.conftest import until

# In every quarter of the picture one, none on a border of the sixteenths that the agent's page gathers in.
PLACES = [(0.15, 0.40), (0.40, 0.60), (0.62, 0.35), (0.85, 0.62)]
MAGENTA = "#ff00ff"


def camera(tmp_path, size, places=PLACES, name="discs.mjpeg"):
    """Chromium's fake camera file: green discs on grey; (width, height) of the picture."""
    width, height = size
    picture = np.full((height, width, 3), 128, np.uint8)
    for x, y in places:
        cv2.circle(picture, (round(x * width), round(y * height)), round(min(size) / 60), (0, 255, 0), -1, cv2.LINE_AA)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path = tmp_path / name
    path.write_bytes(jpeg.tobytes() * 2)
    return path


AS_IT_IS = """const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => open({...wanted, video: wanted.video ? true : false});"""


def in_call(customer, agent, **case):
    """Both see each other, and the line for drawing is open."""
    customer.come_in(agent.invite(agent.case(**case))["link"])
    call_id = agent.talk()
    customer.screen("call")
    customer.page.wait_for_selector('.status[data-state="call.connected"]')
    agent.see("desk.line?.readyState === 'open'")
    until(customer.page, lambda: customer.page.evaluate("document.querySelector('.own video')?.videoWidth > 0"))
    agent.see("desk.video.videoWidth > 0")
    return call_id


def mark(name, shape, points, **more):
    return {"id": name, "shape": shape, "points": points, "colour": MAGENTA, "width": 0.006, "number": 0, "by": "agent", "fades": False, "hold": "still", "freeze": "", **more}


def draw(agent, *marks, **changes):
    """Draw these; comes back when the page says that they are on its screen."""
    seq = agent.page.evaluate("changes => desk.draw(changes)", {"put": list(marks), **changes})
    seen(agent, seq)
    return seq


def seen(agent, seq):
    agent.see(f"desk.heard.some((one) => one.type === 'live.seen' && one.seq >= {seq})")


def freeze(customer, agent, name="f1", **how):
    agent.page.evaluate("([id, how]) => desk.freeze(id, how)", [name, how])
    agent.see(f"desk.heard.some((one) => one.type === 'live.seen' && one.freeze === '{name}')")
    customer.page.wait_for_selector(".live.is-frozen img")


def pixels(page):
    """What is on the screen: RGB (height, width, 3), and device px per CSS px."""
    image = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    return image, image.shape[1] / page.evaluate("innerWidth")


def middle_of(image, near, reach, colour):
    """The middle of the pixels of a colour within `reach` px of `near`, or None."""
    red, green, blue = (image[:, :, channel] for channel in range(3))
    found = {"magenta": (red > 130) & (blue > 130) & (green < 90) & (abs(red - blue) < 60),
             "green": (green > 90) & (green - red > 60) & (green - blue > 60)}[colour]
    rows, columns = np.nonzero(found)
    is_near = np.hypot(columns + 0.5 - near[0], rows + 0.5 - near[1]) < reach
    if is_near.sum() < 8:
        return None
    return np.array([columns[is_near].mean() + 0.5, rows[is_near].mean() + 0.5])


def discs_on(image, columns, rows):
    """The middles of all green discs on the screen."""
    green = ((image[:, :, 1] > 60) & (image[:, :, 1] - image[:, :, 0] > 35) & (image[:, :, 1] - image[:, :, 2] > 35)).astype(np.uint8)
    _, _, stats, middles = cv2.connectedComponentsWithStats(green)
    return [tuple(middle + 0.5) for middle, stat in zip(middles[1:], stats[1:], strict=True)
            if stat[cv2.CC_STAT_AREA] > 30 and columns[0] <= middle[0] <= columns[1] and rows[0] <= middle[1] <= rows[1]
            and 0.6 < stat[cv2.CC_STAT_WIDTH] / stat[cv2.CC_STAT_HEIGHT] < 1.7]


def film(tmp_path, size=(640, 360), frames=90, name="moving.mjpeg"):
    """A camera file whose one disc goes round without a stop: about a picture's width in a second and a half."""
    width, height = size
    parts = []
    for number in range(frames):
        angle = 2 * np.pi * number / frames
        picture = np.full((height, width, 3), 128, np.uint8)
        middle = (round((0.5 + 0.33 * np.cos(angle)) * width), round((0.5 + 0.3 * np.sin(angle)) * height))
        cv2.circle(picture, middle, 11, (0, 255, 0), -1, cv2.LINE_AA)
        parts.append(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    path = tmp_path / name
    path.write_bytes(b"".join(parts))
    return path


EVERY = [
    mark("arrow", "arrow", [[0.15, 0.2], [0.4, 0.45]], colour="#e5352b"), mark("line", "line", [[0.05, 0.9], [0.3, 0.8]], colour="#f5a400"),
    mark("box", "rectangle", [[0.55, 0.2], [0.75, 0.5]], colour="#1c7ed6"), mark("round", "ellipse", [[0.78, 0.55], [0.95, 0.85]], colour="#23a455"),
    mark("pen", "pen", [[0.3, 0.6], [0.34, 0.7], [0.4, 0.62], [0.46, 0.74], [0.52, 0.6]], colour="#ffffff"),
    mark("one", "step", [[0.6, 0.75]], number=1, colour="#111418"), mark("two", "step", [[0.66, 0.85]], number=12), mark("here", "pointer", [[0.5, 0.15]]),
    mark("leaning", "rectangle", [[0.82, 0.1], [0.95, 0.14], [0.93, 0.35], [0.84, 0.3]], hold="following"),
    mark("leaning-round", "ellipse", [[0.82, 0.1], [0.95, 0.14], [0.93, 0.35], [0.84, 0.3]], hold="lost"),
]


TURNED_CAMERA = """(() => {
  // A camera in the hand: `turnCamera(n)` turns the phone by n quarters; its pictures stay upright, so their sides change places.
  const canvas = Object.assign(document.createElement('canvas'), {width: 1280, height: 720});
  const places = [[0.15, 0.40], [0.40, 0.60], [0.62, 0.35], [0.85, 0.62]];
  let turns = 0;
  const show = () => {
    const [width, height] = turns % 2 ? [720, 1280] : [1280, 720];
    if (canvas.width !== width) Object.assign(canvas, {width, height});
    const pen = canvas.getContext('2d');
    pen.fillStyle = Date.now() % 2 ? '#808080' : '#818181'; pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#00ff00';
    for (const [x, y] of places) {
      const [across, down] = [[x, y], [1 - y, x], [1 - x, 1 - y], [y, 1 - x]][turns];
      pen.beginPath(); pen.arc(across * width, down * height, 12, 0, 7); pen.fill();
    }
  };
  globalThis.turnCamera = (n) => { turns = n; show(); };
  show();
  setInterval(show, 33);
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = wanted.audio ? await real({audio: wanted.audio}) : new MediaStream();
    if (wanted.video) stream.addTrack(canvas.captureStream(30).getVideoTracks()[0]);
    return stream;
  };
})();"""
