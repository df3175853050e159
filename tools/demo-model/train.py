"""Trains the demo model and makes everything else in this folder except README.md and phantoms.py. Authoring only.

    pip install numpy==2.4.6 pillow==13.0.0 torch==2.15.0 onnx==1.23.2 onnxruntime==1.32.0
    python train.py

Synthetic, not for clinical use: the model has seen drawings made by phantoms.py and nothing else.
"""

import base64
import io
import json
import re
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn
from torch.nn import functional

from phantoms import SIDE, phantom

FOLDER = Path(__file__).parent
INPUT_SIDE = 128
TRAIN_SEED, VALIDATION_SEED, TEST_SEED, SAMPLE_SEED = 1, 2, 3, 4
TRAIN, VALIDATION, TEST = 4000, 400, 1000
FAINT = (8, 30)  # levels; the spots of the training have 30 to 75
TRAIN_SIDES = (96, 128, 192, 256, 384)  # of training phantoms; those of the test have 512
EPOCHS, BATCH, LEARNING_RATE = 16, 32, 2e-3
WIDTHS = (8, 16, 32, 32)  # channels of the four convolutions
LABELS = ["no bright spot", "bright spot"]
NOTICE = "synthetic, not for clinical use"
VERSION = "1.0.0"

# ---------------------------------------------------------------- phantoms


def model_input(picture):
    """What prepareImage makes of it with the manifest below: unit values, bilinear with antialias."""
    unit = Image.fromarray(picture.astype(np.float32) / np.float32(255))
    return np.asarray(unit.resize((INPUT_SIDE, INPUT_SIDE), Image.Resampling.BILINEAR), np.float32)


def one_phantom(task):
    seed, index, sides, options = task
    rng = np.random.default_rng((seed, index))
    return model_input(phantom(rng, index % 2 == 1, side=int(rng.choice(sides)), **options))


def drawn(seed, count, sides, **options):
    """Every second one has a spot; each has a random generator of its own, so that processes may share the work."""
    with Pool(2) as pool:
        images = pool.map(one_phantom, [(seed, i, sides, options) for i in range(count)], chunksize=50)
    return torch.from_numpy(np.stack(images)[:, None]), torch.arange(count) % 2


# ---------------------------------------------------------------- model


class Net(nn.Module):
    """Four convolutions with pooling in between, the strongest response of each channel anywhere, one linear layer."""

    def __init__(self):
        super().__init__()
        channels = (1, *WIDTHS)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in zip(channels, WIDTHS)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for b in WIDTHS)
        self.linear = nn.Linear(WIDTHS[-1], len(LABELS))

    def forward(self, x):
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = functional.relu(norm(convolution(x)))
            if i < len(WIDTHS) - 1:
                x = functional.max_pool2d(x, 2)
        return self.linear(x.amax((2, 3)))


def augmented(images):
    """Mirrored, shifted by up to 6 pixels, brighter or darker, harder or softer, with more noise."""
    if torch.rand(()) < 0.5:
        images = images.flip(3)
    dx, dy = torch.randint(-6, 7, (2,)).tolist()
    images = images.roll((dy, dx), (2, 3))
    count = len(images)
    gain = 0.8 + 0.4 * torch.rand(count, 1, 1, 1)
    shift = 0.1 * (torch.rand(count, 1, 1, 1) - 0.5)
    noise = 0.02 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return ((images - 0.5) * gain + 0.5 + shift + noise).clamp(0, 1)


