"""Makes test/fixtures/imaging: small images of every kind, and what other libraries make of them. Authoring only.

    pip install numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0 scipy==1.17.1 scikit-image==0.26.0 PyWavelets torch==2.15.0
    python make.py

Everything is drawn by ../demo-model/phantoms.py or here, with fixed seeds: no image is of a person.
"""

import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "demo-model"))
import phantoms  # noqa: E402
from quality import quality_references  # noqa: E402
from resizing import resize_references  # noqa: E402

FOLDER = HERE.parents[1] / "test" / "fixtures" / "imaging"
BENCH = HERE.parents[1] / "bench" / "pictures"


def pictures():
    """An 8-bit grey phantom and an 8-bit colour image with hard edges, of odd sizes."""
    grey = phantoms.phantom(np.random.default_rng(5), True, side=160)
    part = grey[:83, :97]
    colour = np.stack([part, np.roll(part, 9, 0), 255 - np.roll(part, 5, 1)], -1)
    colour[::7, ::5] = (255, 0, 20)
    return grey[:96, :80].copy(), colour.copy()


def samples_digest(array):
    """SHA-256 of the samples as 16-bit little-endian, row-major, channels last."""
    return hashlib.sha256(np.ascontiguousarray(array).astype("<u2").tobytes()).hexdigest()


def jpegs(grey, colour):
    """Written by Pillow and OpenCV (libjpeg-turbo); decoded by Pillow."""

    def pillow(name, array, **options):
        Image.fromarray(array).save(FOLDER / f"{name}.jpg", **{"quality": 88, **options})

    pillow("grey", grey)
    pillow("grey-progressive", grey, progressive=True)
    pillow("colour-444", colour, subsampling=0)
    pillow("colour-422-restarts", colour, subsampling=1, restart_marker_blocks=5)
    pillow("colour-420", colour, subsampling=2)
    pillow("colour-420-progressive", colour, subsampling=2, progressive=True, restart_marker_blocks=7)
    pillow("colour-rgb", colour, keep_rgb=True)
    for name, factors in (("440", 0x121111), ("411", 0x411111)):
        options = [cv2.IMWRITE_JPEG_QUALITY, 88, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors]
        cv2.imwrite(str(FOLDER / f"colour-{name}.jpg"), colour[..., ::-1], options)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        pillow(f"exif-{orientation}", colour[:64, :70], quality=60, exif=exif)
    exif = Image.Exif()
    exif[0x0112] = 6
    pillow("grey-exif-6", grey, exif=exif)
    Image.fromarray(np.dstack([colour, colour[..., :1]]), "CMYK").save(FOLDER / "refused-cmyk.jpg", quality=60)

    expected = []
    for path in sorted(FOLDER.glob("*.jpg")):
        if path.name.startswith("refused"):
            continue
        image = Image.open(path)
        pixels = np.asarray(image)
        if "exif" in path.name:  # upright, as OpenCV shows it
            kind = cv2.IMREAD_COLOR_RGB if pixels.ndim == 3 else cv2.IMREAD_GRAYSCALE
            expected.append(entry(path, cv2.imread(str(path), kind), 8))
        else:
            expected.append(entry(path, pixels, 8))
    return expected


def entry(path, pixels, depth):
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    return {"file": path.name, "width": width, "height": height, "channels": channels, "depth": depth,
            "sha256": samples_digest(pixels)}


def png_file(array, depth, colour_type, interlaced=False, filters=(0, 1, 2, 3, 4), chunks=()):
    """A PNG writer of its own: Pillow writes neither Adam7 nor 16-bit colour."""
    height, width = array.shape[:2]
    samples = array.reshape(height, width, -1).astype(np.uint32)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = bytearray()
    for x, y, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size == 0:
            continue
        rows = [pack(row.reshape(-1), depth) for row in part]
        step = max(1, samples.shape[2] * depth // 8)
        above = bytes(len(rows[0]))
        for i, row in enumerate(rows):
            kind = filters[i % len(filters)]
            raw += bytes([kind]) + filtered(kind, row, above, step)
            above = row
    body = b"\x89PNG\r\n\x1a\n"
    body += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced)))
    for name, data in chunks:
        body += chunk(name, data)
    compressed = zlib.compress(bytes(raw), 9)
    for i in range(0, len(compressed), 4096):
        body += chunk(b"IDAT", compressed[i : i + 4096])
    return body + chunk(b"IEND", b"")


