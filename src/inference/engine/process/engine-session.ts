import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../../errors/domain.error';
import { toDomainError } from '../../../errors/to-domain-error';
import type { ImageSource } from '../../../imaging/image';
import { prepareImage } from '../../../imaging/prepare-image';
import type { ModelDescription } from '../inference-engine';
import type { ModelSpec } from '../protocol/engine-protocol';
import { answerOf, type ImageAnswer, type PreparedInput, refusedAnswer } from './image-answer';
import { ModelFeeds } from './model-feeds';
import { signatureErrors } from './model-signature';
import { OnnxSession, type Output, runFailure, RUNTIME_VERSION } from './onnx-runtime';
import { assertAnswerFits } from './output-values';
import { unstacked } from './tensor-batch';

/** A verified and warm model of one engine process. */
export class EngineSession {
  private constructor(
    private readonly model: ModelSpec,
    private readonly session: OnnxSession,
    private readonly feeds: ModelFeeds,
    readonly description: ModelDescription,
  ) {}

  /** @throws DomainError MODEL_INTEGRITY_FAILED, MODEL_LOAD_FAILED, MODEL_MANIFEST_MISMATCH */
  static async load(model: ModelSpec, path: string, threads: number): Promise<EngineSession> {
    const file = await readFile(path).catch(unreadable);
    const hash = createHash('sha256').update(file).digest('hex');
    if (hash !== model.fileHash) throw new DomainError('MODEL_INTEGRITY_FAILED');
    const [rssBytes, started] = [process.memoryUsage.rss(), performance.now()];
    const session = await OnnxSession.open(file, threads).catch(refuse);
    const loaded = performance.now();
    const { inputs, outputs } = session;
    try {
      const errors = signatureErrors(model, inputs, outputs);
      if (errors.length > 0) throw contradiction(errors);
      const feeds = new ModelFeeds(model, inputs);
      await warmUp(session, feeds, model.batching === undefined ? 1 : 2);
      return new EngineSession(model, session, feeds, {
        inputs,
        outputs,
        loadMs: loaded - started,
        warmUpMs: performance.now() - loaded,
        memoryBytes: Math.max(process.memoryUsage.rss() - rssBytes, 0),
        runtimeVersion: RUNTIME_VERSION,
      });
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /**
   * From the bytes of each image as they were sent to what became of it; one that fails does not touch the others. An
   * image that the quality policy refuses does not reach the model.
   * @returns in the place of a failed image, an error: DomainError IMAGE_*, MODEL_INPUT_INVALID, MODEL_RUN_FAILED or
   * MODEL_OUTPUT_INVALID
   * @throws DomainError ENGINE_CRASHED when the memory is used up, and then the process must end
   */
  async run(sources: readonly ImageSource[]): Promise<(ImageAnswer | Error)[]> {
    const answers: (ImageAnswer | Error)[] = [];
    const alike = new Map<string, { readonly index: number; readonly image: PreparedInput }[]>();
    for (const [index, source] of sources.entries()) {
      const image = await this.prepare(source).catch(toDomainError);
      if (image instanceof Error) {
        answers[index] = image;
      } else if (this.model.quality.policy === 'reject' && !image.about.validation.is_valid) {
        answers[index] = refusedAnswer(image);
      } else {
        const size = image.feed.dims.join();
        alike.set(size, [...(alike.get(size) ?? []), { index, image }]);
      }
    }
    for (const group of alike.values()) {
      const outcomes = await this.infer(group.map(({ image }) => image));
      for (const [k, { index }] of group.entries()) answers[index] = outcomes[k]!;
    }
    return answers;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private async prepare(source: ImageSource): Promise<PreparedInput> {
    const started = performance.now();
    const { tensor, dims, ...about } = await prepareImage(source, this.model.input, this.model.quality);
    const feed = this.feeds.ofImage(tensor, dims);
    return { about: { ...about, preprocessingMs: performance.now() - started }, feed };
  }

  /** Images of one size as one tensor. When that fails nobody knows which of them it was: each runs again, alone. */
  private async infer(images: readonly PreparedInput[]): Promise<(ImageAnswer | Error)[]> {
    try {
      return await this.inferTogether(images);
    } catch (error) {
      const failure = toDomainError(error);
      if (failure.code === 'ENGINE_CRASHED') throw failure;
      if (images.length === 1) return [failure];
      const answers: (ImageAnswer | Error)[] = [];
      for (const image of images) answers.push(...(await this.infer([image])));
      return answers;
    }
  }

  private async inferTogether(images: readonly PreparedInput[]): Promise<(ImageAnswer | Error)[]> {
    const feeds = this.feeds.of(images.map(({ feed }) => feed));
    const started = performance.now();
    const outputs = await this.session.run(feeds).catch((error: unknown) => {
      throw runFailure(error);
    });
    const inferenceMs = performance.now() - started;
    assertAnswerFits(outputs);
    const own = unstacked(outputs, images.length);
    if (own === undefined) throw new DomainError('MODEL_OUTPUT_INVALID');
    return images.map((image, i) => this.answer(image, own[i]!, inferenceMs));
  }

  private answer(image: PreparedInput, outputs: readonly Output[], inferenceMs: number): ImageAnswer | Error {
    try {
      return answerOf(image, outputs, this.model.output, inferenceMs);
    } catch (error) {
      return toDomainError(error);
    }
  }
}

async function warmUp(session: OnnxSession, feeds: ModelFeeds, images: number): Promise<void> {
  const blanks = Array.from({ length: images }, () => feeds.blank());
  const outputs = await session.run(feeds.of(blanks)).catch(refuse);
  if (unstacked(outputs, images) !== undefined) return;
  throw contradiction([{ field: 'batching', message: 'an output does not have a row for each image' }]);
}

const contradiction = (errors: DomainError['errors']): DomainError =>
  new DomainError('MODEL_MANIFEST_MISMATCH', undefined, { errors });

function unreadable(cause: unknown): never {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  throw new DomainError(missing ? 'MODEL_INTEGRITY_FAILED' : 'MODEL_LOAD_FAILED', undefined, { cause });
}

function refuse(cause: unknown): never {
  throw new DomainError('MODEL_LOAD_FAILED', undefined, { cause });
}
