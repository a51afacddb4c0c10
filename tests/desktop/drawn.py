"""A drawn damaged parcel with an address on its label: something for eyes and for redaction to work on."""

import cv2
import numpy as np


def damaged_parcel(width=1280, height=720, seed=7):
    """BGR pixels of a dented carton on a table, in the light of one window."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[0:720, 0:1280].astype(np.float32)
    table = np.stack([120 + ys * 0.03, 148 + ys * 0.03, 170 + ys * 0.04], axis=-1)
    table += (np.sin(ys / 9 + np.sin(xs / 90) * 1.5) * 5)[..., None]
    wall = np.stack([206 - xs * 0.03, 212 - xs * 0.03, 214 - xs * 0.03], axis=-1)
    picture = np.where((ys < 250)[..., None], wall, table)
    shadow = np.zeros((720, 1280), np.float32)
    cv2.fillPoly(shadow, [np.array([[330, 600], [1010, 640], [1150, 560], [980, 500]])], 1)
    picture *= 1 - 0.45 * cv2.GaussianBlur(shadow, (0, 0), 18)[..., None]
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    cv2.fillPoly(picture, [np.array([[300, 250], [780, 270], [780, 620], [320, 560]])], (88, 138, 186))
    cv2.fillPoly(picture, [np.array([[780, 270], [1010, 220], [990, 530], [780, 620]])], (66, 108, 150))
    cv2.fillPoly(picture, [np.array([[300, 250], [560, 190], [1010, 220], [780, 270]])], (110, 164, 208))
    cv2.fillPoly(picture, [np.array([[515, 199], [560, 192], [820, 262], [760, 269]])], (150, 190, 222))
    # the dent: a pushed-in corner with folds and a tear
    dent = np.array([[800, 330], [905, 300], [960, 380], [900, 455], [810, 440]])
    cv2.fillPoly(picture, [dent], (44, 74, 104))
    cv2.fillPoly(picture, [np.array([[840, 345], [900, 330], [930, 385], [880, 425], [835, 410]])], (30, 50, 72))
    for one, two in (((800, 330), (880, 385)), ((905, 300), (880, 385)), ((960, 380), (880, 385)), ((900, 455), (880, 385)), ((810, 440), (880, 385))):
        cv2.line(picture, one, two, (98, 146, 190), 3, cv2.LINE_AA)
    cv2.polylines(picture, [np.array([[870, 380], [885, 400], [872, 415], [892, 440]])], False, (20, 28, 40), 5, cv2.LINE_AA)
    # the label with an address nobody may see
    label = np.full((150, 230, 3), 246, np.uint8)
    for row, words in enumerate(("J. de Vries", "Dorpsstraat 12", "1234 AB Veldhoven", "NL")):
        cv2.putText(label, words, (12, 28 + row * 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
    for bar in range(12, 216, 5):
        cv2.rectangle(label, (bar, 112), (bar + int(rng.integers(1, 4)), 142), (20, 20, 20), -1)
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [230, 0], [230, 150], [0, 150]]), np.float32([[370, 340], [600, 352], [602, 505], [376, 484]]))
    warped = cv2.warpPerspective(label, matrix, (1280, 720))
    mask = cv2.warpPerspective(np.full(label.shape[:2], 255, np.uint8), matrix, (1280, 720))
    picture[mask > 128] = warped[mask > 128]
    cv2.putText(picture, "FRAGILE", (440, 310), cv2.FONT_HERSHEY_DUPLEX, 1.1, (40, 40, 170), 2, cv2.LINE_AA)
    noise = rng.normal(0, 2.2, picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if (width, height) != (1280, 720):
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    return picture


def damaged_parcel_jpeg(width=1280, height=720, quality=92, seed=7):
    """The same as JPEG bytes."""
    return cv2.imencode(".jpg", damaged_parcel(width, height, seed), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
