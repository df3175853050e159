"""Writes the models of the benchmarks: the shapes are those of real networks, the weights are random (fixed seed).

    python3 make.py            needs onnx and numpy

tiny    average pooling and a linear layer        (about 0.1 ms on one core)
medium  a stem and 3x3 convolutions, 224x224 in   (about 10 ms)
heavy   the same, wider and deeper                (about 60 ms)
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 224
LABELS = 2


def network(name, widths):
    random = np.random.default_rng(7)
    nodes, weights, current, channels = [], [], "image", 1

    def parameter(label, shape):
        fan_in = int(np.prod(shape[1:])) or 1
        values = random.normal(0, (2 / fan_in) ** 0.5, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(values, label))
        return label

    for index, (width, stride) in enumerate(widths):
        kernel = parameter(f"w{index}", (width, channels, 3, 3))
        nodes.append(helper.make_node("Conv", [current, kernel], [f"c{index}"], pads=[1] * 4, strides=[stride] * 2))
        nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"]))
        current, channels = f"r{index}", width
    nodes.append(helper.make_node("GlobalAveragePool", [current], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    nodes.append(helper.make_node("Gemm", ["features", parameter("wl", (LABELS, channels))], ["logits"], transB=1))
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", LABELS])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="bench")
    onnx.checker.check_model(model)
    onnx.save(model, f"{name}.onnx")


network("tiny", [(4, 4)])
network("medium", [(16, 2)] + [(24, 1)] * 5)
network("heavy", [(24, 2)] + [(48, 1)] * 12)