def train():
    images, truth = drawn(TRAIN_SEED, TRAIN, TRAIN_SIDES)
    held, held_truth = drawn(VALIDATION_SEED, VALIDATION, TRAIN_SIDES)
    net = Net()
    optimiser = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=1e-3)
    steps = EPOCHS * (TRAIN // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, steps)
    for epoch in range(EPOCHS):
        net.train()
        for batch in torch.randperm(TRAIN).split(BATCH):
            loss = functional.cross_entropy(net(augmented(images[batch])), truth[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        net.eval()
        with torch.no_grad():
            score = net(held).softmax(1)[:, 1].numpy()
        print(f"epoch {epoch + 1}: loss {loss:.4f}, validation AUC {area(score, held_truth.numpy()):.4f}", flush=True)
    return net


def to_onnx(net):
    """image [batch,1,128,128] -> probabilities [batch,2], with the normalisation folded into the convolutions."""
    node, value_info = helper.make_node, helper.make_tensor_value_info
    nodes, weights, last = [], {}, "image"
    for i, (convolution, norm) in enumerate(zip(net.convolutions, net.norms)):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        weights[f"w{i}"] = (convolution.weight * scale[:, None, None, None]).detach().numpy()
        weights[f"b{i}"] = (norm.bias - norm.running_mean * scale).detach().numpy()
        nodes.append(node("Conv", [last, f"w{i}", f"b{i}"], [f"c{i}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(node("Relu", [f"c{i}"], [f"r{i}"]))
        last = f"r{i}"
        if i < len(WIDTHS) - 1:
            nodes.append(node("MaxPool", [last], [f"p{i}"], kernel_shape=[2, 2], strides=[2, 2]))
            last = f"p{i}"
    weights["w"], weights["b"] = net.linear.weight.detach().numpy().T.copy(), net.linear.bias.detach().numpy()
    nodes += [
        node("GlobalMaxPool", [last], ["strongest"]),
        node("Flatten", ["strongest"], ["features"]),
        node("Gemm", ["features", "w", "b"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "bright-spot",
        [value_info("image", TensorProto.FLOAT, ["batch", 1, INPUT_SIDE, INPUT_SIDE])],
        [value_info("probabilities", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
        doc_string=f"Bright-spot screening on synthetic chest-like phantoms: {NOTICE}.",
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], producer_name="demo-model/train.py", ir_version=8)
    metadata = {"task": "image-classification", "labels": json.dumps(LABELS), "version": VERSION}
    helper.set_model_props(model, metadata | {"intended_use": NOTICE})
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def run(model, images):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"image": np.asarray(images, np.float32)})[0]


# ---------------------------------------------------------------- figures


def area(score, truth):
    """Under the ROC curve: how often a picture with a spot scores above one without (Mann-Whitney)."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score):
        ranks[score == value] = ranks[score == value].mean()
    positives = truth.sum()
    return (ranks[truth == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives))


def interval(score, truth, statistic, draws=2000):
    """95 %, percentiles of a bootstrap over pictures with and without a spot apart."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(truth == value) for value in (0, 1)]
    samples = []
    for _ in range(draws):
        drawn = np.concatenate([rng.choice(group, len(group)) for group in groups])
        samples.append(statistic(score[drawn], truth[drawn]))
    return np.percentile(samples, [2.5, 97.5])


def report(model, title, seed, **options):
    images, truth = drawn(seed, TEST, (SIDE,), **options)
    score, truth = run(model, images.numpy())[:, 1].astype(np.float64), truth.numpy()
    sensitivity = lambda s, t: (s[t == 1] > 0.5).mean()
    specificity = lambda s, t: (s[t == 0] <= 0.5).mean()
    print(f"{title}: {TEST} phantoms of {SIDE} pixels, seed {seed}, half of them with a spot")
    for name, statistic in (("AUC", area), ("sensitivity", sensitivity), ("specificity", specificity)):
        low, high = interval(score, truth, statistic)
        print(f"  {name} {statistic(score, truth):.4f} (95 % {low:.4f} to {high:.4f})")
    confident = np.maximum(score, 1 - score) >= 0.85
    right = (score > 0.5) == truth
    print(f"  at confidence 0.85: right in {right[confident].mean():.4f} of {confident.mean():.4f}")


# ---------------------------------------------------------------- files


def png(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return file.getvalue()


def golden(model, picture):
    output = [[round(float(p), 7) for p in row] for row in run(model, model_input(picture)[None, None])]
    image = base64.b64encode(png(picture)).decode()
    return {"input": {"image": image}, "output": {"probabilities": output}, "tolerance": 0.001}


def manifest(model):
    pictures = [phantom(np.random.default_rng((SAMPLE_SEED, i)), spot, side=64) for i, spot in enumerate((True, False))]
    return {
        "model_name": "demo-bright-spot",
        "version": VERSION,
        "clinical_domain": "radiology",
        "intended_use": NOTICE,
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
        "golden": [golden(model, picture) for picture in pictures],
    }


def to_json(value):
    """Indented, but with lists of plain values on one line."""
    flat = lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]"
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", flat, json.dumps(value, indent=2)) + "\n"


def main():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    net = train()
    model = to_onnx(net)
    report(model, "spots as in the training", TEST_SEED)
    report(model, "faint spots", TEST_SEED + 10, contrast=FAINT)
    for i, (name, spot) in enumerate((("bright-spot", True), ("clear", False))):
        picture = phantom(np.random.default_rng((SAMPLE_SEED, 10 + i)), spot)
        print(f"sample-{name}: {run(model, model_input(picture)[None, None])[0]}")
        (FOLDER / f"sample-{name}.png").write_bytes(png(picture))
    (FOLDER / "demo-model.onnx").write_bytes(model)
    (FOLDER / "manifest.json").write_text(to_json(manifest(model)))


if __name__ == "__main__":
    main()
