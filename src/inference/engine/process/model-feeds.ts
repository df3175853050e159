import { DomainError } from '../../../errors/domain.error';
import type { TensorDescription } from '../inference-engine';
import type { ModelSpec } from '../protocol/engine-protocol';
import { elementCount } from '../protocol/tensor-encoding';
import { constantFeed } from './constant-input';
import { inputValues, isInputType } from './input-values';
import { accepts, warmUpDims } from './model-signature';
import type { Feed } from './onnx-runtime';
import { stacked } from './tensor-batch';

/** What a model is fed with: the images, and the constants of its manifest. */
export class ModelFeeds {
  private readonly image: TensorDescription;
  private readonly constants: readonly {
    readonly name: string;
    readonly feed: Feed;
    readonly perImage: boolean;
  }[];

  /** @param inputs of a model that does not contradict its manifest */
  constructor(
    private readonly model: ModelSpec,
    inputs: readonly TensorDescription[],
  ) {
    const { name, extra = [] } = model.input;
    this.image = inputs.find((input) => input.name === name)!;
    this.constants = extra.map((constant) => {
      const described = inputs.find((input) => input.name === constant.name)!;
      const feed = constantFeed(constant.value, described)!;
      return { name: constant.name, feed, perImage: typeof described.shape[0] === 'string' };
    });
  }

  /** @throws DomainError MODEL_INPUT_INVALID */
  ofImage(tensor: Float32Array, dims: readonly number[]): Feed {
    const { type, shape } = this.image;
    if (!accepts(shape, dims) || !isInputType(type)) throw new DomainError('MODEL_INPUT_INVALID');
    return { type, data: inputValues(tensor, type), dims };
  }

  blank(): Feed {
    const dims = warmUpDims(this.model.input, this.image.shape);
    return this.ofImage(new Float32Array(elementCount(dims)), dims);
  }

  /** Of one run. */
  of(images: readonly Feed[]): Map<string, Feed> {
    const feeds = new Map([[this.image.name, stacked(images)]]);
    for (const { name, feed, perImage } of this.constants) {
      feeds.set(name, perImage ? stacked(images.map(() => feed)) : feed);
    }
    return feeds;
  }
}
