"""Chest-like drawings for the demo model and for the test images. Synthetic: they show nobody."""

import numpy as np

SIDE = 512


def soft_ellipse(x, y, cx, cy, rx, ry, softness, power=2):
    """1 inside, 0 outside; softness as a fraction of the radius; above power 2 the ellipse grows corners."""
    distance = (np.abs((x - cx) / rx) ** power + np.abs((y - cy) / ry) ** power) ** (1 / power)
    return 1 / (1 + np.exp(np.clip((distance - 1) / softness, -40, 40)))


def ridge(distance, width):
    return np.exp(-0.5 * (distance / width) ** 2)


def phantom(rng, spot, side=SIDE, contrast=(30, 75)):
    """Chest-like, 8-bit grey: body, lungs, spine, heart, ribs, vessels, noise; one spot in a lung or none.

    contrast: of the spot, in levels.
    """
    y, x = np.mgrid[0:side, 0:side] / side
    jitter = rng.uniform
    lungs = [(0.3 + jitter(-0.02, 0.02), 0.47), (0.7 + jitter(-0.02, 0.02), 0.47)]
    rx, ry = jitter(0.15, 0.17), jitter(0.31, 0.35)

    body = soft_ellipse(x, y, 0.5, 0.7, 0.47, 0.6, 0.02, power=3.5)
    neck = soft_ellipse(x, y, 0.5, 0.05, 0.11, 0.2, 0.04)
    level = 22 + 150 * np.maximum(body, neck)
    # Lungs: narrower at the top, cut by the diaphragm below.
    lung = sum(soft_ellipse(x, y, cx, cy, rx * (0.75 + 0.5 * y), ry, 0.06) for cx, cy in lungs)
    lung *= 1 / (1 + np.exp(np.clip((y - 0.76 - 0.9 * (np.abs(x - 0.5) - 0.17) ** 2) / 0.012, -40, 40)))
    level -= jitter(80, 100) * lung
    level += 50 * soft_ellipse(x, y, 0.56, 0.64, 0.15, 0.16, 0.08) * lung
    level += 22 * ridge(x - 0.5, 0.04)

    spacing, slope = jitter(0.075, 0.09), jitter(0.6, 1.0)
    for i in range(10):
        arc = y - 0.14 - i * spacing - slope * np.abs(x - 0.5) ** 1.6
        level += jitter(8, 15) * ridge(arc, jitter(0.012, 0.015)) * body * (0.4 + 0.6 * lung)
    for _ in range(14):
        (cx, cy), angle, bend = lungs[rng.integers(2)], jitter(-1.2, 1.2), jitter(-1, 1)
        u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle) - jitter(-0.15, 0.15) - bend * u**2
        level += jitter(4, 12) * ridge(v, jitter(0.004, 0.007)) * ridge(u, jitter(0.05, 0.12)) * lung

    if spot:
        cx, cy = lungs[rng.integers(2)]
        distance, angle = np.sqrt(jitter(0, 0.5)), jitter(0, 2 * np.pi)
        dx, dy = rx * distance * np.cos(angle), ry * distance * np.sin(angle)
        level += jitter(*contrast) * ridge(np.hypot(x - cx - dx, y - cy - dy), jitter(0.015, 0.025))

    level = 128 + (level - 128) * jitter(0.85, 1.1) + jitter(-12, 12)
    level += rng.normal(0, jitter(1.5, 3.5), level.shape)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)
