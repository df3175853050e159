"""Resized images of Pillow, PyTorch and OpenCV."""

import base64

import cv2
import numpy as np
import torch
from PIL import Image

PILLOW = {"nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "box": "BOX"}
OPENCV = {"bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}
SIZES = [(8, 6), (33, 20)]


def resize_references():
    """One grey float image of 29 x 23 and what each library makes of it in each size."""
    source = np.random.default_rng(7).random((23, 29), np.float32).round(4)
    references = []
    for width, height in SIZES:
        for kernel, name in PILLOW.items():
            image = Image.fromarray(source).resize((width, height), getattr(Image.Resampling, name))
            references.append(entry("Pillow", kernel, kernel != "nearest", image))
        for kernel in ("bilinear", "bicubic"):
            for antialias in (False, True):
                tensor = torch.from_numpy(source)[None, None]
                result = torch.nn.functional.interpolate(
                    tensor, (height, width), mode=kernel, antialias=antialias, align_corners=False
                )
                references.append(entry("PyTorch", kernel, antialias, result[0, 0].numpy()))
        for kernel, flag in OPENCV.items():
            references.append(entry("OpenCV", kernel, False, cv2.resize(source, (width, height), interpolation=flag)))
    return {"source": numbers(source), "width": 29, "height": 23, "references": references}


def entry(library, kernel, antialias, pixels):
    pixels = np.asarray(pixels)
    return {"library": library, "kernel": kernel, "antialias": antialias, "width": pixels.shape[1],
            "height": pixels.shape[0], "data": numbers(pixels)}


def numbers(pixels):
    """float32, little-endian, base64."""
    return base64.b64encode(np.asarray(pixels, "<f4").tobytes()).decode()
