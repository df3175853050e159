"""Quality metrics of test pictures, by NumPy, SciPy, scikit-image and Pillow."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import measure, restoration

sys.path.insert(0, str(Path(__file__).parents[1] / "demo-model"))
import phantoms  # noqa: E402


def pictures():
    phantom = phantoms.phantom(np.random.default_rng(11), True, side=128).astype(np.float64)
    large = phantoms.phantom(np.random.default_rng(11), True, side=528).astype(np.float64)[:, 110:410]
    noise = np.random.default_rng(12).normal(0, 1, phantom.shape)
    framed = np.zeros((128, 128))
    framed[20:116, 12:120] = phantom[20:116, 12:120]
    yield "sharp", phantom
    yield "blurred", ndimage.gaussian_filter(phantom, 2)
    yield "moved", ndimage.uniform_filter1d(ndimage.gaussian_filter(phantom, 0.7), 9, axis=0)
    yield "noise-5", phantom + 5 * noise
    yield "noise-20", phantom + 20 * noise
    yield "blurred-noise-10", ndimage.gaussian_filter(phantom, 2) + 10 * noise
    yield "dark", phantom / 16
    yield "low-contrast", 120 + (phantom - 120) / 16
    yield "framed", framed
    yield "large", large


def quality_references(folder):
    references = []
    for name, levels in pictures():
        pixels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
        path = folder / f"quality-{name}.png"
        Image.fromarray(pixels).save(path, optimize=True)
        references.append({"file": path.name, "values": metrics(pixels)})
    return references


def metrics(pixels):
    p = pixels.astype(np.float64)
    mask = foreground(p)
    inside = p[mask]
    noise = immerkaer(p, inner(mask))
    scaled = at_512(p)
    scaled_inner = inner(mask if scaled is p else foreground(scaled, floor(p)))
    return {
        "foreground_share": mask.mean(),
        "brightness_mean": inside.mean() / 255,
        "clipped_low": (inside <= 2).mean(),
        "clipped_high": (inside >= 253).mean(),
        "contrast_sd": inside.std(),
        "contrast_range": np.subtract(*np.percentile(inside, [99, 1], method="inverted_cdf")) / 255,
        "contrast_entropy": measure.shannon_entropy(inside.astype(np.uint8), base=2),
        "noise_sigma": noise,
        "noise_snr": inside.mean() / noise,
        "sharpness_nvol": ndimage.laplace(scaled)[scaled_inner].var() / scaled[scaled_inner].var(),
        "motion_anisotropy": anisotropy(scaled, scaled_inner),
        # for comparison only: other measures of the same things
        "other": {
            "scikit-image estimate_sigma (wavelets)": float(restoration.estimate_sigma(p)),
            "scikit-image blur_effect": float(measure.blur_effect(p / 255)),
        },
    }


def floor(p):
    return np.percentile(p, 0.5, method="inverted_cdf")


def foreground(p, dark=None):
    """Constant border off, then what is as dark as the darkest half of a per cent and touches the edge."""
    dark = floor(p) if dark is None else dark
    top, bottom, left, right = 0, p.shape[0], 0, p.shape[1]
    while top < bottom and (p[top, left:right] == p[0, 0]).all():
        top += 1
    while top < bottom and (p[bottom - 1, left:right] == p[-1, -1]).all():
        bottom -= 1
    first, last = p[top, 0], p[bottom - 1, -1]
    while left < right and (p[top:bottom, left] == first).all():
        left += 1
    while left < right and (p[top:bottom, right - 1] == last).all():
        right -= 1
    mask = np.zeros(p.shape, bool)
    mask[top:bottom, left:right] = True
    regions, _ = ndimage.label(mask & (p < dark + 1 / 16))
    inside = regions[top:bottom, left:right]
    touching = np.unique(np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]]))
    return mask & ~np.isin(regions, touching[touching > 0])


def inner(mask):
    return ndimage.binary_erosion(mask, np.ones((3, 3)))


def immerkaer(p, where):
    response = ndimage.convolve(p, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]))
    return np.sqrt(np.pi / 2) * np.abs(response[where]).mean() / 6


def anisotropy(p, where):
    def energy(dy, dx):
        kernel = np.zeros((3, 3))
        kernel[1 - dy, 1 - dx] = kernel[1 + dy, 1 + dx] = 1
        kernel[1, 1] = -2
        return (ndimage.convolve(p, kernel)[where] ** 2).mean()

    pairs = (energy(0, 1), energy(1, 0)), (energy(1, 1), energy(-1, 1))
    return max(abs(np.log2(a / b)) for a, b in pairs)


def at_512(p):
    factor = max(p.shape) / 512
    if factor <= 1:
        return p
    size = (round(p.shape[1] / factor), round(p.shape[0] / factor))
    return np.asarray(Image.fromarray(p.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float64)
