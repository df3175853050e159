"""Makes everything else in this folder except README.md. Authoring only; nothing here runs in the product.

    pip install onnx onnxruntime numpy pillow
    python make.py

Synthetic, not for clinical use: the model was fitted to drawings made by this file and to nothing else.
"""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

FOLDER = Path(__file__).parent
SIDE = 512  # of a phantom
INPUT_SIDE = 128  # of the model
SCALES = (2.0, 3.0)  # Gaussian sigma of the spots looked for, in pixels of the model's input
FIT_SEED, TEST_SEED, SAMPLE_SEED = 1, 2, 3
PHANTOMS = 400
LABELS = ["no bright spot", "bright spot"]
NOTICE = "synthetic, not for clinical use"
VERSION = "1.0.0"

# ---------------------------------------------------------------- phantoms


def soft_ellipse(x, y, cx, cy, rx, ry, softness, power=2):
    """1 inside, 0 outside; softness as a fraction of the radius; above power 2 the ellipse grows corners."""
    distance = (np.abs((x - cx) / rx) ** power + np.abs((y - cy) / ry) ** power) ** (1 / power)
    return 1 / (1 + np.exp(np.clip((distance - 1) / softness, -40, 40)))


def ridge(distance, width):
    return np.exp(-0.5 * (distance / width) ** 2)


def phantom(rng, spot, side=SIDE):
    """Chest-like, 8-bit grey: body, lungs, spine, heart, ribs, vessels, noise; one spot in a lung or none."""
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
        level += jitter(30, 75) * ridge(np.hypot(x - cx - dx, y - cy - dy), jitter(0.015, 0.025))

    level = 128 + (level - 128) * jitter(0.85, 1.1) + jitter(-12, 12)
    level += rng.normal(0, jitter(1.5, 3.5), level.shape)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


def model_input(picture):
    """What prepareImage makes of it with the manifest below: unit values, bilinear with antialias."""
    unit = Image.fromarray(picture.astype(np.float32) / np.float32(255))
    small = unit.resize((INPUT_SIDE, INPUT_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32)[None, None]


def phantoms(seed):
    rng = np.random.default_rng(seed)
    truth = np.arange(PHANTOMS) % 2
    return np.concatenate([model_input(phantom(rng, spot)) for spot in truth]), truth


# ---------------------------------------------------------------- model


def hessian_kernels(sigma, radius):
    """Scale-normalised second derivatives of a Gaussian, [xx, yy, xy], each with zero sum."""
    t = np.arange(-radius, radius + 1, dtype=np.float64)
    g = np.exp(-0.5 * (t / sigma) ** 2)
    g /= g.sum()
    first, second = -t / sigma * g, (t**2 / sigma**2 - 1) * g
    second -= second.mean()
    return np.stack([np.outer(g, second), np.outer(second, g), np.outer(first, first)])


def build(slope, offset):
    """image [b,1,128,128] -> probabilities [b,2]; the formula is in README.md."""
    radius = int(np.ceil(3 * max(SCALES)))
    kernels = np.concatenate([hessian_kernels(sigma, radius) for sigma in SCALES])
    # For each scale (xx + yy) / 2, (xx - yy) / 2 and xy: linear, so folded into the kernels.
    mix = np.kron(np.eye(len(SCALES)), [[0.5, 0.5, 0], [0.5, -0.5, 0], [0, 0, 1]])
    kernels = np.tensordot(mix, kernels, 1).reshape(len(SCALES), 3, *kernels.shape[1:])
    constants = {
        "mean_kernels": kernels[:, 0:1],
        "difference_kernels": kernels[:, 1:2],
        "mixed_kernels": kernels[:, 2:3],
        "floor": np.array(1e-4),
        "weights": np.array([[0, slope]]),
        "bias": np.array([0, offset]),
    }
    node, value_info = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Conv", ["image", "mean_kernels"], ["mean"]),
        node("Conv", ["image", "difference_kernels"], ["difference"]),
        node("Conv", ["image", "mixed_kernels"], ["mixed"]),
        node("Mul", ["difference", "difference"], ["difference_squared"]),
        node("Mul", ["mixed", "mixed"], ["mixed_squared"]),
        node("Add", ["difference_squared", "mixed_squared"], ["root_squared"]),
        node("Sqrt", ["root_squared"], ["root"]),
        node("Add", ["mean", "root"], ["largest_eigenvalue"]),
        node("Neg", ["largest_eigenvalue"], ["dot"]),
        node("ReduceMax", ["dot"], ["strongest"], axes=[1, 2, 3], keepdims=0),
        node("ReduceMean", ["image"], ["level"], axes=[1, 2, 3], keepdims=1),
        node("Sub", ["image", "level"], ["deviation"]),
        node("Mul", ["deviation", "deviation"], ["deviation_squared"]),
        node("ReduceMean", ["deviation_squared"], ["variance"], axes=[1, 2, 3], keepdims=0),
        node("Add", ["variance", "floor"], ["variance_floored"]),
        node("Sqrt", ["variance_floored"], ["contrast"]),
        node("Div", ["strongest", "contrast"], ["relative"]),
        node("Reshape", ["relative", "column"], ["score"]),
        node("Gemm", ["score", "weights", "bias"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "bright-spot",
        [value_info("image", TensorProto.FLOAT, ["batch", 1, INPUT_SIDE, INPUT_SIDE])],
        [value_info("probabilities", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()]
        + [numpy_helper.from_array(np.array([-1, 1], np.int64), "column")],
        doc_string=f"Bright-spot screening on synthetic chest-like phantoms: {NOTICE}.",
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], producer_name="demo-model/make.py", ir_version=8)
    metadata = {"task": "image-classification", "labels": json.dumps(LABELS), "version": VERSION}
    helper.set_model_props(model, metadata | {"intended_use": NOTICE})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def run(model, images, output="probabilities"):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run([output], {"image": images})[0]


def scores(images):
    """The number behind the logistic: with slope 1 and offset 0 it is the log-odds."""
    probabilities = run(build(1, 0), images).astype(np.float64)
    return np.log(probabilities[:, 1] / probabilities[:, 0])


def fit_logistic(score, truth):
    """Maximum likelihood by Newton's method."""
    design = np.stack([score, np.ones_like(score)], 1)
    beta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ beta))
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        beta += np.linalg.solve(hessian, design.T @ (truth - p) - 1e-3 * beta)
    return beta