def pack(row, depth):
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = ((row[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8).reshape(-1)
    return np.packbits(bits).tobytes()


def filtered(kind, row, above, step):
    out = bytearray()
    for i, value in enumerate(row):
        a = row[i - step] if i >= step else 0
        b, c = above[i], above[i - step] if i >= step else 0
        p = a + b - c
        nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        out.append((value - (0, a, b, (a + b) // 2, nearest)[kind]) & 255)
    return bytes(out)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pngs(grey, colour):
    """Written here; decoded by OpenCV (libpng), which gives 16 bits, and by Pillow for palettes."""
    rng = np.random.default_rng(6)
    wide = lambda a: a.astype(np.uint32) * 257 - rng.integers(0, 200, a.shape) * (a > 0)
    palette = rng.integers(0, 256, (200, 3)).astype(np.uint8)
    opaque = lambda a, top: np.dstack([a, np.full(a.shape[:2], top)])
    kinds = {
        "grey-1": (grey >> 7, 1, 0, {}),
        "grey-2": (grey >> 6, 2, 0, {}),
        "grey-4-interlaced": (grey >> 4, 4, 0, {"interlaced": True}),
        "grey-8-gamma": (grey, 8, 0, {"chunks": [(b"gAMA", struct.pack(">I", 45455))]}),
        "grey-8-interlaced": (grey, 8, 0, {"interlaced": True}),
        "grey-16": (wide(grey[:64, :64]), 16, 0, {}),
        "rgb-8": (colour, 8, 2, {}),
        "rgb-8-interlaced": (colour, 8, 2, {"interlaced": True}),
        "rgb-16": (wide(colour[:64, :64]), 16, 2, {}),
        "palette-8": (grey % 200, 8, 3, {"chunks": [(b"PLTE", palette.tobytes())]}),
        "palette-4-interlaced": (grey >> 4, 4, 3, {"chunks": [(b"PLTE", palette[:16].tobytes())], "interlaced": True}),
        "grey-alpha-8": (opaque(grey, 255), 8, 4, {}),
        "rgb-alpha-16": (opaque(wide(colour[:64, :64]), 65535), 16, 6, {}),
    }
    expected = []
    for name, (array, depth, colour_type, options) in kinds.items():
        path = FOLDER / f"{name}.png"
        path.write_bytes(png_file(array, depth, colour_type, **options))
        if colour_type == 3:
            pixels = np.asarray(Image.open(path).convert("RGB"))
            expected.append(entry(path, pixels, 8))
            continue
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if colour_type in (0, 4):
            pixels = pixels if pixels.ndim == 2 else pixels[..., 0]
            pixels = pixels >> (8 - depth) if depth < 8 else pixels
        else:
            pixels = pixels[..., 2::-1]
        expected.append(entry(path, pixels, depth))
    return expected


def bench_pictures():
    """512 x 512, for bench/imaging.mjs, which makes its PNG files itself."""
    grey = phantoms.phantom(np.random.default_rng(5), True)
    colour = np.stack([grey, np.clip(grey * 0.8 + 20, 0, 255), np.clip(255 - grey * 0.5, 0, 255)], -1).astype(np.uint8)
    for name, picture, progressive in (("grey", grey, False), ("colour", colour, False), ("progressive", colour, True)):
        Image.fromarray(picture).save(BENCH / f"{name}.jpg", quality=90, progressive=progressive)


def main():
    bench_pictures()
    FOLDER.mkdir(parents=True, exist_ok=True)
    grey, colour = pictures()
    write("jpeg.json", jpegs(grey, colour))
    write("png.json", pngs(grey, colour))
    write("resize.json", resize_references())
    write("quality.json", quality_references(FOLDER))


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main()