def area_under_curve(score, truth):
    positive, negative = score[truth == 1][:, None], score[truth == 0][None, :]
    return ((positive > negative) + 0.5 * (positive == negative)).mean()


# ---------------------------------------------------------------- files


def png(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return file.getvalue()


def golden(model, picture):
    output = [round(float(p), 7) for p in run(model, model_input(picture))[0]]
    image = base64.b64encode(png(picture)).decode()
    return {"input": {"image": image}, "output": {"probabilities": [output]}, "tolerance": 0.001}


def manifest(model):
    rng = np.random.default_rng(SAMPLE_SEED + 1)
    return {
        "model_name": "demo-bright-spot",
        "version": VERSION,
        "clinical_domain": "radiology",
        "confidence_threshold": 0.85,
        "labels": LABELS,
        "input": {
            "name": "image",
            "layout": "NCHW",
            "value_space": "unit",
            "resize": {"width": INPUT_SIDE, "height": INPUT_SIDE, "kernel": "bilinear", "antialias": True},
            "channels": 1,
            "mean": [0],
            "std": [1],
            "range": [0, 1],
        },
        "output": {"name": "probabilities", "activation": "none"},
        "quality": {"policy": "warn", "thresholds": {}},
        "golden": [golden(model, phantom(rng, spot, side=96)) for spot in (True, False)],
    }


def to_json(value):
    """Indented, but with lists of plain values on one line."""
    flat = lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]"
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", flat, json.dumps(value, indent=2)) + "\n"


def main():
    fit_images, fit_truth = phantoms(FIT_SEED)
    model = build(*fit_logistic(scores(fit_images), fit_truth))

    test_images, test_truth = phantoms(TEST_SEED)
    probability = run(model, test_images)[:, 1]
    confident = np.maximum(probability, 1 - probability) >= 0.85
    right = (probability > 0.5) == test_truth
    print(f"AUC {area_under_curve(probability, test_truth):.4f} on {PHANTOMS} phantoms, seed {TEST_SEED}")
    print(f"accuracy {right.mean():.3f}")
    print(f"at confidence 0.85: {right[confident].mean():.3f} of {confident.mean():.3f}")

    rng = np.random.default_rng(SAMPLE_SEED)
    for name, spot in (("bright-spot", True), ("clear", False)):
        picture = phantom(rng, spot)
        print(f"sample-{name}: {run(model, model_input(picture))[0]}")
        (FOLDER / f"sample-{name}.png").write_bytes(png(picture))
    (FOLDER / "demo-model.onnx").write_bytes(model)
    (FOLDER / "manifest.json").write_text(to_json(manifest(model)))


if __name__ == "__main__":
    main()
